"""Long work in short pieces, so that the window never waits.

Slicer's own thread holds Python's lock while it idles, so a thread of ours would starve; and nodes may be touched on
that thread alone.  Work on large volumes is therefore a generator that rests after each slab, and a timer takes it up
again (:class:`Chore`); scripts run it to its end (:func:`finish`).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import vtk
from vtk.util import numpy_support

Result = TypeVar("Result")

#: Work that rests now and then; what it returns is its result.
Work = Generator[None, None, Result]

#: Voxels of one piece, and how long pieces follow each other before the window has its turn, in seconds.
SLAB, BUDGET_SECONDS = 1 << 19, 0.08


class Chore(Generic[Result]):
    """Some work under way.

    Attributes:
        over: whether it is done.
        value: its result.
    """

    def __init__(self, work: Work[Result]) -> None:
        self.over, self.value = False, None
        self._work = work

    def advance(self, seconds: float = BUDGET_SECONDS) -> bool:
        """Go on for a while; False once it is over.  What the work raises comes out here."""
        end = time.monotonic() + seconds
        try:
            while not self.over and time.monotonic() < end:
                next(self._work)
        except StopIteration as over:
            self.over, self.value = True, over.value
        return not self.over

    def drop(self) -> None:
        """Leave it as it is, undone."""
        self.over = True
        self._work.close()


def finish(work: Work[Result]) -> Result:
    """Do all of some work; returns its result."""
    while True:
        try:
            next(work)
        except StopIteration as over:
            return over.value


def slabs(shape: tuple[int, ...]) -> Iterator[slice]:
    """Planes of a volume (k, j, i, ...), as many as make a piece."""
    planes = max(1, SLAB // max(1, int(np.prod(shape[1:3]))))
    for start in range(0, shape[0], planes):
        yield slice(start, min(start + planes, shape[0]))


def new_image(shape: tuple[int, ...], kind: Any) -> tuple[vtk.vtkImageData, np.ndarray]:
    """An image that owns its voxels, and an array to fill them: (k, j, i) or (k, j, i, component), not set yet."""
    values = vtk.vtkDataArray.CreateDataArray(numpy_support.get_vtk_array_type(kind))
    values.SetNumberOfComponents(shape[3] if len(shape) == 4 else 1)
    values.SetNumberOfTuples(int(np.prod(shape[:3])))
    values.SetName("ImageScalars")
    image = vtk.vtkImageData()
    image.SetDimensions(*shape[2::-1])
    image.GetPointData().SetScalars(values)
    return image, numpy_support.vtk_to_numpy(values).reshape(shape)


def image_of(array: np.ndarray) -> vtk.vtkImageData:
    """An image with a copy of an array."""
    image, voxels = new_image(array.shape, array.dtype)
    voxels[:] = array
    return image


def writing(path: Path, array: np.ndarray, kind: Any) -> Work[None]:
    """Write an array of any memory order as ``.npy`` of another type, slab by slab."""
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for piece in slabs(array.shape):
            file.write(np.ascontiguousarray(array[piece], kind).data)
            yield


def reading(path: Path, out: np.ndarray) -> Work[None]:
    """Read a ``.npy`` file into an array of its shape and type, slab by slab.

    Raises:
        ValueError: it holds something else.
    """
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, fortran, kind = np.lib.format.read_array_header_1_0(file)
        if (shape, fortran, kind) != (out.shape, False, out.dtype):
            msg = f"{path.name}: holds {kind} {shape}, not {out.dtype} {out.shape}"
            raise ValueError(msg)
        for piece in slabs(out.shape):
            file.readinto(memoryview(out[piece]).cast("B"))
            yield
