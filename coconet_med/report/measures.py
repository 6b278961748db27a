"""How the fusion measures up beside plain blending and the classical methods, on some slices of the case."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.quality import evaluate_pair
from coconet_med.quality.baselines import BASELINES, fuse_classically
from coconet_med.quality.findings import mean_over
from coconet_med.report.panels import middle_of_uptake, volume
from coconet_med.slices import slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Where the measured slices lie: these shares of all uptake are below them.
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)

#: Measures shown, what they say, and whether more is better.
SHOWN: dict[str, tuple[str, bool]] = {
    "H": ("harmonic mean of the next three: what is kept of both images at once", True),
    "rho_lp": ("order of uptake kept in lightness, where uptake is high", True),
    "Q_MRI_in": ("edges of the anatomy kept where uptake is high", True),
    "rho_MRI_cold": ("anatomy kept where uptake is low", True),
    "Q_MRI": ("edges of the anatomy kept in the whole picture", True),
    "rho_uptake": (
        "order of uptake that can be read back: from the colors by the legend, else from lightness",
        True,
    ),
    "uptake_mae": ("mean error of the uptake read back, % of the window", False),
    "SSIMh_min": ("structural similarity to the less similar source, inside the head", True),
    "foci_lost": ("share of small hot and cold foci of the uptake that lightness does not show", False),
    "foci_lost_oklab": ("the same, in the colors", False),
    "foci_MRI_lost": ("share of small foci of the anatomy that lightness does not show", False),
    "leak": ("lightness where both images are black, 0 to 255", False),
}

#: What each method is called on the page.
NAMES = {
    "fused": "this fusion",
    "average": "plain blending (average)",
    "maximum": "maximum",
    "laplacian": "Laplacian pyramid",
    "wavelet": "wavelets",
    "gff": "guided filter",
    "split": "split",
    "gate": "gate",
    "anatomy": "anatomy alone",
}


def measure(result: FusionResult) -> tuple[dict[str, dict[str, float | None]], str]:
    """Fidelity of the fusion and of the baselines, averaged over some slices.

    Returns:
        Method -> measure -> value (``None`` where there was nothing to measure), and which slices were measured.
    """
    planar = result.anatomy.planar
    slicing = slicing_of_source(result.anatomy, result.plane)
    chosen = measured_slices(result)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
    stacks = [slicing.stack(volume(image)) for image in (result.anatomy.image, result.uptake, result.color)]
    if result.contours is not None:  # lines are no fusion: its lightness is measured, without colors
        gray = np.rint(255 * slicing.stack(volume(result.luminance))).astype(np.uint8)
        stacks[2] = np.repeat(gray[..., None], 3, axis=-1)
    spacing = 1.0 if planar else slicing.spacing(result.anatomy.image)[1:]
    for index in chosen:
        anatomy = 255.0 * result.anatomy_window.apply(stacks[0][index])
        uptake = result.window.apply(stacks[1][index])
        fused = np.ascontiguousarray(stacks[2][index])
        for name, values in _methods(result, anatomy, uptake, fused, spacing).items():
            rows[name].append(values)
    means = {name: {key: _plain(mean_over(found, key)) for key in SHOWN} for name, found in rows.items()}
    where = "the picture" if planar else f"{len(chosen)} {result.plane} slices around the middle of the uptake"
    return means, where


def measured_slices(result: FusionResult) -> list[int]:
    """Numbers of the slices that are measured, in the stack that the network saw."""
    slicing = slicing_of_source(result.anatomy, result.plane)
    return sorted(set(middle_of_uptake(result, slicing, SHARES)))


def _methods(
    result: FusionResult,
    anatomy: np.ndarray,
    uptake: np.ndarray,
    fused: np.ndarray,
    spacing: float | tuple[float, float],
) -> dict[str, dict[str, float]]:
    known = uptake if result.colormap is not None and result.contours is None else None
    size = 255.0 * np.abs(uptake)  # lightness shows the size of values of both signs, color their sign as well

    def read(rgb: np.ndarray) -> np.ndarray:
        return result.decoded(rgb)

    common: dict[str, Any] = {
        "uptake": known,
        "spacing": spacing,
        "ct": result.function.modality == "CT",
        "scaled": True,
    }
    decoder = read if known is not None else None
    found = {"fused": evaluate_pair(anatomy, size, fused, decode=decoder, **common)}
    for name in BASELINES:
        plain = fuse_classically(name, anatomy, size)
        found[name] = evaluate_pair(anatomy, size, plain, **common)
    return found


def _plain(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
