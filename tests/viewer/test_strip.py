"""Coarse voxels of a strip lie where those of the file do, nearly in their colors, however the image is turned."""

from __future__ import annotations

import base64
import gzip
import json

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.viewer.content import Content
from coconet_med.viewer.opening import View
from coconet_med.viewer.strip import strip_of

COLORS = "(k) => Array.from(coconet.mixing.slice(coconet.planes.fileSlice(k)))"


def averaged(color: np.ndarray, size: list[int]) -> np.ndarray:
    """Means of the blocks of voxels (k, j, i, 3) that become one of a grid of ``size`` (i, j, k)."""
    for axis, count in enumerate(size[::-1]):
        block = -(-color.shape[axis] // count)
        fill = [(0, 0)] * 4
        fill[axis] = (0, count * block - color.shape[axis])
        color = np.pad(color, fill, mode="edge")
        shape = [*color.shape[:axis], count, block, *color.shape[axis + 1 :]]
        color = color.reshape(shape).mean(axis=axis + 1)
    return color


def test_a_turned_volume_keeps_its_place_and_colors(served):
    head = head_phantom(spacing=5.0, pet_spacing=6.0)
    anatomy, function = (sitk.PermuteAxes(image, (1, 2, 0))[::-1] for image in (head.t1, head.pet))
    result = coconet_med.fuse(anatomy, function, register="never", engine="onnx", plane="sagittal")
    strip = strip_of(result, most=25_000)
    document = strip["document"]
    assert np.prod(document["size"]) < 0.7 * np.prod(result.color.GetSize())
    parts = {
        name: np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8).reshape(document["parts"][name]["shape"])
        for name, text in strip["parts"].items()
    }
    page = served(View(Content(document, parts), np.zeros((1, 1, 1, 3), np.uint8)))
    shape = (*document["size"][::-1], 3)
    mixed = np.array([page.evaluate(COLORS, k) for k in range(shape[0])], float).reshape(shape)
    expected = averaged(sitk.GetArrayFromImage(result.color).astype(float), document["size"])
    lit = expected.max(axis=-1) > 20
    off = np.abs(mixed - expected).mean(axis=-1)[lit].mean()
    assert off < 8
    for axis in range(3):  # mirrored it would be far off
        assert np.abs(np.flip(mixed, axis) - expected).mean(axis=-1)[lit].mean() > 2 * off


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=5.0, pet_spacing=6.0)
    return coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")


# --- the strip -------------------------------------------------------------------------------------------------------


def test_a_strip_is_small_and_says_how_coarse_it_is(result):
    strip = strip_of(result, most=60_000)
    document = strip["document"]
    assert sum(map(len, strip["parts"].values())) <= 60_000
    assert np.prod(document["size"]) < np.prod(result.color.GetSize())
    extent = np.multiply(document["size"], document["spacing"])
    assert (extent >= np.multiply(result.color.GetSize(), result.color.GetSpacing()) - 1e-6).all()
    assert "crc" not in document
    json.dumps(strip, allow_nan=False)


def test_a_strip_of_all_voxels_lies_where_the_file_does(result):
    document = strip_of(result)["document"]
    assert document["size"] == list(result.color.GetSize())
    assert np.array(document["affine"])[:3, 3] == pytest.approx(np.array(result.color.GetOrigin()) * (-1, -1, 1))


def test_a_picture_has_a_strip_too():
    document = strip_of(coconet_med.fuse(*slice_pair(64), engine="onnx"))["document"]
    assert document["planar"]
    assert document["size"] == [64, 64, 1]
