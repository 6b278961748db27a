"""A series whose images are of several kinds is refused with the kinds listed, and one of them can be chosen."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, spect, stored_values
from kind_cases import KINDS, ORIGINAL, an_item, echoes, mixed

import coconet_med
from coconet_med.dicom.select import selection_of
from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.dicom import read_series, read_study


@pytest.mark.parametrize("kind", KINDS)
def test_the_choice_that_a_refusal_offers_can_be_taken(kind, tmp_path):
    modality, edit, _ = KINDS[kind]
    mixed(tmp_path, modality, edit)
    with pytest.raises(ReadError) as refusal:
        read_series(tmp_path, "anatomy")
    offered = re.findall(r"--select '([^']*)'", str(refusal.value))
    assert read_series(tmp_path, "anatomy", select=offered).image.GetSize()[2] == 3


def test_slices_of_two_time_frames_of_a_dynamic_series_are_refused(tmp_path):
    def edit(ds, k):
        ds.SeriesType = ["DYNAMIC", "IMAGE"]
        ds.FrameReferenceTime = "0" if k < 4 else "1800000"

    classic(tmp_path, "PT", edit=edit)
    with pytest.raises(ReadError, match=r"is dynamic, but every place is held once, with slices of 2 points in time"):
        read_series(tmp_path, "function")


@pytest.mark.parametrize(
    ("given", "number"),
    [("EchoTime=90", 1), ({"EchoTime": 270}, 3), ("frame=3", 3), (["frame=0"], 0), ("0018,0081=180", 2)],
)
def test_one_of_several_volumes_is_chosen_by_attribute_or_by_number(given, number, tmp_path):
    stored = echoes(tmp_path)
    source = read_series(tmp_path, "anatomy", select=given)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored[number])


def _enhanced_of(folder, group):
    def edit(ds, _):
        for k, item in enumerate(ds.PerFrameFunctionalGroupsSequence):
            group(item, k // 6)

    return enhanced(folder, durations=(1000.0,) * 3, edit=edit).reshape(3, 6, 10, 12)


GROUPS = {
    "EchoTime=90": lambda item, n: setattr(item, "MREchoSequence", [an_item(EffectiveEchoTime=(3.0, 90.0, 180.0)[n])]),
    "EffectiveEchoTime=90": lambda item, n: setattr(
        item, "MREchoSequence", [an_item(EffectiveEchoTime=(3.0, 90.0, 9.0)[n])]
    ),
    "DiffusionBValue=1000": lambda item, n: setattr(
        item, "MRDiffusionSequence", [an_item(DiffusionBValue=(0.0, 1000.0, 2000.0)[n])]
    ),
    "ImageType=P": lambda item, n: setattr(
        item, "MRImageFrameTypeSequence", [an_item(FrameType=[*ORIGINAL, ("M", "P", "R")[n], "NONE"])]
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
        ds.EnergyWindowInformationSequence = [
            an_item(EnergyWindowName="Tc99m"),
            an_item(EnergyWindowName="Scatter"),
        ]

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
    echoes(tmp_path)
    with pytest.raises(
        ReadError, match="--select EchoTime=77 takes no image; there are: EchoTime=2, EchoTime=90, EchoTime=180"
    ):
        read_series(tmp_path, "anatomy", select="EchoTime=77")


def _study(folder):
    echoes(folder / "mr")
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
    echoes(tmp_path)
    with pytest.raises(OptionError, match="--select frame=9: echoes has the frames 0 to 3"):
        read_series(tmp_path, "anatomy", select="frame=9")
    assert "frame 1 of 0 to 3 taken, as asked (--select)" in read_series(tmp_path, "anatomy", select="frame=1").warnings
