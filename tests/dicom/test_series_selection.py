"""The series of a study are chosen by a stated score; a tie or an ambiguous choice lists the candidates."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, spect, stored_values, uid

from coconet_med.dicom.series import OWN_MANUFACTURER
from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.dicom import read_series, read_study

SLICES = 12


def _series(folder, modality, name, **tags):
    def edit(ds, k):
        for keyword, value in tags.items():
            setattr(ds, keyword, value)

    classic(folder / name, modality, series=name, values=stored_values(SLICES), edit=edit)
    return uid("series", name)


def test_the_t1_and_the_attenuation_corrected_pet_are_chosen(tmp_path):
    t1 = _series(tmp_path, "MR", "AX T1 MPRAGE")
    _series(tmp_path, "MR", "T2 FLAIR", MRAcquisitionType="2D")
    _series(tmp_path, "MR", "ADC map")
    _series(tmp_path, "CT", "CTAC")
    pet = _series(tmp_path, "PT", "PET AC")
    _series(tmp_path, "PT", "PET NAC", CorrectedImage=["DECY"])
    anatomy, function = read_study(tmp_path)
    assert anatomy.details["series_uid"] == t1
    assert function.details["series_uid"] == pet
    assert "+20 T1-weighted by name" in anatomy.details["choice"]["reasons"]
    assert len(function.details["choice"]["passed_over"]) == 5


def test_a_series_that_is_taken_for_want_of_a_better_one_is_said(tmp_path):
    """A PET/MR study of which only the attenuation map came was fused over the map without a word."""
    _series(tmp_path / "a", "MR", "Head MRAC PET UMAP")
    _series(tmp_path / "a", "PT", "PET AC")
    anatomy, function = read_study(tmp_path / "a")
    assert any("no better series is here, but it is: attenuation or fat-water" in w for w in anatomy.warnings)
    assert not any("no better series" in warning for warning in function.warnings)
    _series(tmp_path / "b", "MR", "T1 VIBE DIXON W")
    _series(tmp_path / "b", "PT", "PET AC")
    assert not any("no better series" in warning for warning in read_study(tmp_path / "b")[0].warnings)


def test_two_equal_candidates_are_an_error_that_lists_them(tmp_path):
    uids = [_series(tmp_path, "MR", name) for name in ("T1 MPRAGE pre", "T1 MPRAGE post")]
    _series(tmp_path, "PT", "PET AC")
    with pytest.raises(
        ReadError, match="several MR series fit the anatomy; choose with --anatomy-series UID"
    ) as caught:
        read_study(tmp_path)
    for one in (*uids, "'T1 MPRAGE pre'", "'T1 MPRAGE post'"):
        assert one in str(caught.value)
    anatomy, _ = read_study(tmp_path, anatomy_series=uids[1])
    assert anatomy.details["series_uid"] == uids[1]
    assert anatomy.details["choice"]["reasons"] == ["chosen by the user"]


def test_pet_and_spect_in_one_study_are_a_tie(tmp_path):
    _series(tmp_path, "MR", "T1")
    pet = _series(tmp_path, "PT", "PET AC")
    spect(tmp_path / "nm")
    with pytest.raises(
        ReadError, match="both NM and PT series are here; choose with --function NM or PT, or with --function-series"
    ):
        read_study(tmp_path)
    assert read_study(tmp_path, function_series=pet)[1].modality == "PT"


def test_ct_is_the_function_where_there_is_no_nuclear_series(tmp_path):
    _series(tmp_path, "MR", "T1")
    _series(tmp_path, "CT", "CT head")
    anatomy, function = read_study(tmp_path)
    assert (anatomy.modality, function.modality, function.units) == ("MR", "CT", "HU")


@pytest.mark.parametrize(
    ("present", "message"),
    [
        (("PT",), "no MR or CT series for the anatomy; there are: .*PET"),
        (("MR",), "no PT or NM or CT series for the function; there are: .*T1"),
        (("CT",), "no MR, PT or NM series beside the CT; no MR series for the anatomy; there are: .*body"),
    ],
)
def test_a_missing_modality_is_named_with_what_is_there(tmp_path, present, message):
    names = {"PT": "PET AC", "MR": "T1", "CT": "body"}
    for modality in present:
        _series(tmp_path, modality, names[modality])
    with pytest.raises(ReadError, match=message):
        read_study(tmp_path)


def test_localizers_and_planar_images_are_left_out_unasked(tmp_path):
    _series(tmp_path, "MR", "T1")
    _series(tmp_path, "MR", "scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    spect(tmp_path / "nm", edit=lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]))
    with pytest.raises(ReadError, match=r"left out: planar or projection data \(STATIC\)"):
        read_study(tmp_path)


def test_results_of_this_program_are_never_sources(tmp_path):
    _series(tmp_path, "MR", "T1")
    _series(tmp_path, "MR", "T1 fused", Manufacturer="coconet-med")
    _series(tmp_path, "PT", "PET AC")
    assert read_study(tmp_path)[0].details["description"] == "T1"


def test_the_best_series_is_not_replaced_by_a_worse_one_when_it_cannot_be_read(tmp_path):
    _series(tmp_path, "MR", "T1 MPRAGE")
    _series(tmp_path, "MR", "T2", MRAcquisitionType="2D")
    _series(tmp_path, "PT", "PET AC")
    next(p for p in (tmp_path / "T1 MPRAGE").iterdir() if p.name.endswith("_5.dcm")).unlink()
    with pytest.raises(ReadError, match=r"'T1 MPRAGE'.*1 slice\(s\) missing"):
        read_study(tmp_path)


def test_images_of_two_people_are_refused(tmp_path):
    _series(tmp_path, "MR", "T1")
    _series(tmp_path, "PT", "PET AC", PatientID="P-2")
    with pytest.raises(
        ReadError, match=r"several patients .Patient ID differs.: Patient ID P-1: MR .*; Patient ID P-2: PT "
    ):
        read_study(tmp_path)


def test_two_studies_of_one_person_are_said(tmp_path):
    _series(tmp_path, "MR", "T1")
    _series(tmp_path, "PT", "PET AC", StudyInstanceUID="1.2.9")
    assert "anatomy and function come from different studies" in read_study(tmp_path)[1].warnings


def test_one_series_cannot_be_both(tmp_path):
    t1 = _series(tmp_path, "MR", "T1")
    _series(tmp_path, "PT", "PET AC")
    with pytest.raises(OptionError, match="anatomy and function at once"):
        read_study(tmp_path, function_series=t1)


def test_an_unknown_series_lists_those_that_exist(tmp_path):
    t1 = _series(tmp_path, "MR", "T1")
    with pytest.raises(ReadError, match=rf"no series 9\.9; there are: {t1}"):
        read_series(tmp_path, "anatomy", series_uid="9.9")


def test_the_only_series_of_a_folder_is_taken_whatever_its_kind(tmp_path):
    _series(tmp_path, "CT", "CT head")
    assert read_series(tmp_path, "anatomy").modality == "CT"


def test_ct_is_the_anatomy_of_a_pet_where_there_is_no_usable_mr(tmp_path):
    ct = _series(tmp_path, "CT", "CT AC")
    sharp = _series(tmp_path, "CT", "CT lung", ConvolutionKernel="B70f")
    pet = _series(tmp_path, "PT", "PET AC")
    _series(tmp_path, "MR", "scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    anatomy, function = read_study(tmp_path)
    assert (anatomy.details["series_uid"], anatomy.units) == (ct, "HU")
    assert function.details["series_uid"] == pet
    assert any(sharp in one for one in anatomy.details["choice"]["passed_over"])


def test_kinds_choose_where_pet_ct_and_mr_are_there(tmp_path):
    for modality, name in (("MR", "T1"), ("CT", "CT AC"), ("PT", "PET AC")):
        _series(tmp_path, modality, name)
    kinds = {}
    for asked in ({}, {"anatomy_kind": "CT"}, {"function_kind": "CT"}, {"anatomy_kind": "MR", "function_kind": "PT"}):
        kinds[str(asked)] = tuple(source.modality for source in read_study(tmp_path, **asked))
    assert list(kinds.values()) == [("MR", "PT"), ("CT", "PT"), ("MR", "CT"), ("MR", "PT")]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"anatomy_kind": "CT", "function_kind": "CT"}, "one CT cannot be both"),
        ({"anatomy_kind": "PT"}, "--anatomy PT: choose MR or CT"),
        ({"function_kind": "MR"}, "--function MR: choose PT, NM or CT"),
    ],
)
def test_kinds_that_no_study_can_be_fused_by_are_refused(tmp_path, asked, message):
    _series(tmp_path, "CT", "CT AC")
    with pytest.raises(OptionError, match=message):
        read_study(tmp_path, **asked)


def test_attenuation_maps_of_spect_and_projections_of_pet_are_no_uptake(tmp_path):
    def transmission(ds, _):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]
        ds.SeriesInstanceUID = uid("series", "map")

    def turning(ds, _):
        ds.SeriesType = ["WHOLE BODY", "REPROJECTION"]

    spect(tmp_path / "map", edit=transmission)
    with pytest.raises(ReadError, match="'TRANSMISSION' shows attenuation, not uptake; choose the series of type EMIS"):
        read_series(tmp_path / "map", "function")
    classic(tmp_path / "turning", "PT", series="turning", edit=turning)
    with pytest.raises(ReadError, match=r"projections of the body \(Series Type REPROJECTION\), not slices"):
        read_series(tmp_path / "turning", "function")
    emission = spect(tmp_path / "study/emission")
    spect(tmp_path / "study/map", edit=lambda ds, k: (transmission(ds, k), setattr(ds, "SOPInstanceUID", "1.2.3.9")))
    taken = sitk.GetArrayFromImage(read_series(tmp_path / "study", "function").image)
    np.testing.assert_array_equal(taken, emission)


def _injected(folder, name, at, **tags):
    def edit(ds, k):
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadiopharmaceuticalStartDateTime, drug.Radiopharmaceutical = at, name.split()[0]
        for keyword, value in tags.items():
            setattr(ds, keyword, value)

    classic(folder / name, "PT", series=name, values=stored_values(SLICES), edit=edit)
    return uid("series", name)


def test_two_injections_in_one_study_are_never_decided_by_points(tmp_path):
    """Two tracers of one patient: the static one was taken without a word, by ten points before the dynamic one."""
    _series(tmp_path, "MR", "AX T1 MPRAGE")
    fdg = _injected(tmp_path, "FDG", "20240301101500")
    fet = _injected(tmp_path, "FET dynamic", "20240301081000", SeriesType=["DYNAMIC", "IMAGE"])
    _injected(
        tmp_path, "FET NAC", "20240301081000", CorrectedImage=["DECY"]
    )  # less than the uncorrected one counts for
    with pytest.raises(ReadError, match=r"of several injections are here, .* choose with --function-series") as error:
        read_study(tmp_path)
    for said in (fdg, fet, "FDG, injected 2024-03-01 10:15:00", "FET, injected 2024-03-01 08:10:00"):
        assert said in str(error.value)
    assert uid("series", "FET NAC") not in str(error.value)
    assert read_study(tmp_path, function_series=fdg)[1].details["series_uid"] == fdg


def test_reconstructions_of_one_injection_are_decided_by_points(tmp_path):
    _series(tmp_path, "MR", "AX T1 MPRAGE")
    static = _injected(tmp_path, "FDG", "20240301101500")
    _injected(tmp_path, "FDG dynamic", "20240301101530", SeriesType=["DYNAMIC", "IMAGE"])
    assert read_study(tmp_path)[1].details["series_uid"] == static


def test_a_map_of_a_model_is_not_taken_for_the_pet_and_said_where_it_is_alone(tmp_path):
    _series(tmp_path / "a", "MR", "AX T1 MPRAGE")
    _series(tmp_path / "a", "PT", "Patlak Ki")
    assert any("but it is: parametric map by name" in note for note in read_study(tmp_path / "a")[1].warnings)
    _series(tmp_path / "a", "PT", "PET AC")
    assert read_study(tmp_path / "a")[1].details["series_uid"] == uid("series", "PET AC")


def test_what_is_there_instead_of_images_is_named(tmp_path):
    """A dose, a structure set or a parametric map alone: what was said was that there are no series."""
    for kind, sop_class in (("RTDOSE", "1.2.840.10008.5.1.4.1.1.481.2"), ("SR", "1.2.840.10008.5.1.4.1.1.88.33")):

        def edit(ds, k, kind=kind, sop_class=sop_class):
            ds.SOPClassUID, ds.Modality = sop_class, kind

        classic(tmp_path / kind, series=kind, edit=edit)
    said = "but 6 Comprehensive SR of modality SR, 6 RT Dose of modality RTDOSE, of which none is read here"
    with pytest.raises(ReadError, match=said):
        read_series(tmp_path, "function")


def test_an_attenuation_map_of_modality_pt_is_no_uptake(tmp_path):
    _series(tmp_path, "MR", "AX T1 MPRAGE")
    _series(tmp_path, "PT", "MU MAP", Units="1CM")
    with pytest.raises(ReadError, match=r"left out: attenuation, not uptake \(Units 1CM\)"):
        read_study(tmp_path)
    with pytest.raises(ReadError, match="its units are 1/cm, so it shows attenuation, not uptake"):
        read_series(tmp_path / "MU MAP", "function")


@pytest.mark.parametrize("name", ["T1 MAP", "t1_mp2rage_T1_Images", "R1 map"])
def test_a_map_of_t1_is_no_t1_weighted_image(name, tmp_path):
    _series(tmp_path, "MR", name)
    _series(tmp_path, "PT", "PET AC")
    assert any("but it is: map," in note for note in read_study(tmp_path)[0].warnings)
    t1 = _series(tmp_path, "MR", "AX T1 MPRAGE")
    assert read_study(tmp_path)[0].details["series_uid"] == t1


def test_an_object_is_named_by_its_class(tmp_path):
    def edit(ds, k):
        ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.30", "OT"

    classic(tmp_path / "map", series="map", edit=edit)
    with pytest.raises(ReadError, match="6 Parametric Map of modality OT, of which none is read here"):
        read_series(tmp_path, "function")


def test_a_fused_series_that_is_given_as_a_source_is_said_to_be_one(tmp_path):
    def edit(ds, k):
        ds.SOPClassUID, ds.Manufacturer = "1.2.840.10008.5.1.4.1.1.7", OWN_MANUFACTURER

    classic(tmp_path / "fused", series="fused", edit=edit)
    with pytest.raises(ReadError, match="6 Secondary Capture Image of modality MR made by this program, of which none"):
        read_series(tmp_path, "anatomy")
