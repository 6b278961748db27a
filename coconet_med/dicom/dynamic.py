"""Part a series that holds every place several times into volumes, and make one volume of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.geometry import Plane, places
from coconet_med.dicom.kinds import TELLING, telling_copies
from coconet_med.dicom.series import Series, name_files
from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.time_spans import overlapping, paused

Dynamic = int | Literal["mean"]


def volumes(frames: Sequence[Frame], plane: Plane, series: Series, *, asked: bool = False) -> list[list[Frame]]:
    """The frames of each point in time, first to last; one list for a static series.

    Args:
        frames: of one kind, or ``asked``.
        plane: that they share.
        series: for the messages.
        asked: the user chose one of the copies of each place by its number; they may be of any kind.

    Raises:
        ReadError: places are held unequally often, or the copies are not a time series of PET or SPECT.
    """
    groups = places(frames, plane)
    counts = sorted({len(group) for group in groups})
    if len(groups) == 1:
        raise ReadError(
            f"series {series.describe()}: all {len(frames)} images lie in one place, which is no volume "
            f"({name_files({f.instance.path for f in frames})})"
        )
    if counts == [1]:
        _refuse_parts_of_a_time_series(frames, series)
        return [[group[0] for group in groups]]
    if len(counts) > 1:
        odd = [g for g in groups if len(g) != max(counts, key=lambda n: sum(len(g) == n for g in groups))]
        raise ReadError(
            f"series {series.describe()}: places are held {counts[0]} to {counts[-1]} times; "
            f"doubled or missing at {name_files({f.instance.path for g in odd for f in g})}; {_part_of(groups)}"
        )
    if not asked:
        _refuse_unless_timed(groups, counts[0], series)
    timed = [sorted(group, key=_order) for group in groups]
    return [[group[n] for group in timed] for n in range(counts[0])]


def chosen(
    parts: Sequence[list[Frame]], dynamic: Dynamic, name: str
) -> tuple[list[tuple[list[Frame], float]], str | None]:
    """The volumes to combine with their weights (which add up to 1), and a sentence for the user.

    ``"mean"`` weights by Actual Frame Duration; a number takes that point in time, or that gate, from 0.

    Raises:
        OptionError: ``dynamic`` names a point in time that the series does not have.
        ReadError: durations differ within one point in time, or gates of one time are corrected for different decay.
    """
    if len(parts) == 1:
        if dynamic not in ("mean", 0):
            raise OptionError(f"--dynamic {dynamic}: {name} is one volume without frames in time; leave the option out")
        return [(parts[0], 1.0)], None
    kind, part_of_it = ("gated", "gate") if is_gated(parts) else ("dynamic", "frame")
    if dynamic != "mean":
        if not isinstance(dynamic, int) or isinstance(dynamic, bool) or not 0 <= dynamic < len(parts):
            raise OptionError(f"--dynamic {dynamic}: expected 'mean' or a frame of {name} from 0 to {len(parts) - 1}")
        return [(parts[dynamic], 1.0)], f"{kind} series: {part_of_it} {dynamic} of 0 to {len(parts) - 1} taken"
    if kind == "gated":
        _refuse_other_decay(parts)
    durations = []
    for number, part in enumerate(parts):
        found = {frame.duration for frame in part}
        if len(found) > 1:
            msg = f"{kind} series: slices of {part_of_it} {number} differ in Actual Frame Duration; choose one with"
            raise ReadError(f"{msg} --dynamic N")
        durations.append(found.pop())
    known = [duration for duration in durations if duration is not None]
    if len(known) < len(durations):
        note = "equal weights, as Actual Frame Duration is missing"
        weights = [1.0 / len(parts)] * len(parts)
    else:
        note = "weighted by frame duration"
        weights = [duration / sum(known) for duration in known]
    summary = f"{kind} series: mean of {len(parts)} {part_of_it}s, {note}"
    if kind == "dynamic" and (said := _apart(parts, [(duration or 0.0) / 1000 for duration in durations])):
        summary += f"; {said}"
    if kind == "gated":
        summary += ": heartbeat or breath are blurred in it; --dynamic N takes one gate"
    return list(zip(parts, weights, strict=True)), summary


def _apart(parts: Sequence[list[Frame]], seconds: Sequence[float]) -> str:
    """What to say where the points in time do not follow each other, by the times at which they were acquired.

    Where all state one acquisition time, as of the whole series, the Frame Reference Times tell how far apart they are.
    """
    if not all(seconds):
        return ""
    begun = [datetime.fromisoformat(part[0].time[1]) for part in parts]
    if len(set(begun)) == len(parts) and datetime.min not in begun:
        spans = [((one - min(begun)).total_seconds(), long) for one, long in zip(begun, seconds, strict=True)]
        return overlapping(spans) or paused(spans)
    centers = [part[0].time[2] / 1000 for part in parts]
    if len(set(centers)) < len(parts):
        return ""
    return paused([(middle - long / 2, long) for middle, long in zip(centers, seconds, strict=True)])


def is_gated(parts: Sequence[list[Frame]]) -> bool:
    """Whether the copies of a place are gates of the heart or the breath rather than points in time.

    The header says so (Series Type, Image or Frame Type, Number of Time Slots), or Trigger Time alone tells them apart.
    """
    first = [part[0] for part in parts]
    for frame in first:
        words = {word.upper() for word in headers.words(frame.instance.header, "SeriesType")}
        words |= {word.upper() for word in (frame.picture.values("ImageType") if frame.picture else ())}
        if (
            any("GATED" in word for word in words)
            or (headers.number(frame.instance.header, "NumberOfTimeSlots") or 0) > 1
        ):
            return True
    return len({frame.time[3] for frame in first}) == len(first) and len({frame.time[:3] for frame in first}) == 1


def _refuse_other_decay(parts: Sequence[list[Frame]]) -> None:
    """Gates are of one time, so one decay: where their factors differ, some are wrong and the mean would be."""
    times = {part[0].time[1:3] for part in parts}
    factors = [headers.number(part[0].instance.header, "DecayFactor") for part in parts]
    known = [factor for factor in factors if factor]
    if len(times) == 1 and known and max(known) > 1.01 * min(known):
        raise ReadError(
            f"gated series: its gates are of one time, but state Decay Factors from {min(known):g} to {max(known):g}, "
            "so they have no mean; take one with --dynamic N"
        )


def _order(frame: Frame) -> tuple:
    """Copies of a place one after the other: by kind, time, and number in series and file."""
    kind = frame.picture.order if frame.picture else ()
    return kind, frame.time, headers.number(frame.instance.header, "InstanceNumber") or 0.0, frame.index


def _refuse_unless_timed(groups: Sequence[list[Frame]], count: int, series: Series) -> None:
    """Copies of a place may be averaged only if they are PET or SPECT images of different times."""
    files = name_files({f.instance.path for f in groups[0]})
    if series.modality in ("PT", "NM"):
        if all(len({frame.time for frame in group}) == count for group in groups):
            return
        raise ReadError(
            f"series {series.describe()}: every place is held {count} times at equal times, so which is meant is "
            f"unclear (first place: {files}); {_advice(groups, count)}"
        )
    raise ReadError(
        f"series {series.describe()}: every place is held {count} times (repetitions, phases or contrasts; first "
        f"place: {files}); {_advice(groups, count)}"
    )


def _advice(groups: Sequence[list[Frame]], count: int) -> str:
    copies = [[frame.picture for frame in sorted(group, key=_order) if frame.picture] for group in groups]
    telling = telling_copies(copies)
    example = f"--select '{telling}', or by number: " if telling else ""
    return f"choose one, for example with {example}--select frame=0 to frame={count - 1}"


def _part_of(groups: Sequence[list[Frame]]) -> str:
    """What to do about places that are held unequally often: overlapping beds, or frames in time that lack slices."""
    pictures = [[frame.picture for frame in group if frame.picture] for group in groups]
    for keyword in TELLING:
        values = [[picture.values(keyword) for picture in group] for group in pictures]
        if all(len(set(found)) == len(found) and all(found) for found in values):
            ((value, count),) = Counter(one for found in values for one in found).most_common(1)
            return f"--select '{keyword}={chr(92).join(value)}' takes one part of it ({count} images)"
    return "export the series again, or give the files of one volume"


def _refuse_parts_of_a_time_series(frames: Sequence[Frame], series: Series) -> None:
    """Slices of different times are no volume where the header says that the series is dynamic or gated."""
    kinds = {word.upper() for frame in frames for word in headers.words(frame.instance.header, "SeriesType")}
    times: dict[tuple, list[Frame]] = {}
    for frame in frames:
        times.setdefault(frame.time, []).append(frame)
    if not kinds & {"DYNAMIC", "GATED"} or len(times) == 1:
        return
    fewest = name_files({frame.instance.path for frame in min(times.values(), key=len)})
    raise ReadError(
        f"series {series.describe()}: is {'gated' if 'GATED' in kinds else 'dynamic'}, but every place is held once, "
        f"with slices of {len(times)} points in time; the fewest share {fewest}; "
        "give all its files, or those of one point in time"
    )
