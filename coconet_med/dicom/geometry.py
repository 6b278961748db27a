"""Decide the grid of a set of frames from their positions, or say why they are no regular volume.

Only Image Position and Orientation (Patient) and Pixel Spacing count; Slice Thickness and Spacing Between Slices are
often wrong and never used.  Coordinates are LPS mm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coconet_med.dicom.frame import Frame
from coconet_med.dicom.series import name_files
from coconet_med.errors import ReadError
from coconet_med.geometry import FARTHEST_MM

#: Largest difference of a direction cosine between slices of one volume (0.03 degrees).
COSINE = 5e-4
#: Largest deviation of the two directions from unit length and a right angle: three decimals in the file.
ROUNDED_COSINES = 2e-3
#: Slices closer than this (mm) along the normal lie in one place.
SAME_PLACE = 0.05
#: Largest distance of a slice from its place on the regular grid, as a fraction of the slice step.
UNEVEN = 0.02
#: The same in mm, up to a fifth of the step: positions that a scanner rounds to 0.1 mm lie so far from their places.
ROUNDED = 0.1
#: Largest sideways shift of a slice, as a fraction of a pixel (or 0.1 mm if that is more).
SIDEWAYS = 0.1
#: Slices that lean by at most this (as a tangent), and by at most half a pixel from the first to the last, are taken as
#: straight, and that is said: directions rounded to three decimals do so to oblique stacks.
LEANING = 5e-3


@dataclass(frozen=True)
class Plane:
    """What all slices of a volume share: unit vectors along a row, along a column, and their normal."""

    row: np.ndarray
    column: np.ndarray
    normal: np.ndarray
    spacing: tuple[float, float]
    shape: tuple[int, int]

    def distance(self, frame: Frame) -> float:
        """Place of a frame along the normal, mm."""
        return float(np.dot(self.normal, frame.position))


@dataclass(frozen=True)
class Stack:
    """Frames of one volume in the order of their places along the normal.

    Attributes:
        plane: the common plane.
        frames: ordered frames.
        distances: place of each frame along the normal, mm, from the first.
        sideways: shift of each frame from the first along row and column, mm, shape (n, 2).
        step: slice step of the regular grid, mm.
        fault: why the frames are no regular grid; ``None`` where they are one.
    """

    plane: Plane
    frames: tuple[Frame, ...]
    distances: np.ndarray
    sideways: np.ndarray
    step: float
    fault: str | None

    @property
    def sheared(self) -> bool:
        """Whether slices lie sideways of the first by more than the tolerance."""
        return float(np.abs(self.sideways).max()) > _tolerance(self.plane)

    @property
    def origin(self) -> tuple[float, ...]:
        """Center of the first voxel, LPS mm; of slices that lean a little, half way between the first and the last."""
        if self.fault or not self.sheared:
            return self.frames[0].position
        half = self.sideways[-1] / 2
        moved = np.asarray(self.frames[0].position) + half[0] * self.plane.row + half[1] * self.plane.column
        return tuple(float(v) for v in moved)

    @property
    def leaning(self) -> str:
        """What to say of slices that lean a little and were taken as straight, or ``""``."""
        if self.fault or not self.sheared:
            return ""
        far = float(np.linalg.norm(self.sideways[-1]))
        return (
            f"slices lean by {math.degrees(math.atan(far / self.distances[-1])):.2g} degrees ({far:.2g} mm from the "
            f"first to the last) and were taken as straight, which moves no voxel by more than {far / 2:.2g} mm"
        )

    @property
    def direction(self) -> tuple[float, ...]:
        """Direction matrix, row-major, as SimpleITK takes it; right-handed."""
        return tuple(float(v) for v in direction_of(self.plane.row, self.plane.column).ravel())

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Spacing along i (columns), j (rows) and k (slices), mm."""
        return self.plane.spacing[1], self.plane.spacing[0], self.step


def direction_of(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Direction matrix (3x3, columns i, j, k) of Image Orientation (Patient): slices along row x column.

    PS3.3, C.7.6.2.1.1.
    """
    return np.column_stack([row, column, np.cross(row, column)])


def common_plane(frames: Sequence[Frame]) -> Plane:
    """The plane that all frames share.

    Raises:
        ReadError: orientations, sizes or pixel spacings are mixed, or not plausible.
    """
    for what, key in (
        ("image sizes", lambda f: f.shape),
        ("orientations", lambda f: tuple(np.round(np.asarray(f.orientation) / (2 * COSINE)))),
        ("pixel spacings", lambda f: tuple(np.round(f.spacing, 3))),
    ):
        _refuse_mixture(frames, what, key)
    first = frames[0]
    row, column = np.asarray(first.orientation[:3]), np.asarray(first.orientation[3:])
    deviations = (np.linalg.norm(row) - 1, np.linalg.norm(column) - 1, row @ column)
    if max(map(abs, deviations)) > ROUNDED_COSINES:
        raise ReadError(f"{first.instance.name}: Image Orientation (Patient) is not two unit vectors at a right angle")
    if not all(0.01 <= s <= 100 for s in first.spacing):
        raise ReadError(f"{first.instance.name}: Pixel Spacing {first.spacing} mm is not plausible")
    far = [f.instance.path for f in frames if max(abs(p) for p in f.position) > FARTHEST_MM]
    if far:
        raise ReadError(
            f"Image Position (Patient) lies more than 100 m away in {name_files(far)}; export the series again"
        )
    row = row / np.linalg.norm(row)
    column = column - (column @ row) * row
    column /= np.linalg.norm(column)
    return Plane(row, column, np.cross(row, column), (first.spacing[0], first.spacing[1]), first.shape)


def places(frames: Sequence[Frame], plane: Plane) -> list[list[Frame]]:
    """Frames grouped by their place along the normal, in ascending order."""
    groups: list[list[Frame]] = []
    last = -math.inf
    for frame in sorted(frames, key=plane.distance):
        here = plane.distance(frame)
        if here - last > SAME_PLACE:
            groups.append([])
        groups[-1].append(frame)
        last = here
    return groups


def arrange(frames: Sequence[Frame], plane: Plane) -> Stack:
    """Order frames that lie in different places, and decide whether they make a regular grid.

    Raises:
        ReadError: fewer than two places.
    """
    if len(frames) < 2:
        raise ReadError(
            f"{frames[0].instance.name}: a single slice is no volume; give the folder with all slices of the series"
        )
    ordered = tuple(sorted(frames, key=plane.distance))
    offsets = np.array([f.position for f in ordered]) - np.array(ordered[0].position)
    distances = offsets @ plane.normal
    sideways = np.column_stack([offsets @ plane.row, offsets @ plane.column])
    steps = np.diff(distances)
    fault = _sideways_fault(sideways, distances, plane) or _step_fault(steps, distances, ordered)
    regular = distances[-1] / (len(ordered) - 1)
    return Stack(plane, ordered, distances, sideways, float(np.median(steps) if fault else regular), fault)


def _refuse_mixture(frames: Sequence[Frame], what: str, key: Callable[[Frame], Any]) -> None:
    groups: dict[Any, list[Frame]] = {}
    for frame in frames:
        groups.setdefault(key(frame), []).append(frame)
    if len(groups) < 2:
        return
    # Rounding may part equal values at the edge of a bin: compare the groups themselves before refusing.
    values = {"image sizes": "shape", "orientations": "orientation", "pixel spacings": "spacing"}[what]
    table = np.array([getattr(f, values) for f in frames], dtype=float)
    tolerance = {"image sizes": 0.0, "orientations": COSINE, "pixel spacings": 1e-3}[what]
    if np.all(np.ptp(table, axis=0) <= tolerance):
        return
    fewest = min(groups.values(), key=len)
    paths = {f.instance.path for f in frames}
    if len(paths) == 1:  # its name would say nothing
        raise ReadError(
            f"{len(groups)} different {what} among the {len(frames)} frames of {name_files(paths)} (a localizer or a "
            "mixture, not a volume); choose another series"
        )
    raise ReadError(
        f"{len(groups)} different {what} in one series (a localizer or a mixture, not a volume); "
        f"the fewest share {name_files({f.instance.path for f in fewest})}"
    )


def _sideways_fault(sideways: np.ndarray, distances: np.ndarray, plane: Plane) -> str | None:
    largest = float(np.abs(sideways).max())
    if largest <= _tolerance(plane):
        return None
    far = float(np.linalg.norm(sideways[-1]))
    slope = far / distances[-1]
    straight = np.abs(sideways - np.outer(distances / distances[-1], sideways[-1])).max()
    if straight <= _tolerance(plane):
        if slope <= LEANING and far <= min(plane.spacing) / 2:
            return None
        return f"slices are sheared by {math.degrees(math.atan(slope)):.1f} degrees (gantry tilt)"
    return f"slices shift sideways by up to {largest:.2f} mm"


def _tolerance(plane: Plane) -> float:
    """Sideways shift of a slice, mm, that is not worth a word."""
    return max(0.1, SIDEWAYS * min(plane.spacing))


def _step_fault(steps: np.ndarray, distances: np.ndarray, frames: Sequence[Frame]) -> str | None:
    count = len(frames)
    regular = distances[-1] / (count - 1) * np.arange(count)
    step = distances[-1] / (count - 1)
    if np.abs(distances - regular).max() <= max(UNEVEN * step, min(ROUNDED + 1e-6, step / 5)):
        return None
    usual = float(np.median(steps))
    ratios = steps / usual
    if np.abs(ratios - np.round(ratios)).max() <= 0.1 and ratios.min() > 0.5:
        missing = int(np.round(ratios).sum() - len(ratios))
        if not missing:
            return f"slice steps vary from {steps.min():.4g} to {steps.max():.4g} mm"
        after = name_files(frames[i].instance.path for i in np.flatnonzero(np.round(ratios) > 1).tolist())
        return f"{missing} slice(s) missing (step {usual:.4g} mm) next to {after}"
    return f"slice steps vary from {steps.min():.4g} to {steps.max():.4g} mm"
