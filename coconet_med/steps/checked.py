"""Painting begins while it is still being checked whether the two images lie on each other as their headers say."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from coconet_med.align import AffinesLeftError, Guess, worth_guessing

if TYPE_CHECKING:
    from coconet_med.align import Alignment
    from coconet_med.options import Progress
    from coconet_med.steps.painting import Pictures
    from coconet_med.steps.prepare import PreparedPair

    #: Paints the images as an alignment has them; calls with the number of finished slices and of all.
    Painter = Callable[[Alignment | Guess, Callable[[int, int], None] | None], Pictures]


class CheckedWhilePainting:
    """Finds how a pair lies and paints it.

    Where the affines may be kept, and mostly they are, painting begins while they are checked.  If it turns out that
    the images have to be registered, it stops and begins again with what the registration found.

    Args:
        pair: what is painted.
        paint: paints it.
        executor: runs the check.
        progress: of the whole fusion; counts slices only once it is certain that they are kept.
    """

    def __init__(self, pair: PreparedPair, paint: Painter, *, executor: Executor, progress: Progress | None) -> None:
        self._pair, self._paint, self._executor, self._progress = pair, paint, executor, progress
        self._held: tuple[int, int] | None = None
        self._kept = False

    def run(self) -> tuple[Alignment, Pictures]:
        """How the two images lie, and what was painted of them as they lie."""
        pair, options = self._pair, self._pair.options
        if pair.settled is not None:
            return self._painted(pair.settled)
        share = share_of(self._progress, "align")
        examined = None
        if pair.stored is None and worth_guessing(pair.anatomy, pair.function, options.register):
            self._report("align", 0, 100)
            how = {"register": options.register, "force": options.force}
            guess = Guess(pair.anatomy, pair.function, executor=self._executor, **how)  # type: ignore[arg-type]
            try:
                return self._by_guess(guess)
            except AffinesLeftError as left:
                examined = left.examined
        return self._painted(pair.align(progress=share, examined=examined))

    def _painted(self, alignment: Alignment) -> tuple[Alignment, Pictures]:
        progress = self._progress
        step = None if progress is None else lambda done, total: progress("fuse", done, total)
        return alignment, self._paint(alignment, step)

    def _by_guess(self, guess: Guess) -> tuple[Alignment, Pictures]:
        """Paint by the affines while they are checked.

        Raises:
            AffinesLeftError: they are not kept; it is raised between two batches.
        """

        def step(done: int, total: int) -> None:
            self._held = done, total
            if guess.settled:
                self._settle(guess)
            else:
                self._report("align", 0, 100)  # nothing new, but it may stop the work

        pictures = self._paint(guess, step)
        return self._settle(guess), pictures

    def _settle(self, guess: Guess) -> Alignment:
        """The confirmed alignment; now what was painted counts, and is reported."""
        alignment = guess.confirmed()
        if not self._kept:
            self._report("align", 100, 100)
        if self._held:
            self._report("fuse", *self._held)
        self._held, self._kept = None, True
        return alignment

    def _report(self, stage: str, done: int, total: int) -> None:
        if self._progress:
            self._progress(stage, done, total)


def share_of(progress: Progress | None, name: str) -> Callable[[float, str], None] | None:
    """A stage of ``progress`` for work that reports a share between 0 and 1 and a message."""
    if progress is None:
        return None
    return lambda share, _: progress(name, round(100 * share), 100)
