"""From the outside in: paints scalp, face, skull, fluid and brain of one head onto a canvas."""

from __future__ import annotations

import numpy as np

from coconet_med.phantom import hull
from coconet_med.phantom.canvas import EVERYWHERE, Canvas
from coconet_med.phantom.folds import Folds, folia
from coconet_med.phantom.shapes import box, ellipsoid, smooth_minimum, tube

SKULL = 7.5  # mm from the inner to the outer table

LATERAL_VENTRICLE = (
    tube((8, -46, 2, 3), (9, -41, 8, 4.5), (9.5, -22, 15, 5), (12.5, -3, 19, 4.8), (19, 13, 17, 5.8), (26, 25, 9, 7)),
    tube((26, 25, 9, 7), (26, 42, 4, 4), (25, 55, 2, 2)),
    tube((26, 25, 9, 7), (31, 15, -8, 3.5), (32, 2, -17, 2.8), (30, -11, -20, 2.4)),
)
CAUDATE = tube(
    (12, -38, 1, 5), (14, -33, 7, 6.5), (16, -18, 15, 4.8), (19, 0, 20, 3.4), (25, 15, 17, 2.4), (31, 22, 7, 1.8)
)  # fmt: skip
PUTAMEN = ellipsoid((27.5, -18, -2), (5.2, 17, 11), turn=10)
PALLIDUM = ellipsoid((20.5, -14, -4), (4.5, 10, 7), turn=18)
THALAMUS = ellipsoid((11, 1, 3), (8.5, 15, 9.5), turn=-18)
CLAUSTRUM = ellipsoid((35.2, -17, -1), (0.9, 17, 13), turn=6)
CALLOSUM = tube(
    (0, -37, -4, 2), (0, -45, 2, 4), (0, -48, 10, 5), (0, -41, 18.5, 4.2),
    (0, -22, 24, 3.4), (0, 0, 23.5, 3.4), (0, 15, 18, 4), (0, 22, 11, 5.2),
)  # fmt: skip
BRAIN_STEM = tube(
    (0, -1, -9, 14), (0, 3, -20, 14), (0, 5, -34, 15), (0, 11, -46, 12),
    (0, 18, -60, 8.5), (0, 26, -82, 6.5), (0, 28, -125, 6),
)  # fmt: skip
FOURTH_VENTRICLE = ellipsoid((0, 22, -38), (8, 4.5, 12), tilt=20)


def paint_head(canvas: Canvas, head: Folds) -> None:
    """Paint the whole head."""
    skin, cavity = canvas.field(head.skin, EVERYWHERE), canvas.field(head.cavity, EVERYWHERE)
    _soft_tissue(canvas, head, skin)
    _bone(canvas, head, skin, cavity)
    _cavities(canvas, skin)
    _orbits(canvas, skin)
    _meninges(canvas, cavity)
    _cerebrum(canvas, head)
    _cerebellum(canvas, head)
    _deep_structures(canvas)


def _soft_tissue(canvas: Canvas, head: Folds, skin: np.ndarray) -> None:
    canvas.fill("skin", skin)
    canvas.fill("fat", skin + 2)
    block = canvas.block(ellipsoid((0, 0, -50), (96, 112, 65)))
    x, y, z = canvas.at(block)
    wander = canvas.field(head.wander, block)
    # Muscle lies deep to the subcutaneous fat, in bundles that fat planes part.
    planes = np.abs(np.sin(x * 0.12 + 0.9 * wander) + np.sin(y * 0.09 + z * 0.03 - wander))
    canvas.fill("muscle", np.maximum(skin[block] + 5.6 + 1.2 * wander, (np.float32(0.17) - planes) * 8), block)


def _bone(canvas: Canvas, head: Folds, skin: np.ndarray, cavity: np.ndarray) -> None:
    within = skin + 4
    brow = ellipsoid((0, -84, -20), (34, 12, 14))
    clivus = tube((0, -12, -36, 7), (0, -2, -48, 6), (0, 8, -62, 4.5))
    cheek = tube((32, -80, -60, 6), (48, -66, -58, 5), (62, -45, -54, 4), (70, -15, -50, 4))
    jaw = tube((56, -12, -52, 5), (53, -16, -70, 6), (50, -22, -100, 7))
    palate = tube((14, -80, -92, 8), (22, -66, -92, 7), (24, -50, -92, 6))
    petrous = tube((14, 0, -46, 6), (40, 14, -46, 8), (60, 18, -48, 10))
    atlas = tube((6, 12, -80, 6), (18, 22, -79, 9), (22, 32, -79, 5), (8, 46, -80, 4))
    dens = tube((0, 11, -74, 5), (0, 11, -100, 8))
    for shape in (brow, clivus, cheek, jaw, palate, petrous, atlas, dens):
        canvas.paint("skull", shape, both_sides=True, inside=within)
    outer = cavity - np.float32(SKULL) - np.float32(0.7) * canvas.field(head.wander, EVERYWHERE)
    canvas.fill("skull", np.maximum(outer, within))
    block = canvas.block(box((0, 0, 35), (96, 112, 61)))
    diploe = np.maximum(outer[block] + np.float32(2.1), np.float32(2.2) - cavity[block])
    canvas.fill("marrow", np.maximum(diploe, -24 - canvas.at(block)[2]), block)
    for shape in (clivus, jaw, palate, atlas, dens):
        canvas.paint("marrow", shape, both_sides=True, grow=-2.2, inside=within)


def _cavities(canvas: Canvas, skin: np.ndarray) -> None:
    """Nose and sinuses: air lined with mucosa, with a septum and turbinates."""
    deep = skin + 3
    chambers = (
        ellipsoid((9, -88, -18), (8, 5, 9)),  # frontal sinus
        ellipsoid((8, -30, -40), (8, 9, 8)),  # sphenoid sinus
        ellipsoid((29, -66, -68), (13, 15, 15)),  # maxillary sinus
        box((8, -66, -70), (8, 30, 17), rounding=7),  # nasal cavity
    )
    for shape in chambers:
        canvas.paint("skull", shape, both_sides=True, grow=2.4, inside=deep)
    for shape in chambers:
        canvas.paint("mucosa", shape, both_sides=True, grow=1.2, inside=deep)
        canvas.paint("air", shape, both_sides=True, inside=deep)
    canvas.paint("air", box((0, -26, -80), (11, 9, 14), rounding=7))  # nasopharynx
    for y in (-66, -56, -46):  # ethmoid cells
        canvas.paint("mucosa", ellipsoid((6.5, y, -43), (6, 5, 8)), both_sides=True)
        canvas.paint("air", ellipsoid((6.5, y, -43), (4.6, 4, 7)), both_sides=True)
    canvas.paint("mucosa", box((0, -64, -68), (1.6, 36, 19), rounding=1), inside=deep)  # septum
    for z in (-82, -68, -57):  # turbinates
        canvas.paint("mucosa", tube((10.5, -84, z, 3), (9.5, -66, z, 4), (9.5, -46, z, 3)), both_sides=True)
    for cell in ((56, 22, -46, 5), (60, 30, -52, 5), (55, 28, -58, 4.5), (62, 21, -56, 4)):  # mastoid
        canvas.paint("air", ellipsoid(cell[:3], (cell[3],) * 3), both_sides=True)
    canvas.paint("air", tube((50, 8, -48, 2.4), (66, 9, -48, 3), (92, 14, -46, 3.5)), both_sides=True)  # ear canal


def _orbits(canvas: Canvas, skin: np.ndarray) -> None:
    cone = tube((31, -79, -42, 17), (27, -62, -41, 16), (17, -38, -35, 5))
    canvas.paint("skull", cone, both_sides=True, grow=1.6, inside=skin + 5)
    canvas.paint("fat", cone, both_sides=True, inside=skin + 3)
    for dx, dz in ((0, 11), (0, -11), (11, 0), (-10, 0)):
        straight = tube((31 + dx, -76, -42 + dz, 1.4), (28 + 0.9 * dx, -60, -41 + 0.8 * dz, 2.6), (17, -38, -35, 1.6))
        canvas.paint("muscle", straight, both_sides=True)
    nerve = tube((30, -66, -41, 2.2), (27, -56, -41, 2.2), (16, -36, -34, 2), (0, -17, -21, 2.4), (14, -2, -14, 2))
    canvas.paint("optic_nerve", nerve, both_sides=True)
    globe = ellipsoid((32, -78, -42), (12.2, 12.2, 12.2))
    canvas.paint("skin", globe, both_sides=True)
    canvas.paint("eye", globe, both_sides=True, grow=-1.2)
    canvas.paint("lens", ellipsoid((32.5, -87, -42), (4.6, 2.1, 4.6)), both_sides=True)


def _meninges(canvas: Canvas, cavity: np.ndarray) -> None:
    block = canvas.block(hull.SPINAL_CANAL)
    inner = cavity.copy()
    inner[block] = smooth_minimum(cavity[block], hull.SPINAL_CANAL.distance(*canvas.at(block)), 5)
    canvas.fill("meninges", inner)
    canvas.fill("csf", inner + np.float32(1.1))
    block = canvas.block(box((0, 0, 30), (12, 100, 60)))
    x, y, z = canvas.at(block)
    falx = np.maximum(np.maximum(hull.midline_fissure(x, y, z) + np.float32(0.5), cavity[block]), 8 - z - 0.2 * y)
    canvas.fill("meninges", falx, block)
    # The superior sagittal sinus rides in the falx's upper edge.
    sinus = np.maximum(np.abs(x) - np.float32(5) - cavity[block] * np.float32(0.9), np.abs(cavity[block] + 2.2) - 3.2)
    canvas.fill("blood", np.maximum(sinus, 20 - z - 0.9 * np.maximum(y - 40, 0)), block)
    nerve = tube((16, -36, -34, 2), (9, -26, -27, 2.2), (0, -17, -21, 2.6), (14, -2, -14, 2))
    canvas.paint("optic_nerve", nerve, both_sides=True, inside=cavity)


def _cerebrum(canvas: Canvas, head: Folds) -> None:
    block = canvas.block(ellipsoid((0, 0, 14), (69, 88, 64)))
    x, y, z = canvas.at(block)
    wander = canvas.field(head.wander, block)
    below = smooth_minimum(-canvas.field(head.envelope, block), hull.midline_fissure(x, y, z), 4)
    beyond = np.maximum(below - canvas.field(head.depth, block), 0)
    beyond = np.maximum(beyond, -2 * hull.DEEP_GREY.distance(x, y, z))
    sulcus = np.hypot(canvas.field(head.sheet, block), beyond)
    sulcus -= np.float32(0.5) + np.float32(2.0) * np.exp(-np.maximum(below, 0) / np.float32(2.6))
    sylvian = hull.sylvian_fissure(x, y, z, wander) - np.float32(0.6) - np.float32(0.3) * wander
    pial = smooth_minimum(smooth_minimum(below, sulcus, 1.5), sylvian, 1.5)
    canvas.fill("gray", -pial, block)
    canvas.fill("white", np.float32(2.9) + np.float32(0.2) * wander - pial, block)


def _cerebellum(canvas: Canvas, head: Folds) -> None:
    block = canvas.block(ellipsoid((0, 46, -42), (54, 30, 24)))
    x, y, z = canvas.at(block)
    wander = canvas.field(head.wander, block)
    below = -hull.cerebellum(x, y, z)
    fissure, depth = folia(x, y, z, wander)
    sheet = np.hypot(fissure, np.maximum(below - depth, 0)) - np.float32(0.25) - np.exp(-np.maximum(below, 0))
    pial = smooth_minimum(below, sheet, 1.0)
    canvas.fill("cerebellar_gray", -pial, block)
    canvas.fill("cerebellar_white", np.float32(1.9) + np.float32(0.2) * wander - pial, block)


def _deep_structures(canvas: Canvas) -> None:
    canvas.paint("brain_stem", BRAIN_STEM)
    canvas.paint("brain_stem", tube((0, 14, -38, 8), (14, 24, -40, 8), (22, 32, -42, 6)), both_sides=True)  # peduncles
    canvas.paint("gray", ellipsoid((5, -17, -12), (5, 8, 7)), both_sides=True)  # hypothalamus
    canvas.paint("gray", ellipsoid((24, -14, -19), (8, 8, 6)), both_sides=True)  # amygdala
    canvas.paint("gray", tube((26, -6, -21, 4.5), (28, 5, -19, 4), (27, 18, -8, 3)), both_sides=True)  # hippocampus
    for part in LATERAL_VENTRICLE:
        canvas.paint("lateral_ventricle", part, both_sides=True)
    canvas.paint("caudate", CAUDATE, both_sides=True)
    canvas.paint("thalamus", THALAMUS, both_sides=True)
    canvas.paint("gray", CLAUSTRUM, both_sides=True)
    canvas.paint("putamen", PUTAMEN, both_sides=True)
    canvas.paint("pallidum", PALLIDUM, both_sides=True)
    _callosum(canvas)
    canvas.paint("third_ventricle", ellipsoid((0, -4, -4), (2.2, 13, 9)))
    canvas.paint("third_ventricle", tube((0, 7, -6, 1.2), (0, 15, -22, 1.2), (0, 19, -30, 1.6)))  # aqueduct
    canvas.paint("fourth_ventricle", FOURTH_VENTRICLE)


def _callosum(canvas: Canvas) -> None:
    """Corpus callosum, its forceps bending towards the poles, and the septum beneath it."""
    block = canvas.block(ellipsoid((0, -12, 10), (22, 50, 24)))
    x, y, z = canvas.at(block)
    septum = np.maximum(np.maximum(np.abs(x) - 1, hull.CORE[0].distance(x, y, z)), -1 - z)
    canvas.fill("corpus_callosum", np.maximum(septum, np.maximum(y - 4, -46 - y)), block)
    bend = np.float32(0.02) * x * x * np.clip((-y - 20) / 12, -1, 1)
    canvas.fill("corpus_callosum", np.maximum(CALLOSUM.distance(x * 0, y + bend, z), np.abs(x) - 15), block)
