"""A coarse voxel shows what its volume holds: volumes are smoothed before they are sampled more coarsely than stored.

As :func:`coconet_med.align.grid.match_resolution` does it: the Gaussian takes a point spread as wide as a voxel to one
as wide as the step, ``sigma^2 = (step^2 - 1) / (8 ln 2)`` in voxels (Cardoso et al., MICCAI 2015, equation 2).
"""

from __future__ import annotations

import numpy as np
import vtk

from PETMRFusionLib.slabs import Work, slabs

#: Steps up to so many voxels are no coarser sampling.
SAME_STEP = 1.01

#: How much of a kernel may be cut off.
LEFT_OUT = 1e-3


def step_in_voxels(path: vtk.vtkAbstractTransform, size: tuple[int, ...]) -> np.ndarray:
    """How far apart, in voxels i, j, k of the moving volume, neighbors of the reference grid lie.

    Args:
        path: from voxels of the reference to voxels of the moving volume; where it is not linear, its middle counts.
        size: of the reference grid (i, j, k).
    """
    middle = (np.array(size) - 1) / 2
    ends = [[path.TransformPoint(middle + half * axis) for half in (0.5, -0.5)] for axis in np.eye(3)]
    jacobian = np.array([np.subtract(*pair) for pair in ends]).T
    return np.sqrt((jacobian**2).sum(axis=1))


def variances_of(step: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Variance of the smoothing along i, j, k of the moving volume, in voxels; 0 where there is none."""
    found = np.where(step > SAME_STEP, np.maximum(step**2 - 1, 0), 0) / (8 * np.log(2))
    found[np.array(size) == 1] = 0
    return found


def kernel(variance: float) -> np.ndarray:
    """The discrete Gaussian, ``exp(-t) I_n(t)`` (T. Lindeberg, IEEE PAMI 12:234, 1990), symmetric, of sum 1."""
    angles = (np.arange(512) + 0.5) * np.pi / 512  # the integral of the Bessel function, exact to rounding
    reach = int(np.ceil(8 * np.sqrt(variance))) + 3
    half = [float(np.mean(np.exp(variance * (np.cos(angles) - 1)) * np.cos(n * angles))) for n in range(reach)]
    total, count = half[0], 1
    while total < 1 - LEFT_OUT and count < reach:
        total += 2 * half[count]
        count += 1
    weights = np.array([*half[count - 1 : 0 : -1], *half[:count]])
    return weights / weights.sum()


def smoothing(values: np.ndarray, variances: np.ndarray) -> Work[np.ndarray]:
    """A smoothed copy, float32, in pieces; at the edges the outermost voxels go on.

    Args:
        values: (k, j, i).
        variances: along i, j, k.
    """
    out = values.astype(np.float32)
    for axis, variance in enumerate(variances[::-1]):
        if variance <= 0:
            continue
        weights = kernel(float(variance))
        half = len(weights) // 2
        source, count = out, out.shape[axis]
        out = np.empty_like(source)
        places = np.clip(np.arange(-half, count + half), 0, count - 1)
        for piece in slabs(source.shape):
            if axis == 0:
                part = source[places[piece.start : piece.stop + 2 * half]]
            else:
                part = np.take(source[piece], places, axis=axis)
            length = out[piece].shape[axis]
            moved = np.moveaxis(part, axis, -1)
            target = np.moveaxis(out[piece], axis, -1)
            target[...] = 0
            for number, weight in enumerate(weights):
                target += np.float32(weight) * moved[..., number : number + length]
            yield
    return out
