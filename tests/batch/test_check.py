"""What no case can take, and what is missing, is named before the work."""

from __future__ import annotations

from coconet_med.batch.case import BatchOptions
from coconet_med.batch.check import obstacle
from coconet_med.batch.sources import find_cases


def test_a_registration_that_a_line_cannot_ask_for_is_named_before_the_work(tmp_path):
    (tmp_path / "m.csv").write_text(
        "id,mri,pet,register\n1,m.csv,m.csv,sometimes\n2,m.csv,m.csv,Never\n3,m.csv,m.csv,\n", encoding="utf-8"
    )
    cases = find_cases(tmp_path / "m.csv")
    assert [obstacle(case, BatchOptions()) for case in cases] == [
        "register sometimes: choose auto, always or never",
        "",
        "",
    ]
    assert [case.register for case in cases] == ["sometimes", "never", None]


def test_what_is_missing_is_named_without_opening_an_image(tmp_path):
    (tmp_path / "m.csv").write_text(
        "id,mri,pet,weights\n1,a.nii,b.nii,\n2,m.csv,link.nii,\n3,m.csv,m.csv,heavy\n4,m.csv,unlocked.nii.gz,\n",
        encoding="utf-8",
    )
    (tmp_path / "unlocked.nii.gz").write_text("/annex/objects/MD5E-s123--abc.nii.gz\n", encoding="utf-8")
    (tmp_path / "link.nii").symlink_to(".git/annex/objects/x")
    reported = [obstacle(case, BatchOptions()) for case in find_cases(tmp_path / "m.csv")]
    assert reported[0] == f"{tmp_path}/a.nii and {tmp_path}/b.nii: no such file or folder; check the path"
    assert f"its content is not here (a git-annex link); get it with: datalad get {tmp_path}/link.nii" in reported[1]
    assert "its content is not here (a pointer to it); get it with: datalad get" in reported[3]
    assert reported[2].startswith("heavy: no such weights; give light")
