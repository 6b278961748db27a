"""Every fenced command of the documents is run here, or by the test that a comment above it names, or says why not.

    <!-- not run: needs a PACS -->
    <!-- run by tests/batch/test_docs.py -->

Commands of this package run inside this process: its libraries are loaded once, and everything takes seconds.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from coconet_med.commands.main import main

ROOT = Path(__file__).resolve().parents[1]
DOCS = (
    "README.md",
    "CONTRIBUTING.md",
    "bundles/coconet_fusion/docs/README.md",
    "bundles/deploy/README.md",
    "slicer_module/README.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
)

#: Fences that hold no command.
DATA = ("csv", "json", "ini", "cron", "text", "console")

#: Marks by which the continuous integration finds the commands of a newcomer, and runs them.
CI = ("<!-- setup -->", "<!-- tests -->")


@dataclass(frozen=True)
class Fence:
    """A fenced block of a document.

    Attributes:
        place: document and line.
        language: after the three backticks.
        comment: the HTML comment above, if any.
        body: what is inside.
    """

    place: str
    language: str
    comment: str
    body: str


def fences(document: str) -> list[Fence]:
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    found, start = [], None
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("```"):
            continue
        if start is None:
            start = number
            continue
        above = next((text.strip() for text in reversed(lines[:start]) if text.strip()), "")
        comment = above if above.startswith("<!--") else ""
        language = lines[start].strip().removeprefix("```")
        found.append(Fence(f"{document}:{start + 1}", language, comment, "\n".join(lines[start + 1 : number])))
        start = None
    assert start is None, f"{document}:{start}: a fence that does not end"
    return found


ALL = [fence for document in DOCS for fence in fences(document)]
RUN = [fence for fence in ALL if fence.language not in DATA and not fence.comment]


@pytest.mark.parametrize("fence", [f for f in ALL if f not in RUN], ids=lambda fence: fence.place)
def test_what_is_not_run_here_is_run_elsewhere_or_says_why_not(fence):
    if fence.language in DATA or fence.comment in CI:
        return
    match = re.fullmatch(r"<!-- (not run|run by)(?::| )\s*(.+) -->", fence.comment)
    assert match, f"{fence.place}: {fence.comment}"
    kind, words = match.groups()
    for path in re.findall(r"tests/[\w/.]+", words):
        assert (ROOT / path.rstrip(".")).exists(), f"{fence.place}: {path} is not there"
    if kind == "run by":
        test = ROOT / words
        texts = [path.read_text(encoding="utf-8") for path in (test, *test.parent.glob("*_cases.py"))]
        name = Path(fence.place.rpartition(":")[0]).name
        assert any(name in text for text in texts), f"{fence.place}: {words} does not read it"


def test_the_documents_hold_commands_that_run():
    assert len(RUN) >= 6
    assert {fence.language for fence in RUN} <= {"sh", "bash", "python"}, "a fence without language"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs that the documents name, small."""
    place = tmp_path_factory.mktemp("docs")
    t1, pet = _helpers("tests/batch/batch_phantom.py").ball(0, size=24, spacing=6.0)
    names = ("T1.nii.gz", "mri/sub-03_T1w.nii.gz"), ("PET.nii.gz", "pet/sub-03_pet.nii.gz")
    for image, several in zip((t1, pet), names, strict=True):
        for name in several:
            (place / name).parent.mkdir(exist_ok=True)
            sitk.WriteImage(image, str(place / name))
    rng = np.random.default_rng(0)
    gray = rng.integers(0, 255, (48, 48), np.uint8)
    levels = np.stack([np.arange(256), np.arange(256), np.zeros(256), 255 - np.arange(256)], axis=1).astype(int)
    (place / "table.csv").write_text(
        "index,r,g,b\n" + "\n".join(",".join(map(str, row)) for row in levels), encoding="utf-8"
    )
    (place / "tables.csv").write_text(
        "table,index,r,g,b\n" + "\n".join("pet128," + ",".join(map(str, row)) for row in levels), encoding="utf-8"
    )
    color = levels[rng.integers(0, 255, (48, 48)), 1:]
    for name, pixels in (("mri", gray), ("infrared", gray), ("pet", color), ("visible", color)):
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{name}.png")
    (place / "weights").mkdir()
    for name in ("mine", "infrared"):
        shutil.copy(ROOT / "coconet_med/models/light.onnx", place / f"weights/{name}.onnx")
    _dicom(place / "STUDY", t1, pet)
    for series, name in (("mr", "MR"), ("pt", "PET")):
        shutil.copytree(place / "STUDY" / series, place / name)
    _bids(place / "BIDS_DATASET", t1, pet)
    return place


def _helpers(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"of_documents_{Path(path).stem}", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _dicom(folder: Path, t1: sitk.Image, pet: sitk.Image) -> None:
    dicom = _helpers("tests/dicom/dicom_phantom.py")
    common = {"spacing": t1.GetSpacing()[:2], "step": t1.GetSpacing()[2], "origin": t1.GetOrigin()}
    for name, modality, series, image in (("mr", "MR", "T1 MPRAGE", t1), ("pt", "PT", "PET AC", pet)):
        values = np.rint(np.clip(sitk.GetArrayFromImage(image), 0, 4000)).astype(int)
        dicom.classic(folder / name, modality, series=series, values=values, edit=_echo, **common)


def _echo(ds: Any, _: int) -> None:
    if ds.Modality == "MR":
        ds.EchoTime = "90"


def _bids(root: Path, t1: sitk.Image, pet: sitk.Image) -> None:
    root.mkdir()
    (root / "dataset_description.json").write_text('{"Name": "small", "BIDSVersion": "1.10.0"}', encoding="utf-8")
    for kind, suffix, image in (("anat", "T1w", t1), ("pet", "pet", pet)):
        (root / "sub-01" / kind).mkdir(parents=True)
        sitk.WriteImage(image, str(root / f"sub-01/{kind}/sub-01_{suffix}.nii.gz"))


def variables() -> dict[str, object]:
    """What Python examples take for granted."""
    rng = np.random.default_rng(0)
    picture = np.dstack([rng.integers(0, 255, (16, 16))] * 3).astype(np.uint8)
    picture[..., 1], picture[..., 2] = 0, 255 - picture[..., 0]
    return {"luminance": rng.random((4, 16, 16)), "uptake": rng.random((4, 16, 16)), "rgb": picture}


@pytest.mark.timeout(900)  # seconds of work, but two cores may have more to do
@pytest.mark.parametrize("fence", RUN, ids=lambda fence: fence.place)
def test_the_commands_run_as_they_stand(fence, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for left in (*folder.glob("fused*"), *folder.glob("FUSED*")):  # of the example before this one
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    if fence.language == "python":
        exec(compile(fence.body, fence.place, "exec"), variables())
        return
    for line in fence.body.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        assert words[0] == "coconet-med", f"{fence.place}: {line}"
        code = 0
        try:
            main(words[1:])
        except SystemExit as end:
            code = end.code or 0
        assert code == 0, f"{fence.place}: {line}"
