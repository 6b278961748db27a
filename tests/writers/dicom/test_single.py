"""Single-frame forms: one object for each slice, with its number, place and pixels."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from parts_cases import parts_of

from coconet_med.writers.dicom.plane import SlicePlanes
from coconet_med.writers.dicom.single import MR_IMAGE, SECONDARY_CAPTURE, gray_images, secondary_captures


def test_each_slice_is_an_object_with_its_place(study) -> None:
    parts = parts_of(study)
    planes, pixels = SlicePlanes.of(parts.image), sitk.GetArrayFromImage(parts.image)
    for k, ds in enumerate(secondary_captures(parts, planes, pixels)):
        assert (ds.SOPClassUID, ds.InstanceNumber) == (SECONDARY_CAPTURE, k + 1)
        np.testing.assert_allclose([float(n) for n in ds.ImagePositionPatient], planes.positions[k], atol=1e-6)
        assert bytes(ds.PixelData[: pixels[k].size]) == pixels[k].tobytes()


def test_gray_is_a_derived_mr_image_of_12_bits(study) -> None:
    parts = parts_of(study, "gray")
    planes = SlicePlanes.of(parts.image)
    pixels = np.rint(4095 * sitk.GetArrayFromImage(parts.image)).astype(np.uint16)
    made = list(gray_images(parts, planes, pixels))
    other = list(gray_images(parts, planes, pixels, form="navigation"))
    assert [ds.InstanceNumber for ds in made] == list(range(1, len(pixels) + 1))
    assert {ds.SOPClassUID for ds in made} == {MR_IMAGE}
    assert {ds.BitsStored for ds in made} == {12}
    assert not {ds.SOPInstanceUID for ds in made} & {ds.SOPInstanceUID for ds in other}
