"""Transforms of other programs, as a registration of the panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from worker_exchange import read_array, to_image, write_facts
from worker_words import panel_words

if TYPE_CHECKING:
    from fuse_worker import Job


def transform(job: Job) -> None:
    """Read the file of a linear transform between the two volumes.

    Orders: ``anatomy``, ``functions`` (one volume), each in its own frame and with the ``file`` it was loaded from
    where that is known; ``path`` of the transform.  Results: ``facts.json`` with ``matrix`` (RAS, anatomical to
    functional points), ``kind`` and ``stated`` (how its direction is known).

    Raises:
        ReadError, GeometryError: the file cannot be read, or is of other images.
    """
    from dataclasses import replace

    from coconet_med.geometry import in_other_world
    from coconet_med.transform_files import read_transform
    from worker_sources import source_of

    sources = []
    for role, volume in (("anatomy", job.orders["anatomy"]), ("function", job.orders["functions"][0])):
        image = to_image(read_array(job.folder, volume), volume["ijk_to_ras"], upright=True)
        source, file = source_of(image, role, volume), volume.get("file")
        sources.append(replace(source, name=Path(file).name, files=(Path(file),)) if file else source)
    found = read_transform(job.orders["path"], *sources)
    facts = {"matrix": in_other_world(found.matrix).tolist(), "kind": found.kind, "stated": panel_words(found.stated)}
    write_facts(job.results, "facts", facts)
