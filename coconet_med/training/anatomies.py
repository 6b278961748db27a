"""Label slices that generated pairs are drawn on: whole-head label maps, and shapes of no anatomy at all.

    python -m coconet_med.training.anatomies LABEL_MAPS -o slices.npz

Label maps are NIfTI volumes with FreeSurfer's numbers inside the brain and those of SynthSeg's training maps outside it
(Billot et al., Medical Image Analysis 86 (2023) 102789): 515 skull, 516 marrow, 511 skin, 507 soft tissue.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from coconet_med.errors import ReadError

#: Tissues that labels are merged into, left and right together.  The position in this list is the number in a slice.
TISSUES = (
    "air", "csf", "cortex", "white_matter", "cerebellar_cortex", "cerebellar_white_matter", "thalamus", "caudate",
    "putamen", "pallidum", "hippocampus", "brainstem", "other_nuclei", "bone", "marrow", "skin", "soft_tissue",
    "other", "vessel",
)  # fmt: skip

_LABELS: dict[str, tuple[int, ...]] = {
    "csf": (24, 4, 5, 14, 15, 43, 44, 72),
    "cortex": (3, 42, 163, 164),
    "white_matter": (2, 41, 77, 136, 137),
    "cerebellar_cortex": (8, 47),
    "cerebellar_white_matter": (7, 46),
    "thalamus": (10, 49),
    "caudate": (11, 50),
    "putamen": (12, 51),
    "pallidum": (13, 52),
    "hippocampus": (17, 18, 53, 54),
    "brainstem": (16,),
    "other_nuclei": (26, 58, 28, 60),
    "bone": (515,),
    "marrow": (516,),
    "skin": (511,),
    "soft_tissue": (507,),
    "vessel": (25, 30, 57, 62, 85),
}

#: Slices of one head in each direction: axial, coronal, sagittal.
_PER_HEAD = (48, 12, 10)

#: Side of a slice, in pixels of 1 mm.
SIDE = 256


def tissues_of(labels: np.ndarray) -> np.ndarray:
    """Numbers of :data:`TISSUES`, ``uint8``, for labels of FreeSurfer and SynthSeg, any shape."""
    table = np.full(max(int(labels.max()), 600) + 1, TISSUES.index("other"), np.uint8)
    table[0] = 0
    for name, members in _LABELS.items():
        table[list(members)] = TISSUES.index(name)
    return table[labels]


def head_slices(path: Path, *, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Slices of one label map of 1 mm at random places of the brain, axial ones first.

    Yields:
        What axis each is across (2 for axial), and its numbers (:data:`SIDE`, :data:`SIDE`), rows downwards.
    """
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    if not np.allclose(image.header.get_zooms()[:3], 1.0, atol=0.01):
        msg = f"{path}: its voxels are {image.header.get_zooms()[:3]} mm; give label maps of 1 mm"
        raise ReadError(msg)
    labels = np.asarray(image.dataobj).astype(np.int32)
    brain = (labels > 0) & (labels < 100) & (labels != 24)
    draw = np.random.default_rng(seed)
    for axis, count in zip((2, 1, 0), _PER_HEAD, strict=True):
        there = np.flatnonzero(brain.any(axis=tuple(a for a in range(3) if a != axis)))
        # Axial slices reach below the brain; the outermost ones of the other planes show nothing of it.
        low, high = (there[0] - 6, there[-1] - 4) if axis == 2 else (there[0] + 10, there[-1] - 10)
        for place in draw.choice(np.arange(max(low, 0), high), count, replace=False):
            yield axis, _framed(np.rot90(tissues_of(labels.take(place, axis))))


def _framed(picture: np.ndarray) -> np.ndarray:
    """In the middle of a square of :data:`SIDE`, cut or filled with air."""
    for axis in (0, 1):
        extra = picture.shape[axis] - SIDE
        if extra > 0:
            picture = picture.take(np.arange(extra // 2, extra // 2 + SIDE), axis)
    missing = [SIDE - n for n in picture.shape]
    return np.pad(picture, [(n // 2, n - n // 2) for n in missing])


def shape_slices(count: int, *, seed: int) -> Iterator[np.ndarray]:
    """Slices of no anatomy: a body outline filled with blobs of random tissues, after SynthMorph.

    Source: Hoffmann et al., IEEE TMI 41 (2022) 543: labels are the largest of several smooth random fields.
    """
    from coconet_med.filters import gaussian

    draw = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    for _ in range(count):
        sigma = float(np.exp(draw.uniform(np.log(5), np.log(24))))
        kinds = draw.choice(np.arange(1, len(TISSUES)), 9, replace=False)
        fields = np.stack([gaussian(draw.standard_normal((SIDE, SIDE)), sigma) for _ in kinds])
        edge = gaussian(draw.standard_normal((SIDE, SIDE)), 20.0)
        a, b = draw.uniform(0.55, 0.95, 2)
        body = (x / a) ** 2 + (y / b) ** 2 + 0.15 * edge / edge.std() < 1
        yield np.where(body, kinds[fields.argmax(0)], 0).astype(np.uint8)


def main() -> None:
    """Collect the slices of a folder of label maps, and some of no anatomy, in one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of label maps, NIfTI")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the .npz file to write")
    parser.add_argument("--shapes", type=int, default=160, help="slices of no anatomy to add")
    given = parser.parse_args()
    paths = sorted(given.folder.glob("*.nii*"))
    if not paths:
        msg = f"{given.folder}: holds no NIfTI label maps"
        raise ReadError(msg)
    found = [one for n, path in enumerate(paths) for one in head_slices(path, seed=n)]
    axial, other = ([picture for axis, picture in found if (axis == 2) is wanted] for wanted in (True, False))
    slices = [*axial, *other, *shape_slices(given.shapes, seed=len(paths))]
    np.savez_compressed(given.out, slices=np.stack(slices), axial=len(axial))
    print(f"{len(slices)} slices of {len(paths)} heads and {given.shapes} shapes in {given.out}")


if __name__ == "__main__":
    main()
