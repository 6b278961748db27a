"""A result as DICOM: the series in a folder of its own, side-car and further volumes beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.report.overview import legend_of
from coconet_med.writers.atomic import write_together
from coconet_med.writers.dicom import Form, FusedParts, LegendPlace, write_dicom
from coconet_med.writers.dicom.form import GRAY, refuse_signed
from coconet_med.writers.dicom.legend import check_place, legend_height, legend_object
from coconet_med.writers.dicom.navigation import for_navigation
from coconet_med.writers.dicom.registration import registration_writer
from coconet_med.writers.dicom.write import save_one
from coconet_med.writers.sidecar import to_json
from coconet_med.writers.targets import targets
from coconet_med.writers.transform import transform_writer
from coconet_med.writers.volumes import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    import SimpleITK as sitk

    from coconet_med.result import FusionResult


def write_study(
    result: FusionResult,
    folder: Path,
    *,
    luminance: bool = False,
    uptake: bool = False,
    transform: bool = False,
    overwrite: bool = False,
    form: Form = "sc",
    legend: LegendPlace = "own",
) -> list[Path]:
    """Write the DICOM series of a result into ``folder``, and ``FOLDER.json`` beside it.

    Args:
        result: from a DICOM anatomy.
        folder: new, empty, or left by an earlier call.
        luminance: also write ``FOLDER_luminance.nii.gz``.
        uptake: also write ``FOLDER_uptake.nii.gz``.
        transform: also write ``FOLDER_transform.tfm`` and, of two DICOM series, ``FOLDER_registration.dcm``.
        overwrite: replace what an earlier call wrote.
        form: see :func:`coconet_med.writers.dicom.write_dicom`.
        legend: where the legend goes: ``"own"``: an image in a series of its own, ``FOLDER_legend.dcm``;
            ``"series"``: the last image of the fused series; ``"margin"``: beside each slice; ``"none"``.  The form
            ``"gray"`` has none.

    Returns:
        The paths written, the side-car last.

    Raises:
        WriteError: see :func:`coconet_med.writers.dicom.write_dicom`; or a signed map in gray.
    """
    refuse_signed(form, result.function, result.window)
    check_place(legend)
    place: LegendPlace = "none" if form in GRAY else legend
    image = _gray(result) if form in GRAY else result.color
    image = for_navigation(image) if form == "navigation" else image
    provenance = _provenance(result, margin=place == "margin")
    parts = FusedParts(
        image, result.anatomy, result.function, provenance=provenance, transform=result.alignment.transform
    )
    bar = None if place == "none" else legend_of(result, height=legend_height(image.GetSize()[1]))
    written = write_dicom(parts, folder, form=form, overwrite=overwrite, legend=bar, legend_in=place)
    kinds = {"luminance": luminance, "uptake": uptake, "transform": transform}
    files = targets(folder, **kinds, folder=True, legend=place == "own")
    jobs: list[tuple[Path, Callable[[Path], Any]]] = [
        (files[what], encode(result, what)) for what in ("luminance", "uptake") if what in files
    ]
    if transform:
        jobs.append((files["transform"], transform_writer(result)))
    if bar is not None and place == "own":
        of_its_own = legend_object(parts, bar, form=form)
        jobs.append((files["legend"], lambda part: save_one(of_its_own, part)))
    if transform and len(parts.records) == 2:
        jobs.append((files["registration"], registration_writer(parts)))
    jobs.append((files["sidecar"], lambda part: part.write_text(to_json(result.sidecar(files)), encoding="utf-8")))
    return written + write_together(jobs, overwrite=overwrite)


def _gray(result: FusionResult) -> sitk.Image:
    if result.contours is None:
        return result.luminance
    from coconet_med.sheets.contours import gray_with_lines

    return gray_with_lines(result)


def _provenance(result: FusionResult, *, margin: bool = False) -> dict[str, Any]:
    model, window, alignment = result.provenance["model"], result.window, result.alignment
    moved = "registered rigidly (mutual information)" if alignment.registered else "resampled by its affine"
    moved = f"transform given: {alignment.given}" if alignment.given else moved
    return {
        "software": result.provenance["software"]["name"],
        "version": result.provenance["software"]["version"],
        "model": model["name"],
        "model_sha256": model["sha256"],
        "window": [window.low, window.high, window.units],
        "transform": f"{moved}; {alignment.offset_mm:.1f} mm, {alignment.angle_deg:.1f} degrees",
        "options": {
            "colormap": result.colormap,
            "strength": result.strength,
            **({"contours": asdict(result.contours)} if result.contours else {}),
            **_if_other(lightness=(result.lightness, 1.0), threshold=(result.threshold, None), margin=(margin, False)),
            **({} if (of := result.anatomy_window).chosen == "robust" else {"anatomy_window": [of.low, of.high]}),
            "plane": result.plane,
            "engine": model["engine"],
            "precision": model.get("precision", "float32"),
        },
    }


def _if_other(**values: tuple[object, object]) -> dict[str, object]:
    """Options that are not what they are by default: so what was made before they were there keeps its UIDs."""
    return {name: value for name, (value, usual) in values.items() if value != usual}
