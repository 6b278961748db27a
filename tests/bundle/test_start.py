"""Before a config of the bundle runs: keys that do nothing are refused, and our errors are one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
pytest.importorskip("fire", reason='the command line of monai.bundle needs fire: pip install ".[monai]"')

from bundle_cases import BUNDLE

from coconet_med.bundle.start import begin, one_line
from coconet_med.errors import OptionError, ReadError

pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")
NAMES = ("train", "evaluate", "inference")
TRAIN, EVALUATE, INFERENCE = (f"{BUNDLE.as_posix()}/configs/{name}.json" for name in NAMES)


@pytest.fixture(autouse=True)
def hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("--max_epochs", "--max_epochs: no key of this config, so it would do nothing; did you mean --epochs?"),
        ("--learning_rat", "did you mean --learning_rate?"),
        ("--nonsense", "--nonsense: no key of this config, so it would do nothing"),
        ("--train#nonsense", "--train#nonsense: no key of this config"),
        ("--train::nonsense", "--train::nonsense: no key of this config"),
    ],
)
@pytest.mark.parametrize("files", [TRAIN, f"['{TRAIN}','{EVALUATE}']"])
def test_a_key_that_does_nothing_is_refused(key: str, words: str, files: str) -> None:
    with pytest.raises(OptionError) as refusal:
        begin(["run", "--config_file", files, key, "2"])
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("--epochs", "0", "--epochs 0: give a whole number from 1 on"),
        ("--epochs", "-3", "--epochs -3: give a whole number from 1 on"),
        ("--epochs", "many", "--epochs many: give a whole number from 1 on"),
        ("--val_interval", "0", "--val_interval 0: give a whole number from 1 on"),
        ("--slices_per_case", "1.5", "--slices_per_case 1.5: give a whole number"),
        ("--learning_rate", "0", "--learning_rate 0: give a number above 0"),
        ("--learning_rate", "nan", "--learning_rate nan: give a number above 0"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_the_training(key: str, value: str, words: str) -> None:
    with pytest.raises(OptionError) as refusal:
        begin(["run", "--config_file", TRAIN, key, value])
    assert str(refusal.value).startswith(words)


@pytest.mark.parametrize("text", ["false", "no", "FALSE", "true"])
@pytest.mark.parametrize("key", ["finetune", "resume", "amp"])
def test_a_switch_that_every_text_would_turn_on_is_refused(key: str, text: str) -> None:
    with pytest.raises(OptionError, match=f"--{key} {text}: give True or False"):
        begin(["run", "--config_file", TRAIN, f"--{key}", text])
    for clear in (["False"], ["True"], ["0"], ["--epochs", "2"], []):
        begin(["run", "--config_file", TRAIN, f"--{key}", *clear])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("weights", "none.pt", "--weights none.pt: no such file; give weights"),
        ("model", "wide", "--model wide: choose full, light, "),
        ("output_ext", ".png", "--output_ext .png: choose .nii.gz, .nii, .nrrd, .mha"),
    ],
)
def test_what_would_end_in_a_traceback_is_one_line_before_the_work(key: str, value: str, words: str) -> None:
    with pytest.raises(OptionError) as refusal:
        begin(["run", "--config_file", INFERENCE, f"--{key}", value])
    assert str(refusal.value).startswith(words)
    begin(["run", "--config_file", INFERENCE, "--model", "light", "--output_ext=.nrrd"])


def test_weights_that_would_not_be_taken_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "a.pt"
    weights.touch()
    both = f"['{TRAIN}','{EVALUATE}']"
    with pytest.raises(OptionError, match="each says which weights are evaluated"):
        begin(["run", "--config_file", both, "--weights", str(weights), "--ckpt_dir", "b"])
    with pytest.raises(OptionError, match="--weights: a training with --finetune False begins with random ones"):
        begin(["run", "--config_file", TRAIN, "--weights", str(weights), "--finetune", "False"])
    begin(["run", "--config_file", TRAIN, "--weights", str(weights), "--ckpt_dir", "b"])


@pytest.mark.parametrize("config", [f"['{TRAIN}','{EVALUATE}']", INFERENCE])
def test_whose_weights_are_taken_beside_a_training_is_said(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "--config_file", config, "--output_dir", str(tmp_path)]
    begin(command)
    (tmp_path / "models").mkdir()
    begin(["run", "--config_file", TRAIN, "--output_dir", str(tmp_path)])
    assert capsys.readouterr().out == ""
    trained = tmp_path / "models" / "model.pt"
    trained.write_bytes(b"weights")
    begin([*command, "--weights", str(trained)])
    begin([*command, "--bundle_root", str(tmp_path)])
    assert capsys.readouterr().out == ""
    begin(command)
    assert capsys.readouterr().out.endswith(f"for those of the training give --weights {trained}\n")


def test_keys_that_count_are_taken() -> None:
    more = [
        "--epochs",
        "2",
        "--bundle_root=.",
        "--loss#contrast",
        "0.1",
        "--train#trainer#max_epochs",
        "3",
        "--resume",
        "True",
    ]
    begin(["run", "--config_file", TRAIN, *more, "--meta_file", "m.json", "--dataset_dir", "x", "--person", "a"])
    assert sys.excepthook is one_line


def test_other_programs_are_left_alone() -> None:
    before = sys.excepthook
    begin(["tests", "--nonsense"])
    begin(["ckpt_export", "--config_file", TRAIN, "--net_id", "network_def"])
    assert sys.excepthook is before


def test_our_error_is_one_line_however_it_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    def wrapped() -> None:
        try:
            raise ReadError("data: no such folder; set dataset_dir")
        except ReadError as error:
            raise RuntimeError("Failed to instantiate") from error

    with pytest.raises(RuntimeError) as failure:
        wrapped()
    one_line(RuntimeError, failure.value, None)
    assert capsys.readouterr().err == "error: data: no such folder; set dataset_dir\n"
    one_line(ValueError, ValueError("not ours"), None)
    assert "ValueError: not ours" in capsys.readouterr().err
