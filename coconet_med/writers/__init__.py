"""Write a result in the format that the target's name asks for: whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.writers.inputs import spare_inputs, spare_sources
from coconet_med.writers.targets import (
    PICTURE_SUFFIXES,
    SUFFIXES,
    VOLUME_SUFFIXES,
    check_file,
    check_target,
    left_beside,
    legend_apart,
    split_suffix,
    targets,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from coconet_med.result import FusionResult

__all__ = [
    "PICTURE_SUFFIXES",
    "SUFFIXES",
    "VOLUME_SUFFIXES",
    "check_file",
    "check_target",
    "left_beside",
    "legend_apart",
    "spare_inputs",
    "spare_sources",
    "split_suffix",
    "targets",
    "write",
]


def write(
    result: FusionResult,
    path: Path,
    *,
    luminance: bool = False,
    uptake: bool = False,
    transform: bool = False,
    overwrite: bool = False,
    **dicom: Any,
) -> list[Path]:
    """Write a result; see :meth:`coconet_med.result.FusionResult.save`."""
    extras: dict[str, Any] = {"luminance": luminance, "uptake": uptake, "transform": transform}
    own = legend_apart(dicom.get("form", "sc"), dicom.get("legend", "own"))
    check_target(path, overwrite=overwrite, legend=own, **extras)
    spare_sources(result, *targets(path, legend=own, **extras).values())
    if transform:
        from coconet_med.writers.transform import check_movable

        check_movable(result)
    suffix = split_suffix(path)[1]
    if not suffix:
        from coconet_med.writers.study import write_study

        return write_study(result, path, overwrite=overwrite, **extras, **dicom)
    if suffix in PICTURE_SUFFIXES:
        from coconet_med.writers.pictures import encode
    else:
        from coconet_med.writers.volumes import encode
    from coconet_med.writers.atomic import write_together
    from coconet_med.writers.sidecar import to_json
    from coconet_med.writers.transform import transform_writer

    files = targets(path, **extras)
    facts = result.sidecar(files)
    sidecar, moved = files.pop("sidecar"), files.pop("transform", None)
    jobs: list[tuple[Path, Callable[[Path], Any]]] = [(target, encode(result, what)) for what, target in files.items()]
    if moved:
        jobs.append((moved, transform_writer(result)))
    jobs.append((sidecar, lambda part: part.write_text(to_json(facts), encoding="utf-8")))
    return write_together(jobs, overwrite=overwrite)
