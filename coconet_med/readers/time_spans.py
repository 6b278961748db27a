"""Whether the frames of a time series follow each other, so that their mean is that of one stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

#: A pause of frames that have no mean of one time: longer than this (s), and than this share of all that was measured.
PAUSE_S, PAUSE_SHARE = 120.0, 0.5
#: Two frames overlap where they share more than this (s), and than this share of the earlier one.
OVERLAP_S, OVERLAP_SHARE = 1.0, 0.01


def paused(spans: Sequence[tuple[float, float]]) -> str:
    """A sentence about the longest pause between two frames, or ``""`` where none is long.

    Two scans of one patient (early and late) in one series have a mean that shows neither.

    Args:
        spans: start and duration of each frame, s, in the order of their numbers, which need not be that of time.
    """
    measured = sum(duration for _, duration in spans)
    pauses = [(then - start - duration, n, m) for (start, duration, n), (then, _, m) in _in_time(spans)]
    longest, number, following = max(pauses, default=(0.0, 0, 0))
    if longest <= max(PAUSE_S, PAUSE_SHARE * measured):
        return ""
    return (
        f"{longest / 60:.3g} min lie between frame {number} and frame {following}, while all frames last "
        f"{measured / 60:.3g} min: the mean is that of no one time; --dynamic N takes one frame"
    )


def overlapping(spans: Sequence[tuple[float, float]]) -> str:
    """A sentence about the first frame that begins before the one before it ends, or ``""``.

    Args:
        spans: as for :func:`paused`.
    """
    for (start, duration, number), (then, _, following) in _in_time(spans):
        if start + duration - then > max(OVERLAP_S, OVERLAP_SHARE * duration):
            return (
                f"frame {number} lasts until {start + duration:g} s, and frame {following} begins at {then:g} s: "
                "start or duration is wrong, or the mean counts that time twice; --dynamic N takes one frame"
            )
    return ""


def _in_time(
    spans: Sequence[tuple[float, float]],
) -> Iterator[tuple[tuple[float, float, int], tuple[float, float, int]]]:
    """Start, duration and number of each frame and of the next one in time; some scanners number them otherwise."""
    return pairwise(sorted((start, duration, number) for number, (start, duration) in enumerate(spans)))
