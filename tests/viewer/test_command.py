"""``coconet-med view`` as users type it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from coconet_med.commands.main import main
from coconet_med.commands.view import announce


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code or 0


def document_in(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="study">(.*?)</script>', page)[1])


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
