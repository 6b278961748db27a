"""Which folders hold results of batches, and so no inputs, though they may lie inside a source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from coconet_med.batch.records import FOLDER
from coconet_med.system.walk import walk


class Results:
    """The output folder of this batch, and those of others, which are known by their records.

    Args:
        output: of this batch, ``None`` where it is not known.

    Attributes:
        folder: the output folder with links resolved.
    """

    def __init__(self, output: Path | None = None) -> None:
        self.folder = Path(os.path.realpath(output)) if output else None

    def is_one(self, folder: Path) -> bool:
        """Whether a folder is an output folder."""
        return (folder / FOLDER).is_dir() or Path(os.path.realpath(folder)) == self.folder

    def holds(self, path: Path, source: Path) -> bool:
        """Whether a path below a source lies in an output folder below it."""
        return any(self.is_one(folder) for folder in path.parents if folder != source and folder.is_relative_to(source))

    def files(self, folder: Path) -> Iterator[Path]:
        """Files below a folder that are not hidden and no results, in sorted order."""
        for here, names in walk(folder, without=self.is_one):
            yield from (here / name for name in names)
