"""One image in two forms, as the package and as MONAI has it."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.phantom import head_phantom
from coconet_med.transforms.metatensor import to_source, to_tensor

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


def test_source_and_tensor_are_two_forms_of_one_image():
    head = head_phantom(spacing=8.0)
    image = sitk.Cast(head.t1, sitk.sitkFloat32)
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    from coconet_med.source import Source

    source = Source(image, "x.nii.gz", units="HU", slice_axis=1, frame_of_reference="1.2.3")
    again = to_source(to_tensor(source), "x")
    assert again.image.GetSize() == image.GetSize()
    np.testing.assert_allclose(again.image.GetDirection(), image.GetDirection(), atol=1e-12)
    np.testing.assert_allclose(again.image.GetOrigin(), image.GetOrigin())
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(again.image), sitk.GetArrayViewFromImage(image))
    assert (again.units, again.slice_axis, again.frame_of_reference) == ("HU", 1, "1.2.3")


def test_a_tensor_that_needs_a_gradient_is_taken():
    from coconet_med.transforms import StackSlicesd, UnstackSlicesd

    head = to_tensor(_source()).requires_grad_()
    stacked = StackSlicesd(("image",))({"image": head})
    stacked["image"].requires_grad_()
    back = UnstackSlicesd(("image",))(stacked)["image"]
    np.testing.assert_array_equal(back.numpy(), head.detach().numpy())


def _source():
    from coconet_med.source import Source

    return Source(sitk.Cast(head_phantom(spacing=8.0).t1, sitk.sitkFloat32), "x")
