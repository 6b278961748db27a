"""Read one series into a :class:`~coconet_med.source.Source`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.decay import WEIGHT_KG, less_than_tissue, more_than_given
from coconet_med.dicom.dynamic import Dynamic
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.geometry import Stack
from coconet_med.dicom.layout import Layout, layout_of, name_of
from coconet_med.dicom.padding import replace_padding
from coconet_med.dicom.pixels import read_values
from coconet_med.dicom.record import DicomRecord, SliceReference
from coconet_med.dicom.remarks import remarks
from coconet_med.dicom.resample_slices import regrid
from coconet_med.dicom.scaling import count_unmapped, unmapped_note
from coconet_med.dicom.select import EVERYTHING, Selection
from coconet_med.dicom.series import Series
from coconet_med.dicom.suv import Suv, not_decay_corrected
from coconet_med.dicom.times import given_offset
from coconet_med.dicom.units import SuvChoice, units_of
from coconet_med.errors import ReadError
from coconet_med.geometry import set_geometry
from coconet_med.readers.checks import highest, suv_volume, without_fill
from coconet_med.source import Source
from coconet_med.system.digest import sha256_of

if TYPE_CHECKING:
    import SimpleITK as sitk

#: A CT whose lowest value is not above this (HU) holds air.
HOLDS_AIR = -500.0


def check_series(
    series: Series, *, allow_gaps: bool = False, dynamic: Dynamic = "mean", selection: Selection = EVERYTHING
) -> None:
    """Raise the :class:`~coconet_med.errors.ReadError` that reading would raise, short of decoding pixels."""
    with headers.quiet():
        layout_of(series, allow_gaps=allow_gaps, dynamic=dynamic, selection=selection)


def load_series(
    series: Series,
    *,
    allow_gaps: bool = False,
    dynamic: Dynamic = "mean",
    suv: SuvChoice = "auto",
    selection: Selection = EVERYTHING,
    warnings: Sequence[str] = (),
    timezone: str | None = None,
) -> Source:
    """Read the values of a series on its grid.

    Args:
        series: from :func:`coconet_med.dicom.scan.scan`.
        allow_gaps: resample missing, uneven or sheared slices onto a regular grid instead of refusing them.
        dynamic: for a PET or SPECT time series the mean weighted by frame duration, or one frame's number from 0.
        suv: ``"auto"`` gives SUVbw where the header allows it; ``"never"`` keeps the series' own units.
        selection: which images of a mixed series are taken.
        warnings: what the scan found, put before the reader's own.
        timezone: offset from UTC of its times, such as ``"+0100"``, where the header states none.

    Raises:
        ReadError: the series is no regular volume, or its pixels cannot be decoded.
        OptionError: ``dynamic`` names a frame that does not exist, or ``timezone`` is no offset.
    """
    series = replace(series, zone=given_offset(timezone))
    with headers.quiet() as notes:
        layout = layout_of(series, allow_gaps=allow_gaps, dynamic=dynamic, selection=selection)
        series = layout.series  # what was not selected has no say in units and names
        units, scaling = units_of(series, layout.frames, suv)
        _refuse_undecayed_mean(series, layout, scaling)
        layout = _scaled(layout, scaling)
        values, origin, unmapped = _values(series, layout)
        units, unstated = _hounsfield(series, layout, units, values)
    factor = scaling.factor if units == "SUVbw" else scaling.activity
    if factor not in (None, 1.0) and not scaling.factors:
        values *= np.float32(factor)
    if not np.isfinite(values).all():
        raise ReadError(f"series {series.describe()}: values are not finite after rescaling")
    image = _image(values, origin, layout.stack)
    found = [
        *warnings,
        *_series_warnings(series, layout, units, scaling, suv),
        *_impossible_activity(series, image, units, scaling),
        *unmapped,
        *unstated,
        *[f"header: {note}" for note in dict.fromkeys([*notes, *(n for i in series.instances for n in i.notes)])][:5],
    ]
    ordered = sorted(series.instances, key=lambda instance: instance.uid)
    details = _details(series, layout, units, scaling)
    return Source(
        image=image,
        name=name_of(series),
        units=units,
        modality=series.modality,
        files=tuple(instance.path for instance in ordered),
        sha256=sha256_of(*(instance.path for instance in ordered)),
        frame_of_reference=headers.text(series.header, "FrameOfReferenceUID") or None,
        slice_axis=2,
        warnings=tuple(dict.fromkeys(found)),
        details=details,
        dicom=_record(series, layout.frames),
    )


def _scaled(layout: Layout, scaling: Suv) -> Layout:
    """The frames of images that are not decay corrected, each with its factor to SUVbw in slope and intercept."""
    factors = scaling.factors
    if not factors:
        return layout

    def scaled(frame: Frame) -> Frame:
        factor = factors[frame.instance.uid, frame.index]
        slope = 1.0 if frame.slope is None else frame.slope
        return replace(frame, slope=slope * factor, intercept=frame.intercept * factor)

    return replace(layout, parts=[([scaled(f) for f in part], weight) for part, weight in layout.parts])


def _refuse_undecayed_mean(series: Series, layout: Layout, scaling: Suv) -> None:
    """Frames that each hold the activity of their own time have no mean; SUV corrects them one by one."""
    times = {part[0].time[:3] for part, _ in layout.parts}  # gates of one cycle are of one time, and have a mean
    if len(times) > 1 and scaling.factor is None and series.modality == "PT" and not_decay_corrected(series):
        raise ReadError(
            f"series {series.describe()}: its {len(layout.parts)} frames in time are not decay corrected, so they have "
            "no mean; take one with --dynamic N"
        )


def _values(series: Series, layout: Layout) -> tuple[np.ndarray, tuple[float, ...], tuple[str, ...]]:
    """The (weighted) values, (k, j, i), the position of the first voxel, and warnings."""
    total: np.ndarray | None = None
    outside = 0
    padding: str | None = None
    fill: tuple[str, ...] = ()
    for part, weight in layout.parts:
        values = read_values(part)
        outside += count_unmapped(part, values)
        padding = replace_padding(series, part, values) or padding  # before slices are interpolated
        if series.modality != "CT":
            fill = without_fill(values, series.modality, "anatomy" if series.modality == "MR" else "function") or fill
        if weight != 1.0:
            values *= np.float32(weight)
        total = values if total is None else total + values
    assert total is not None
    share = outside / (total.size * len(layout.parts))
    notes = (*([padding] if padding else []), *fill, *([unmapped_note(layout.frames, share)] if outside else []))
    if layout.stack.fault:
        return *regrid(layout.stack, total, f"series {series.describe()}"), notes
    return total, layout.stack.origin, notes


def _hounsfield(series: Series, layout: Layout, units: str, values: np.ndarray) -> tuple[str, tuple[str, ...]]:
    """Units of a CT whose Rescale Type is US (unspecified), which GDCM and ITK put into every file that they write; and
    a warning of one whose values hold no air, since its intercept may have been lost."""
    if series.modality == "CT" and units == "HU" and layout.frames[0].slope is not None and float(values.min()) >= 0:
        return units, (
            "CT without a value below 0 HU, though air, fat and lung lie there: its Rescale Intercept (often -1024) "
            "may have been lost, and windows in HU are off by it then",
        )
    if series.modality != "CT" or layout.frames[0].units != "US" or float(values.min()) > HOLDS_AIR:
        return units, ()
    return "HU", ("Rescale Type is US (unspecified) in a CT; its values go down to that of air and were taken for HU",)


def _impossible_activity(series: Series, image: sitk.Image, units: str, scaling: Suv) -> list[str]:
    """A warning where an image in SUV holds more than was injected, or next to nothing."""
    if units != "SUVbw":
        return []
    weight = scaling.inputs.get("weight_kg") or headers.number(series.facts, "PatientWeight")
    notes = [less_than_tissue(highest(image))]
    if weight and WEIGHT_KG[0] <= weight <= WEIGHT_KG[1]:
        notes.append(more_than_given(suv_volume(image), weight))
    return [note for note in notes if note]


def _image(values: np.ndarray, origin: tuple[float, ...], stack: Stack) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    set_geometry(image, stack.spacing, origin, stack.direction)
    return image


def _series_warnings(series: Series, layout: Layout, units: str, scaling: Suv, suv: SuvChoice) -> list[str]:
    found: list[str] = [*remarks(series), *layout.odd]
    if series.duplicates:
        found.append(f"{len(series.duplicates)} duplicate file(s) dropped")
    if layout.note:
        found.append(layout.note)
    elif len(durations := sorted({f.duration for f in layout.stack.frames if f.duration})) > 1:
        found.append(
            f"slices differ in Actual Frame Duration ({durations[0] / 1000:g} to {durations[-1] / 1000:g} s), as "
            "those of beds may; noise differs with it"
        )
    if layout.stack.fault:
        found.append(f"{layout.stack.fault}: resampled onto a regular grid, as asked (--allow-gaps)")
    if series.modality == "PT":
        if scaling.factor is None and suv == "auto":
            found.append(f"no SUV: {scaling.reason}; values stay in {units}")
        promised = headers.whole(series.header, "NumberOfSlices")
        if promised and promised != len(layout.stack.frames):
            found.append(f"the header promises {promised} slices, {len(layout.stack.frames)} are here")
    return [*found, *scaling.warnings]


def _details(series: Series, layout: Layout, units: str, scaling: Suv) -> dict[str, Any]:
    return {
        "series_uid": series.uid,
        "study_uid": series.study_uid,
        "description": series.description,
        "images": len(layout.frames),
        "frames_in_time": len(layout.frames) // len(layout.stack.frames),
        "dynamic": layout.note,
        **({"select": list(layout.met)} if layout.met else {}),
        **({"value_mappings": _objects(series)} if series.mappings else {}),
        "geometry_fault": layout.stack.fault,
        "stated_units": layout.frames[0].units,
        "units": units,
        "suv": {"factor": scaling.factor, "reason": scaling.reason, **scaling.inputs}
        if series.modality == "PT"
        else None,
    }


def _objects(series: Series) -> list[dict[str, str]]:
    """The mapping objects beside the series, whether they were used or not: they may have changed the values."""
    return [{"name": one.name, "uid": one.uid, "sha256": sha256_of(one.path)} for one in series.mappings]


def _record(series: Series, frames: Sequence[Frame]) -> DicomRecord:
    return DicomRecord(
        series=series,
        slices=tuple(SliceReference(f.instance.sop_class, f.instance.uid, f.index + 1, f.position) for f in frames),
    )
