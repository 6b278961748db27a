"""One Enhanced MR Color object: a frame for each slice, each with its place and number."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from parts_cases import parts_of

from coconet_med.writers.dicom.enhanced import ENHANCED_MR_COLOR, enhanced_color
from coconet_med.writers.dicom.plane import SlicePlanes


def test_frames_are_in_the_order_of_their_places(study) -> None:
    parts = parts_of(study, "enhanced")
    planes, pixels = SlicePlanes.of(parts.image), sitk.GetArrayFromImage(parts.image)
    ds = enhanced_color(parts, planes, pixels)
    assert ds.SOPClassUID == ENHANCED_MR_COLOR
    assert ds.NumberOfFrames == len(pixels) == len(ds.PerFrameFunctionalGroupsSequence)
    for k, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        np.testing.assert_allclose(
            [float(n) for n in group.PlanePositionSequence[0].ImagePositionPatient], planes.positions[k], atol=1e-6
        )
        assert group.FrameContentSequence[0].InStackPositionNumber == k + 1
    assert bytes(ds.PixelData[: pixels.size]) == pixels.tobytes()
    assert "AcquisitionNumber" not in ds
