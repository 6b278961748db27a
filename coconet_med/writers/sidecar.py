"""The JSON side-car of a result: where everything in it comes from, and what it means."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coconet_med.result import FusionResult
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window

_KEPT: dict[str | None, str] = {
    "anatomy": "colors of the anatomical picture (YCbCr)",
    "gray": "none: gray sources",
}


def sidecar(result: FusionResult) -> dict[str, Any]:
    """See :meth:`coconet_med.result.FusionResult.sidecar`."""
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
    }


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
