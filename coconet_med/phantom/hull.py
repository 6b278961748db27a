"""The large outer forms: brain, intracranial cavity, head.

World coordinates are LPS mm with the head's middle at the origin: x to the left, y backwards, z upwards.
Functions take coordinate arrays and return signed distances, negative inside.
"""

from __future__ import annotations

import numpy as np

from coconet_med.phantom.shapes import Shape, box, ellipsoid, ellipsoid_distance, smooth_maximum, smooth_minimum, tube

CEREBELLUM = (
    ellipsoid((24, 47, -43), (28, 27, 20)),
    ellipsoid((-24, 47, -43), (28, 27, 20)),
    ellipsoid((0, 45, -38), (12, 24, 21)),
)
TEMPORAL_LOBES = (
    ellipsoid((43, -3, -21), (22, 40, 21), turn=8),
    ellipsoid((-43, -3, -21), (22, 40, 21), turn=-8),
)
CISTERN = ellipsoid((0, 1, -24), (23, 25, 16))
SPINAL_CANAL = tube((0, 14, -50, 14), (0, 21, -63, 12), (0, 27, -84, 10), (0, 29, -125, 10))
#: Basal ganglia and thalamus: no sulcus reaches here.
DEEP_GREY = ellipsoid((0, -9, 0), (37, 41, 24))
#: Corpus callosum and what lies beneath it: no interhemispheric fissure here.
CORE = (ellipsoid((0, -11, 0), (400, 39, 25)), box((0, 6, -20), (400, 18, 30)))


def cerebral_vault(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Both hemispheres without the temporal lobes: narrow in front, broad behind, flattened below."""
    broad = 1 + np.float32(0.0011) * (y - 15) - np.float32(0.000006) * (y - 15) ** 2
    height = np.where(z > 12, np.float32(64), np.float32(37) - np.float32(0.05) * y)
    return ellipsoid_distance(x / broad, y, z - 12, (68, 87, height), power=2.25)


def cerebellum(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Both cerebellar hemispheres and the vermis."""
    return _union(CEREBELLUM, x, y, z, rounding=7)


def cerebrum_and_cavity(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smooth envelope of the gyri, before fissures and sulci are cut; and the inside of the skull with the dura."""
    vault = cerebral_vault(x, y, z)
    temporal = _union(TEMPORAL_LOBES, x, y, z, rounding=2)
    behind, below = cerebellum(x, y, z), CISTERN.distance(x, y, z)
    cavity = smooth_minimum(smooth_minimum(smooth_minimum(vault, temporal, 9), behind, 9), below, 6) - np.float32(3.0)
    envelope = smooth_maximum(smooth_minimum(vault, temporal, 5), np.float32(3.0) - behind, 4)
    return smooth_maximum(envelope, -below, 6), cavity


def midline_fissure(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The interhemispheric fissure, above and around the core."""
    return np.maximum(np.abs(x) - np.float32(0.9), np.float32(-4) * _union(CORE, x, y, z, rounding=6))


def sylvian_fissure(x: np.ndarray, y: np.ndarray, z: np.ndarray, wander: np.ndarray) -> np.ndarray:
    """Distance to the Sylvian fissures: a cleft from the temple inwards, and its cistern over the insula.

    ``wander``: noise of unit variance, that keeps the cleft from being plane.
    """
    x = np.abs(x)
    rise = np.float32(-6) + np.float32(0.5) * (y + 36) + np.float32(2.2) * wander
    bend = np.float32(42.5) - np.float32(0.006) * (y + 18) ** 2 - np.float32(0.012) * (z - rise) ** 2
    insula = np.sqrt(
        (x - bend) ** 2 + np.maximum(np.abs(y + 16) - 19, 0) ** 2 + np.maximum(np.abs(z - rise) - 11, 0) ** 2
    )
    cleft = np.sqrt(
        np.maximum(bend - x, 0) ** 2 + np.maximum(np.abs(y + 6) - 30, 0) ** 2 + ((z - rise) * np.float32(0.89)) ** 2
    )
    return np.minimum(insula, cleft)


def head(x: np.ndarray, y: np.ndarray, z: np.ndarray, cavity: np.ndarray) -> np.ndarray:
    """The skin: scalp over the skull, face, ears and neck.  ``cavity``: signed distance to the inner skull."""
    skin = smooth_minimum(cavity - np.float32(13.5), ellipsoid((0, -8, -8), (80, 98, 72)).distance(x, y, z), 8)
    for shape, rounding in _FACE:
        skin = smooth_minimum(skin, shape.distance(x, y, z), rounding)
    return skin


_FACE: tuple[tuple[Shape, float], ...] = (
    (box((0, -38, -75), (64, 57, 70), rounding=42), 18),  # jaws and cheeks
    (ellipsoid((0, 17, -98), (60, 60, 72)), 20),  # neck
    (tube((0, -96, -30, 6), (0, -103, -50, 8), (0, -106, -61, 10)), 8),  # nose
    (tube((11, -98, -63, 6), (-11, -98, -63, 6)), 5),  # wings of the nose
    (ellipsoid((82, 18, -38), (3.5, 17, 27), turn=-28), 5),  # ears
    (ellipsoid((-82, 18, -38), (3.5, 17, 27), turn=28), 5),
)


def _union(shapes: tuple[Shape, ...], x: np.ndarray, y: np.ndarray, z: np.ndarray, *, rounding: float) -> np.ndarray:
    union = shapes[0].distance(x, y, z)
    for shape in shapes[1:]:
        union = smooth_minimum(union, shape.distance(x, y, z), rounding)
    return union
