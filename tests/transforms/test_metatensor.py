"""One image in two forms, as the package and as MONAI has it."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import OptionError
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


def test_what_has_lost_its_meta_or_was_never_stacked_is_named():
    """MONAI's PersistentDataset gives back plain tensors unless it is asked for more."""
    from coconet_med.transforms import BringOnGridd, ReadSourced, ScaleToWindowd, UnstackSlicesd

    whole = to_tensor(_source())
    back, plain = UnstackSlicesd(("pred",)), whole.as_tensor()
    with pytest.raises(OptionError, match=r"image: no such key \(there are pred\)"):
        back({"pred": whole})
    with pytest.raises(OptionError, match=r"is a Tensor, which has lost .* track_meta=True, weights_only=False"):
        back({"pred": whole, "image": plain})
    with pytest.raises(OptionError, match="image: is no stack of slices that StackSlicesd has made"):
        back({"pred": whole, "image": whole})
    for step in (ScaleToWindowd(("function",)), BringOnGridd(register="never")):
        with pytest.raises(OptionError, match="function: is a Tensor, which has lost"):
            step({"anatomy": whole, "function": plain})
    for given in (whole, None, ["a.nii.gz"]):
        with pytest.raises(
            OptionError, match=f"anatomy: is a {type(given).__name__} and no path; leave out LoadImaged"
        ):
            ReadSourced(("anatomy", "function"))({"anatomy": given, "function": "b.nii.gz"})


def _source():
    from coconet_med.source import Source

    return Source(sitk.Cast(head_phantom(spacing=8.0).t1, sitk.sitkFloat32), "x")
