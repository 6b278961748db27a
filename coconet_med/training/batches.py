"""What a step of a training sees: slices drawn and augmented, runs of neighbors, generated pairs, or several of these.

Every draw depends on the seed and the number of the step alone; each process takes its share.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from coconet_med.training.data import BalancedSampler, SlicePair
from coconet_med.training.distributed import DistributedContext
from coconet_med.training.generated import Generator
from coconet_med.training.masks import salient_region
from coconet_med.training.settings import Settings

#: Seeds of steps lie this far apart from one seed of a training to the next; those of processes, that far.
_SEED_STRIDE, _RANK_STRIDE = 10_000_019, 1_000_003


@dataclass(frozen=True)
class Sources:
    """Sources of one step.

    Attributes:
        image: (B, 2, H, W) in [0, 1], anatomical and functional.
        mask: (B, 1, H, W) in [0, 1], drawn masks of targets, where a training has any.
        persons: whom each pair shows.
        anchors: how many of the pairs, the first ones, are fused; the others are negatives only.  0 for all.
        runs: whether they are runs of neighboring slices.
    """

    image: torch.Tensor
    mask: torch.Tensor | None = None
    persons: tuple[str, ...] = ()
    anchors: int = 0
    runs: bool = False


class Batches:
    """Draws the sources of the steps.

    Args:
        settings: what is drawn.
        pairs: real ones; none where all are generated.
        where: device, and which share of a batch is this process's.

    Raises:
        ReadError: no label slices to draw generated pairs on.
    """

    def __init__(self, settings: Settings, pairs: list[SlicePair], where: DistributedContext) -> None:
        self.settings, self.where = settings, where
        self.sampler = BalancedSampler(pairs, weights=settings.group_weights) if pairs else None
        self.generator = Generator.read(Path(settings.generated)) if settings.generated else None
        steadiness = settings.steadiness
        self._steady = steadiness.weight > 0 and self.sampler is not None and self.sampler.has_runs(steadiness.length)
        self._masked = any(pair.mask is not None for pair in pairs)

    def of_step(self, step: int, *, stage: int) -> Sources:
        """This process's share of the sources of a step.

        Args:
            step: its number, from 0.
            stage: 1, or 2 where pairs of other persons may be drawn as negatives.
        """
        s, where = self.settings, self.where
        generator = torch.Generator().manual_seed(s.seed * _SEED_STRIDE + step)
        size = s.sizes[int(torch.randint(len(s.sizes), (1,), generator=generator))]
        anchors = s.contrast.anchors // where.world if stage == 2 else 0
        runs = self._steady and step % s.steadiness.every == 0 and not anchors
        if self.sampler is None:
            return self._split(self._generated(s.batch // where.world, size, self._own(generator, step)), anchors)
        drawn: list = (
            self.sampler.draw_runs(max(where.world, s.batch // s.steadiness.length), s.steadiness.length, generator)
            if runs
            else self.sampler.draw_anchored(anchors * where.world, s.batch, generator)
            if anchors
            else self.sampler.draw(s.batch, generator)
        )
        mine, generator = drawn[where.rank :: where.world], self._own(generator, step)
        if runs:
            persons = [pair.person for run in mine for pair in run]
            image = s.augmentation.runs(mine, size, generator, where.device, masked=self._masked)
            return self._split(image, anchors, persons, runs=True)
        persons, parts, made = [pair.person for pair in mine], [], 0
        if self.generator is not None:
            made = int((torch.rand(len(mine), generator=generator) < s.generated_share).sum())
        if made:
            parts.append(self._generated(made, size, generator))
            persons[:made] = _nobody(made)
        if made < len(mine):
            parts.append(s.augmentation.batch(mine[made:], size, generator, where.device, masked=self._masked))
        return self._split(torch.cat(parts), anchors, persons)

    def _own(self, generator: torch.Generator, step: int) -> torch.Generator:
        """What decides in this process: the first goes on, the others differ from it."""
        if self.where.rank:
            generator.manual_seed(self.settings.seed * _SEED_STRIDE + step + self.where.rank * _RANK_STRIDE)
        return generator

    def _generated(self, count: int, size: int, generator: torch.Generator) -> torch.Tensor:
        assert self.generator is not None
        made = self.generator.batch(count, size, generator)
        made = torch.cat([made, salient_region(made[:, 1:2])], dim=1) if self._masked else made
        return made.to(self.where.device)

    def _split(
        self, image: torch.Tensor, anchors: int, persons: list[str] | None = None, *, runs: bool = False
    ) -> Sources:
        shown = tuple(_nobody(len(image)) if persons is None else persons)
        if not self._masked:
            return Sources(image, None, shown, anchors, runs)
        image, mask = image.split([2, 1], dim=1)
        return Sources(image, mask, shown, anchors, runs)


class Ahead:
    """Draws the sources of a step while the one before it is computed; what is drawn does not depend on it.

    Args:
        batches: what draws.
    """

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self._drawing = ThreadPoolExecutor(1, "coconet-batches")
        self._step, self._coming = -1, Future[Sources]()

    def of_step(self, step: int, *, stage: int, next_stage: int | None = None) -> Sources:
        """As :meth:`Batches.of_step`; then draws the next step, of ``next_stage``, if there is one."""
        sources = self._coming.result() if self._step == step else self.batches.of_step(step, stage=stage)
        if next_stage is None:
            self._step = -1
        else:
            self._step = step + 1
            self._coming = self._drawing.submit(self.batches.of_step, step + 1, stage=next_stage)
        return sources


def _nobody(count: int) -> list[str]:
    """Names of people who do not exist, each of a different one."""
    return [f"generated {n}" for n in range(count)]
