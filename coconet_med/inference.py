"""Run the network over a volume, slice by slice in batches, and put the result back on the grid exactly.

First the network gives the field of every slice, a quarter of the pixels or less; the field is made smooth across
slices; then the sources are mixed by it, some slices at a time (:mod:`coconet_med.blending.field`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.blending.field import (
    Field,
    Grid,
    faded_where_dim,
    findings_in,
    mixed,
    smooth_across,
    spread_across,
    what_findings_lack,
)
from coconet_med.engines import cores
from coconet_med.slice_pairs import BATCH_PIXELS, SlicePairs, some
from coconet_med.slices import Slicing
from coconet_med.windowing.levels import BLACK, LIT

if TYPE_CHECKING:
    from coconet_med.align.resampled import Slices
    from coconet_med.blending.small_findings import Spot
    from coconet_med.engines import Engine
    from coconet_med.windowing.window import Window

#: Called with the number of finished slices and their total; may raise to stop the work.
Progress = Callable[[int, int], None]

#: Smallest side that the network takes; smaller slices are padded and cropped back.
SMALLEST_SIDE = 16

#: Bytes of slices at the network's resolution that may wait for it.
AHEAD = 1 << 26

#: Slices of a batch that are mixed at the same time, at most.
MIXING_THREADS = 2


@dataclass(frozen=True)
class Batch:
    """Some slices of a volume, fused.

    Attributes:
        where: their numbers in the stack.
        anatomy: (slice, row, column) float32 in [0, 1], as the network saw it.
        function: likewise; of a signed map in [-1, 1], of which the network saw the size.
        fused: luminance, likewise.
    """

    where: np.ndarray
    anatomy: np.ndarray
    function: np.ndarray
    fused: np.ndarray


class Fusion:
    """Two volumes on one grid on their way through the network.

    Args:
        anatomy: as :class:`~coconet_med.slice_pairs.SlicePairs` takes it.
        function: likewise.
        slicing: likewise.
        engine: what runs the network; ``None`` with a ``field``.
        spacing: mm between slices, rows and columns of the stack; ``None`` for pictures.
        windows: as :class:`~coconet_med.slice_pairs.SlicePairs` takes them.
        findings: whether small findings of the functional source are kept (:mod:`coconet_med.blending.small_findings`).
        field: of an earlier fusion of the same volumes: mixes them again without the network.

    Attributes:
        grid: how slices are brought to the resolution of the network.
        lit: (S,): slices on which there is something to see; the others are black.
        field: by which the sources are mixed; ``None`` before it is known, and for a network that gives luminance.
    """

    def __init__(
        self,
        anatomy: np.ndarray,
        function: np.ndarray | Slices,
        *,
        slicing: Slicing,
        engine: Engine | None,
        spacing: tuple[float, float, float] | None = None,
        windows: tuple[Window, Window] | None = None,
        findings: bool = True,
        field: Field | None = None,
    ) -> None:
        self._pairs = SlicePairs(anatomy, function, slicing=slicing, windows=windows)
        self._engine, self._findings = engine, findings and field is None
        self._threads = min(cores(), MIXING_THREADS)
        self._found: dict[int, list[Spot]] = {}
        self.count, self.height, self.width = self._pairs.shape
        self.lit = self._pairs.lit
        self.grid = Grid.of(spacing, (self.height, self.width))
        self.field = field

    def batches(self, progress: Progress | None = None) -> Generator[Batch]:
        """Each slice once, fused, some at a time, so that nothing of the size of the volume is made but the field.

        Args:
            progress: called after each batch that the network saw or that was mixed.

        Yields:
            The dark slices, which the network does not see, first.
        """
        dark = np.flatnonzero(~self.lit)
        for where in some(dark, self._size()):
            image, function = self._pairs[where]
            yield Batch(where, image[:, 0], function, np.zeros(image[:, 0].shape, np.float32))
        lit, done = np.flatnonzero(self.lit), 0

        def report(more: int) -> None:
            nonlocal done
            done += more
            if progress:
                progress(len(dark) + done // (2 if gives_field else 1), self.count)

        again = self.field is not None
        gives_field = not again and getattr(self._engine, "gives_field", False)
        if gives_field:
            self._find_field(lit, report)
            if self._findings:
                self._keep_findings()
        if again or gives_field:
            for where in some(lit, self._size()):
                image, function = self._pairs[where]
                yield Batch(where, image[:, 0], function, keep_dark(self._mixed(where, image), image)[:, 0])
                report(len(where))
            return
        for where, (image, function), fused in self._run(lit):
            yield Batch(where, image[:, 0], function, keep_dark(fused, image)[:, 0])
            report(len(where))

    def _find_field(self, lit: np.ndarray, report: Callable[[int], None]) -> None:
        engine = self._engine
        assert engine is not None
        rows, columns = self.grid.side(self.height, self.width)
        field = np.zeros((self.count, 3, rows, columns), np.float32)
        waiting: deque[tuple[np.ndarray, np.ndarray, Future[np.ndarray]]] = deque()

        def take() -> None:
            where, seen, made = waiting.popleft()
            field[where] = faded_where_dim(made.result()[..., :rows, :columns], seen)
            report(len(where))

        # What the network gets is small, so that it may wait: while an engine makes ready for the size of the slices,
        # which takes OpenVINO half a second, small findings are searched in the slices to come.
        most = max(self._at_once, AHEAD // (8 * rows * columns * self._size()))
        with ThreadPoolExecutor(self._at_once, "coconet-network") as network:
            try:
                for where in some(lit, self._size()):
                    image, _ = self._pairs[where]
                    seen = self.grid.reduced(image)
                    waiting.append((where, seen, network.submit(_padded_run, engine, seen)))
                    if self._findings:
                        found = ((number, findings_in(image[n], self.grid)) for n, number in enumerate(where.tolist()))
                        self._found |= {number: spots for number, spots in found if spots}
                    while waiting and (len(waiting) > most or waiting[0][2].done()):
                        take()
                while waiting:
                    take()
            finally:  # where the work is stopped, or fails
                for *_, made in waiting:
                    made.cancel()
        if self.grid.spacing:
            smooth_across(field, self.lit, self.grid.spacing[0])
        self.field = Field(field, self.grid)

    def _keep_findings(self) -> None:
        """Add to the field what small findings would lack in the picture, steady across slices."""
        assert self.field is not None
        values = self.field.values
        lacking = np.zeros((self.count, *values.shape[2:]), np.float32)
        for where in some(np.array(sorted(self._found), int), self._size()):
            image, _ = self._pairs[where]
            for n, number in enumerate(where.tolist()):
                # Taken out, so that what a lift remembers of it does not pile up.
                spots = self._found.pop(number)
                added = what_findings_lack(image[n], values[number], self.grid, found=spots)
                if added is not None:
                    lacking[number] = added
        if self.grid.spacing:
            lacking = spread_across(lacking, self.grid.spacing[0])
        values[:, 0] += lacking

    def _mixed(self, where: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Fused luminance (B, 1, H, W) of some slices."""
        assert self.field is not None
        values, out = self.field.values, np.empty((len(where), 1, self.height, self.width), np.float32)

        def mix(number: int) -> None:
            out[number] = mixed(image[number : number + 1], values[where[number]][None], self.grid.block)

        self._each(mix, len(where))
        return out

    def _each(self, work: Callable[[int], None], count: int) -> None:
        if count == 1 or self._threads == 1:
            for number in range(count):
                work(number)
        else:
            with ThreadPoolExecutor(self._threads, "coconet-mixing") as pool:
                list(pool.map(work, range(count)))

    @property
    def _at_once(self) -> int:
        """Batches that the engine takes at the same time."""
        return 2 if getattr(self._engine, "overlaps", False) else 1

    def _run(self, lit: np.ndarray) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]]:
        """Slices, their sources as :class:`SlicePairs` has them, and the luminance that the network gives."""
        engine = self._engine
        assert engine is not None
        with ThreadPoolExecutor(self._at_once, "coconet-network") as network:
            waiting: deque[tuple[np.ndarray, tuple[np.ndarray, np.ndarray], Future[np.ndarray]]] = deque()
            coming = iter(some(lit, self._size()))
            while True:
                # A batch is handed on when the network has the next one already: so it never waits for what is done
                # with them.
                for where in islice(coming, self._at_once + 1 - len(waiting)):
                    sources = self._pairs[where]
                    waiting.append((where, sources, network.submit(_padded_run, engine, sources[0])))
                if not waiting:
                    return
                where, sources, made = waiting.popleft()
                yield where, sources, made.result()

    def _size(self) -> int:
        return max(getattr(self._engine, "slices", 1), BATCH_PIXELS // (self.height * self.width))


def fuse_slices(
    anatomy: np.ndarray,
    function: np.ndarray,
    *,
    slicing: Slicing,
    engine: Engine,
    spacing: tuple[float, float, float] | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Fused luminance of two volumes on one grid.

    Args:
        anatomy: (k, j, i) float32 in [0, 1].
        function: (k, j, i) float32 in [0, 1]; a signed map in [-1, 1].
        slicing: which slices the network sees.
        engine: what runs the network.
        spacing: mm between slices, rows and columns of the stack; ``None`` for pictures.
        progress: called after each batch.

    Returns:
        (k, j, i) float32 in [0, 1].
    """
    fused = np.zeros(anatomy.shape, np.float32)
    stack = slicing.stack(fused)
    for batch in Fusion(anatomy, function, slicing=slicing, engine=engine, spacing=spacing).batches(progress):
        stack[batch.where] = batch.fused
    return fused


def fuse_pictures(image: np.ndarray, engine: Engine) -> np.ndarray:
    """Fused luminance of pairs of pictures that have nothing to do with each other.

    Args:
        image: (B, 2, H, W) in [0, 1]: anatomical and functional picture.
        engine: what runs the network.

    Returns:
        (B, 1, H, W) float32 in [0, 1].
    """
    as_it_is = Slicing("axial", (0, 1, 2), ())
    return np.stack([fuse_slices(a[None], f[None], slicing=as_it_is, engine=engine) for a, f in image])


def prepare(
    engine: Engine, slices: int, height: int, width: int, *, spacing: tuple[float, float, float] | None = None
) -> None:
    """Let an engine make ready for so many slices of this size, if it has to, before they are there."""
    if hasattr(engine, "prepare"):
        if getattr(engine, "gives_field", False):
            height, width = Grid.of(spacing, (height, width)).side(height, width)
        engine.prepare(max(height, SMALLEST_SIDE), max(width, SMALLEST_SIDE), slices=slices)


def keep_dark(fused: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Black where both sources are dark, whatever the network says; the rest unchanged.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        image: (B, 2, H, W) in [0, 1], its sources.
    """
    brighter = np.maximum(image[:, :1], image[:, 1:])
    return np.clip(fused, 0, 1) * np.clip((brighter - BLACK) / (LIT - BLACK), 0, 1)


def _padded_run(engine: Engine, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[-2:]
    pad = [(0, max(0, SMALLEST_SIDE - n)) for n in (height, width)]
    if any(after for _, after in pad):
        image = np.pad(image, ((0, 0), (0, 0), *pad), mode="edge")
    return engine.run(image)[..., :height, :width]
