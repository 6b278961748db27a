"""Slice pairs to train on, held in memory, and the rule by which a training step chooses its batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from coconet_med.color import luma
from coconet_med.quality.atlas import ATLAS_SETS, AtlasPair, AtlasSet, read_atlas


@dataclass(frozen=True)
class SlicePair:
    """One anatomical and one functional slice on one grid.

    Attributes:
        anatomy: (H, W) in [0, 1], float32 or float16.
        function: (H, W) in [0, 1], the scalar uptake.
        grey: for a pseudo-color source its BT.601 luminance (H, W) in [0, 1]: what a network meets when the palette of
            a picture is unknown.  ``None`` for scalar sources.
        group: which set the pair belongs to (``"mri-pet"``, ...); batches mix the groups.
        person: whom it shows; the persons of a group are drawn equally often, however many slices each has.
        name: for messages.
        place: which volume it is from and the number of the slice there, where known: what makes neighbors.
        mask: (H, W) in [0, 1], what the contrast takes from the functional source; from the uptake itself if ``None``.
    """

    anatomy: torch.Tensor
    function: torch.Tensor
    grey: torch.Tensor | None
    group: str
    person: str
    name: str
    place: tuple[str, int] | None = None
    mask: torch.Tensor | None = None


def atlas_slices(root: Path, *, split: str, sets: Sequence[AtlasSet] = ATLAS_SETS) -> list[SlicePair]:
    """The slice pairs of a folder laid out as :mod:`coconet_med.quality.atlas` says; sets that are absent are left out.

    Raises:
        ReadError: no set at all, or as for :func:`coconet_med.quality.atlas.read_atlas`.
    """
    present = tuple(s for s in sets if (root / split / s).is_dir())
    return [_of_atlas(pair) for pair in read_atlas(root, split=split, sets=present or tuple(sets))]


def _of_atlas(pair: AtlasPair) -> SlicePair:
    colored = pair.function.ndim == 3
    patient, _, number = pair.case.partition("_")
    return SlicePair(
        _tensor(pair.anatomy / 255.0),
        _tensor(pair.uptake),
        _tensor(luma(pair.function) / 255.0) if colored else None,
        pair.group,
        pair.person,
        pair.case,
        (f"{pair.group} {patient}", int(number)),
    )


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


#: How often a pair is drawn anew that shows the person of its anchor.
_TRIES = 50


class BalancedSampler:
    """Draws the pairs of a step: groups by weight, then persons equally, then slices equally.

    The draw depends on the seed and the number of the step alone, so that a resumed training goes on as if it had never
    stopped.

    Args:
        pairs: what to draw from; at least one.
        weights: weight of each group; groups that are not named have weight 1.
    """

    def __init__(self, pairs: list[SlicePair], *, weights: dict[str, float] | None = None) -> None:
        self.pairs = pairs
        self.tree: dict[str, dict[str, list[SlicePair]]] = {}
        for pair in pairs:
            self.tree.setdefault(pair.group, {}).setdefault(pair.person, []).append(pair)
        self.groups = sorted(self.tree)
        self.placed: dict[tuple[str, int], SlicePair] = {pair.place: pair for pair in pairs if pair.place}
        self.weights = torch.tensor([(weights or {}).get(g, 1.0) for g in self.groups])

    def draw(self, count: int, generator: torch.Generator) -> list[SlicePair]:
        """``count`` pairs, with replacement."""
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        return [self._one(self.tree[self.groups[int(g)]], generator) for g in chosen]

    def draw_anchored(self, anchors: int, count: int, generator: torch.Generator) -> list[SlicePair]:
        """Anchors first, then pairs of other persons than each anchor's, in the order of the anchors, over and over.

        Where there is no other person, anybody is drawn.
        """
        drawn = self.draw(anchors, generator)
        alone = len({pair.person for pair in self.pairs}) == 1
        while len(drawn) < count:
            person = drawn[len(drawn) % anchors].person
            (other,) = self.draw(1, generator)
            for _ in range(_TRIES):
                if alone or other.person != person:
                    break
                (other,) = self.draw(1, generator)
            drawn.append(other)
        return drawn

    def draw_runs(self, count: int, length: int, generator: torch.Generator) -> list[list[SlicePair]]:
        """``count`` runs of ``length`` slices that follow each other in their volume.

        A run that would leave its volume is moved into it; where the volume is too short, or unknown, the slice is
        repeated.
        """
        return [self._run(pair, length) for pair in self.draw(count, generator)]

    def has_runs(self, length: int) -> bool:
        """Whether any volume has ``length`` slices that follow each other."""
        return any(all((volume, n + more) in self.placed for more in range(length)) for volume, n in self.placed)

    def _run(self, pair: SlicePair, length: int) -> list[SlicePair]:
        if pair.place:
            volume, number = pair.place
            for first in range(number, number - length, -1):
                run = [self.placed.get((volume, n)) for n in range(first, first + length)]
                if None not in run:
                    return run  # type: ignore[return-value]
        return [pair] * length

    @staticmethod
    def _one(persons: dict[str, list[SlicePair]], generator: torch.Generator) -> SlicePair:
        person = persons[sorted(persons)[_below(len(persons), generator)]]
        return person[_below(len(person), generator)]


def _below(limit: int, generator: torch.Generator) -> int:
    return int(torch.randint(limit, (1,), generator=generator))
