"""``coconet-med view``: a pair, a fused file with or without its sources, one file to keep, and errors in one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.commands.main import main
from coconet_med.commands.view import announce
from coconet_med.errors import ReadError
from coconet_med.geometry import affine_of
from coconet_med.viewer.opening import view_of_file


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code or 0


def document_in(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="study">(.*?)</script>', page)[1])


@pytest.fixture(scope="module")
def fused(pair, tmp_path_factory) -> Path:
    """A folder with a pair and its fused file."""
    folder = tmp_path_factory.mktemp("fused")
    for path in pair:
        shutil.copy(path, folder)
    args = ["fuse", folder / "T1.nii.gz", folder / "PET.nii.gz", "-o", folder / "fused.nii.gz", "--strength", 0.8]
    assert run(*args, "--engine", "onnx", "--quiet") == 0
    return folder


def test_a_pair_becomes_one_page_with_all_that_it_needs(fused, tmp_path, capsys):
    path = tmp_path / "page.html"
    images = fused / "T1.nii.gz", fused / "PET.nii.gz"
    assert run("view", *images, "--save", path, "--colormap", "ember", "--window", 0, 20000, "--engine", "onnx") == 0
    assert f"wrote {path}" in capsys.readouterr().err
    page = path.read_text(encoding="utf-8")
    document = document_in(page)
    assert document["name"] == "T1.nii.gz and PET.nii.gz"
    assert document["look"]["colormap"] == "ember"
    assert document["uptake"]["window"] == [0, 20000]
    assert set(document["parts"]) >= {"anatomy", "uptake", "field"}
    assert document["foci"]
    assert document["foci"] == sorted(document["foci"], key=lambda focus: focus["kept"])
    for name in document["parts"]:
        assert f'id="part-{name}"' in page
    assert "Redistribution and use in source and binary forms" in page, "NiiVue's license"
    assert run("view", *images, "--save", path, "--engine", "onnx") == 2
    assert "exists already" in capsys.readouterr().err


def test_a_fused_file_with_its_sources_beside_it_is_live(fused):
    view = view_of_file(fused / "fused.nii.gz", engine="onnx")
    assert view.content.document["fixed"] == ""
    assert view.content.document["look"]["strength"] == 0.8
    assert view.foci is not None
    assert np.array_equal(view.color, sitk.GetArrayFromImage(sitk.ReadImage(str(fused / "fused.nii.gz"))))


def test_a_fused_file_alone_shows_what_it_holds(fused, tmp_path):
    for name in ("fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    view = view_of_file(tmp_path / "fused.nii.gz")
    assert "sources were not found" in view.content.document["fixed"]
    assert view.content.document["look"]["colormap"] == "uptake"
    assert set(view.content.parts) == {"color"}
    (tmp_path / "fused.json").unlink()
    bare = view_of_file(tmp_path / "fused.nii.gz")
    assert bare.content.document["look"]["colormap"] is None


def test_a_fused_file_that_its_sources_do_not_make_is_shown_as_it_is(fused, tmp_path):
    for name in ("T1.nii.gz", "PET.nii.gz", "fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    facts = json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))
    (tmp_path / "fused.json").write_text(json.dumps(facts | {"strength": 0.5}), encoding="utf-8")
    view = view_of_file(tmp_path / "fused.nii.gz", engine="onnx")
    assert "gives other voxels" in view.content.document["fixed"]
    assert set(view.content.parts) == {"color"}


def test_a_fused_file_alone_is_seen_and_read_in_the_browser(fused, tmp_path, served):
    for name in ("fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    view = view_of_file(tmp_path / "fused.nii.gz")
    page = served(view)
    assert [page.locator(".tile").nth(n).get_attribute("data-picture") for n in range(4)] == ["large", *["fused"] * 3]
    page.evaluate("coconet.go(coconet.planes.place([20, 25, 30])); coconet.draw()")
    uptake = view_of_file(fused / "fused.nii.gz", engine="onnx").content.parts["uptake"][30, 25, 20]
    values = page.evaluate("coconet.values")
    assert values["color"] == view.color[30, 25, 20].tolist()
    assert abs(values["decoded"] - uptake) <= values["spread"] * 1.001
    assert page.locator('[data-control="strength"]').is_disabled()


@pytest.mark.parametrize("form", ["sc", "enhanced"])
def test_a_fused_dicom_series_is_shown_where_it_lies(tmp_path, form):
    from dicom_phantom import classic, stored_values

    for name, modality in (("T1", "MR"), ("PET", "PT")):
        classic(tmp_path / "study" / name, modality, series=name, values=stored_values(6, seed=len(name)), step=2.0)
    result = coconet_med.fuse(tmp_path / "study", register="never", different_patients=True, engine="onnx")
    result.save(tmp_path / "fused", form=form)
    view = view_of_file(tmp_path / "fused")
    assert np.array_equal(view.color, sitk.GetArrayFromImage(result.color))
    assert np.allclose(view.content.document["affine"], affine_of(result.color), atol=1e-3)
    assert view.content.document["look"]["colormap"] == "uptake"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.nii.gz"], "nothing.nii.gz: no such file; give a fused volume, or ANATOMY FUNCTION"),
        (["{T1}"], "is not in color (8-bit RGB), so it is no fused image; give ANATOMY FUNCTION to fuse"),
        (["{T1}", "{PET}", "{PET}"], "is one image too many"),
        (["{fused}", "--strength", "0.5"], "--strength: a fused file has its own"),
        (["{T1}", "{PET}", "--window", "6", "0"], "the lower one first"),
    ],
)
def test_what_cannot_be_viewed_is_said_in_one_line(fused, capsys, words, said):
    names = {"T1": fused / "T1.nii.gz", "PET": fused / "PET.nii.gz", "fused": fused / "fused.nii.gz"}
    assert run("view", "--quiet", "--no-browser", *(word.format(**names) for word in words)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_a_folder_that_is_no_image_is_said(tmp_path):
    with pytest.raises(ReadError, match="no fused series of coconet-med"):
        view_of_file(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_it_serves_until_it_is_interrupted(fused):
    command = [
        sys.executable,
        "-m",
        "coconet_med",
        "view",
        str(fused / "fused.nii.gz"),
        "--no-browser",
        "--engine",
        "onnx",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as server:
        url = server.stdout.readline().strip()
        try:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", url)
            with urllib.request.urlopen(url, timeout=20) as answer:
                assert "research use, not for diagnosis" in answer.read().decode("utf-8")
        finally:
            server.send_signal(signal.SIGTERM)
            _, error = server.communicate(timeout=30)
        assert server.returncode == 0, error
        assert "Ctrl-C ends it" in error


@pytest.mark.parametrize(("screen", "opened"), [("", 0), (":0", 1)])
def test_without_a_screen_the_way_from_another_machine_is_said(monkeypatch, capsys, screen, opened):
    asked = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or True)
    announce("http://127.0.0.1:4321/token/", browser=True, quiet=False)
    said = capsys.readouterr()
    assert said.out == "http://127.0.0.1:4321/token/\n"
    assert len(asked) == opened
    assert ("ssh -L 4321:127.0.0.1:4321" in said.err) == (not opened)


def test_a_file_of_contours_says_its_levels(fused, tmp_path):
    path = tmp_path / "lines.nii.gz"
    pair = fused / "T1.nii.gz", fused / "PET.nii.gz"
    assert run("fuse", *pair, "-o", path, "--contours", 9000, 12000, "--engine", "onnx", "--quiet") == 0
    document = view_of_file(path).content.document
    assert document["fixed"].startswith("Lines of equal uptake at 9000, 12000. ")
    assert document["look"]["colormap"] is None
