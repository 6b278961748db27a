"""How the functional image comes onto the anatomical grid: by a transform that was given, else as the images say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.align import align, align_as_given
from coconet_med.align.alignment import on_grid
from coconet_med.geometry import linear

if TYPE_CHECKING:
    import numpy as np
    import SimpleITK as sitk

    from coconet_med.align import Alignment
    from coconet_med.align.alignment import Examined
    from coconet_med.align.registration import Progress
    from coconet_med.choices import RegisterMode
    from coconet_med.source import Source
    from coconet_med.transform_files import StoredTransform
    from coconet_med.transform_files.points import Landmarks


def aligned(
    anatomy: Source,
    function: Source,
    *,
    stored: StoredTransform | Landmarks | None = None,
    register: RegisterMode = "auto",
    force: bool = False,
    progress: Progress | None = None,
    examined: Examined | None = None,
) -> Alignment:
    """Bring the functional image onto the anatomical grid.

    Args:
        anatomy: gives the grid.
        function: is brought onto it.
        stored: a transform, or points where registration begins; ``register`` is then not asked.
        register: ``"auto"``, ``"always"`` or ``"never"``.
        force: accept what is not plausible.
        progress: called with how far the work is (fraction 0 to 1, message).
        examined: what is known of the affines already.

    Raises:
        FusionError: those of :func:`coconet_med.align.align` and :func:`coconet_med.align.align_as_given`.
    """
    if stored is not None:
        return align_as_given(anatomy, function, stored, force=force, progress=progress)
    return align(anatomy, function, register=register, force=force, progress=progress, examined=examined)


def resampled_by(anatomy: Source, function: Source, matrix: np.ndarray) -> sitk.Image:
    """The functional image on the anatomical grid as an earlier fusion had it, which checked the transform then.

    Args:
        anatomy: gives the grid.
        function: is brought onto it.
        matrix: 4 x 4, anatomical to functional points, LPS mm, as the side-car has it.

    Raises:
        GeometryError: a grid cannot be used.
    """
    return on_grid(anatomy, function, linear(matrix)).image
