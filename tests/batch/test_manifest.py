"""A table of pairs (CSV, TSV): what its lines mean, and what is refused or reported before the work."""

from __future__ import annotations

import pytest
from batch_phantom import ids

from coconet_med.batch.case import shared_notes
from coconet_med.batch.sources import find_cases
from coconet_med.errors import ReadError


def test_paths_of_a_manifest_are_relative_to_its_own_folder(tmp_path):
    (tmp_path / "cases.csv").write_text(
        "id,mri,pet,weights\n1,a/t1.nii,a/pet.nii,\n2,b/t1.nii,b/pet.nii,full\n", encoding="utf-8"
    )
    cases = find_cases(tmp_path / "cases.csv")
    assert ids(cases) == ["1", "2"]
    assert cases[0].anatomy == tmp_path / "a/t1.nii"
    assert [case.model for case in cases] == [None, "full"]


def test_a_manifest_from_a_german_excel_is_read(tmp_path):
    (tmp_path / "cases.csv").write_text("\ufeffID;Anatomy;Function\nA;t1.nii;pet.nii\n", encoding="utf-8")
    assert find_cases(tmp_path / "cases.csv")[0].function == tmp_path / "pet.nii"


def test_a_tsv_without_a_needed_column_is_refused(tmp_path):
    (tmp_path / "study.tsv").write_text("id\tmri\n1\tt1.nii\n", encoding="utf-8")
    with pytest.raises(ReadError, match="no column function; the first line must name id, anatomy, function"):
        find_cases(tmp_path / "study.tsv")


def test_an_id_that_occurs_twice_is_refused_with_its_lines(tmp_path):
    (tmp_path / "cases.csv").write_text("id,mri,pet\nA,1,2\nB,1,2\na,3,4\n", encoding="utf-8")
    with pytest.raises(ReadError, match="id a is in lines 2 and 4"):
        find_cases(tmp_path / "cases.csv")


def test_one_pet_beside_two_anatomies_is_reported_in_both_lines(tmp_path):
    """Copied by mistake, it would color a patient with the uptake of another."""
    (tmp_path / "cases.csv").write_text("id,mri,pet\nA,1,9\nB,2,9\nC,3,8\nD,3,7\n", encoding="utf-8")
    cases = find_cases(tmp_path / "cases.csv")
    reported = "cases.csv: 9 is the function of A (line 2) and B (line 3); make sure that they are one person"
    assert [case.notes for case in cases] == [(reported,), (reported,), (), ()]


def test_columns_that_are_not_known_are_named_in_all_cases(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,Window,age,empty,\nA,1,2,suv:0-6,,,\nB,3,4,,71,,\n", encoding="utf-8")
    reported = (
        "m.csv: the columns window, age are not known and had no effect; what holds for all cases is an option of "
    )
    assert [case.notes for case in find_cases(tmp_path / "m.csv")] == [(f"{reported}the command",)] * 2


def test_what_concerns_all_cases_is_said_once(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,age\nA,m.csv,9,70\nB,m.csv,9,71\n../C,9,m.csv,72\n", encoding="utf-8")
    assert [note.partition(";")[0] for note in shared_notes(find_cases(tmp_path / "m.csv"))] == [
        "m.csv: the column age is not known and had no effect"
    ]


@pytest.mark.parametrize("name", ["ct", "CT_path", "t1w", "PET 2", "mri2", "pet/ct", "Flair file", "anatomy 2"])
def test_a_column_that_means_a_further_image_is_refused_where_it_is_filled(tmp_path, name):
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,\n", encoding="utf-8")
    assert find_cases(tmp_path / "m.csv")[0].notes == ()
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,\nB,3,4,5\n", encoding="utf-8")
    with pytest.raises(ReadError, match=f"line 3: fills the column {name.lower()}, which means a further image"):
        find_cases(tmp_path / "m.csv")


def test_a_column_of_two_meanings_is_an_image_where_it_holds_a_path(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,pt\nA,1,2,Smith\nB,3,4,\n", encoding="utf-8")
    assert "the column pt is not known" in find_cases(tmp_path / "m.csv")[1].notes[0]
    (tmp_path / "m.csv").write_text("id,mri,pet,pt\nA,1,2,\nB,3,4,b/pt.nii\n", encoding="utf-8")
    with pytest.raises(ReadError, match="line 3: fills the column pt, which means a further image"):
        find_cases(tmp_path / "m.csv")


@pytest.mark.parametrize("name", ["pet_date", "tracer", "note", "scan", "file", "mri age", "ADC", "2024"])
def test_a_column_about_an_image_or_of_another_thing_is_no_image(tmp_path, name):
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,0.8\n", encoding="utf-8")
    assert len(find_cases(tmp_path / "m.csv")[0].notes) == 1


def test_a_unicode_text_of_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "study.tsv").write_bytes("id\tmri\tpet\nÄ\t1\t2\n".encode("utf-16"))
    assert find_cases(tmp_path / "study.tsv")[0].function == tmp_path / "2"


def test_an_id_cannot_leave_the_output_folder(tmp_path):
    (tmp_path / "cases.csv").write_text("id,mri,pet\n../../etc/x,1,2\n", encoding="utf-8")
    case = find_cases(tmp_path / "cases.csv")[0]
    assert "/" not in case.target
    assert not case.target.startswith(".")


def test_a_line_without_function_names_a_dicom_study(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "m.csv").write_text("id,anatomy,function\n1,study,\n2,t1.nii,\n", encoding="utf-8")
    cases = find_cases(tmp_path / "m.csv")
    assert [case.problem is None for case in cases] == [True, False]


def test_a_line_fills_any_one_column_of_one_meaning(tmp_path):
    (tmp_path / "m.csv").write_text("id,name,mri,pet,spect\n1,Ann,m1,p1,\n2,Bob,m2,,s2\n\n,,,,\n", encoding="utf-8")
    assert [(c.id, c.function.name) for c in find_cases(tmp_path / "m.csv")] == [("1", "p1"), ("2", "s2")]


@pytest.mark.parametrize("first", ["sep=|", '"sep=|"', "sep=|,,"])
def test_the_line_that_states_the_delimiter_may_be_quoted_or_padded(tmp_path, first):
    (tmp_path / "m.csv").write_text(f"{first}\nid|mri|pet\n1|a|b\n", encoding="utf-8")
    assert [(c.id, c.anatomy.name) for c in find_cases(tmp_path / "m.csv")] == [("1", "a")]


def test_what_spreadsheets_write_is_read(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/m, 1.nii").touch()
    text = '\ufeffsep=;\r\nid;mri;pet;note\r\n1;images\\m, 1.nii;p.nii;"two\r\nlines";;\r\n'
    (tmp_path / "m.csv").write_bytes(text.encode())
    case = find_cases(tmp_path / "m.csv")[0]
    assert (case.anatomy, case.function) == (tmp_path / "images/m, 1.nii", tmp_path / "p.nii")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,mri,pet,pet\n1,a,b,c\n", "has 2 columns pet"),
        ("id,mri,pet,spect\n1,a,b,c\n", "line 2: fills the columns pet and spect, which mean the same"),
        ("id,mri,mr,pet\n1,a,a,c\n", "line 2: fills the columns mri and mr"),
        ("sep=,\nid,mri,pet\n\n1,a,b,c\n", "line 4: has 4 cells, the first line 3"),
        ("", "no column id or anatomy or function"),
        ('id,mri,pet\n1,a,"b\n2,c,d\n3,e,f\n', "is no CSV \\(unexpected end of data\\); export it again"),
    ],
)
def test_a_manifest_that_may_mean_two_things_is_refused(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=message):
        find_cases(tmp_path / "m.csv")


def test_ids_that_become_one_are_reported_as_they_are_written(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n../x,a,b\nx,a,b\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"the id x is in lines 2 and 3 \(written \.\./x and x\); make it unique"):
        find_cases(tmp_path / "m.csv")


def test_an_id_that_had_to_be_changed_is_reported(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n../x,a,b\n=cmd,a,b\nplain-1,a,b\n", encoding="utf-8")
    cases = find_cases(tmp_path / "m.csv")
    notes = {case.id: case.notes for case in cases}
    assert notes == {
        "x": ("m.csv, line 2: the id ../x is no name of a file; the case is called x",),
        "cmd": ("m.csv, line 3: the id =cmd is no name of a file; the case is called cmd",),
        "plain-1": (),
    }


def test_a_file_that_bears_the_id_of_another_line_is_reported(tmp_path):
    """A column that was sorted alone fuses each patient with the uptake of another."""
    (tmp_path / "c.csv").write_text(
        "id,anatomy,function\n"
        "P-01,mri/P-01.nii,pet/p-01_FDG.nii\n"
        "P-02,mri/P-02.nii,pet/P-03_FDG.nii\n"
        "P-03,mri/P-03.nii,pet/P-02_FDG.nii\n"
        "P-010,mri/a.nii,pet/b.nii\n",
        encoding="utf-8",
    )
    notes = {case.id: case.notes for case in find_cases(tmp_path / "c.csv")}
    said = "c.csv: the line P-02 has P-03_FDG.nii, named like P-03; make sure that all is of one person"
    assert notes["P-02"] == (said,)
    assert notes["P-03"] == (said.translate(str.maketrans("23", "32")),)
    assert notes["P-01"] == notes["P-010"] == ()
    (tmp_path / "d.csv").write_text("id,mri,pet\n1,run-1.nii,pet-1.nii\n2,run-1b.nii,pet-1b.nii\n", encoding="utf-8")
    assert all(not case.notes for case in find_cases(tmp_path / "d.csv"))
