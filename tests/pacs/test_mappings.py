"""Real World Value Mapping objects of the study on the server count as those of a folder do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import uid
from job_cases import fetched, fuse
from mapping_cases import put, world
from odd_server import Habits, running

import coconet_med
from coconet_med.pacs.errors import ServerAwayError
from coconet_med.pacs.fetch import fetch
from coconet_med.pacs.plan import fingerprint, make_plan
from coconet_med.readers.dicom import read_series


@pytest.fixture
def weightless(make_study):
    """A study whose PET states no weight, so that it has no SUV by itself; its folder and UID."""

    def make(**series: str) -> tuple[Path, str]:
        folder, study = make_study(**(series or {"T1_MPRAGE": "MR", "PET_AC": "PT"}))
        for path in folder.rglob("*.dcm"):
            ds = pydicom.dcmread(path)
            ds.PatientWeight = ""
            ds.save_as(path)
        return folder, study

    return make


def put_mapping(folder: Path, study: str, *, of: str = "PET_AC", slope: float = 0.004, name: str = "rwv") -> str:
    """A mapping object of the study; returns the UID of its series."""
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": uid("series", study, name)}
    put(folder, [(range(6), [world(slope)])], name=name, of=(study, of), **uids)
    return uids["SeriesInstanceUID"]


def test_the_result_is_that_of_the_folder_in_suv(orthanc, weightless, mean_model, tmp_path):
    folder, study = weightless()
    without = coconet_med.fuse(folder, model=mean_model, register="never")
    put_mapping(folder, study)
    local = coconet_med.fuse(folder, model=mean_model, register="never")
    assert (without.function.units, local.function.units) == ("Bq/ml", "SUVbw")
    orthanc.put(folder, study_uid=study)
    results = []
    outcome = fuse(orthanc.server(), study, mean_model, after_fuse=results.append)
    assert results[0].function.units == "SUVbw"
    np.testing.assert_array_equal(*(sitk.GetArrayFromImage(one.function.image) for one in (results[0], local)))
    pixels = np.stack([ds.pixel_array for ds in fetched(orthanc, study, outcome.series_uid)])
    np.testing.assert_array_equal(pixels, sitk.GetArrayFromImage(local.color))
    (file,) = [p for p in local.save(tmp_path / "local", legend="none") if p.name == "IM00001.dcm"]
    assert pydicom.dcmread(file).SeriesInstanceUID == outcome.series_uid
    told = outcome.facts["function"]["value_mappings"]
    assert [(one["uid"], len(one["sha256"])) for one in told] == [(uid("rwv", "rwv"), 64)]


@pytest.mark.parametrize(
    "habits",
    [Habits(), Habits(only=3), Habits(series_images=501, series_metadata=400), Habits(counts=False)],
    ids=["plain", "shows 3 and no more", "gives no whole series", "tells no counts"],
)
def test_only_objects_that_name_the_chosen_pet_are_fetched(weightless, tmp_path_factory, habits):
    tmp_path = tmp_path_factory.mktemp("fetched")
    folder, study = weightless(T1_MPRAGE="MR", ADC_map="MR", PET_AC="PT", PET_NAC="PT")
    mine = put_mapping(folder, study)
    put_mapping(folder, study, of="PET_NAC", name="other")
    with running(habits) as odd:
        odd.put(folder)
        server = odd.server()
        plan = make_plan(server, study)
        fetch(server, plan, tmp_path)
        assert [one.uid for one in plan.parts][2:] == [mine]
    assert read_series(tmp_path, "function").units == "SUVbw"
    assert len(list(tmp_path.glob("*.dcm"))) == 13


@pytest.mark.parametrize(
    "kept", [{"Modality": "PT"}, {"Modality": ""}, {"Modality": "PT", "SeriesInstanceUID": "PET_AC"}]
)
def test_an_object_counts_wherever_the_server_keeps_it(weightless, tmp_path_factory, kept):
    tmp_path = tmp_path_factory.mktemp("fetched")
    folder, study = weightless()
    series = uid("series", study, kept.get("SeriesInstanceUID", "rwv"))
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "Modality": kept["Modality"]}
    put(folder, [(range(6), [world(0.004)])], of=(study, "PET_AC"), **uids)
    with running(Habits()) as odd:
        odd.put(folder)
        fetch(odd.server(), make_plan(odd.server(), study), tmp_path)
    assert read_series(tmp_path, "function").units == "SUVbw"


def test_an_object_that_is_cut_is_missed(weightless, mean_model, tmp_path):
    folder, study = weightless()
    series = put_mapping(folder, study)
    with running(Habits()) as odd:
        odd.put(folder)
        whole = odd.objects[uid("rwv", "rwv")]
        ds = pydicom.dcmread(folder / "rwv.dcm")
        del ds.ReferencedImageRealWorldValueMappingSequence[0].ReferencedImageSequence[-1]
        ds.save_as(tmp_path / "cut.dcm")
        odd.objects[uid("rwv", "rwv")] = (tmp_path / "cut.dcm").read_bytes()
        with pytest.raises(ServerAwayError, match=rf"series {series}: 1 of 1 objects did not arrive whole"):
            fuse(odd.server(), study, mean_model)
        odd.objects[uid("rwv", "rwv")] = whole
        assert fuse(odd.server(), study, mean_model).action == "stored"


def test_an_object_that_arrives_later_makes_the_study_new(weightless, mean_model):
    folder, study = weightless()
    with running(Habits()) as odd:
        odd.put(folder)
        first, before = fuse(odd.server(), study, mean_model), fingerprint(odd.server().series(study))
        put_mapping(folder, study)
        odd.put(folder)
        found = odd.server().series(study)
        assert fingerprint(found, (first.series_uid,)) != before
        assert fuse(odd.server(), study, mean_model).series_uid != first.series_uid


def test_where_no_pet_is_fused_mapping_objects_are_not_looked_at(make_study):
    folder, study = make_study(T1_MPRAGE="MR", CT_body="CT")
    series = put_mapping(folder, study)
    with running(Habits()) as odd:
        odd.put(folder)
        make_plan(odd.server(), study)
        assert not any(series in path for _, path, _ in odd.asked)
