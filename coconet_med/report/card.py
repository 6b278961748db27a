"""What a report says of one case, as plain JSON types: made where the case was fused, shown where the page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coconet_med.report.measures import measure, measured_slices
from coconet_med.report.overview import legend_of
from coconet_med.report.panels import cuts, jpeg, png
from coconet_med.viewer.foci import list_foci
from coconet_med.viewer.strip import strip_of

if TYPE_CHECKING:
    from coconet_med.result import FusionResult


def card_of(result: FusionResult, *, case_id: str, panel: int = 208) -> dict[str, Any]:
    """The card of a case.  It holds no name of a person: of DICOM headers only what the side-car tells.

    Args:
        result: of the case.
        case_id: what the page calls it.
        panel: longer side of a picture in pixels.
    """
    measures, where = measure(result)
    return {
        "id": case_id,
        "cuts": [
            {"plane": cut.plane, "panels": {name: jpeg(rgb) for name, rgb in cut.panels.items()}}
            for cut in cuts(result, size=panel)
        ],
        "size": list(result.color.GetSize()),
        "legend": png(legend_of(result, height=256)),
        "measures": measures,
        "measured": where,
        "warnings": list(result.warnings),
        "facts": _facts(result),
        "sidecar": result.sidecar(),
        "view": strip_of(result, foci=list_foci(result, slices=measured_slices(result))),
    }


def _facts(result: FusionResult) -> dict[str, str]:
    """Facts for people, in words."""
    alignment = result.alignment.summary()
    moved = f"moved {alignment['offset_mm']:.1f} mm, turned {alignment['angle_deg']:.1f} degrees"
    units = {"relative": "relative units"}.get(result.window.units, result.window.units)
    model = result.provenance["model"]
    return {
        "Registration": f"{moved if alignment['registered'] else 'not moved'}: {alignment['reason']}",
        "Fit": f"mutual information {alignment['mutual_information_before']:.3f} as given, "
        f"{alignment['mutual_information_after']:.3f} as used; overlap of the bodies {alignment['overlap']:.2f}, "
        f"coverage {alignment['coverage']:.2f}",
        "Uptake shown": f"{result.window.low:g} to {result.window.high:g} {units} ({result.window.chosen})"
        + (f"; only above {result.threshold:.4g}, fading out below" if result.threshold else ""),
        "Anatomy shown": _anatomy(result),
        "No data": f"{result.without_data:.0%} of the picture lies beyond the functional field of view"
        + (": plain anatomy with a hatched border, which is not the same as no uptake" if result.without_data else ""),
        "Fusion": f"model {model['name']} ({model['sha256'][:12]}), {model['engine']} on {model['device']}; "
        f"{result.plane} slices, strength {result.strength:g}, lightness {result.lightness:g}, "
        f"colors {result.sidecar()['colormap']}",
        "Software": f"coconet-med {result.provenance['software']['version']}",
    }


def _anatomy(result: FusionResult) -> str:
    window = result.anatomy_window
    units = "" if window.units == "relative" else f" {window.units}"
    why = f"{window.chosen}: {window.reason}" if window.reason else window.chosen
    return f"{window.low:g} to {window.high:g}{units} ({why})"
