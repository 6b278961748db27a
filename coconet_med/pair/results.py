"""Is one of the two images a result of this program, which shows both already?

DICOM results say so in their header (:mod:`coconet_med.dicom.remarks`), others in the side-car beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.system.json_file import load_json

if TYPE_CHECKING:
    from pathlib import Path

    from coconet_med.source import Source

#: What the names of files beside a fused volume end in that hold the fusion; its ``_uptake`` holds the uptake alone.
FUSED = ("", "_luminance")
#: What a side-car of a result has at least.
KEYS = {"research_use_only", "sources", "window"}


def result_warnings(*sources: Source) -> tuple[str, ...]:
    """A warning for each image whose side-car says that it was fused."""
    found = []
    for source in sources:
        beside = _sidecar(source.files[0]) if len(source.files) == 1 else None
        if beside:
            found.append(
                f"{source.name}: is a result of this program (by {beside.name}), which shows uptake already: fuse the "
                "images that it was made of"
            )
    return tuple(found)


def _sidecar(path: Path) -> Path | None:
    """The side-car of a fused volume or of its luminance; what cannot be read is none."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    stem = name.rpartition(".")[0] or name
    for ending in FUSED:
        beside = path.with_name(f"{stem.removesuffix(ending)}.json")
        if not stem.endswith(ending) or not beside.is_file():
            continue
        try:
            facts = load_json(beside)
        except ValueError:
            continue
        if isinstance(facts, dict) and set(facts) >= KEYS:
            return beside
    return None
