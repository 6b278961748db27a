"""What was read is never written over, whatever may be replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.errors import WriteError
from coconet_med.system.json_file import load_json

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Names under which the voxels, the header and the facts of one image lie beside each other.
_BESIDE = (".json", ".img", ".img.gz", ".hdr", ".raw", ".zraw", ".raw.gz")
_SUFFIXES = (".nii.gz", ".hdr.gz", ".img.gz")


def spare_inputs(written: Iterable[Path | None], read: Iterable[object], *, renewed: bool = False) -> None:
    """Refuse to write over an input: by its name, through a link, as a folder that holds it, or as its JSON file.

    Args:
        written: files and folders that will be made; ``None`` for those that will not.
        read: paths of inputs; anything else (arrays, names of labels, ``None``) is passed over.
        renewed: the side-car of an earlier result may be replaced, though an input has its stem: ``T1.nii.gz`` was
            fused to ``T1.png`` before.

    Raises:
        WriteError: one of the targets is an input, or two targets are one file.
    """
    targets = [path for path in written if path is not None]
    for number, path in enumerate(targets):
        if path.absolute() in [other.absolute() for other in targets[:number]]:
            raise WriteError(f"{path}: is the name of two results; give each its own")
    inputs = [path for each in read if isinstance(each, str | Path) and (path := Path(each)).exists()]
    whole = {_identity(path): path for path in inputs}
    apart = {_identity(path): path for each in inputs for path in _beside(each)}
    holders = {(path if path.is_dir() else path.parent).resolve() for path in inputs}
    above = holders.union(*(folder.parents for folder in holders))
    for path in targets:
        if not path.exists():
            continue
        same = whole.get(_identity(path))
        if same is None and renewed and path.suffix == ".json" and made_here(path):
            continue
        same = same or apart.get(_identity(path)) or (path if path.is_dir() and path.resolve() in above else None)
        if same is not None:
            raise WriteError(f"{path}: is read for this result, and --overwrite replaces no input; choose another name")


def spare_sources(result: FusionResult, *written: Path) -> None:
    """The same for the two images of a result."""
    spare_inputs(written, (*result.anatomy.files, *result.function.files), renewed=True)


def made_here(path: Path) -> bool:
    """Whether a JSON file is the side-car of a result of this package."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return load_json(path).get("software", {}).get("name") == "coconet-med"
    return False


def _beside(path: Path) -> list[Path]:
    """Further files of an image: its JSON file, and the other half of a pair."""
    if not path.is_file():
        return []
    suffix = next((end for end in _SUFFIXES if path.name.lower().endswith(end)), path.suffix)
    stem = path.name[: len(path.name) - len(suffix)]
    return [other for end in _BESIDE if (other := path.with_name(stem + end)).exists()]


def _identity(path: Path) -> tuple[int, int]:
    """The same for all names of one file."""
    found = path.stat()
    return found.st_dev, found.st_ino
