"""What is added to a mixed picture, so that the small findings of the uptake are seen in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coconet_med.blending.small_findings import Spot

#: Contrast of a finding to its ring that is aimed at in the mixed picture: so much of 1, and such a share of that in
#: its source.
LEAST, SHARE = 20 / 255, 0.3

#: What lacks less is left: so little that the picture hardly depends on the digits that the network is computed in.
_NOTHING = 0.1 / 255

#: The brightest and the darkest that a finding is made.
_WHITE, _DARK = 0.97, 0.03

#: Largest change made for one finding at a time; how often the others' changes are taken into account.
_MOST, _ROUNDS = 0.35, 3

#: No more is added for a finding than so many times its contrast in its source.  A faint one at the rim of a dark
#: ventricle would ask for several times as much: a white blob, which neither source has.
_AT_MOST = 2.0


def lift(mixed: np.ndarray, spots: Sequence[Spot]) -> np.ndarray | None:
    """What to add to a mixed slice, so that its findings are seen in it.

    Args:
        mixed: (rows, columns) in [0, 1].
        spots: of the functional source.

    Returns:
        (rows, columns), smooth; ``None`` where nothing is missing.
    """
    added, held = np.zeros_like(mixed), np.zeros_like(mixed)
    changed = False
    boxes = np.array([[(s.start, s.stop) for s in spot.box] for spot in spots], int).reshape(-1, 2, 2)
    due: Sequence[int] = range(len(spots))
    for _ in range(_ROUNDS):
        raised = [n for n in due if _raise(spots[n], mixed, added, held)]
        if not raised:
            break
        changed = True
        # Only what was raised, and what lies beside it, can have changed.
        due = _beside(boxes, raised)
    return added if changed else None


def _raise(spot: Spot, mixed: np.ndarray, added: np.ndarray, held: np.ndarray) -> bool:
    """Add what one spot lacks of the contrast that is wanted of findings; whether it lacked anything.

    ``held`` is what comes of ``added`` where the field holds it.
    """
    given = held[spot.box]
    shown = mixed[spot.box] + given
    np.minimum(np.maximum(shown, 0, out=shown), 1, out=shown)
    wanted = max(LEAST, SHARE * spot.contrast)
    left = _AT_MOST * spot.contrast - spot.contrast_of(given)
    lacking = min(spot.asks * wanted - spot.contrast_of(shown), left, _MOST)
    if lacking <= _NOTHING:
        return False
    # Near white nothing can be raised, near black nothing lowered: then the surroundings give way.
    mean = spot.mean_of(shown)
    room = min(lacking, max(0.0, _WHITE - mean if spot.sign > 0 else mean - _DARK))
    for change, bump in zip((added, held), spot.bump, strict=True):
        here = change[spot.box]
        here += room * bump
        if lacking > room:
            here -= spot.sign * (lacking - room) * spot.ring
    return True


def _beside(boxes: np.ndarray, raised: Sequence[int]) -> list[int]:
    """Which of the boxes (N, rows and columns, start and stop) share a pixel with one of those that were raised."""
    start, stop = boxes[..., 0], boxes[..., 1]
    meet = np.logical_and(start[:, None] < stop[raised], start[raised] < stop[:, None]).all(axis=2)
    return np.flatnonzero(np.any(meet, axis=1)).tolist()
