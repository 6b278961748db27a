"""Kinds of images within a series: a mixture is refused with its kinds listed, and what is no kind is none."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, stored_values
from kind_cases import CT, KINDS, MR, an_item, echoes, mixed

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


@pytest.mark.parametrize("kind", KINDS)
def test_a_mixture_is_refused_with_its_kinds_and_one_can_be_chosen(kind, tmp_path):
    modality, edit, choice = KINDS[kind]
    stored = mixed(tmp_path, modality, edit)
    role = "anatomy" if modality == MR else "function"
    with pytest.raises(ReadError, match=r"images are of 2 kinds .*\(3 images\).*\(3 images\); choose one") as refusal:
        read_series(tmp_path, role)
    assert choice.partition("=")[0] in str(refusal.value)
    source = read_series(tmp_path, role, suv="never", select=choice)
    values = sitk.GetArrayFromImage(source.image) + (1024 if modality == CT else 0)
    np.testing.assert_array_equal(values, stored[::2])
    assert source.image.GetSpacing()[2] == pytest.approx(4.0)
    assert source.details["select"] == [choice if "attn" not in choice else "CorrectedImage=attn"]


def test_halves_of_a_stack_with_two_repetition_times_are_two_kinds(tmp_path):
    def edit(ds, k):
        ds.RepetitionTime = "500" if k < 3 else "502" if k == 3 else "2500"

    classic(tmp_path, values=stored_values(10), edit=edit)
    with pytest.raises(ReadError, match=r"RepetitionTime=2500 \(6 images\), RepetitionTime=500 \(4 images\)"):
        read_series(tmp_path, "anatomy")


def test_beds_and_times_are_no_kinds(tmp_path):
    def edit(ds, k):
        ds.AcquisitionTime, ds.FrameReferenceTime = ("110000", "0") if k < 3 else ("110300", "180000")
        ds.ActualFrameDuration = "180000" if k < 3 else "60000"

    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert any("differ in Actual Frame Duration (60 to 180 s)" in warning for warning in source.warnings)


def test_the_order_of_corrections_and_the_writing_of_numbers_are_no_kinds(tmp_path):
    def edit(ds, k):
        ds.CorrectedImage = ["ATTN", "DECY"] if k % 2 else ["DECY", "ATTN"]
        ds.FlipAngle = "9" if k % 2 else "9.000"

    classic(tmp_path, "PT", edit=edit)
    assert read_series(tmp_path, "function").image.GetSize()[2] == 6


def test_repetitions_of_one_kind_are_refused_with_what_tells_them_apart(tmp_path):
    stored = echoes(tmp_path, ("3", "3"), AcquisitionNumber=["7", "8"])
    with pytest.raises(ReadError, match=r"held 2 times .*--select 'AcquisitionNumber=7'.*--select frame=0 to frame=1"):
        read_series(tmp_path, "anatomy")
    source = read_series(tmp_path, "anatomy", select="AcquisitionNumber=8")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[1])


@pytest.mark.parametrize(("keyword", "values"), [("RepetitionTime", ["500", "3000"]), ("EchoNumbers", ["1", "2"])])
def test_repetition_time_and_echo_number_tell_copies_apart(tmp_path, keyword, values):
    stored = echoes(tmp_path, ("3", "3"), **{keyword: values})
    with pytest.raises(ReadError, match=rf"(held 2 times|of 2 kinds) .*--select '{keyword}={values[0]}'"):
        read_series(tmp_path, "anatomy")
    source = read_series(tmp_path, "anatomy", select=f"{keyword}={values[1]}")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[1])


@pytest.mark.parametrize(
    ("sequence", "keyword", "first", "second", "shown"),
    [
        ("MRVelocityEncodingSequence", "VelocityEncodingDirection", [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], r"1\\0\\0"),
        ("ContrastBolusUsageSequence", "ContrastBolusAgentAdministered", "YES", "NO", "NO"),
    ],
)
def test_frames_of_another_direction_of_flow_or_without_contrast_are_a_mixture(
    tmp_path, sequence, keyword, first, second, shown
):
    def edit(ds, _):
        for k, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            setattr(group, sequence, [an_item(**{keyword: second if k % 2 else first})])

    enhanced(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=rf"of 2 kinds .*{keyword}={shown} \(3 images\)"):
        read_series(tmp_path, "anatomy")
