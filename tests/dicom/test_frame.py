"""What every kind of object states alike: scale, place and size of a frame, or the reason why it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from coconet_med.dicom import frame
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError


def _instance(**attributes: object) -> Instance:
    ds = Dataset()
    for keyword, value in ({"Rows": 4, "Columns": 5, "PhotometricInterpretation": "MONOCHROME2"} | attributes).items():
        setattr(ds, keyword, value)
    return Instance(Path("a.dcm"), ds, "1.2.840.10008.1.2.1")


def test_a_slope_is_taken_missing_or_refused() -> None:
    stated, silent = _instance(RescaleSlope="2", RescaleIntercept="-5"), _instance()
    assert frame.rescale(stated.header, stated) == (2.0, -5.0)
    assert frame.rescale(silent.header, silent) == (None, 0.0)
    zero = _instance(RescaleSlope="0")
    with pytest.raises(ReadError, match=r"a.dcm: RescaleSlope is 0"):
        frame.rescale(zero.header, zero)
    table = _instance(ModalityLUTSequence=[Dataset()])
    with pytest.raises(ReadError, match="Modality LUT"):
        frame.rescale(table.header, table)


def test_a_frame_without_a_place_is_named_by_its_number() -> None:
    one = _instance(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[0.5, 2])
    assert frame.place(one, one.header, one.header, one.header, 0) == ((1, 2, 3), (1, 0, 0, 0, 1, 0), (0.5, 2))
    with pytest.raises(ReadError, match="frame 3 has no usable ImagePositionPatient"):
        frame.place(one, None, one.header, one.header, 2)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Rows": 20000}, "Rows x Columns is 20000 x 5"),
        ({"NumberOfFrames": 10**8}, "voxels; expected"),
        ({"HighBit": 15, "BitsStored": 12}, "upper bits"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "only grayscale"),
    ],
)
def test_absurd_sizes_and_colors_are_refused(attributes, words) -> None:
    assert frame.matrix(_instance(NumberOfFrames=7)) == ((4, 5), 7)
    assert frame.matrix(_instance(NumberOfFrames=None)) == ((4, 5), 1)  # there, but empty
    with pytest.raises(ReadError, match=words):
        frame.matrix(_instance(**attributes))
