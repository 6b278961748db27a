"""Work with the given affines while they are still being checked: mostly they are kept, and the check took no time."""

from __future__ import annotations

from concurrent.futures import Executor, Future

import SimpleITK as sitk

from coconet_med.align.alignment import Examined, align, examine, on_grid
from coconet_med.align.decision import frames_of_reference
from coconet_med.align.result import Alignment
from coconet_med.choices import RegisterMode
from coconet_med.source import Source


class AffinesLeftError(Exception):
    """The volumes must be registered, and what was made of the guess is useless; ``examined`` is for :func:`align`."""

    def __init__(self, examined: Examined) -> None:
        super().__init__(examined.reason)
        self.examined = examined


class Guess:
    """The functional volume as its affine has it, and the check of that on a thread of its own.

    Args:
        anatomy: see :func:`align`.
        function: likewise.
        register: likewise.
        force: likewise.
        executor: where the check runs; it is started at once.

    Attributes:
        resampled: ``Alignment.resampled``, should the affines be kept.
        transform: ``Alignment.transform``, likewise.

    Raises:
        GeometryError: the grids cannot be used.
    """

    def __init__(
        self, anatomy: Source, function: Source, *, register: RegisterMode, force: bool, executor: Executor
    ) -> None:
        self.transform = sitk.Transform(3, sitk.sitkIdentity)
        self.resampled = on_grid(anatomy, function, self.transform)

        def check() -> Alignment | Examined:
            found = examine(anatomy, function, register=register, force=force)
            if found.wanted:
                return found
            return align(anatomy, function, register=register, force=force, examined=found, resampled=self.resampled)

        self._check: Future[Alignment | Examined] = executor.submit(check)

    @property
    def settled(self) -> bool:
        """Whether :meth:`confirmed` knows."""
        return self._check.done()

    def confirmed(self) -> Alignment:
        """The alignment, as the guess had it; waits for the check.

        Raises:
            AffinesLeftError: the volumes have to be registered.
            FusionError: those of :func:`align`.
        """
        found = self._check.result()
        if isinstance(found, Examined):
            raise AffinesLeftError(found)
        return found


def worth_guessing(anatomy: Source, function: Source, register: str) -> bool:
    """Whether the affines may be kept: not of pictures, nor where a registration or a refusal is sure to follow."""
    if anatomy.planar or function.planar or register not in ("auto", "never"):
        return False
    return frames_of_reference(anatomy, function) != "different"
