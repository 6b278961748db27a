"""Tensors of PyTorch and MONAI are taken as the arrays that they are, and MONAI's where their affine says."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError, OptionError, ReadError
from coconet_med.readers import read
from coconet_med.readers.memory import from_memory

torch = pytest.importorskip("torch", reason="pip install '.[monai]'")

VALUES = np.random.default_rng(4).normal(size=(4, 5, 6)).astype(np.float32)
AFFINE = np.array([[0.0, -2.0, 0.0, 5.0], [1.5, 0.0, 0.0, -7.0], [0.0, 0.0, 3.0, 11.0], [0.0, 0.0, 0.0, 1.0]])


def _voxels(data, **options) -> np.ndarray:
    return sitk.GetArrayFromImage(from_memory(data, "anatomy", **options).image)


@pytest.mark.parametrize(
    ("change", "tolerance"),
    [
        (lambda one: one.requires_grad_(), 0.0),
        (lambda one: torch.nn.Parameter(one), 0.0),
        (lambda one: one.clone().requires_grad_() * 1.0, 0.0),
        (lambda one: one.bfloat16(), 0.02),
        (lambda one: torch.complex(torch.zeros_like(one), -one).conj().imag, 0.0),
        (lambda one: one.permute(2, 1, 0).contiguous().permute(2, 1, 0), 0.0),
    ],
)
def test_a_tensor_is_its_values(change, tolerance):
    tensor = change(torch.from_numpy(VALUES.copy()))
    np.testing.assert_allclose(_voxels(tensor, spacing=(1, 1, 1)), VALUES, atol=tolerance)


class Elsewhere:
    """A tensor on another device, which NumPy cannot take from there."""

    def __init__(self, tensor):
        self.tensor = tensor

    def detach(self):
        return self

    def cpu(self):
        return self.tensor

    def __array__(self, *_):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_a_tensor_on_another_device_is_fetched():
    np.testing.assert_array_equal(_voxels(Elsewhere(torch.from_numpy(VALUES)), spacing=(1, 1, 1)), VALUES)


@pytest.mark.parametrize(
    "change", [lambda one: one.to("meta"), lambda one: one.to_sparse()], ids=["without storage", "sparse"]
)
def test_a_tensor_without_values_is_refused(change):
    with pytest.raises(ReadError, match=r"^anatomy \(Tensor\): no array can be made of it \(.*\); give a dense one"):
        from_memory(change(torch.from_numpy(VALUES)), "anatomy", spacing=(1, 1, 1))


def test_a_reader_of_paths_says_where_tensors_go():
    with pytest.raises(ReadError, match=r"^Tensor is no path; give arrays, tensors and images to coconet_med\.fuse$"):
        read(torch.from_numpy(VALUES), "anatomy")


def test_masked_elements_are_no_values():
    hidden = np.zeros(VALUES.shape, bool)
    hidden[1, 2, 3] = True
    values = VALUES.copy()
    values[1, 2, 3] = 1e6
    source = from_memory(np.ma.masked_array(values, hidden), "function", spacing=(1, 1, 1))
    assert sitk.GetArrayFromImage(source.image).max() < 10
    assert "1 voxels" in source.warnings[0]


@pytest.mark.parametrize("channel", [True, False])
@pytest.mark.parametrize("space", ["RAS", "LPS"])
def test_a_metatensor_lies_where_its_affine_says(channel, space):
    from monai.data import MetaTensor

    tensor = torch.from_numpy(VALUES[None] if channel else VALUES).requires_grad_()
    image = from_memory(MetaTensor(tensor, affine=torch.from_numpy(AFFINE), meta={"space": space}), "anatomy").image
    assert image.GetSize() == VALUES.shape
    for index in [(0, 0, 0), (3, 1, 5), (2, 4, 0)]:
        place = AFFINE @ [*index, 1]
        lps = place[:3] * ([1, 1, 1] if space == "LPS" else [-1, -1, 1])
        np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(index), lps, atol=1e-6)
        assert image[index] == pytest.approx(float(VALUES[index]))


def test_a_source_comes_back_from_its_tensor(tmp_path):
    from coconet_med.source import Source
    from coconet_med.transforms.metatensor import to_tensor

    image = sitk.GetImageFromArray(VALUES)
    image.SetSpacing((1.0, 2.0, 3.0))
    again = from_memory(
        to_tensor(Source(image, "x", units="SUVbw", slice_axis=1, frame_of_reference="1.2")), "function"
    )
    np.testing.assert_array_equal(sitk.GetArrayFromImage(again.image), VALUES)
    assert (again.units, again.slice_axis, again.frame_of_reference) == ("SUVbw", 1, "1.2")


def test_meta_of_others_and_no_affine_are_no_trouble():
    from monai.data import MetaTensor

    theirs = {"display_range": "abc", "slice_axis": None, "units": None, "frame_of_reference": 7}
    source = from_memory(MetaTensor(torch.from_numpy(VALUES), meta=theirs), "anatomy")
    assert (source.units, source.slice_axis, source.frame_of_reference) == ("relative", None, None)
    assert source.warnings == (
        "anatomy (MetaTensor): its affine is the identity, which MONAI sets where it is given none",
    )
    for affine in (torch.eye(3), torch.eye(4)[None]):
        with pytest.raises(GeometryError, match="the affine of a MetaTensor is"):
            from_memory(MetaTensor(torch.from_numpy(VALUES), affine=affine), "anatomy")


@pytest.mark.parametrize("shape", [(5, 6), (1, 5, 6), (2, 4, 5, 6), (1, 1, 4, 5, 6)])
def test_a_metatensor_that_is_no_volume_is_refused(shape):
    from monai.data import MetaTensor

    tensor = MetaTensor(torch.rand(shape), affine=torch.eye(4))
    with pytest.raises(ReadError, match=r"give a volume \(i, j, k\) or \(1, i, j, k\)"):
        from_memory(tensor, "anatomy", spacing=(1, 1))


def test_pending_transforms_are_to_be_applied():
    from monai.data import MetaTensor
    from monai.transforms import Spacing, apply_pending

    from coconet_med.transforms.metatensor import to_source

    lazy = Spacing((2, 2, 2), lazy=True)(MetaTensor(torch.from_numpy(VALUES[None]), affine=torch.eye(4)))
    for take in (lambda one: from_memory(one, "anatomy"), lambda one: to_source(one, "anatomy")):
        with pytest.raises(OptionError, match=r"1 lazy transform\(s\) of MONAI are pending.*apply_pending"):
            take(lazy)
    done, _ = apply_pending(lazy)
    assert from_memory(done, "anatomy").image.GetSpacing() == (2, 2, 2)
