"""The JSON side-car of a result: where everything in it comes from, and what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

if TYPE_CHECKING:
    from coconet_med.result import FusionResult
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window

_KEPT: dict[str | None, str] = {
    "anatomy": "colors of the anatomical picture (YCbCr)",
    "gray": "none: gray sources",
}


#: Images of a result, and suffixes of files that keep their voxels as they are.
_IMAGES = ("color", "luminance", "uptake")
_EXACT_VOLUMES, _EXACT_PICTURES = (".nii.gz", ".nii", ".nrrd", ".mha"), (".png", ".tif", ".tiff")


def sidecar(result: FusionResult, files: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """See :meth:`coconet_med.result.FusionResult.sidecar`.

    Args:
        result: of a fusion.
        files: what is written beside it, by what it holds: the voxels of these are named by their sha256, by which a
            file of another result under such a name is told (``None``: the file does not keep them as they are).
    """
    return {
        "research_use_only": "research use, not for diagnosis",
        **result.provenance,
        "sources": {"anatomy": _describe(result.anatomy), "function": _describe(result.function)},
        "units": result.window.units,
        "window": _window(result.window),
        "anatomy_window": _window(result.anatomy_window),
        "colormap": result.colormap or _KEPT.get(result.kept, "colors of the functional picture (YCbCr)"),
        "strength": result.strength,
        "lightness": result.lightness,
        "threshold": result.threshold,
        **({"contours": asdict(result.contours)} if result.contours else {}),
        "no_data": {
            "share": result.without_data,
            "shown_as": "anatomy alone, its border hatched: beyond the functional field of view",
        },
        "plane": result.plane,
        "field": result.field.summary() if result.field else None,
        "alignment": result.alignment.summary(),
        "warnings": list(result.warnings),
        **({"voxels": _voxels(result, files)} if files else {}),
    }


def voxels_sha256(image: sitk.Image) -> str:
    """Hex digest of the values of an image in their order (k, j, i), whatever file it was read from."""
    return hashlib.sha256(np.ascontiguousarray(sitk.GetArrayViewFromImage(image)).data).hexdigest()


def keeps_voxels(path: Path, *, planar: bool = True) -> bool:
    """Whether a file of such a name holds voxels as they are: of a volume no picture does, and JPEG never."""
    return path.name.lower().endswith((*_EXACT_VOLUMES, *_EXACT_PICTURES) if planar else _EXACT_VOLUMES)


def _voxels(result: FusionResult, files: Mapping[str, Path]) -> dict[str, str | None]:
    kept = [what for what in _IMAGES if what in files and keeps_voxels(files[what], planar=result.anatomy.planar)]
    return {"color": None} | {what: voxels_sha256(getattr(result, what)) for what in kept}


def _describe(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "files": len(source.files),
        "sha256": source.sha256,
        "units": source.units,
        "modality": source.modality,
        "size": list(source.image.GetSize()),
        "spacing_mm": None if source.planar else list(source.image.GetSpacing()),
        "frame_of_reference": source.frame_of_reference,
        **({"details": source.details} if source.details else {}),
    }


def _window(window: Window) -> dict[str, Any]:
    limits = {"low": window.low, "high": window.high, "units": window.units, "chosen": window.chosen}
    limits |= {"signed": True} if window.signed else {}
    return {**limits, "reason": window.reason} if window.reason else limits


def to_json(document: dict[str, Any]) -> str:
    """Indented JSON with a final newline; NaN, which JSON does not know, is refused.

    Bytes of file names that are no UTF-8 are written out, so that the text always is.
    """
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
