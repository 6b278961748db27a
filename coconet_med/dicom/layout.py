"""Which images of a series make the volume, and on what grid: decided from headers before a pixel is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.duplicates import is_copy, without_twins
from coconet_med.dicom.dynamic import Dynamic, chosen, is_gated, volumes
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.frames import frames_of, with_objects
from coconet_med.dicom.geometry import Stack, arrange, common_plane
from coconet_med.dicom.identity import refuse_several_in_series
from coconet_med.dicom.kinds import Picture, pictures_of, refuse_mixture
from coconet_med.dicom.scaling import check_scaling
from coconet_med.dicom.select import FRAME, Selection, select
from coconet_med.dicom.series import IMAGE_CLASSES, MODALITY_OF_CLASS, Series, name_files
from coconet_med.errors import OptionError, ReadError


@dataclass(frozen=True)
class Layout:
    """The volumes of a series that become one, checked.

    Attributes:
        series: with the files that are used alone.
        frames: all images that are used.
        parts: the images of each point in time (or gate) in the order of their places, with their weights.
        stack: the places of one point in time.
        note: what was done with several points in time, if there are any.
        odd: what is odd about the headers.
        met: choices of the user that images fulfill.
    """

    series: Series
    frames: list[Frame]
    parts: list[tuple[list[Frame], float]]
    stack: Stack
    note: str | None
    odd: tuple[str, ...] = ()
    met: tuple[str, ...] = ()


def layout_of(series: Series, *, allow_gaps: bool, dynamic: Dynamic, selection: Selection) -> Layout:
    """The layout of a series; arguments as for :func:`coconet_med.dicom.load.load_series`.

    Raises:
        ReadError: the series is no regular volume.
        OptionError: an option names what the series does not have.
    """
    odd = _refuse_contradictions(series)
    selected = select(pictures_of(series), selection, series)
    if selection.frame is None:
        refuse_mixture(selected.pictures, series)
    series = _of_pictures(series, selected.pictures)
    frames, noted = with_objects(series, frames_of(series, selected.pictures))
    odd += noted
    plane = common_plane(frames)
    if len(frames) == 1:
        arrange(frames, plane)  # raises: a single slice
    if selection.frame is None:
        frames, twins = without_twins(frames, plane)
        odd += twins
    copies = volumes(frames, plane, series, asked=selection.frame is not None)
    met = selected.met
    if selection.frame is not None and (len(copies) > 1 or not selection.lenient or selection.frame == 0):
        if dynamic != "mean":
            raise OptionError(f"--dynamic {dynamic} and --select frame={selection.frame}: give one of the two")
        if selection.frame >= len(copies):
            last = len(copies) - 1
            raise OptionError(f"--select frame={selection.frame}: {name_of(series)} has the frames 0 to {last}")
        dynamic = selection.frame
        met += tuple(str(choice) for choice in selection.choices if choice.key == FRAME)
    parts, note = chosen(copies, dynamic, name_of(series))
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
    odd += tuple(dict.fromkeys(stack.leaning for stack in stacks if stack.leaning))
    ordered = [(list(stack.frames), weight) for stack, (_, weight) in zip(stacks, parts, strict=True)]
    return Layout(series, frames, ordered, stacks[0], note, odd, met)


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
    _refuse_other_class(series)
    _refuse_part_of_concatenation(series)
    kept = {instance.uid: instance for instance in series.instances}
    for copy in series.duplicates:
        if not is_copy(copy, kept[copy.uid]):
            raise ReadError(
                f"series {series.describe()}: different images share one SOP Instance UID "
                f"({name_files([copy.path, kept[copy.uid].path])}); export the series again, or take one of them out"
            )
    return odd


def _refuse_part_of_concatenation(series: Series) -> None:
    """Refuse a multi-frame object that was cut into files (PS3.3 C.7.6.16.1.3) of which some are not here.

    Parts at the end would not be missed by their places.
    """
    parts: dict[str, set[int]] = {}
    totals: dict[str, int] = {}
    for ds in (instance.header for instance in series.instances):
        whole, number = headers.text(ds, "ConcatenationUID"), headers.whole(ds, "InConcatenationNumber")
        if whole and number is not None:
            parts.setdefault(whole, set()).add(number)
            totals[whole] = max(totals.get(whole, number), headers.whole(ds, "InConcatenationTotalNumber") or 0)
    for whole, numbers in parts.items():
        if missing := sorted(set(range(1, min(totals[whole], 10_000) + 1)) - numbers):
            raise ReadError(
                f"series {series.describe()}: is a concatenation of {totals[whole]} files, and part "
                f"{', '.join(map(str, missing[:5]))} is not here; give all its files"
            )


def _refuse_other_class(series: Series) -> None:
    """Refuse images whose SOP Class and Modality contradict each other: values, units and roles follow from both."""
    wrong = [
        one for one in series.instances if MODALITY_OF_CLASS.get(one.sop_class, series.modality) != series.modality
    ]
    if wrong:
        raise ReadError(
            f"series {series.describe()}: its SOP Class is {IMAGE_CLASSES[wrong[0].sop_class]} Storage, but its "
            f"Modality (0008,0060) says {series.modality} ({name_files(one.path for one in wrong)}); make sure what it "
            "shows, and correct the header or export the series again"
        )


def name_of(series: Series) -> str:
    """Series description, else folder name; without the characters that could make a path of it."""
    name = headers.printable(series.description or series.instances[0].path.parent.name, limit=80)
    return "".join("-" if c in "/\\:" else c for c in name).strip(". ") or "unnamed"
