"""``--tracking mlflow`` of MONAI on the bundle's training: what is recorded, and that MLflow tells nobody."""

from __future__ import annotations

import os
import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
pytest.importorskip("fire", reason='the command line of monai.bundle needs fire: pip install ".[monai]"')

from bundle_cases import BUNDLE, make_place, readme_commands

from coconet_med.bundle import start
from coconet_med.bundle.start import begin
from coconet_med.errors import OptionError

pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")
TRAIN = f"{BUNDLE.as_posix()}/configs/train.json"

#: Where tests/run.sh puts MLflow: MONAI imports it wherever it is installed, which every process would pay for.
MLFLOW = Path(sys.prefix) / "mlflow"

#: Loaded by Python at its start: finds MLflow behind everything else, and notes every address that is asked for.
WATCH = """
import os, sys
sys.path.append(os.environ["COCONET_MLFLOW"])
def note(event, given):
    if event in ("socket.connect", "socket.getaddrinfo"):
        with open(os.environ["COCONET_CALLS"], "a") as file:
            file.write(f"{event} {given[1] if event == 'socket.connect' else given[0]}\\n")
sys.addaudithook(note)
"""


@pytest.fixture(autouse=True)
def hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards


def test_mlflow_gets_the_settings_and_figures_of_a_training(tmp_path: Path) -> None:
    if not (MLFLOW / "mlflow").is_dir() and not (find_spec("mlflow") and find_spec("sqlalchemy")):
        pytest.skip(f"no MLflow: pip install --target {MLFLOW} mlflow-skinny sqlalchemy alembic")
    place = make_place(tmp_path)
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    calls = tmp_path / "calls"
    quiet = (
        "CI",
        "GITHUB_ACTIONS",
        "PYTEST_CURRENT_TEST",
        "PYTEST_VERSION",
    )  # by which MLflow knows a test, and is silent
    own = {
        "HOME": str(tmp_path),
        "COCONET_CALLS": str(calls),
        "COCONET_MLFLOW": str(MLFLOW),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    small = ("--epochs", "2", "--val_interval", "2", "--size", "32", "--slices_per_case", "1")
    done = place.run(
        readme_commands()["Fine-tuning from the released weights"],
        *(*small, "--tracking", "mlflow", "--experiment_name", "heads", "--run_name", "first"),
        environment=own,
        without=quiet,
        paths=[tmp_path / "watch"],
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert not calls.exists(), calls.read_text(encoding="utf-8")
    with sqlite3.connect(place.work / "out" / "mlruns.db") as database:
        runs = database.execute("select name, status from runs").fetchall()
        assert runs == [("first", "FINISHED")]
        assert ("heads",) in database.execute("select name from experiments").fetchall()
        recorded = database.execute("select key, step, value from metrics").fetchall()
        parameters = dict(database.execute("select key, value from params").fetchall())
    database.close()
    losses = [step for key, step, _ in recorded if key == "train_loss"]
    assert len(set(losses)) == 2
    assert 0 < max(value for key, _, value in recorded if key == "val_fidelity") < 1
    assert parameters["max_epochs"] == "2"


def test_keys_of_the_tracking_count_only_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: True)
    begin(["run", "--config_file", TRAIN, "--tracking", "mlflow", "--experiment_name", "heads", "--tracking_uri", "x"])
    with pytest.raises(OptionError, match="--experiment_name: no key of this config"):
        begin(["run", "--config_file", TRAIN, "--experiment_name", "heads"])
    with pytest.raises(OptionError, match="--experiment_nam: no key of this config"):
        begin(["run", "--config_file", TRAIN, "--tracking", "mlflow", "--experiment_nam", "heads"])


def test_a_tracking_that_cannot_be_done_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match="--tracking mlflow: needs mlflow and sqlalchemy; pip install mlflow"):
        begin(["run", "--config_file", TRAIN, "--tracking", "mlflow"])
    with pytest.raises(OptionError, match="--tracking wandb: choose mlflow, or give a file of settings"):
        begin(["run", "--config_file", TRAIN, "--tracking", "wandb"])


def test_an_mlflow_that_was_imported_before_us_loses_its_reporter(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import ModuleType

    from coconet_med.system.telemetry import MLFLOW_VARIABLE, silence_mlflow

    client = ModuleType("mlflow.telemetry.client")
    seen: list[str | None] = []
    client.set_telemetry_client = lambda: seen.append(os.environ.get(MLFLOW_VARIABLE))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, client.__name__, client)
    monkeypatch.delenv(MLFLOW_VARIABLE, raising=False)
    silence_mlflow()
    assert seen == ["true"]
