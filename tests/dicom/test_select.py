"""A series whose images are of several kinds is refused with the kinds listed, and one of them can be chosen."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, spect, stored_values, uid
from pydicom import Dataset

import coconet_med
from coconet_med.dicom.select import selection_of
from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.dicom import read_series, read_study


def _item(**attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def _private(group, creator, element, vr, first, second):
    def edit(ds, odd):
        ds.private_block(group, creator, create=True).add_new(element, vr, second if odd else first)

    return edit


def _attribute(keyword, first, second):
    def edit(ds, odd):
        value = second if odd else first
        if value is None:
            ds.pop(keyword, None)
        else:
            setattr(ds, keyword, value)

    return edit


MR, CT, PT = "MR", "CT", "PT"
ORIGINAL = ["ORIGINAL", "PRIMARY"]
#: modality, what makes an odd slice another kind, and the choice of the even slices.
KINDS = {
    "phase": (MR, _attribute("ImageType", [*ORIGINAL, "M", "ND"], [*ORIGINAL, "P", "ND"]), "ImageType=M"),
    "real and imaginary": (MR, _attribute("ImageType", [*ORIGINAL, "R"], [*ORIGINAL, "I"]), "ImageType=R"),
    "GE real and imaginary": (MR, _private(0x0043, "GEMS_PARM_01", 0x2F, "SS", 2, 3), "ComplexImageComponent=REAL"),
    "Philips magnitude and phase": (
        MR,
        _private(0x2005, "Philips MR Imaging DD 001", 0x11, "CS", "M", "P"),
        "ComplexImageComponent=MAGNITUDE",
    ),
    "echo": (MR, _attribute("EchoTime", "90", "3"), "EchoTime=90.0"),
    "inversion": (MR, _attribute("InversionTime", "700", "2500"), "InversionTime=700"),
    "flip angle": (MR, _attribute("FlipAngle", "4", "26"), "FlipAngle=4"),
    "b-value": (MR, _attribute("DiffusionBValue", 1000.0, 0.0), "DiffusionBValue=1000"),
    "b-value missing": (MR, _attribute("DiffusionBValue", 1000.0, None), "DiffusionBValue=1000"),
    "b-value, Siemens": (MR, _private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000", "0"), "DiffusionBValue=1000"),
    "b-value, GE": (
        MR,
        _private(0x0043, "GEMS_PARM_01", 0x39, "IS", ["1000000050", "8"], ["0", "8"]),
        "DiffusionBValue=50",
    ),
    "ADC beside trace": (
        MR,
        _attribute("ImageType", [*ORIGINAL, "TRACEW"], ["DERIVED", "PRIMARY", "ADC"]),
        "ImageType=TRACEW",
    ),
    "Dixon": (MR, _attribute("ImageType", [*ORIGINAL, "W", "W"], [*ORIGINAL, "F", "F"]), "ImageType=W"),
    "after contrast": (MR, _attribute("ContrastBolusAgent", None, "GD"), "ContrastBolusAgent=none"),
    "projection": (PT, _attribute("ImageType", ORIGINAL, ["DERIVED", "SECONDARY", "MIP"]), "ImageType=ORIGINAL"),
    "localizer": (MR, _attribute("ImageType", [*ORIGINAL, "M"], [*ORIGINAL, "LOCALIZER"]), "ImageType=M"),
    "attenuation": (PT, _attribute("CorrectedImage", ["DECY"], ["ATTN", "DECY"]), "CorrectedImage=DECY"),
    "attenuation, contained": (PT, _attribute("CorrectedImage", ["DECY", "ATTN"], ["DECY"]), "CorrectedImage=attn"),
    "decay": (PT, _attribute("DecayCorrection", "START", "NONE"), "DecayCorrection=START"),
    "units": (PT, _attribute("Units", "BQML", "CNTS"), "Units=BQML"),
    "reconstruction": (PT, _attribute("ReconstructionMethod", "OSEM 3D", "FBP"), "ReconstructionMethod=OSEM 3D"),
    "series type": (PT, _attribute("SeriesType", ["STATIC", "IMAGE"], ["GATED", "IMAGE"]), "SeriesType=STATIC"),
    "scatter": (PT, _attribute("ScatterCorrectionMethod", "MODEL", "NONE"), "ScatterCorrectionMethod=MODEL"),
    "randoms": (PT, _attribute("RandomsCorrectionMethod", "DLYD", "NONE"), "RandomsCorrectionMethod=DLYD"),
    "repetition": (MR, _attribute("RepetitionTime", "500", "2500"), "RepetitionTime=500"),
    "point in time": (
        MR,
        _attribute("TemporalPositionIdentifier", "1", "2"),
        "TemporalPositionIdentifier=1",
    ),
    "sequence": (MR, _attribute("SequenceName", "*tse2d1_9", "*se2d1"), "SequenceName=*TSE2D1_9"),
    "options": (MR, _attribute("ScanOptions", "FS", "PFP"), "ScanOptions=FS"),
    "fat saturation": (MR, _attribute("ScanOptions", None, "FS"), "ScanOptions=none"),
    "kernel": (CT, _attribute("ConvolutionKernel", "H30s", "B70f"), "ConvolutionKernel=H30s"),
    "kilovolt": (CT, _attribute("KVP", "80", "140"), "KVP=80"),
}


def _mixed(folder, modality, edit):
    """Every second slice is of another kind; every place is held once."""
    return classic(folder, modality, slopes=[1.0] * 6, edit=lambda ds, k: edit(ds, bool(k % 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mixture_is_refused_with_its_kinds_and_one_can_be_chosen(kind, tmp_path):
    modality, edit, choice = KINDS[kind]
    stored = _mixed(tmp_path, modality, edit)
    role = "anatomy" if modality == MR else "function"
    with pytest.raises(ReadError, match=r"images are of 2 kinds .*\(3 images\).*\(3 images\); choose one") as refusal:
        read_series(tmp_path, role)
    assert choice.partition("=")[0] in str(refusal.value)
    source = read_series(tmp_path, role, suv="never", select=choice)
    values = sitk.GetArrayFromImage(source.image) + (1024 if modality == CT else 0)
    np.testing.assert_array_equal(values, stored[::2])
    assert source.image.GetSpacing()[2] == pytest.approx(4.0)
    assert source.details["select"] == [choice if "attn" not in choice else "CorrectedImage=attn"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_choice_that_a_refusal_offers_can_be_taken(kind, tmp_path):
    modality, edit, _ = KINDS[kind]
    _mixed(tmp_path, modality, edit)
    with pytest.raises(ReadError) as refusal:
        read_series(tmp_path, "anatomy")
    offered = re.findall(r"--select '([^']*)'", str(refusal.value))
    assert read_series(tmp_path, "anatomy", select=offered).image.GetSize()[2] == 3


@pytest.mark.parametrize(
    "times",
    [
        [812, 845, 830, 799, 861, 822, 840, 815, 833, 808],  # each slice waits for the heart
        [800, 800, 806, 800, 797, 803, 800, 795, 800, 804],  # and jitters
        [812, 845, 830, 799, 1630, 822, 840, 815, 833, 808],  # a beat was missed
        [800, 800, 800, 800, 1600, 800, 800, 800, 800, 800],
    ],
)
def test_a_repetition_time_that_follows_the_heart_is_no_kind(times, tmp_path):
    def edit(ds, k):
        ds.RepetitionTime = str(times[k])

    stored = classic(tmp_path, values=stored_values(10), edit=edit)
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


@pytest.mark.parametrize("points", [[1] * 6, [1, 2, 3, 4, 5, 6], [100, 100, 100, 100, 100, 101]])
def test_a_point_in_time_that_parts_nothing_clearly_is_no_kind(points, tmp_path):
    stored = classic(tmp_path, edit=lambda ds, k: setattr(ds, "TemporalPositionIdentifier", str(points[k])))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_series(tmp_path, "anatomy").image), stored)


def test_high_numbers_of_points_in_time_are_not_rounded_to_one(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "TemporalPositionIdentifier", str(100 + k % 2)))
    with pytest.raises(ReadError, match=r"TemporalPositionIdentifier=100 \(3 images\), .*=101 \(3 images\)"):
        read_series(tmp_path, "anatomy")


def test_points_in_time_of_pet_are_averaged_as_before(tmp_path):
    def edit(point):
        def change(ds, k):
            ds.SOPInstanceUID, ds.TemporalPositionIdentifier = uid(point, k), str(point)
            ds.FrameReferenceTime = str(300_000 * point)

        return change

    first = classic(tmp_path / "a", "PT", edit=edit(1))
    second = classic(tmp_path / "b", "PT", values=stored_values(seed=1), edit=edit(2))
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), (first + second) / 2)


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


def test_slices_of_two_time_frames_of_a_dynamic_series_are_refused(tmp_path):
    def edit(ds, k):
        ds.SeriesType = ["DYNAMIC", "IMAGE"]
        ds.FrameReferenceTime = "0" if k < 4 else "1800000"

    classic(tmp_path, "PT", edit=edit)
    with pytest.raises(ReadError, match=r"is dynamic, but every place is held once, with slices of 2 points in time"):
        read_series(tmp_path, "function")


def _echoes(folder, times=("2", "90", "180", "270"), **changes):
    """Every place once for each echo."""
    stored = []
    for n, time in enumerate(times):

        def edit(ds, k, n=n, time=time):
            ds.SOPInstanceUID, ds.EchoTime, ds.InstanceNumber = uid("echo", n, k), time, 1 + k + 100 * n
            for keyword, values in changes.items():
                setattr(ds, keyword, values[n])

        stored.append(classic(folder / str(n), "MR", series="echoes", values=stored_values(seed=n), edit=edit))
    return stored


@pytest.mark.parametrize(
    ("given", "number"),
    [("EchoTime=90", 1), ({"EchoTime": 270}, 3), ("frame=3", 3), (["frame=0"], 0), ("0018,0081=180", 2)],
)
def test_one_of_several_volumes_is_chosen_by_attribute_or_by_number(given, number, tmp_path):
    stored = _echoes(tmp_path)
    source = read_series(tmp_path, "anatomy", select=given)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[number])


def test_repetitions_of_one_kind_are_refused_with_what_tells_them_apart(tmp_path):
    stored = _echoes(tmp_path, ("3", "3"), AcquisitionNumber=["7", "8"])
    with pytest.raises(ReadError, match=r"held 2 times .*--select 'AcquisitionNumber=7'.*--select frame=0 to frame=1"):
        read_series(tmp_path, "anatomy")
    source = read_series(tmp_path, "anatomy", select="AcquisitionNumber=8")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[1])


@pytest.mark.parametrize(("keyword", "values"), [("RepetitionTime", ["500", "3000"]), ("EchoNumbers", ["1", "2"])])
def test_repetition_time_and_echo_number_tell_copies_apart(tmp_path, keyword, values):
    stored = _echoes(tmp_path, ("3", "3"), **{keyword: values})
    with pytest.raises(ReadError, match=rf"(held 2 times|of 2 kinds) .*--select '{keyword}={values[0]}'"):
        read_series(tmp_path, "anatomy")
    source = read_series(tmp_path, "anatomy", select=f"{keyword}={values[1]}")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[1])


def _enhanced_of(folder, group):
    def edit(ds, _):
        for k, item in enumerate(ds.PerFrameFunctionalGroupsSequence):
            group(item, k // 6)

    return enhanced(folder, durations=(1000.0,) * 3, edit=edit).reshape(3, 6, 10, 12)


GROUPS = {
    "EchoTime=90": lambda item, n: setattr(item, "MREchoSequence", [_item(EffectiveEchoTime=(3.0, 90.0, 180.0)[n])]),
    "EffectiveEchoTime=90": lambda item, n: setattr(
        item, "MREchoSequence", [_item(EffectiveEchoTime=(3.0, 90.0, 9.0)[n])]
    ),
    "DiffusionBValue=1000": lambda item, n: setattr(
        item, "MRDiffusionSequence", [_item(DiffusionBValue=(0.0, 1000.0, 2000.0)[n])]
    ),
    "ImageType=P": lambda item, n: setattr(
        item, "MRImageFrameTypeSequence", [_item(FrameType=[*ORIGINAL, ("M", "P", "R")[n], "NONE"])]
    ),
    "frame=1": lambda item, n: None,
    "TemporalPositionIndex=2": lambda item, n: None,
}


@pytest.mark.parametrize("choice", GROUPS)
def test_one_group_of_one_enhanced_file_is_chosen(choice, tmp_path):
    stored = _enhanced_of(tmp_path, GROUPS[choice])
    with pytest.raises(ReadError, match=r"kinds|every place is held 3 times"):
        read_series(tmp_path, "anatomy")
    source = read_series(tmp_path / "enhanced.dcm", "anatomy", select=choice)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[1])


def test_an_energy_window_of_one_spect_object_is_chosen(tmp_path):
    def edit(ds, _):
        ds.EnergyWindowVector, ds.SliceVector = [1, 1, 1, 2, 2, 2], [1, 2, 3, 1, 2, 3]
        ds.EnergyWindowInformationSequence = [_item(EnergyWindowName="Tc99m"), _item(EnergyWindowName="Scatter")]

    stored = spect(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=r"EnergyWindowName=TC99M|EnergyWindowName=Tc99m \(3 images\)"):
        read_series(tmp_path, "function")
    for choice, wanted in (("EnergyWindowName=Tc99m", stored[:3]), ("EnergyWindowVector=2", stored[3:])):
        values = sitk.GetArrayFromImage(read_series(tmp_path, "function", select=choice).image)
        np.testing.assert_array_equal(values, wanted)


@pytest.mark.parametrize("given", ["EchoTime", "=90", "Echo=90", "nobody:EchoTime=3", "frame=last", "frame=-1"])
def test_a_choice_that_says_nothing_is_an_error(given):
    with pytest.raises(OptionError, match=r"--select .*: "):
        selection_of(given)


def test_a_choice_that_no_image_has_is_refused_with_what_there_is(tmp_path):
    _echoes(tmp_path)
    with pytest.raises(
        ReadError, match="--select EchoTime=77 takes no image; there are: EchoTime=2, EchoTime=90, EchoTime=180"
    ):
        read_series(tmp_path, "anatomy", select="EchoTime=77")


def _study(folder):
    _echoes(folder / "mr")
    classic(
        folder / "pt",
        "PT",
        series="PET",
        values=stored_values(seed=9),
        edit=lambda ds, k: KINDS["attenuation"][1](ds, k % 2),
    )


def test_in_a_pair_each_choice_concerns_the_series_that_it_fits(tmp_path):
    _study(tmp_path)
    chosen = ["EchoTime=90", "CorrectedImage=DECY"]
    first, second = read_study(tmp_path, select=chosen)
    assert (first.details["select"], second.details["select"]) == (["EchoTime=90"], ["CorrectedImage=DECY"])
    result = coconet_med.fuse(tmp_path / "mr", tmp_path / "pt", register="never", select=chosen)
    assert result.sidecar()["sources"]["anatomy"]["details"]["select"] == ["EchoTime=90"]
    with pytest.raises(OptionError, match="--select FlipAngle=5: no image of the pair has it"):
        coconet_med.fuse(tmp_path / "mr", tmp_path / "pt", register="never", select=[*chosen, "FlipAngle=5"])


@pytest.mark.parametrize("paths", [("",), ("mr", "pt")])
def test_the_command_takes_choices(paths, tmp_path):
    _study(tmp_path)
    command = [sys.executable, "-m", "coconet_med", "fuse", *(str(tmp_path / p) for p in paths), "--register", "never"]
    command += ["-o", str(tmp_path / "out.nii.gz"), "--quiet"]
    refused = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    chosen = ["--select", "anatomy:EchoTime=90", "--select", "function:CorrectedImage=DECY"]
    assert subprocess.run([*command, *chosen], capture_output=True, check=False).returncode == 0


def test_units_are_those_of_the_chosen_images_whichever_file_comes_first(tmp_path):
    for name, odd in (("a", 0), ("b", 1)):
        classic(
            tmp_path / name,
            "PT",
            edit=lambda ds, k, odd=odd: setattr(ds, "CorrectedImage", ["DECY", "ATTN"][: 1 + (k % 2 == odd)]),
        )
        source = read_series(tmp_path / name, "function", select="CorrectedImage=ATTN")
        assert source.units == "SUVbw"
        assert len(source.files) == 3
        assert read_series(tmp_path / name, "function", select="CorrectedImage=DECY").units == "Bq/ml"


def test_a_frame_that_does_not_exist_is_refused_in_the_words_of_the_option(tmp_path):
    _echoes(tmp_path)
    with pytest.raises(OptionError, match="--select frame=9: echoes has the frames 0 to 3"):
        read_series(tmp_path, "anatomy", select="frame=9")
    assert "frame 1 of 0 to 3 taken, as asked (--select)" in read_series(tmp_path, "anatomy", select="frame=1").warnings


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
            setattr(group, sequence, [_item(**{keyword: second if k % 2 else first})])

    enhanced(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=rf"of 2 kinds .*{keyword}={shown} \(3 images\)"):
        read_series(tmp_path, "anatomy")
