from __future__ import annotations

from pathlib import Path

import pytest
from batch_phantom import ball, bids_dataset, bids_image, run_command, save_picture

from coconet_med.batch.bids import petprep_folders
from coconet_med.batch.case import BatchOptions, shared_notes
from coconet_med.batch.check import obstacle
from coconet_med.batch.layout import files_of
from coconet_med.batch.sources import find_cases, part_of
from coconet_med.errors import OptionError, ReadError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def ids(cases) -> list[str]:
    return [case.id for case in cases]


# --- CSV ---------------------------------------------------------------------------------------------------------


def test_paths_of_a_manifest_are_relative_to_its_own_folder(tmp_path):
    (tmp_path / "study.csv").write_text("id,mri,pet,weights\n1,a/t1.nii,a/pet.nii,\n2,b/t1.nii,b/pet.nii,full\n")
    cases = find_cases(tmp_path / "study.csv")
    assert ids(cases) == ["1", "2"]
    assert cases[0].anatomy == tmp_path / "a/t1.nii"
    assert [case.model for case in cases] == [None, "full"]


def test_a_manifest_from_a_german_excel_is_read(tmp_path):
    (tmp_path / "study.csv").write_text("\ufeffID;Anatomy;Function\nA;t1.nii;pet.nii\n", encoding="utf-8")
    assert find_cases(tmp_path / "study.csv")[0].function == tmp_path / "pet.nii"


def test_a_tsv_without_a_needed_column_is_refused(tmp_path):
    (tmp_path / "study.tsv").write_text("id\tmri\n1\tt1.nii\n")
    with pytest.raises(ReadError, match="no column function; the first line must name id, anatomy, function"):
        find_cases(tmp_path / "study.tsv")


def test_an_id_that_occurs_twice_is_refused_with_its_lines(tmp_path):
    (tmp_path / "study.csv").write_text("id,mri,pet\nA,1,2\nB,1,2\na,3,4\n")
    with pytest.raises(ReadError, match="id a is in lines 2 and 4"):
        find_cases(tmp_path / "study.csv")


def test_one_pet_beside_two_anatomies_is_told_in_both_lines(tmp_path):
    """Copied by mistake, it would color a patient with the uptake of another."""
    (tmp_path / "study.csv").write_text("id,mri,pet\nA,1,9\nB,2,9\nC,3,8\nD,3,7\n")
    cases = find_cases(tmp_path / "study.csv")
    told = "study.csv: 9 is the function of A (line 2) and B (line 3); make sure that they are one person"
    assert [case.notes for case in cases] == [(told,), (told,), (), ()]


def test_columns_that_are_not_known_are_named_in_all_cases(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,Window,age,empty,\nA,1,2,suv:0-6,,,\nB,3,4,,71,,\n")
    told = "m.csv: the columns window, age are not known and had no effect; what holds for all cases is an option of "
    assert [case.notes for case in find_cases(tmp_path / "m.csv")] == [(f"{told}the command",)] * 2


def test_what_concerns_all_cases_is_said_once(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,age\nA,m.csv,9,70\nB,m.csv,9,71\n../C,9,m.csv,72\n")
    assert [note.partition(";")[0] for note in shared_notes(find_cases(tmp_path / "m.csv"))] == [
        "m.csv: the column age is not known and had no effect"
    ]


def test_the_command_says_which_columns_it_does_not_know(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,window\nA,m.csv,m.csv,0-6\n")
    _, said, err = run_command("batch", tmp_path / "m.csv", tmp_path / "out", "--dry-run")
    assert err.startswith("m.csv: the column window is not known and had no effect;")
    assert "the column window is not known" in said


@pytest.mark.parametrize("name", ["ct", "CT_path", "t1w", "PET 2", "mri2", "pet/ct", "Flair file", "anatomy 2"])
def test_a_column_that_means_a_further_image_is_refused_where_it_is_filled(tmp_path, name):
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,\n")
    assert find_cases(tmp_path / "m.csv")[0].notes == ()
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,\nB,3,4,5\n")
    with pytest.raises(ReadError, match=f"line 3: fills the column {name.lower()}, which means a further image"):
        find_cases(tmp_path / "m.csv")


def test_a_column_of_two_meanings_is_an_image_where_it_holds_a_path(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,pt\nA,1,2,Smith\nB,3,4,\n")
    assert "the column pt is not known" in find_cases(tmp_path / "m.csv")[1].notes[0]
    (tmp_path / "m.csv").write_text("id,mri,pet,pt\nA,1,2,\nB,3,4,b/pt.nii\n")
    with pytest.raises(ReadError, match="line 3: fills the column pt, which means a further image"):
        find_cases(tmp_path / "m.csv")


@pytest.mark.parametrize("name", ["pet_date", "tracer", "note", "scan", "file", "mri age", "ADC", "2024"])
def test_a_column_about_an_image_or_of_another_thing_is_no_image(tmp_path, name):
    (tmp_path / "m.csv").write_text(f"id,mri,pet,{name}\nA,1,2,0.8\n")
    assert len(find_cases(tmp_path / "m.csv")[0].notes) == 1


def test_a_unicode_text_of_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "study.tsv").write_bytes("id\tmri\tpet\nÄ\t1\t2\n".encode("utf-16"))
    assert find_cases(tmp_path / "study.tsv")[0].function == tmp_path / "2"


def test_an_id_cannot_leave_the_output_folder(tmp_path):
    (tmp_path / "study.csv").write_text("id,mri,pet\n../../etc/x,1,2\n")
    case = find_cases(tmp_path / "study.csv")[0]
    assert "/" not in case.target
    assert not case.target.startswith(".")


def test_a_line_without_function_names_a_dicom_study(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "m.csv").write_text("id,anatomy,function\n1,study,\n2,t1.nii,\n")
    cases = find_cases(tmp_path / "m.csv")
    assert [case.problem is None for case in cases] == [True, False]


def test_a_line_fills_any_one_column_of_one_meaning(tmp_path):
    (tmp_path / "m.csv").write_text("id,name,mri,pet,spect\n1,Ann,m1,p1,\n2,Bob,m2,,s2\n\n,,,,\n")
    assert [(c.id, c.function.name) for c in find_cases(tmp_path / "m.csv")] == [("1", "p1"), ("2", "s2")]


@pytest.mark.parametrize("first", ["sep=|", '"sep=|"', "sep=|,,"])
def test_the_line_that_states_the_delimiter_may_be_quoted_or_padded(tmp_path, first):
    (tmp_path / "m.csv").write_text(f"{first}\nid|mri|pet\n1|a|b\n")
    assert [(c.id, c.anatomy.name) for c in find_cases(tmp_path / "m.csv")] == [("1", "a")]


def test_a_registration_that_a_line_cannot_ask_for_is_named_before_the_work(tmp_path):
    (tmp_path / "m.csv").write_text(
        "id,mri,pet,register\n1,m.csv,m.csv,sometimes\n2,m.csv,m.csv,Never\n3,m.csv,m.csv,\n"
    )
    cases = find_cases(tmp_path / "m.csv")
    assert [obstacle(case, BatchOptions()) for case in cases] == [
        "register sometimes: choose auto, always or never",
        "",
        "",
    ]
    assert [case.register for case in cases] == ["sometimes", "never", None]


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
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ReadError, match=message):
        find_cases(tmp_path / "m.csv")


def test_what_is_missing_is_named_without_opening_an_image(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet,weights\n1,a.nii,b.nii,\n2,m.csv,link.nii,\n3,m.csv,m.csv,heavy\n")
    (tmp_path / "link.nii").symlink_to(".git/annex/objects/x")
    told = [obstacle(case, BatchOptions()) for case in find_cases(tmp_path / "m.csv")]
    assert told[0] == f"{tmp_path}/a.nii and {tmp_path}/b.nii: no such file or folder; check the path"
    assert f"its content is not here (a git-annex link); get it with: datalad get {tmp_path}/link.nii" in told[1]
    assert told[2].startswith("heavy: no such weights; give light")


# --- globs -------------------------------------------------------------------------------------------------------


def test_wildcards_that_stand_for_the_same_text_make_a_pair(tmp_path):
    for name in ("7_mri.png", "7_pet.png", "12_mri.png", "12_pet.png"):
        touch(tmp_path / name)
    cases = find_cases(tmp_path, anatomy="*_mri.png", function="*_pet.png")
    assert [(c.id, c.anatomy.name, c.function.name) for c in cases] == [
        ("12", "12_mri.png", "12_pet.png"),
        ("7", "7_mri.png", "7_pet.png"),
    ]


def test_double_stars_reach_into_subfolders(tmp_path):
    for name in ("s1/a/T1.nii", "s1/a/PET.nii", "s2/T1.nii", "s2/PET.nii"):
        touch(tmp_path / name)
    assert ids(find_cases(tmp_path, anatomy="**/T1.nii", function="**/PET.nii")) == ["s1-a", "s2"]


def test_an_image_without_partner_is_a_case_with_a_problem(tmp_path):
    for name in ("1_mri.nii", "1_pet.nii", "2_mri.nii"):
        touch(tmp_path / name)
    cases = find_cases(tmp_path, anatomy="*_mri.nii", function="*_pet.nii")
    assert cases[0].problem is None
    assert "no functional image belongs to" in cases[1].problem


@pytest.mark.parametrize(
    ("anatomy", "function", "message"),
    [
        ("*_mri.nii", None, "go together"),
        ("*_t2.nii", "*_pet.nii", r"no file fits \*_t2.nii"),
        ("1_mri.nii", "*_pet.nii", "give a pattern with a wildcard"),
        ("1_*.nii", "*_pet.nii", "must stand for the same text"),
    ],
)
def test_globs_that_make_no_pairs_are_refused(tmp_path, anatomy, function, message):
    for name in ("1_mri.nii", "1_pet.nii"):
        touch(tmp_path / name)
    with pytest.raises(OptionError, match=message):
        find_cases(tmp_path, anatomy=anatomy, function=function)


# --- folders -----------------------------------------------------------------------------------------------------


def test_each_subfolder_with_dicom_is_a_study(tmp_path):
    for name in ("anna/series/1", "bert/IM1"):
        touch(tmp_path / name).write_bytes(bytes(128) + b"DICM")
    touch(tmp_path / "notes/readme.txt")
    cases = find_cases(tmp_path)
    assert ids(cases) == ["anna", "bert"]
    assert cases[0].function is None


def test_pictures_pair_by_folder(tmp_path):
    for folder in ("MRI", "PET"):
        save_picture(tmp_path / folder / "7.png", 0)
    case = find_cases(tmp_path)[0]
    assert (case.id, case.anatomy.parent.name, case.function.parent.name) == ("7", "MRI", "PET")


def test_pictures_pair_by_name_and_each_function_is_a_case(tmp_path):
    for name in ("3_1_mri.png", "3_1_pet.png", "3_1_ct.png", "9_mri.png"):
        save_picture(tmp_path / name, 0)
    cases = find_cases(tmp_path)
    assert ids(cases) == ["3_1_ct", "3_1_pet", "9"]
    assert "no functional picture" in cases[-1].problem


def test_a_folder_without_cases_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no cases found; give a BIDS dataset"):
        find_cases(tmp_path)


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no such file or folder"):
        find_cases(tmp_path / "nowhere")


# --- BIDS --------------------------------------------------------------------------------------------------------


def test_each_tracer_and_session_is_a_case_with_the_t1w_of_its_session(tmp_path):
    root = bids_dataset(
        tmp_path,
        (
            "sub-01_ses-a_T1w.nii.gz",
            "sub-01_ses-b_T1w.nii.gz",
            "sub-01_ses-a_trc-FDG_pet.nii.gz",
            "sub-01_ses-a_trc-PIB_pet.nii.gz",
            "sub-01_ses-b_trc-FDG_pet.nii.gz",
            "sub-02_T1w.nii.gz",
        ),
    )
    cases = find_cases(root)
    assert ids(cases) == ["sub-01_ses-a_trc-FDG", "sub-01_ses-a_trc-PIB", "sub-01_ses-b_trc-FDG"]
    assert [case.anatomy.name for case in cases] == ["sub-01_ses-a_T1w.nii.gz"] * 2 + ["sub-01_ses-b_T1w.nii.gz"]
    assert cases[0].target == "sub-01/ses-a/pet/sub-01_ses-a_trc-FDG_space-T1w_desc-fused_pet"
    assert cases[0].units == "Bq/ml"


def test_the_only_t1w_serves_a_pet_of_another_session_and_this_is_said(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ses-a_T1w.nii.gz", "sub-01_ses-b_pet.nii.gz"))
    case = find_cases(root)[0]
    assert case.anatomy.name == "sub-01_ses-a_T1w.nii.gz"
    assert "another session" in case.notes[0]


def test_a_pet_between_t1ws_of_several_other_sessions_is_a_problem_not_a_guess(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ses-a_T1w.nii.gz", "sub-01_ses-c_T1w.nii.gz", "sub-01_ses-b_pet.nii.gz"))
    assert "several elsewhere" in find_cases(root)[0].problem


def test_a_pet_without_t1w_is_a_case_with_a_problem(tmp_path):
    assert "sub-01 has no T1w image" in find_cases(bids_dataset(tmp_path, ("sub-01_pet.nii.gz",)))[0].problem


def test_the_plain_t1w_is_taken_before_those_with_contrast_medium(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ce-gad_T1w.nii.gz", "sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    case = find_cases(root)[0]
    assert case.anatomy.name == "sub-01_T1w.nii.gz"
    assert "not sub-01_ce-gad_T1w.nii.gz" in case.notes[0]


def test_pet_that_petprep_registered_is_preferred_and_not_registered_again(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    done = bids_dataset(root / "derivatives/petprep", (), DatasetType="derivative")
    bids_image(done, "sub-01_space-T1w_desc-preproc_pet.nii.gz", ball(1)[1])
    bids_image(done, "sub-01_space-MNI152_desc-preproc_pet.nii.gz", ball(1)[1])
    bids_image(done, "sub-01_desc-preproc_T1w.nii.gz", ball(1)[0])
    case = next(case for case in find_cases(root) if not case.skip)
    assert (case.anatomy.name, case.function.name) == (
        "sub-01_desc-preproc_T1w.nii.gz",
        "sub-01_space-T1w_desc-preproc_pet.nii.gz",
    )
    assert case.register == "never"
    assert case.derived_from[1] == "bids:petprep:sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz"
    assert [(c.id, c.skip) for c in find_cases(root) if c.skip] == [
        (
            "petprep-sub-01-pet-sub-01_space-MNI152_desc-preproc_pet.nii.gz",
            "lies in the space MNI152, not on the T1w (space-T1w)",
        )
    ]
    raw = find_cases(root, derivatives="none")[0]
    assert (raw.function.name, raw.register) == ("sub-01_pet.nii.gz", None)


def test_metadata_are_inherited_from_the_top_of_the_dataset(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz",))
    bids_image(root, "sub-01_trc-FDG_pet.nii.gz", ball(0)[1])
    (root / "trc-FDG_pet.json").write_text('{"Units": "Bq/mL", "FrameDuration": [60, 120]}')
    (root / "trc-PIB_pet.json").write_text('{"Units": "counts"}')
    case = find_cases(root)[0]
    assert (case.units, case.frame_seconds) == ("Bq/ml", (60.0, 120.0))


def test_participants_and_sessions_are_chosen_with_or_without_prefix(tmp_path):
    root = bids_dataset(
        tmp_path, tuple(f"sub-{s}_ses-{t}_{kind}.nii.gz" for s in "12" for t in "ab" for kind in ("T1w", "pet"))
    )
    assert ids(find_cases(root, participants=["sub-1"], sessions=["b"])) == ["sub-1_ses-b"]
    with pytest.raises(OptionError, match="no participant 9; there are 1, 2"):
        find_cases(root, participants=["9"])


@pytest.mark.parametrize(
    "names",
    [
        ("sub-01_trc-FDG_acq-early", "sub-01_trc-FDG_acq-late"),
        ("sub-01_trc-FDG_rec-acdyn", "sub-01_trc-FDG_rec-nacdyn"),
        ("sub-01_run-01", "sub-01_run-02"),
        ("sub-01", "sub-01_recon-x"),
        ("sub-01", "sub-01_desc-defaced"),
        ("sub-01_task-rest", "sub-01_task-eyes"),
    ],
)
def test_every_entity_tells_one_pet_from_another(tmp_path, names):
    cases = find_cases(bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", *(f"{name}_pet.nii.gz" for name in names))))
    assert len(cases) == len(names)
    assert {case.function.name for case in cases} == {f"{name}_pet.nii.gz" for name in names}
    files = [path for case in cases for path in files_of(case, BatchOptions(luminance=True, uptake=True)).values()]
    assert len(set(files)) == len(files) == 6 * len(names)


def test_a_word_without_hyphen_tells_as_well(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    touch(root / "sub-01/pet/sub-01_FDG_pet.nii.gz")
    assert ids(find_cases(root)) == ["sub-01", "sub-01_FDG"]


def derivative(root: Path, folder: str, *names: str) -> Path:
    done = bids_dataset(root / "derivatives" / folder, (), DatasetType="derivative")
    for name in names:
        bids_image(done, f"{name}_pet.nii.gz", ball(1, size=4)[1])
    return done


def test_a_partial_volume_corrected_pet_is_a_case_beside_the_plain_one(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_trc-DASB_pet.nii.gz"))
    derivative(root, "petprep", "sub-01_trc-DASB_space-T1w_desc-preproc")
    derivative(root, "petprep_pvc", "sub-01_trc-DASB_pvc-MG_space-T1w_desc-preproc")
    cases = find_cases(root)
    assert ids(cases) == ["sub-01_trc-DASB", "sub-01_trc-DASB_pvc-MG"]
    assert cases[1].target == "sub-01/pet/sub-01_trc-DASB_pvc-MG_space-T1w_desc-fused_pet"


def test_the_raw_pet_is_a_case_where_only_another_image_was_made_of_it(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    derivative(root, "petprep", "sub-01_pvc-MG_space-T1w_desc-preproc", "sub-01_desc-preproc")
    cases = find_cases(root)
    assert [case.function.name for case in cases if not case.skip] == [
        "sub-01_pet.nii.gz",
        "sub-01_pvc-MG_space-T1w_desc-preproc_pet.nii.gz",
    ]
    assert ["no space-T1w in its name" in case.skip for case in cases if case.skip] == [True]


def test_one_version_of_several_derivatives_is_taken_and_the_other_is_named(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    derivative(root, "petprep-1", "sub-01_space-T1w_res-2_desc-preproc", "sub-01_space-T1w_desc-preproc")
    other = derivative(root, "petprep-2", "sub-01_space-T1w_desc-preproc")
    derivative(root, "pmod", "sub-01_space-T1w", "sub-01_space-MNI")
    cases = {case.id: case for case in find_cases(root)}
    assert sorted(case.id for case in cases.values() if not case.skip) == ["sub-01", "sub-01_res-2"]
    left = cases["petprep-2-sub-01-pet-sub-01_space-T1w_desc-preproc_pet.nii.gz"].skip
    assert left == (
        "petprep-1/sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz is taken, which is the same PET; "
        f"give --derivatives {other} to take this one"
    )
    assert "holds 1 PET on the T1w; give --derivatives" in cases["derivatives-pmod"].skip
    chosen = find_cases(root, derivatives=[str(other), str(root / "derivatives/pmod")])
    assert [case.function.parent.parent.parent.name for case in chosen if not case.skip] == ["petprep-2"]


def test_pet_files_that_are_not_as_bids_says_are_named_with_the_reason(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    for name in (
        "pet/sub-02_pet.nii.gz",
        "pet/sub-01_ses-b_pet.nii.gz",
        "pet/sub-01_run-1_run-2_pet.nii.gz",
        "pet/sub-01_acq-a_PET.nii.gz",
        "pet/sub-01_acq-b_pet.mgz",
        "pet/sub-01_pet.nii",
        "PET/sub-01_acq-c_pet.nii.gz",
        "sub-01_acq-d_pet.nii.gz",
    ):
        touch(root / "sub-01" / name)
    (root / "sub-01/pet/sub-01_pet.json").write_text("{}")
    (root / "sub-01/pet/sub-01_recording-manual_blood.tsv").write_text("")
    for name in ("sub-01-pet.nii.gz", "sub-01_trc-FDG.nii.gz", "sub-01_suv.nii", "sub-01_spect.nii.gz"):
        touch(root / "sub-01/pet" / name)
    touch(root / "sub-01/nm/sub-01_trc-HMPAO_spect.nii.gz")
    cases = find_cases(root)
    assert ids(case for case in cases if not case.skip) == ["sub-01"]
    told = {case.id.removeprefix("sub-01-").removeprefix("pet-"): case.skip for case in cases if case.skip}
    assert {name: " ".join(text.split()[:4]) for name, text in told.items()} == {
        "sub-02_pet.nii.gz": "lies in sub-01, but",
        "sub-01_ses-b_pet.nii.gz": "its name says ses-b,",
        "sub-01_run-1_run-2_pet.nii.gz": "has run twice in",
        "sub-01_acq-a_PET.nii.gz": "BIDS writes _pet; rename",
        "sub-01_acq-b_pet.mgz": "is not NIfTI (.nii",
        "sub-01_pet.nii.gz": "has the same name",
        "PET-sub-01_acq-c_pet.nii.gz": "does not lie in",
        "sub-01_acq-d_pet.nii.gz": "does not lie in",
        "sub-01-pet.nii.gz": "its name does not",
        "sub-01_trc-FDG.nii.gz": "its name does not",
        "sub-01_suv.nii": "its name does not",
        "sub-01_spect.nii.gz": "is SPECT, which BIDS",
        "nm-sub-01_trc-HMPAO_spect.nii.gz": "is SPECT, which BIDS",
    }


def test_masks_and_references_of_derivatives_are_not_told_but_names_without_suffix_are(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    done = derivative(root, "petprep", "sub-01_space-T1w_desc-preproc")
    for name in ("sub-01_space-T1w_petref", "sub-01_desc-brain_mask", "sub-01_space-T1w_trc-FDG"):
        touch(done / f"sub-01/pet/{name}.nii.gz")
    told = {case.id: case.skip for case in find_cases(root) if case.skip}
    assert [name.removeprefix("petprep-sub-01-pet-") for name in told] == ["sub-01_space-T1w_trc-FDG.nii.gz"]


def test_labels_that_match_nothing_are_named_with_those_that_are_there(tmp_path):
    names = ("sub-1_ses-a_T1w.nii.gz", "sub-1_ses-a_pet.nii.gz", "sub-2_ses-b_T1w.nii.gz")
    root = bids_dataset(tmp_path, names)
    with pytest.raises(OptionError, match="no session nope; there are a, b"):
        find_cases(root, sessions=["a", "nope"])
    with pytest.raises(OptionError, match="no session b; there is a"):
        find_cases(root, participants=["1"], sessions=["b"])
    for empty in ("", ",", "sub-"):
        with pytest.raises(OptionError, match="--participant-label: has no label; name one, or leave the option out"):
            find_cases(root, participants=[empty])
    with pytest.raises(OptionError, match="--session-label: has no label"):
        find_cases(root, sessions=[" "])
    with pytest.raises(OptionError, match="no PET to fuse: sub-2: sub-2 has no PET in session b"):
        find_cases(root, participants=["2"], sessions=["b"])
    cases = find_cases(root, participants=["sub-1,2"])
    assert [(case.id, case.skip) for case in cases] == [("sub-1_ses-a", None), ("sub-2", "sub-2 has no PET")]


def test_derivatives_that_are_none_are_refused(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    (root / "derivatives").mkdir()
    with pytest.raises(ReadError, match=r"has no folders sub-\.\.\.; give auto, none"):
        find_cases(root, derivatives=str(root / "derivatives"))


def test_derivatives_are_named_as_in_other_bids_apps(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    made = derivative(root, "petprep", "sub-01_space-T1w_desc-preproc")
    (case,) = find_cases(root, derivatives=[f"prepared={made}"])
    assert case.derived_from == (
        "bids:raw:sub-01/anat/sub-01_T1w.nii.gz",
        "bids:prepared:sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz",
    )
    assert petprep_folders(root, [f"prepared={made}"]) == {"prepared": made}
    with_sign = made.rename(made.parent / "a=b")
    assert petprep_folders(root, [str(with_sign)]) == {"a=b": with_sign}
    (tmp_path / "x" / "a=b" / "sub-01").mkdir(parents=True)
    with pytest.raises(OptionError, match="is called a=b too; name this one: NAME="):
        petprep_folders(root, [str(with_sign), str(tmp_path / "x" / "a=b")])
    with pytest.raises(OptionError, match="is the source dataset"):
        petprep_folders(root, str(root))
    with pytest.raises(ReadError, match="--derivatives prepared=nowhere: no such folder"):
        petprep_folders(root, "prepared=nowhere")


def test_ids_that_become_one_are_told_as_they_are_written(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n../x,a,b\nx,a,b\n")
    with pytest.raises(ReadError, match=r"the id x is in lines 2 and 3 \(written \.\./x and x\); make it unique"):
        find_cases(tmp_path / "m.csv")


def test_an_id_that_had_to_be_changed_is_told(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n../x,a,b\n=cmd,a,b\nplain-1,a,b\n")
    cases = find_cases(tmp_path / "m.csv")
    notes = {case.id: case.notes for case in cases}
    assert notes == {
        "x": ("m.csv, line 2: the id ../x is no name of a file; the case is called x",),
        "cmd": ("m.csv, line 3: the id =cmd is no name of a file; the case is called cmd",),
        "plain-1": (),
    }


def test_parts_share_all_cases_out_without_overlap(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n" + "".join(f"{n},a,b\n" for n in range(7)))
    cases = find_cases(tmp_path / "m.csv")
    parts = [ids(part_of(cases, n, 3)) for n in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == ids(cases)
    with pytest.raises(OptionError, match="part 4/3"):
        part_of(cases, 4, 3)
