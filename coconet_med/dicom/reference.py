"""The moment to which the values of a PET series are decay corrected, where Decay Correction is START.

Sources, after the vendor-neutral pseudo-code of QIBA (FDG-PET/CT profile, SUV calculation) and the IBSI-SUV manual
(oncoray.github.io/suv_computation):

==================================  ================================================================================
Decay Correction DateTime           (0018,9701): says it outright (enhanced PET)
scanner's private time              GE (0009,xx0D), Siemens (0071,xx22): says it outright
Decay Factor                        (0054,1321) = exp(l t) l T / (1 - exp(-l T)), t from the reference to the frame
Frame Reference Time                (0054,1300): acquisition - frame reference time + mean count time of the frame
Series Date and Time                should be it (C.8.9.1.1.4), unless the series was processed later or de-identified
==================================  ================================================================================

All are compared.  The time that most of them state is taken; where equally many state two, the order above decides
(a Series Time at which the first image begins goes before a lone Frame Reference Time).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from coconet_med.dicom.decay import mean_count_time
from coconet_med.dicom.timing import Shot, elapsed_by_factor, one_start

#: Two reference times agree if SUV by them differs by no more than this share, or if they are as close as clocks are.
SUV_BOUND = 0.005
CLOCK_BOUND_S = 2.0
#: No scan goes on for longer: a reference that lies further before the first frame is no start of this scan.
LONGEST_SCAN = timedelta(hours=12)

DECAY_DATETIME = "Decay Correction DateTime"
PRIVATE = "private scan start time"
FACTOR = "Decay Factor"
FRAME = "Frame Reference Time"
SERIES = "Series Date and Time"
ORDER = (DECAY_DATETIME, PRIVATE, FACTOR, FRAME, SERIES)


class NoReferenceError(Exception):
    """No reference time can be trusted; the message is the reason."""


@dataclass(frozen=True)
class Stated:
    """A reference time and which attribute states it (one of :data:`ORDER`, with its words for messages)."""

    source: str
    when: datetime
    words: str = ""

    @property
    def name(self) -> str:
        return self.words or self.source


@dataclass(frozen=True)
class Reference:
    """The reference time taken.

    Attributes:
        when: on the clock of the series.
        rule: which sources state it.
        others: what states another time, beyond the bound.
        notes: what else the user should know.
    """

    when: datetime
    rule: str
    others: tuple[Stated, ...] = ()
    notes: tuple[str, ...] = field(default=())


def bound_s(half_life: float) -> float:
    """Seconds that two reference times may differ: :data:`SUV_BOUND` of the SUV, at least :data:`CLOCK_BOUND_S`."""
    return max(CLOCK_BOUND_S, half_life * math.log2(1.0 + SUV_BOUND))


def decay_reference(
    stated: Collection[Stated],
    shots: Iterable[Shot],
    half_life: float,
    *,
    frame_start: bool = False,
    study: datetime | None = None,
    show: Callable[[datetime], str] = str,
) -> Reference:
    """The reference time that most sources state.

    Args:
        stated: Decay Correction DateTime, private and series time, as far as they are there.
        shots: timing of the frames.
        half_life: s.
        frame_start: whether the scanner is known to put the start of the frame into Frame Reference Time (GE), instead
            of its mean count time, which the standard asks for.
        study: Study Date and Time, before which no scan begins.
        show: makes a time readable.

    Raises:
        NoReferenceError: nothing states a time that can be right, or sources contradict each other with equal weight.
    """
    bound = timedelta(seconds=bound_s(half_life))
    shots = set(shots)
    starts = [shot.start for shot in shots if shot.start is not None]
    explicit = [one for one in stated if one.source in (DECAY_DATETIME, PRIVATE)]
    if not starts and not explicit:
        raise NoReferenceError(
            "Acquisition Date and Time are missing or blanked (000000), so the decay reference time cannot be checked"
        )
    first = min(starts, default=None)
    possible = [one for one in stated if first is None or _possible(one.when, first, bound)]
    impossible = [one for one in stated if one not in possible]
    decayed = by_factor(shots, half_life, bound)
    if decayed is not None and decayed[1] <= bound:
        possible.append(Stated(FACTOR, decayed[0]))
    by_frame, faint, note, readings = _by_frame(shots, half_life, bound, possible, frame_start=frame_start)
    if by_frame is not None and not faint:
        possible.append(by_frame)
    apart_s = one_start(shots, half_life, bound.total_seconds())
    if apart_s and first is not None:
        possible.append(Stated(FRAME, first, "the one Acquisition Time of all frames"))
    possible, early = _before_study(possible, study, bound)
    impossible += early
    if not possible:
        if by_frame is None:
            raise NoReferenceError(_nothing(impossible, first, shots, show))
        note = f"{note}; taken as the decay reference, since nothing else states one"
        coarse = _coarse(decayed, by_frame.when, bound)
        apart = (*impossible, coarse) if coarse is not None else tuple(impossible)
        return Reference(by_frame.when, "earliest Acquisition Date and Time", apart, (note,))
    best = _vote(possible, first, bound, show)
    agreeing = [one for one in possible if abs(one.when - best.when) <= bound]
    best = min(agreeing, key=lambda one: _exactness(one, first))
    others = [one for one in possible if one not in agreeing] + impossible
    if by_frame is not None and faint and abs(by_frame.when - best.when) > bound:
        others.append(by_frame)
    if (coarse := _coarse(decayed, best.when, bound)) is not None:
        others.append(coarse)
    if by_frame in agreeing:
        others += [one for one in readings if abs(one.when - best.when) > bound]
    rule = " and ".join(one.name for one in sorted(agreeing, key=lambda one: ORDER.index(one.source)))
    spread = _factors_apart(shots, half_life, bound, show) if decayed is None else ""
    if apart_s:
        began = f"which by {FACTOR} and {FRAME} began up to {apart_s:.0f} s apart"
        spread, note = f"Acquisition Time is one for all frames, {began}: it was taken for the start of the scan", ""
    broken = tuple(filter(None, (spread, note if by_frame is None else "")))
    return Reference(best.when, rule, tuple(others), broken)


def _possible(when: datetime, first: datetime, bound: timedelta) -> bool:
    """Whether a scan whose first frame begins at ``first`` can have begun at ``when``."""
    return first - LONGEST_SCAN <= when <= first + bound


def _before_study(
    possible: list[Stated], study: datetime | None, bound: timedelta
) -> tuple[list[Stated], list[Stated]]:
    """What can be, and what is counted back from Acquisition Time to before the study: that was no frame's own, then.

    Nothing is dropped unless the header states another time outright that lies within the study.
    """
    if study is None or not any(one.source not in (FACTOR, FRAME) and one.when >= study for one in possible):
        return possible, []
    early = [one for one in possible if one.source in (FACTOR, FRAME) and one.when < study - bound]
    left = [one for one in possible if one not in early]
    return left, [replace(one, words=f"{one.name} (before Study Time)") for one in early]


def _exactness(one: Stated, first: datetime | None) -> int:
    """Which of several times that agree is the most exact, the lowest first: Decay Factor has few digits."""
    if one.source == SERIES and first is not None and abs((one.when - first).total_seconds()) <= CLOCK_BOUND_S:
        return 2
    return {DECAY_DATETIME: 0, PRIVATE: 1, FRAME: 3, FACTOR: 4, SERIES: 5}[one.source]


def _vote(possible: list[Stated], first: datetime | None, bound: timedelta, show: Callable[[datetime], str]) -> Stated:
    def votes(one: Stated) -> int:
        return sum(abs(one.when - other.when) <= bound for other in possible)

    def rank(one: Stated) -> tuple[int, float]:
        place = float(ORDER.index(one.source))
        if one.source == SERIES and first is not None and abs(one.when - first) <= bound:
            place = ORDER.index(FRAME) - 0.5  # the series begins with its first frame, as it should
        return -votes(one), place

    best = min(possible, key=rank)
    if votes(best) == 1 and len(possible) > 2 and best.source not in (DECAY_DATETIME, PRIVATE):
        listed = ", ".join(f"{one.name} {show(one.when)}" for one in possible)
        raise NoReferenceError(f"the decay reference time is stated differently each time: {listed}")
    return best


def by_factor(shots: set[Shot], half_life: float, bound: timedelta) -> tuple[datetime, timedelta] | None:
    """Reference time by Decay Factor and how exact that is; ``None`` where it says nothing or contradicts itself."""
    found = _factor_times(shots, half_life)
    if any(coarse <= bound for _, coarse in found):
        found = [one for one in found if one[1] <= bound]  # the exact ones suffice
    slack = max((coarse for _, coarse in found), default=timedelta(0))
    times = [when for when, _ in found]
    if not times or max(times) - min(times) > bound + (2 * slack if slack > bound else timedelta(0)):
        return None
    return min(times), slack


def _factors_apart(shots: set[Shot], half_life: float, bound: timedelta, show: Callable[[datetime], str]) -> str:
    """What to say of Decay Factors by which the frames are corrected to several times, each to its own start say."""
    found = _factor_times(shots, half_life)
    times = [when for when, _ in found]
    slack = max((coarse for _, coarse in found), default=timedelta(0))
    if not times or (apart := max(times) - min(times)) <= bound + 2 * slack:
        return ""
    other = 2.0 ** (apart.total_seconds() / half_life)
    return (
        f"by {FACTOR} the frames are corrected to several times, {show(min(times))} to {show(max(times))}; if so, SUV "
        f"1.00 of the last would be {other:.3g}"
    )


def _factor_times(shots: set[Shot], half_life: float) -> list[tuple[datetime, timedelta]]:
    """Reference time by the Decay Factor of each frame, and how exact its digits make that."""
    rate = math.log(2.0) / half_life
    found = []
    for shot in shots:
        elapsed = elapsed_by_factor(shot, half_life)
        if shot.start is None or elapsed is None:
            continue
        digits = len(shot.factor.partition(".")[2].lower().partition("e")[0])
        coarse = 0.5 * 10.0**-digits / float(shot.factor) / rate if "e" not in shot.factor.lower() else 0.0
        found.append((shot.start - timedelta(seconds=elapsed), timedelta(seconds=coarse)))
    return found


def _coarse(decayed: tuple[datetime, timedelta] | None, taken: datetime, bound: timedelta) -> Stated | None:
    """A Decay Factor of too few digits to vote, where even so it contradicts the time that was taken."""
    if decayed is None or decayed[1] <= bound:
        return None
    when, slack = decayed
    return Stated(FACTOR, when, f"{FACTOR} (rounded)") if abs(when - taken) > bound + 2 * slack else None


def _by_frame(
    shots: set[Shot], half_life: float, bound: timedelta, others: list[Stated], *, frame_start: bool
) -> tuple[Stated | None, bool, str, tuple[Stated, ...]]:
    """Reference time by Frame Reference Time, whether that is a mere guess, what is wrong with it, and other readings.

    Scanners put one of three moments into it: the mean count time (the standard), the middle or the start of the frame.
    Which one follows from what makes all frames agree, then from the other sources, then from the maker.  Where it had
    to be assumed, the other readings come back as well.
    """
    known = [
        (shot.start, shot.reference, shot.duration)
        for shot in shots
        if shot.start is not None and shot.reference is not None
    ]
    without_duration = any(duration is None for _, _, duration in known)
    if not known:
        return None, False, "", ()
    if all(reference == 0.0 for _, reference, _ in known):
        earliest = min(start for start, _, _ in known)
        return Stated(FRAME, earliest, f"{FRAME} 0"), True, f"{FRAME} is 0 in all images", ()
    moments = {"mean": lambda t: mean_count_time(t, half_life), "middle": lambda t: t / 2.0, "start": lambda t: 0.0}
    fitting: dict[str, datetime] = {}
    for name, within in moments.items():
        if name != "start" and without_duration:
            continue
        offsets = [within(duration or 0.0) - reference for _, reference, duration in known]
        if any(offset > bound.total_seconds() for offset in offsets):
            continue  # a frame that began before the reference
        found = [start + timedelta(seconds=offset) for (start, _, _), offset in zip(known, offsets, strict=True)]
        if max(found) - min(found) <= bound:
            fitting[name] = min(found)
    if not fitting:
        return None, False, f"{FRAME} does not fit the acquisition times and was not used", ()
    for other in sorted(others, key=lambda one: (one.source != FACTOR, ORDER.index(one.source))):
        agreeing = [when for when in fitting.values() if abs(when - other.when) <= bound]
        if agreeing:
            return Stated(FRAME, min(agreeing, key=lambda when: abs(when - other.when))), False, "", ()
    if set(fitting) == {"start"} and not frame_start and without_duration:
        return None, False, f"{FRAME} cannot be used without Actual Frame Duration", ()
    chosen = "start" if frame_start and "start" in fitting else next(iter(fitting))
    words = {"mean": "mean count time", "middle": "middle", "start": "start"}
    readings = [Stated(FRAME, when, f"{FRAME} as the {words[name]} of the frame") for name, when in fitting.items()]
    return Stated(FRAME, fitting[chosen]), False, "", tuple(readings) if chosen != "start" else ()


def _nothing(
    impossible: list[Stated], first: datetime | None, shots: set[Shot], show: Callable[[datetime], str]
) -> str:
    assert first is not None
    said = [
        f"{one.name} ({show(one.when)}) lies {'after the first image' if one.when > first else 'long before it'}"
        for one in impossible
    ] or [f"{SERIES} is missing or blanked"]
    lacking = "Actual Frame Duration" if any(shot.reference for shot in shots) else f"{FRAME} and {FACTOR}"
    return f"the decay reference time is unknown: {', '.join(said)} ({show(first)}), and {lacking} do not tell it"
