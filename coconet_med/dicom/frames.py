"""Turn the files of a series into frames.

Classic single-frame objects, enhanced multi-frame objects (functional groups, PS3.3 C.7.6.16) and NM objects
(:mod:`coconet_med.dicom.nm`) all end as :class:`~coconet_med.dicom.frame.Frame`; what follows knows no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coconet_med.dicom import headers
from coconet_med.dicom.frame import MAX_VOXELS, Frame, matrix, place, rescale
from coconet_med.dicom.kinds import Picture, pictures_of
from coconet_med.dicom.mapping_objects import mapped_by_objects
from coconet_med.dicom.nm import nm_frames
from coconet_med.dicom.realworld import PREFERRED, Mapping, best_mapping
from coconet_med.dicom.scaling import mirror_of
from coconet_med.dicom.series import NM_CLASS, Instance, Series, is_reprojection, name_files
from coconet_med.dicom.times import Clock, acquired
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pydicom import Dataset

WORLD = "RealWorldValueMappingSequence"
#: Units of PET that a real-world mapping does not replace: SUV can be computed from them, and checked.
QUANTITATIVE = ("BQML", "Bq/ml", "GML", "SUVbw")


def frames_of(series: Series, pictures: Sequence[Picture] | None = None) -> list[Frame]:
    """Frames of a series: all, or those of the given pictures.

    Raises:
        ReadError: a file lacks what its place needs, is a mosaic, a localizer, planar or not grayscale, or is larger
            than :data:`MAX_VOXELS`.
    """
    wanted: dict[Path, dict[int, Picture]] = {}
    for picture in pictures_of(series) if pictures is None else pictures:
        wanted.setdefault(picture.instance.path, {})[picture.index] = picture
    instances = [instance for instance in series.instances if instance.path in wanted]
    _refuse_kinds(series, instances)
    frames: list[Frame] = []
    for instance in instances:
        shape, count = matrix(instance)
        if len(frames) * shape[0] * shape[1] + count * shape[0] * shape[1] > MAX_VOXELS:
            raise ReadError(f"series {series.uid}: more than {MAX_VOXELS:,} voxels; refused")
        own = wanted[instance.path]
        if instance.sop_class == NM_CLASS:
            made: Iterable[Frame] = nm_frames(instance, shape, count)
        elif headers.items(instance.header, "PerFrameFunctionalGroupsSequence"):
            made = _enhanced_frames(instance, shape, count)
        elif count == 1:
            made = (_classic_frame(instance, shape),)
        else:
            raise ReadError(f"{instance.name}: {count} frames but no functional groups that say where each one lies")
        mirror = mirror_of(instance)
        frames.extend(replace(f, picture=own[f.index], mirror=mirror) for f in made if f.index in own)
    return frames


def _refuse_kinds(series: Series, instances: Sequence[Instance]) -> None:
    for word, advice in (
        ("MOSAIC", "a Siemens mosaic (all slices in one tile), convert it first, for example with dcm2niix"),
        ("LOCALIZER", "a localizer, not an image volume; choose another series"),
    ):
        found = [instance.path for instance in instances if word in instance.image_type]
        if found:
            raise ReadError(f"series {series.describe()} is {advice} ({name_files(found)})")
    if is_reprojection(series):
        raise ReadError(
            f"series {series.describe()} holds projections of the body (Series Type REPROJECTION), not slices; choose "
            "the series of type IMAGE"
        )


def _classic_frame(instance: Instance, shape: tuple[int, int]) -> Frame:
    ds = instance.header
    scale = _classic_values(instance)
    taken = acquired(ds)
    return Frame(
        instance,
        0,
        *place(instance, ds, ds, ds, 0),
        shape,
        scale.slope,
        scale.intercept,
        units=scale.units,
        duration=_positive(headers.number(ds, "ActualFrameDuration")),
        time=(
            headers.number(ds, "TemporalPositionIdentifier") or 0.0,
            (taken or datetime.min).isoformat(),
            headers.number(ds, "FrameReferenceTime") or 0.0,
            headers.number(ds, "TriggerTime") or 0.0,
        ),
        suvbw=scale.beside,
        mapped=scale.taken,
    )


def _enhanced_frames(instance: Instance, shape: tuple[int, int], count: int) -> Iterator[Frame]:
    ds = instance.header
    groups = headers.items(ds, "PerFrameFunctionalGroupsSequence")
    shared = next(iter(headers.items(ds, "SharedFunctionalGroupsSequence")), None)
    if len(groups) != count:
        raise ReadError(f"{instance.name}: {count} frames but {len(groups)} items of per-frame functional groups")

    clock = Clock([ds])
    for index, group in enumerate(groups):
        where, plane, measures, values, content = (
            _group(group, shared, keyword)
            for keyword in (
                "PlanePositionSequence",
                "PlaneOrientationSequence",
                "PixelMeasuresSequence",
                "PixelValueTransformationSequence",
                "FrameContentSequence",
            )
        )
        worlds = next((w for d in (group, shared) if d is not None and (w := headers.items(d, WORLD))), [])
        scale = _enhanced_values(instance, values, worlds)
        moments = ("FrameReferenceDateTime", "FrameAcquisitionDateTime")
        taken = next(
            (when for tag in moments if content is not None and (when := clock.datetime_of(content, tag, ds))), None
        )
        yield Frame(
            instance,
            index,
            *place(instance, where, plane, measures, index),
            shape,
            scale.slope,
            scale.intercept,
            units=scale.units or headers.units(instance.facts),
            duration=_positive(headers.number(content, "FrameAcquisitionDuration")) if content is not None else None,
            time=(
                (headers.number(content, "TemporalPositionIndex") or 0.0) if content is not None else 0.0,
                (taken or datetime.min).isoformat(),
                0.0,
                0.0,
            ),
            suvbw=scale.beside,
            mapped=scale.taken,
        )


def _group(own: Dataset, shared: Dataset | None, keyword: str) -> Dataset | None:
    """The one item of a functional group: the frame's own, else the shared one."""
    for holder in (own, shared):
        found = headers.items(holder, keyword) if holder is not None else []
        if found:
            return found[0]
    return None


class _Scale(NamedTuple):
    """How stored values become values, the mapping that says so (``taken``), and one to SUVbw ``beside`` it."""

    slope: float | None
    intercept: float
    units: str
    taken: Mapping | None = None
    beside: Mapping | None = None


def _classic_values(instance: Instance) -> _Scale:
    """Slope, intercept, units, and a mapping to SUVbw beside them.

    Of a PET whose rescaled values are neither Bq/ml nor SUV, a real-world mapping to one of these is taken instead.
    """
    ds = instance.header
    slope, intercept = rescale(ds, instance)
    units = headers.units(ds) or headers.text(ds, "RescaleType").strip()
    worlds = headers.items(ds, WORLD) if headers.text(ds, "Modality").strip().upper() == "PT" else []
    return _with_mapping(_Scale(slope, intercept, units), worlds)


def _enhanced_values(instance: Instance, values: Dataset | None, worlds: list[Dataset]) -> _Scale:
    """Slope, intercept, units: the rescaling where it names units, else the real-world mapping, else the rescaling."""
    kind = headers.text(values, "RescaleType").strip() if values is not None else ""
    units = "" if kind == "US" else kind
    if not units and not headers.units(instance.facts) and (mapping := best_mapping(worlds)):
        return _Scale(mapping.slope, mapping.intercept, mapping.units, mapping)
    slope, intercept = rescale(values, instance) if values is not None else (None, 0.0)
    own = units or headers.units(instance.facts)
    return _with_mapping(_Scale(slope, intercept, own), worlds)


def with_objects(series: Series, frames: list[Frame]) -> tuple[list[Frame], tuple[str, ...]]:
    """The frames of a PET with the mapping objects beside it taken into account, and what must be said of these.

    What the images themselves state goes first.
    """
    if series.modality != "PT" or not series.mappings or any(frame.mapped or frame.suvbw for frame in frames):
        return frames, ()
    found, notes = mapped_by_objects(series, frames)
    return [
        frame if mapping is None else _rescaled(frame, mapping) for frame, mapping in zip(frames, found, strict=True)
    ], notes


def _rescaled(frame: Frame, mapping: Mapping) -> Frame:
    scale = _by(_Scale(frame.slope, frame.intercept, frame.units), mapping)
    return replace(
        frame,
        slope=scale.slope,
        intercept=scale.intercept,
        units=scale.units,
        mapped=scale.taken,
        suvbw=scale.beside,
    )


def _with_mapping(scale: _Scale, worlds: list[Dataset]) -> _Scale:
    return _by(scale, best_mapping(worlds))


def _by(scale: _Scale, mapping: Mapping | None) -> _Scale:
    if mapping is None or mapping.units not in PREFERRED:
        return scale
    if scale.units in QUANTITATIVE:
        return scale._replace(beside=mapping if mapping.units == "SUVbw" else None)
    return _Scale(mapping.slope, mapping.intercept, mapping.units, mapping)


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None
