"""``python -m coconet_med.training``: one command from data to released weights, and the page that tells users so."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from coconet_med.network import CoCoNet
from coconet_med.phantom import head_phantom
from coconet_med.training import __main__ as command
from coconet_med.training import distributed
from coconet_med.training import session as session_module
from coconet_med.training import trainer as trainer_module

PAGE = Path(__file__).parents[2] / "docs" / "train-on-your-data.md"


@pytest.fixture(autouse=True)
def _leave_the_allocator_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(distributed, "keep_memory", lambda: False)


def _run(main: Callable[[list[str]], None], line: str) -> int:
    """Run a command as typed, in this process; returns its exit code."""
    with pytest.raises(SystemExit) as end:
        main(shlex.split(line))
    return int(end.value.code or 0)


def test_a_short_training_on_slice_pairs_ends_with_a_table_and_can_be_repeated(
    atlas_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trainer_module, "build_network", lambda name: CoCoNet(width=2))
    validated: list[CoCoNet] = []
    validate = session_module.validate
    monkeypatch.setattr(
        session_module, "validate", lambda net, pairs, **more: validated.append(net) or validate(net, pairs, **more)
    )
    (tmp_path / "small.json").write_text(
        '{"batch": 2, "sizes": [32], "contrast": {"weight": 1.0, "steps": 1}}', encoding="utf-8"
    )
    line = (
        f"--data {atlas_folder} --settings {tmp_path / 'small.json'} --steps 3 --save-every 2 --out {tmp_path / 'run'}"
    )
    assert _run(command.main, line) == 0
    said = capsys.readouterr()
    assert "8 slices to train on (4 of mri-ct, 4 of mri-pet), 4 to validate on" in said.err
    assert re.search(r"mri-pet +trained +2 +1 ", said.out)
    shown = said.err.splitlines()
    assert shown.index("training") < shown.index("looking at the network") < shown.index("validating")
    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"checkpoint.pt", "settings.json", "log.jsonl", "samples.png", "judged.csv"} <= written
    log = [json.loads(text) for text in (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in log] == [2, 4]
    assert "mri-ct/uptake_order" in log[0]
    weights = validated[0].encode3[0][0].weight
    assert torch.equal(weights, weights.bfloat16().float())  # validated is what a release would hold
    assert _run(command.main, line) == 0  # finished: only validated again
    assert capsys.readouterr().out == said.out


def test_generated_pairs_need_no_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trainer_module, "build_network", lambda name: CoCoNet(width=8))
    np.savez(tmp_path / "slices.npz", slices=np.full((2, 64, 64), 3, np.uint8), axial=1)
    (tmp_path / "small.json").write_text('{"batch": 2, "sizes": [32], "generated_share": 1}', encoding="utf-8")
    line = (
        f"--generated {tmp_path / 'slices.npz'} --settings {tmp_path / 'small.json'} --steps 2 --out {tmp_path / 'o'}"
    )
    cards: list[dict] = []
    monkeypatch.setattr("coconet_med.training.export.release", lambda net, name, folder, card, **_: cards.append(card))
    assert _run(command.main, f"{line} --release {tmp_path / 'weights'}") == 0
    assert "trains on generated pairs alone, 0 slices to validate on" in capsys.readouterr().err
    assert cards[0]["data"] == {"generated": {"label_slices": 2}}
    assert cards[0]["settings"]["generated"].startswith("slices.npz (sha256 ")
    assert (tmp_path / "o" / "samples.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--out run", "give either --data, or both"),
        ("--out run --data nowhere", "nowhere"),
        ("--out run --anatomy nowhere --function nowhere", "no such folder"),
        ("--out run --data {atlas} --model huge", "choose full, light"),
        ("--out run --data {atlas} --device tape", "use --device cpu"),
        ("--out run --data {atlas} --start nowhere.pt", "no such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    line: str, words: str, atlas_folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert _run(command.main, line.format(atlas=atlas_folder)) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def _commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.strip().splitlines()]


@pytest.mark.timeout(300)
def test_the_page_takes_a_reader_from_two_folders_to_a_fused_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Runs every command of docs/train-on-your-data.md, with 2 steps in place of 500 and small phantoms."""
    from coconet_med.commands import main as cli

    monkeypatch.chdir(tmp_path)
    for kind in ("mri", "pet"):
        Path(kind).mkdir()
    for seed in (1, 2, 3):
        head = head_phantom(spacing=6.0, pet_spacing=8.0, seed=seed)
        sitk.WriteImage(head.t1, f"mri/sub-0{seed}_T1w.nii.gz")
        sitk.WriteImage(head.pet, f"pet/sub-0{seed}_pet.nii.gz")
    monkeypatch.setattr("coconet_med.model.WEIGHTS", tmp_path)  # whatever the released weights are just now
    torch.save(CoCoNet(width=8).state_dict(), "light.pt")
    Path("small.json").write_text('{"batch": 2, "sizes": [32]}', encoding="utf-8")
    training, fusing, *validating = _commands()
    assert training.startswith("python -m coconet_med.training ")
    short = training.removeprefix("python -m coconet_med.training ").replace("--steps 500", "--steps 2")
    assert _run(command.main, f"{short} --settings small.json --device cpu --precision fp32") == 0
    card = json.loads(Path("weights/mine.json").read_text(encoding="utf-8"))
    assert card["data"] == {"own": {"slices": card["data"]["own"]["slices"], "persons": 2}}
    assert card["settings"]["steps"] == 2
    assert card["onnx_minus_torch"] < 1e-4
    assert str(tmp_path) not in json.dumps(card)
    for name, facts in card["files"].items():
        assert facts["sha256"] == hashlib.sha256((Path("weights") / name).read_bytes()).hexdigest()
    for line in (fusing, *validating[:1]):
        assert _run(cli.main, line.removeprefix("coconet-med ")) == 0
    fused = sitk.ReadImage("fused.nii.gz")
    assert fused.GetNumberOfComponentsPerPixel() == 3
    assert fused.GetSize() == sitk.ReadImage("mri/sub-03_T1w.nii.gz").GetSize()

    from coconet_med import fuse, load_model

    sources = ("mri/sub-03_T1w.nii.gz", "pet/sub-03_pet.nii.gz")
    engines = {"onnx": "weights/mine.onnx", "torch": "weights/mine.pt"}
    results = [fuse(*sources, model=load_model(path, engine=name)).luminance for name, path in engines.items()]
    np.testing.assert_allclose(*(sitk.GetArrayFromImage(result) for result in results), atol=1e-4)
