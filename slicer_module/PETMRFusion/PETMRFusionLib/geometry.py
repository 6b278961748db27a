"""Where volumes lie: matrices, parent transforms, and resampling that honors all of them.

Arrays are (k, j, i).  Matrices are 4 x 4 on homogeneous column points: voxel (i, j, k), or RAS in mm.  "Local" is the
RAS frame of a node inside its parent transforms, "world" the one outside of them.  No node is changed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from PETMRFusionLib.resolution import smoothing, step_in_voxels, variances_of
from PETMRFusionLib.slabs import Work, finish, new_image, slabs

#: Corners of two grids closer than this (mm) are the same.
SAME_MM = 1e-3

#: Directions further from right angles than this (cosine) are sheared; the core's own tolerance.
SHEAR = 1e-4

#: Voxel size (mm) onto which a volume is brought whose grid no rigid frame can describe; the least and the largest.
UPRIGHT_MM = (1.0, 4.0)

#: What a resampled voxel gets first where there is no data: a value that no image has.
_NO_DATA = np.finfo(np.float32).min


def to_numpy(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    """A copy of a VTK matrix, 4 x 4."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def to_vtk(matrix: np.ndarray) -> vtk.vtkMatrix4x4:
    """A VTK matrix of 4 x 4 numbers."""
    out = vtk.vtkMatrix4x4()
    out.DeepCopy(np.asarray(matrix, float).ravel().tolist())
    return out


def ijk_to_ras(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """Voxel (i, j, k) to local RAS."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return to_numpy(matrix)


def between(
    source: slicer.vtkMRMLTransformableNode | None, target: slicer.vtkMRMLTransformableNode | None
) -> vtk.vtkAbstractTransform:
    """Local points of ``source`` to local points of ``target`` (``None``: world); a plain matrix where it is one."""
    parents = [node.GetParentTransformNode() if node is not None else None for node in (source, target)]
    if parents[0] is parents[1]:
        return vtk.vtkTransform()
    general = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(*parents, general)
    if not all(parent is None or parent.IsTransformToWorldLinear() for parent in parents):
        return general
    matrix = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(*parents, matrix)
    linear = vtk.vtkTransform()
    linear.SetMatrix(matrix)
    return linear


def same_grid(first: slicer.vtkMRMLVolumeNode, second: slicer.vtkMRMLVolumeNode) -> bool:
    """Same size, same parent transform, and corners at the same places."""
    size = first.GetImageData().GetDimensions()
    if size != second.GetImageData().GetDimensions() or first.GetTransformNodeID() != second.GetTransformNodeID():
        return False
    apart = (ijk_to_ras(first) - ijk_to_ras(second)) @ _corners(size)
    return bool(np.abs(apart).max() <= SAME_MM)


def resample(
    moving: slicer.vtkMRMLVolumeNode, reference: slicer.vtkMRMLVolumeNode, *, registration: np.ndarray | None = None
) -> np.ndarray:
    """:func:`resampling` at once: float32 (k, j, i), 0 beyond the field of view."""
    return finish(resampling(moving, reference, registration=registration)).values


@dataclass(frozen=True)
class Resampled:
    """A scalar volume on another grid.

    Attributes:
        image: its voxels, float32, as VTK has them.
        values: the same voxels as an array (k, j, i), finite; 0 beyond the field of view.
        beyond: ``uint8`` (k, j, i), 1 beyond the field of view; ``None`` where there is nothing beyond.
    """

    image: vtk.vtkImageData
    values: np.ndarray
    beyond: np.ndarray | None


def resampling(
    moving: slicer.vtkMRMLVolumeNode, reference: slicer.vtkMRMLVolumeNode, *, registration: np.ndarray | None = None
) -> Work[Resampled]:
    """A scalar volume on the voxel grid of another one, at the same places in the world, slab by slab.

    Linearly interpolated; smoothed before where the reference is coarser (:mod:`PETMRFusionLib.resolution`); untouched
    values where both grids are one.  The half voxel around the outermost centers belongs to the field of view.

    Args:
        moving: the volume to bring over.
        reference: the volume whose grid counts.
        registration: moves points of ``moving``, in the local frame of ``reference``, to where they belong.
    """
    size = reference.GetImageData().GetDimensions()
    image, values = new_image(size[::-1], np.float32)
    if registration is None and same_grid(moving, reference):
        source = array_of(moving)
        for piece in slabs(values.shape):
            values[piece] = source[piece]
            np.nan_to_num(values[piece], copy=False, posinf=0, neginf=0)
            yield
        return Resampled(image, values, None)
    beyond = np.zeros(values.shape, np.uint8)
    path = _path(_to_voxels(moving, reference, registration), ijk_to_ras(reference))
    reslice = _reslicer((yield from _as_coarse(moving, path, size)), path)
    for piece in slabs(values.shape):
        values[piece] = _resliced(reslice, size, piece)
        beyond[piece] = values[piece] == _NO_DATA
        values[piece][beyond[piece] != 0] = 0
        np.nan_to_num(values[piece], copy=False, posinf=0, neginf=0)
        yield
    return Resampled(image, values, beyond if beyond.any() else None)


def upright(
    node: slicer.vtkMRMLVolumeNode,
    reference: slicer.vtkMRMLVolumeNode,
    *,
    registration: np.ndarray | None = None,
) -> Work[tuple[np.ndarray, np.ndarray]]:
    """A scalar volume as array and rectangular grid in the local frame of ``reference``, in pieces.

    As it is stored, where transforms and grid allow; where one of them is sheared or not linear, resampled on an
    isotropic grid that holds the volume.

    Returns:
        The array (k, j, i), and voxel to RAS.
    """
    path = between(node, reference)
    if isinstance(path, vtk.vtkLinearTransform):
        matrix = (np.eye(4) if registration is None else registration) @ to_numpy(path.GetMatrix()) @ ijk_to_ras(node)
        if is_rectangular(matrix):
            return array_of(node), matrix
    points = _transformed(path, ijk_to_ras(node) @ _shell(node.GetImageData().GetDimensions()))
    if registration is not None:
        points = registration @ points
    low, high = points[:3].min(axis=1), points[:3].max(axis=1)
    step = float(np.clip(min(node.GetSpacing()), *UPRIGHT_MM))
    size = [int(n) for n in np.ceil((high - low) / step) + 1]
    matrix = np.diag([step, step, step, 1.0])
    matrix[:3, 3] = low
    out = np.empty(size[::-1], np.float32)
    path = _path(_to_voxels(node, reference, registration), matrix)
    reslice = _reslicer((yield from _as_coarse(node, path, size)), path)
    for piece in slabs(out.shape):
        out[piece] = _resliced(reslice, size, piece)
        out[piece][out[piece] == _NO_DATA] = 0
        yield
    return out, matrix


def array_of(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """The voxels of a node, a view: (k, j, i), or (k, j, i, component)."""
    return slicer.util.arrayFromVolume(node)


def local_point(node: slicer.vtkMRMLTransformableNode, world: np.ndarray) -> np.ndarray:
    """A world point (x, y, z) in the local frame of a node."""
    return np.array(between(None, node).TransformPoint([float(v) for v in world]))


def _to_voxels(
    moving: slicer.vtkMRMLVolumeNode, reference: slicer.vtkMRMLVolumeNode, registration: np.ndarray | None
) -> list[vtk.vtkAbstractTransform | np.ndarray]:
    """Steps from local points of ``reference`` to voxels of ``moving``."""
    back = [] if registration is None else [np.linalg.inv(registration)]
    return [*back, between(reference, moving), np.linalg.inv(ijk_to_ras(moving))]


def _path(steps: list, matrix: np.ndarray) -> vtk.vtkAbstractTransform:
    """From voxels of a grid to voxels of the moving volume."""
    chain = [matrix, *steps]
    linear = all(not isinstance(step, vtk.vtkGeneralTransform) for step in chain)
    path = vtk.vtkTransform() if linear else vtk.vtkGeneralTransform()
    path.PostMultiply()
    for step in chain:
        path.Concatenate(to_vtk(step) if isinstance(step, np.ndarray) else step)
    return path


def _as_coarse(
    moving: slicer.vtkMRMLVolumeNode, path: vtk.vtkAbstractTransform, size: tuple[int, ...]
) -> Work[vtk.vtkImageData]:
    """The voxels of a volume, smoothed where they are about to be sampled more coarsely than they are stored."""
    image = moving.GetImageData()
    variances = variances_of(step_in_voxels(path, size), image.GetDimensions())
    if not variances.any():
        return image
    smooth = yield from smoothing(np.nan_to_num(array_of(moving), posinf=0, neginf=0), variances)
    made, voxels = new_image(smooth.shape, np.float32)
    voxels[:] = smooth
    return made


def _reslicer(image: vtk.vtkImageData, path: vtk.vtkAbstractTransform) -> vtk.vtkImageReslice:
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceTransform(path)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputSpacing(1, 1, 1)
    reslice.SetOutputScalarType(vtk.VTK_FLOAT)
    reslice.SetInterpolationModeToLinear()
    reslice.SetBackgroundLevel(float(_NO_DATA))
    return reslice


def _resliced(reslice: vtk.vtkImageReslice, size: tuple[int, ...], planes: slice) -> np.ndarray:
    """Some planes of the output grid, float32 (k, j, i); valid until the next call."""
    reslice.SetOutputExtent(0, size[0] - 1, 0, size[1] - 1, planes.start, planes.stop - 1)
    reslice.Update()
    values = numpy_support.vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return values.reshape(planes.stop - planes.start, size[1], size[0])


def is_rectangular(matrix: np.ndarray) -> bool:
    """Whether the axes of a voxel-to-world matrix (4 x 4) are at right angles, as formats other than NRRD need them."""
    columns = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    return bool(np.abs(columns.T @ columns - np.eye(3)).max() < SHEAR)


def _corners(size: tuple[int, ...]) -> np.ndarray:
    return np.array([[*(np.array([n & 1, n & 2, n & 4], bool) * (np.array(size) - 1)), 1.0] for n in range(8)]).T


def _shell(size: tuple[int, ...]) -> np.ndarray:
    """Points all over a grid (5 along each axis), homogeneous voxels: enough to bound a smooth deformation."""
    axes = [np.linspace(0, n - 1, 5) for n in size]
    i, j, k = (axis.ravel() for axis in np.meshgrid(*axes))
    return np.stack([i, j, k, np.ones_like(i)])


def _transformed(path: vtk.vtkAbstractTransform, points: np.ndarray) -> np.ndarray:
    moved = np.array([path.TransformPoint(point) for point in points[:3].T.tolist()])
    return np.vstack([moved.T, np.ones(len(moved))])
