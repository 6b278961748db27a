"""Segmentations of 3D Slicer keep their names and overlaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.measure.labels import read_labels

FIRST = np.zeros((6, 7, 8), np.uint8)


FIRST[1:3, 2:4, 3:5] = 1


SECOND = np.zeros_like(FIRST)


SECOND[2:5, 2:4, 3:5] = 1


def slicer(path: Path, *layers: np.ndarray, segments: list[tuple[str, int, int]]) -> Path:
    """A ``.seg.nrrd`` with (name, label value, layer) of each segment; its first axis is a list, as Slicer's is."""
    images = [sitk.GetImageFromArray(layer) for layer in layers]
    image = sitk.Compose(images) if len(images) > 1 else images[0]
    image.SetSpacing((2, 2, 3))
    image.SetOrigin((-5, 6, 7))
    for number, (name, value, layer) in enumerate(segments):
        for key, reported in (("ID", f"S{number}"), ("Name", name), ("LabelValue", str(value)), ("Layer", str(layer))):
            image.SetMetaData(f"Segment{number}_{key}", reported)
    sitk.WriteImage(image, str(path), useCompression=True)
    path.write_bytes(path.read_bytes().replace(b"kinds: vector", b"kinds: list"))
    return path


def test_segments_of_slicer_keep_their_names(tmp_path: Path) -> None:
    """Slicer issue 4733: they were label 1 and label 2."""
    path = slicer(tmp_path / "a.seg.nrrd", FIRST + 3 * SECOND, segments=[("Tumor left", 1, 0), ("Both", 4, 0)])
    labels = read_labels(path)
    assert labels.names == {1: "Tumor left", 4: "Both"}
    np.testing.assert_array_equal(labels.mask(4), (FIRST & SECOND) > 0)
    assert (labels.grid.GetSpacing(), labels.grid.GetOrigin()) == ((2, 2, 3), (-5, 6, 7))


@pytest.mark.parametrize("layers", [2, 3])
def test_segments_of_slicer_that_overlap_are_read_whole(tmp_path: Path, layers: int) -> None:
    """Of two layers the file was refused, three were taken for a picture in color."""
    given = [FIRST, SECOND, FIRST | SECOND][:layers]
    path = slicer(tmp_path / "a.seg.nrrd", *given, segments=[(f"S {n}", 1, n) for n in range(layers)])
    labels = read_labels(path)
    assert labels.values == list(range(1, layers + 1))
    for number, mask in enumerate(given, start=1):
        np.testing.assert_array_equal(labels.mask(number), mask > 0)
    slicer(path, *given, segments=[("one", 1, layers)])
    with pytest.raises(ReadError, match=f"puts one into layer {layers}, and has {layers}"):
        read_labels(path)
