"""What a series says of itself reaches the user, and burned-in text the header of the result."""

from __future__ import annotations

import pydicom
import pytest
from dicom_phantom import classic
from parts_cases import parts_of

from coconet_med.dicom.series import OWN_MANUFACTURER
from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import write_dicom


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("BurnedInAnnotation", "YES", "Burned In Annotation (0028,0301) is YES"),
        ("QualityControlImage", "YES", "a phantom or test image, it seems"),
        ("Manufacturer", OWN_MANUFACTURER, "is a result of this program, which shows uptake already"),
    ],
)
def test_what_the_pixels_do_not_show_is_said(tmp_path, keyword, value, words):
    classic(tmp_path / "yes", edit=lambda ds, k: setattr(ds, keyword, value))
    assert any(words in said for said in read_series(tmp_path / "yes", "anatomy").warnings)
    classic(tmp_path / "no", edit=lambda ds, k: setattr(ds, keyword, "NO"))
    assert read_series(tmp_path / "no", "anatomy").warnings == ()


@pytest.mark.parametrize(("second", "said"), [("20240302", False), ("20240501", True)])
@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_images_of_two_days_in_one_series_are_said(tmp_path, modality, second, said):
    classic(tmp_path, modality, edit=lambda ds, k: setattr(ds, "AcquisitionDate", "20240301" if k < 2 else second))
    role = "anatomy" if modality == "MR" else "function"
    words = "its images were acquired from 2024-03-01 to 2024-05-01: two examinations in one series"
    assert any(words in each for each in read_series(tmp_path, role).warnings) == said


@pytest.mark.parametrize(("modality", "role", "said"), [("PT", "function", 1), ("MR", "anatomy", 0)])
def test_uptake_that_was_compressed_with_loss_is_said(tmp_path, modality, role, said):
    def edit(ds, k):
        ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", "12"

    classic(tmp_path / "lossy", modality, edit=edit)
    warnings = read_series(tmp_path / "lossy", role).warnings
    assert sum("its pixels were compressed with loss (1:12)" in each for each in warnings) == said
    classic(tmp_path / "whole", modality, edit=lambda ds, k: setattr(ds, "LossyImageCompression", "00"))
    assert not any("with loss" in each for each in read_series(tmp_path / "whole", role).warnings)


@pytest.mark.parametrize("whose", ["mr", "pt"])
def test_text_in_the_pixels_of_one_slice_of_a_source_is_stated_in_the_result(tmp_path, whose):
    def mark(ds, k):
        if k == 2:
            ds.BurnedInAnnotation = "YES"

    classic(tmp_path / "mr", edit=mark if whose == "mr" else lambda ds, k: None)
    classic(tmp_path / "pt", "PT", series="PET AC", edit=mark if whose == "pt" else lambda ds, k: None)
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    files = write_dicom(parts_of(sources), tmp_path / "out")
    assert {pydicom.dcmread(file).BurnedInAnnotation for file in files} == {"YES"}
