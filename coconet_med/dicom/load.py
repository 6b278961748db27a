"""Read one series into a :class:`~coconet_med.source.Source`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.dynamic import Dynamic, chosen, is_gated, volumes
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.frames import frames_of
from coconet_med.dicom.geometry import Stack, arrange, common_plane
from coconet_med.dicom.identity import refuse_several_in_series
from coconet_med.dicom.kinds import Picture, pictures_of, refuse_mixture
from coconet_med.dicom.padding import replace_padding
from coconet_med.dicom.pixels import read_values
from coconet_med.dicom.record import DicomRecord, SliceReference
from coconet_med.dicom.reference import SUV_BOUND
from coconet_med.dicom.resample_slices import regrid
from coconet_med.dicom.scaling import check_scaling, count_unmapped, unmapped_note
from coconet_med.dicom.select import EVERYTHING, FRAME, Selection, select
from coconet_med.dicom.series import Series, name_files
from coconet_med.dicom.suv import Suv, not_decay_corrected, suv_factor
from coconet_med.errors import OptionError, ReadError
from coconet_med.source import RELATIVE_UNITS, Source

if TYPE_CHECKING:
    import SimpleITK as sitk

SuvChoice = Literal["auto", "never"]
UNITS = {
    "BQML": "Bq/ml",
    "GML": "SUVbw",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "proportional counts",
    "PROPCPS": "proportional counts/s",
    "CM2ML": "SUVbsa",
    "US": RELATIVE_UNITS,
}


@dataclass(frozen=True)
class _Layout:
    """The volumes of a series that become one, checked: geometry is decided before a pixel is read."""

    series: Series
    frames: list[Frame]
    parts: list[tuple[list[Frame], float]]
    stack: Stack
    note: str | None
    odd: tuple[str, ...] = ()
    met: tuple[str, ...] = ()


def check_series(
    series: Series, *, allow_gaps: bool = False, dynamic: Dynamic = "mean", selection: Selection = EVERYTHING
) -> None:
    """Raise the :class:`~coconet_med.errors.ReadError` that reading would raise, short of decoding pixels."""
    with headers.quiet():
        _layout(series, allow_gaps, dynamic, selection)


def load_series(
    series: Series,
    *,
    allow_gaps: bool = False,
    dynamic: Dynamic = "mean",
    suv: SuvChoice = "auto",
    selection: Selection = EVERYTHING,
    warnings: Sequence[str] = (),
) -> Source:
    """Read the values of a series on its grid.

    Args:
        series: from :func:`coconet_med.dicom.scan.scan`.
        allow_gaps: resample missing, uneven or sheared slices onto a regular grid instead of refusing them.
        dynamic: for a PET or SPECT time series the mean weighted by frame duration, or one frame's number from 0.
        suv: ``"auto"`` gives SUVbw where the header allows it; ``"never"`` keeps the series' own units.
        selection: which images of a mixed series are taken.
        warnings: what the scan found, put before the reader's own.

    Raises:
        ReadError: the series is no regular volume, or its pixels cannot be decoded.
        OptionError: ``dynamic`` names a frame that does not exist.
    """
    with headers.quiet() as notes:
        layout = _layout(series, allow_gaps, dynamic, selection)
        series = layout.series  # what was not selected has no say in units and names
        units, scaling = _units(series, layout.frames, suv)
        _refuse_undecayed_mean(series, layout, scaling)
        layout = _scaled(layout, scaling)
        values, origin, unmapped = _values(series, layout)
        padding = replace_padding(series, values)
    factor = scaling.factor if units == "SUVbw" else scaling.activity
    if factor not in (None, 1.0) and not scaling.factors:
        values *= np.float32(factor)
    if not np.isfinite(values).all():
        raise ReadError(f"series {series.describe()}: values are not finite after rescaling")
    found = [
        *warnings,
        *_series_warnings(series, layout, units, scaling, suv),
        *([padding] if padding else []),
        *unmapped,
        *[f"header: {note}" for note in dict.fromkeys([*notes, *(n for i in series.instances for n in i.notes)])][:5],
    ]
    ordered = sorted(series.instances, key=lambda instance: instance.uid)
    details = _details(series, layout, units, scaling)
    return Source(
        image=_image(values, origin, layout.stack),
        name=_name(series),
        units=units,
        modality=series.modality,
        files=tuple(instance.path for instance in ordered),
        sha256=_digest([instance.path for instance in ordered]),
        frame_of_reference=headers.text(series.header, "FrameOfReferenceUID") or None,
        slice_axis=2,
        warnings=tuple(dict.fromkeys(found)),
        details=details,
        dicom=_record(series, layout.frames),
    )


def _layout(series: Series, allow_gaps: bool, dynamic: Dynamic, selection: Selection) -> _Layout:
    odd = _refuse_contradictions(series)
    selected = select(pictures_of(series), selection, series)
    if selection.frame is None:
        refuse_mixture(selected.pictures, series)
    series = _of_pictures(series, selected.pictures)
    frames = frames_of(series, selected.pictures)
    plane = common_plane(frames)
    if len(frames) == 1:
        arrange(frames, plane)  # raises: a single slice
    copies = volumes(frames, plane, series, asked=selection.frame is not None)
    met = selected.met
    if selection.frame is not None and (len(copies) > 1 or not selection.lenient or selection.frame == 0):
        if dynamic != "mean":
            raise OptionError(f"--dynamic {dynamic} and --select frame={selection.frame}: give one of the two")
        if selection.frame >= len(copies):
            last = len(copies) - 1
            raise OptionError(f"--select frame={selection.frame}: {_name(series)} has the frames 0 to {last}")
        dynamic = selection.frame
        met += tuple(str(choice) for choice in selection.choices if choice.key == FRAME)
    parts, note = chosen(copies, dynamic)
    if selection.frame is not None:
        part_of_it = "gate" if is_gated(copies) else "frame"
        note = note and f"{part_of_it} {dynamic} of 0 to {len(copies) - 1} taken, as asked (--select)"
        frames = [frame for part, _ in parts for frame in part]
        pictures = [frame.picture for frame in frames if frame.picture]
        refuse_mixture(pictures, series)
        series = _of_pictures(series, pictures)
    stacks = [arrange(part, plane) for part, _ in parts]
    for stack in stacks:
        if stack.fault and not allow_gaps:
            raise ReadError(f"series {series.describe()}: {stack.fault}; --allow-gaps resamples it onto a regular grid")
        if len(stack.frames) != len(stacks[0].frames) or np.abs(stack.distances - stacks[0].distances).max() > 0.1:
            raise ReadError(f"series {series.describe()}: the slices of its frames in time lie in different places")
    odd += check_scaling(series, frames)
    ordered = [(list(stack.frames), weight) for stack, (_, weight) in zip(stacks, parts, strict=True)]
    return _Layout(series, frames, ordered, stacks[0], note, odd, met)


def _of_pictures(series: Series, pictures: Sequence[Picture]) -> Series:
    """The series with the files of these images alone."""
    paths = {picture.instance.path for picture in pictures}
    kept = tuple(instance for instance in series.instances if instance.path in paths)
    return series if len(kept) == len(series.instances) else replace(series, instances=kept)


def _refuse_contradictions(series: Series) -> tuple[str, ...]:
    """Refuse a series whose files contradict each other; what is odd short of that comes back as warnings."""
    odd = refuse_several_in_series(series)
    for keyword, what in (
        ("FrameOfReferenceUID", "frames of reference"),
        ("Modality", "modalities"),
        ("StudyInstanceUID", "studies"),
    ):
        found = {headers.text(instance.header, keyword) for instance in series.instances}
        if len(found) > 1:
            raise ReadError(f"series {series.describe()}: its files belong to {len(found)} different {what}")
    kept = {instance.uid: instance for instance in series.instances}
    for copy in series.duplicates:
        if any(
            headers.text(copy.header, tag) != headers.text(kept[copy.uid].header, tag)
            for tag in ("ImagePositionPatient", "InstanceNumber", "FrameReferenceTime")
        ):
            raise ReadError(
                f"series {series.describe()}: different images share one SOP Instance UID "
                f"({name_files([copy.path, kept[copy.uid].path])}); export the series again"
            )
    return odd


def _units(series: Series, frames: Sequence[Frame], suv: SuvChoice) -> tuple[str, Suv]:
    stated = frames[0].units
    own = UNITS.get(stated, headers.printable(stated, limit=40) or RELATIVE_UNITS)
    if series.modality == "MR":
        return RELATIVE_UNITS, Suv(None)
    if series.modality == "CT":
        return ("HU" if stated in ("", "HU") else own), Suv(None)
    scaling = suv_factor(series, stated)
    if scaling.reason.startswith("values are SUV normalized"):
        own = f"SUV{headers.text(series.facts, 'SUVType').strip().lower() or 'bsa'}"
    if scaling.activity:
        own = "Bq/ml"
    if suv == "never" and own != "SUVbw":
        return own, Suv(None, "not asked for", activity=scaling.activity)
    scaling = _with_real_world(frames, scaling)
    return ("SUVbw" if scaling.factor is not None else own), scaling


def _with_real_world(frames: Sequence[Frame], scaling: Suv) -> Suv:
    """The mapping to SUVbw that the scanner states beside Bq/ml: a check of the factor, or what there is instead."""
    ratios = [f.suvbw.slope / f.slope for f in frames if f.suvbw and f.slope]
    if len(ratios) < len(frames) or any(abs(f.suvbw.intercept) > 1e-6 or f.intercept for f in frames if f.suvbw):
        return scaling
    if scaling.factor is None and not scaling.factors and max(ratios) - min(ratios) <= 1e-4 * max(ratios):
        rule = f"Real World Value Mapping to SUVbw ({scaling.reason})"
        return Suv(ratios[0], inputs={"rule": rule})
    share = ratios[0] / scaling.factor if scaling.factor else 1.0
    if abs(share - 1.0) <= SUV_BOUND:
        return scaling
    note = f"SUV: the Real World Value Mapping of the scanner says {share:.3g} where weight, dose and times give 1.00"
    return replace(scaling, warnings=(*scaling.warnings, note))


def _scaled(layout: _Layout, scaling: Suv) -> _Layout:
    """The frames of images that are not decay corrected, each with its factor to SUVbw in slope and intercept."""
    factors = scaling.factors
    if not factors:
        return layout

    def scaled(frame: Frame) -> Frame:
        factor = factors[frame.instance.uid, frame.index]
        slope = 1.0 if frame.slope is None else frame.slope
        return replace(frame, slope=slope * factor, intercept=frame.intercept * factor)

    return replace(layout, parts=[([scaled(f) for f in part], weight) for part, weight in layout.parts])


def _refuse_undecayed_mean(series: Series, layout: _Layout, scaling: Suv) -> None:
    """Frames that each hold the activity of their own time have no mean; SUV corrects them one by one."""
    if len(layout.parts) > 1 and scaling.factor is None and series.modality == "PT" and not_decay_corrected(series):
        raise ReadError(
            f"series {series.describe()}: its {len(layout.parts)} frames in time are not decay corrected, so they have "
            "no mean; take one with --dynamic N"
        )


def _values(series: Series, layout: _Layout) -> tuple[np.ndarray, tuple[float, ...], tuple[str, ...]]:
    """The (weighted) values, (k, j, i), the position of the first voxel, and warnings."""
    total: np.ndarray | None = None
    outside = 0
    for part, weight in layout.parts:
        values = read_values(part)
        outside += count_unmapped(part, values)
        if weight != 1.0:
            values *= np.float32(weight)
        total = values if total is None else total + values
    assert total is not None
    share = outside / (total.size * len(layout.parts))
    notes = (unmapped_note(layout.frames, share),) if outside else ()
    if layout.stack.fault:
        return *regrid(layout.stack, total, f"series {series.describe()}"), notes
    return total, layout.stack.origin, notes


def _image(values: np.ndarray, origin: tuple[float, ...], stack: Stack) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32))
    image.SetSpacing(stack.spacing)
    image.SetDirection(stack.direction)
    image.SetOrigin(origin)
    return image


def _series_warnings(series: Series, layout: _Layout, units: str, scaling: Suv, suv: SuvChoice) -> list[str]:
    found: list[str] = list(layout.odd)
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
        if all(frame.slope is None for frame in layout.frames):
            found.append("no Rescale Slope in a PET series; stored values taken as they are")
    return [*found, *scaling.warnings]


def _details(series: Series, layout: _Layout, units: str, scaling: Suv) -> dict[str, Any]:
    return {
        "series_uid": series.uid,
        "study_uid": series.study_uid,
        "description": series.description,
        "images": len(layout.frames),
        "frames_in_time": len(layout.frames) // len(layout.stack.frames),
        "dynamic": layout.note,
        **({"select": list(layout.met)} if layout.met else {}),
        "geometry_fault": layout.stack.fault,
        "stated_units": layout.frames[0].units,
        "units": units,
        "suv": {"factor": scaling.factor, "reason": scaling.reason, **scaling.inputs}
        if series.modality == "PT"
        else None,
    }


def _name(series: Series) -> str:
    """Series description, else folder name; without the characters that could make a path of it."""
    name = headers.printable(series.description or series.instances[0].path.parent.name, limit=80)
    return "".join("-" if c in "/\\:" else c for c in name).strip(". ") or "unnamed"


def _digest(paths: Sequence[Path]) -> str:
    """sha256 over the bytes of the files, in the order given (that of their SOP Instance UIDs)."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
    return digest.hexdigest()


def _record(series: Series, frames: Sequence[Frame]) -> DicomRecord:
    return DicomRecord(
        series=series,
        slices=tuple(SliceReference(f.instance.sop_class, f.instance.uid, f.index + 1, f.position) for f in frames),
    )
