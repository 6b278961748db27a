"""``coconet-med pacs`` as users type it: what it says, its exit codes, and one whole study with the shipped model."""

from __future__ import annotations

import json
import subprocess
import sys

import pydicom
import pytest
from dicom_phantom import classic, uid

from coconet_med.commands.main import main


def run(*arguments: object) -> int:
    """Exit code of ``coconet-med pacs`` with these arguments."""
    with pytest.raises(SystemExit) as stop:
        main(["pacs", *(str(a) for a in arguments)])
    return int(stop.value.code or 0)


@pytest.fixture
def head_study(head, tmp_path):
    """The generated head as an MR and a PET series; its folder and Study Instance UID."""
    import numpy as np
    import SimpleITK as sitk

    study = uid("study", tmp_path)

    def write(image, modality, name):
        direction = np.array(image.GetDirection()).reshape(3, 3)
        values = sitk.GetArrayFromImage(image).astype(float)
        scale = 10000 / values.max()

        def edit(ds, k):
            ds.StudyInstanceUID, ds.SeriesInstanceUID = study, uid("series", study, name)
            ds.SOPInstanceUID, ds.FrameOfReferenceUID = uid("object", study, name, k), uid("frame", study)

        where = [image.TransformIndexToPhysicalPoint((0, 0, k)) for k in range(image.GetSize()[2])]
        classic(
            tmp_path / "head" / name, modality, series=name, values=np.rint(values.clip(0) * scale).astype(int),
            orientation=[*direction[:, 0], *direction[:, 1]], spacing=image.GetSpacing()[1::-1],
            positions=np.array(where), edit=edit,
        )  # fmt: skip

    write(head.t1, "MR", "T1 MPRAGE")
    write(head.pet, "PT", "PET AC")
    return tmp_path / "head", study


def test_a_study_is_fused_on_the_server_by_one_command(orthanc, head_study, capsys):
    folder, study = head_study
    orthanc.put(folder, study_uid=study)
    arguments = ("fuse", "--url", orthanc.url, "--study", study, "--engine", "onnx")
    assert run(*arguments, "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    counts = orthanc.count(study)
    assert outcome["action"] == "stored"
    assert outcome["objects"] == counts[outcome["series_uid"]] == counts[uid("series", study, "T1 MPRAGE")]
    assert run(*arguments) == 0
    said = capsys.readouterr().err
    assert f"the server has this result already: series {outcome['series_uid']}" in said
    assert orthanc.count(study) == counts
    objects: list[pydicom.Dataset] = []
    orthanc.server().fetch(study, outcome["series_uid"], objects.append)
    assert any((ds.pixel_array.max(-1) != ds.pixel_array.min(-1)).mean() > 0.1 for ds in objects)  # there is color


def test_a_fused_study_can_be_looked_at(orthanc, make_study, capsys, monkeypatch):
    folder, study = make_study()
    orthanc.put(folder, study_uid=study)
    seen = []
    monkeypatch.setattr("coconet_med.commands.view.show", lambda view, **how: seen.append(view))
    assert run("fuse", "--url", orthanc.url, "--study", study, "--register", "never", "--engine", "onnx", "--view") == 0
    (view,) = seen
    document = view.content.document
    assert document["name"] == f"study {study}"
    assert [document["anatomy"]["modality"], document["uptake"]["modality"]] == ["MR", "PT"]
    assert {"anatomy", "uptake", "field"} <= set(view.content.parts)
    assert view.color.shape == (6, *document["size"][1::-1], 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "http://pacs.example/dicom-web", "--study", "1.2"], "unencrypted; use https"),
        (["--url", "URL", "--study", "1.2/3"], "no DICOM UID"),
        (["--url", "URL", "--study", "1.2.99"], "does not have it; check the UID"),
        (["--url", "URL/nowhere", "--study", "1.2.99"], "404"),
        (["--url", "http://127.0.0.1:9/x", "--study", "1.2.99"], "cannot be reached"),
        (["--url", "URL", "--study", "1.2.99", "--user", "anna"], "--user needs a password"),
        (["--url", "URL", "--study", "1.2.99", "--register", "maybe"], "choose auto, always or never"),
        (["--url", "URL", "--study", "1.2.99", "--dicom-form", "jpeg"], "choose sc, enhanced, gray or navigation"),
        (["--url", "URL", "--study", "1.2.99", "--transform", "none.tfm"], "none.tfm: no such file"),
        (["--url", "URL", "--study", "1.2.99", "--dynamic", "last"], "give mean, or the number of a frame"),
        (["--url", "URL", "--study", "1.2.99", "--colormap", "mud"], "mud"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(orthanc, capsys, arguments, words):
    given = [argument.replace("URL", orthanc.url) for argument in arguments]
    assert run("fuse", *given, "--engine", "onnx") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1


def test_watch_works_once_and_then_has_nothing_to_do(orthanc, make_study, tmp_path, capsys):
    folder, study = make_study()
    arguments = ("watch", "--url", orthanc.url, "--folder", tmp_path / "w", "--engine", "onnx", "--once")
    assert run(*arguments) == 0  # begins with what arrives from now on
    orthanc.put(folder, study_uid=study)
    orthanc.wait_until_stable(study)
    assert run(*arguments) == 0
    assert f"stored {study}" in capsys.readouterr().err
    counts = orthanc.count(study)
    assert run(*arguments) == 0
    assert f"stored {study}" not in capsys.readouterr().err
    assert orthanc.count(study) == counts


def test_a_folder_of_another_server_is_refused(orthanc, tmp_path, capsys):
    arguments = ("watch", "--folder", tmp_path / "w", "--engine", "onnx", "--once", "--follow", "search")
    assert run(*arguments, "--url", orthanc.url) == 0
    assert run(*arguments, "--url", orthanc.url.replace("127.0.0.1", "localhost")) == 2
    assert "belongs to the server" in capsys.readouterr().err


def test_a_readable_password_file_is_warned_of_and_not_shown(orthanc, tmp_path, capsys):
    secret = tmp_path / "password"
    secret.write_text("hunter2\n", encoding="utf-8")
    secret.chmod(0o644)
    arguments = ("--url", orthanc.url, "--study", "1.2.99", "--user", "anna", "--password-file", secret)
    assert run("fuse", *arguments, "--engine", "onnx") == 2
    said = capsys.readouterr().err
    assert "can be read by other users" in said
    assert "hunter2" not in said
    secret.chmod(0o600)
    assert run("fuse", *arguments, "--engine", "onnx") == 2
    assert "can be read by other users" not in capsys.readouterr().err


def test_help_needs_no_heavy_library():
    code = (
        "import sys\nfrom coconet_med.commands.main import main\n"
        "try: main(['pacs', 'watch', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'SimpleITK', 'pydicom', 'requests', 'dicomweb_client', 'onnxruntime', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "audit.jsonl" in done.stdout
