"""Values of headers that pydicom complains of, or that would steer a screen."""

from __future__ import annotations

import pytest
from dicom_phantom import FRAME_OF_REFERENCE, classic

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def test_complaints_about_header_values_end_as_warnings_of_the_source(tmp_path):
    classic(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().replace(FRAME_OF_REFERENCE.encode(), b"1.2.3.4.x"))
    source = read_series(tmp_path, "anatomy")
    assert source.warnings == ("header: Invalid value for VR UI: '1.2.3.4.x'.",)


def test_control_characters_of_tags_do_not_reach_messages(tmp_path):
    def evil(ds, k):
        ds.SeriesDescription = "../../etc/\x1b[31mpasswd"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    classic(tmp_path, edit=evil)
    with pytest.raises(ReadError) as caught:
        read_series(tmp_path, "anatomy")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
