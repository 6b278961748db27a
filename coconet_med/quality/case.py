"""Measure one case: a pair of slices, or a volume slice by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.errors import GeometryError
from coconet_med.quality.fidelity import FIDELITY_MEASURES, fidelity
from coconet_med.quality.findings import finding_readings, mean_over
from coconet_med.quality.flicker import flicker
from coconet_med.quality.pixels import check_gray_scale, luminance
from coconet_med.quality.regions import FOREGROUND
from coconet_med.quality.standard_metrics import standard_metrics
from coconet_med.quality.uptake import Decoder, uptake_readings

#: ``"fidelity"`` is regions and small findings (some 130 ms for a slice of 256 x 256, half of that for another result
#: of the same sources), ``"findings"`` the latter alone; ``"all"`` adds the usual set.
MeasureSet = Literal["fidelity", "findings", "standard", "all"]


def evaluate_pair(
    anatomy: ArrayLike,
    function: ArrayLike,
    fused: ArrayLike,
    *,
    uptake: ArrayLike | None = None,
    fused_rgb: ArrayLike | None = None,
    decode: Decoder | Sequence[Decoder] | None = None,
    measures: MeasureSet = "fidelity",
    spacing: float | tuple[float, float] = 1.0,
    ct: bool = False,
    scaled: bool = False,
) -> dict[str, float]:
    """All measures of one slice, by name.

    Args:
        anatomy: m, ``(j, i)`` or RGB ``(j, i, 3)``, 0..255.
        function: p, ``(j, i)`` scalar uptake scaled to 0..255 where known, else the picture, gray or RGB.
        fused: the result, ``(j, i)`` luminance or RGB ``(j, i, 3)``, 0..255.
        uptake: true uptake ``(j, i)``, 0..1; adds ``rho_uptake`` and ``uptake_mae``.
        fused_rgb: the colored result ``(j, i, 3)`` where ``fused`` is only its luminance.
        decode: RGB uint8 ``(j, i, 3)`` -> uptake 0..1; several: the best counts.  None: read from the luminance.
        measures: which set.
        spacing: size of a pixel in mm, one number or along rows and columns (j, i), for the sizes of foci; 1 where
            it is not known.
        ct: the function is a CT, whose foci are looked for inside the skull.
        scaled: the pictures are known to be of 0..255, however dark they are.

    Returns:
        Measure -> value; nan where there was nothing to measure.

    Raises:
        GeometryError: if the pictures differ in size; unless ``scaled``, if the result or both sources run 0 to 1.
    """
    if not scaled:
        check_gray_scale(anatomy, function, fused)
    values: dict[str, float] = {}
    if measures in ("fidelity", "all"):
        values |= fidelity(anatomy, function, fused, fused_rgb=fused_rgb)
    if uptake is not None:
        colored = fused if fused_rgb is None else fused_rgb
        values |= uptake_readings(anatomy, function, colored, uptake, decode=decode)
    if measures in ("fidelity", "findings", "all"):
        values |= finding_readings(anatomy, function, fused, fused_rgb=fused_rgb, spacing=spacing, ct=ct)
    if measures in ("standard", "all"):
        values |= standard_metrics(anatomy, function, fused)
    return values


def evaluate_volume(
    anatomy: ArrayLike,
    function: ArrayLike,
    fused: ArrayLike,
    *,
    uptake: ArrayLike | None = None,
    fused_rgb: ArrayLike | None = None,
    decode: Decoder | Sequence[Decoder] | None = None,
    measures: MeasureSet = "fidelity",
    spacing: float | tuple[float, float] = 1.0,
    ct: bool = False,
) -> dict[str, float]:
    """:func:`evaluate_pair` of every slice along the first axis, averaged without nan, and ``flicker``.

    Args:
        anatomy: ``(k, j, i)``, 0..255, scaled per volume.
        function: ``(k, j, i)`` or ``(k, j, i, 3)``, 0..255.
        fused: ``(k, j, i)`` or ``(k, j, i, 3)``, 0..255.
        uptake: ``(k, j, i)``, 0..1.
        fused_rgb: ``(k, j, i, 3)``.
        decode: see :func:`evaluate_pair`.
        measures: which set.
        spacing: see :func:`evaluate_pair`.
        ct: see :func:`evaluate_pair`.

    Returns:
        Measure -> mean over the slices in which it could be measured (shares of foci: over all foci).  Slices without
        a head are left out wholly.

    Raises:
        GeometryError: if the arrays are not volumes with equal numbers of slices, slices differ in size, or the result
            or both sources run from 0 to 1.
    """
    volumes = [np.asarray(x) for x in (anatomy, function, fused)]
    optional = [None if x is None else np.asarray(x) for x in (uptake, fused_rgb)]
    counts = {x.shape[0] if x.ndim >= 3 else 0 for x in [*volumes, *(x for x in optional if x is not None)]}
    if len(counts) > 1 or counts == {0}:
        msg = f"volumes (k, j, i) with equal numbers of slices are needed, got {[x.shape for x in volumes]}"
        raise GeometryError(msg)
    check_gray_scale(*volumes)
    rows = [
        evaluate_pair(
            m, p, f, uptake=u, fused_rgb=rgb, decode=decode, measures=measures, spacing=spacing, ct=ct, scaled=True
        )
        for m, p, f, u, rgb in _slices(volumes, optional)
    ]
    names = list(rows[0]) if rows else list(FIDELITY_MEASURES)
    values = {name: mean_over(rows, name) for name in names}
    values["flicker"] = flicker(*(np.stack([luminance(s) for s in x]) for x in volumes))
    return values


def _slices(volumes: list[np.ndarray], optional: list[np.ndarray | None]) -> Iterator[tuple[Any, ...]]:
    """Slices in which any source shows something above the threshold of the head."""
    for k, (m, p, f) in enumerate(zip(*volumes, strict=True)):
        if max(luminance(m).max(), luminance(p).max()) > FOREGROUND:
            yield m, p, f, *(None if x is None else x[k] for x in optional)
