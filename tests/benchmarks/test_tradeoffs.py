"""What any picture could reach: the terms are the measures, and a growing weight moves the picture along its curve."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from coconet_med.model import Model  # noqa: E402
from coconet_med.phantom import slice_pair  # noqa: E402
from coconet_med.training.data import SlicePair  # noqa: E402

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
tradeoffs = pytest.importorskip("tradeoffs")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """A run of three slices that differ as neighbors do: (3, 2, 64, 64) in [0, 1]."""
    slices = [np.stack(slice_pair(64, "axial", seed=seed)) for seed in (1, 2, 3)]
    return np.stack(slices).astype(np.float32) / 255


def test_a_picture_steered_by_a_measure_gets_better_in_it_and_pays_with_another(image: np.ndarray) -> None:
    sweeps = {
        "steady": tradeoffs.Sweep({"H": 1.0}, {"flicker": 1.0}, (1.0, 0.0)),
        "no new edges": tradeoffs.Sweep({"H": 1.0}, {"Nabf": 1.0}, (30.0, 0.0)),
        "order": tradeoffs.Sweep({"Q_MRI_in": 1.0}, {"rho_lp": 1.0}, (9.0, 0.1)),
    }
    found = {name: tradeoffs.measured(image, fused) for name, fused in tradeoffs.pictures(image, {}, sweeps, steps=15)}
    assert list(found)[4:] == ["steady 1", "steady 0", "no new edges 30", "no new edges 0", "order 9", "order 0.1"]
    assert found["steady 0"]["H"] > found["gate"]["H"] + 0.03
    assert found["steady 1"]["flicker"] < 0.5 * found["steady 0"]["flicker"]
    assert found["steady 1"]["H"] < found["steady 0"]["H"]
    assert found["no new edges 30"]["Nabf"] < 0.2 * found["no new edges 0"]["Nabf"]
    assert found["no new edges 30"]["H"] < found["no new edges 0"]["H"]
    assert found["order 9"]["rho_lp"] > found["order 0.1"]["rho_lp"]
    assert found["order 9"]["Q_MRI_in"] < found["order 0.1"]["Q_MRI_in"]


def test_the_terms_are_the_measures_up_to_their_softness() -> None:
    slices = [np.stack(slice_pair(256, "axial", seed=seed)) for seed in (1, 2, 3)]
    image = np.stack(slices).astype(np.float32) / 255
    measures = tradeoffs.Measures(torch.from_numpy(image))
    for name, fused in tradeoffs.pictures(image, {}, {}, steps=0):
        terms = measures(torch.from_numpy(fused).float(), ("flicker", "VIF"))
        real = tradeoffs.measured(image, fused)
        assert float(terms["flicker"]) == pytest.approx(real["flicker"], rel=0.02), name
        assert 1 - float(terms["rho_lp"]) == pytest.approx(real["rho_lp"], abs=0.1), name
        assert 2 - float(terms["VIF"]) == pytest.approx(real["VIF"], abs=0.03), name
        assert 1 - float(terms["Q_MRI"]) == pytest.approx(real["Q_MRI"], abs=0.1), name


def test_a_copy_of_the_mri_has_no_new_edges(image: np.ndarray) -> None:
    assert tradeoffs.measured(image, image[:, :1])["Nabf"] == 0


def test_the_command_writes_a_row_for_each_weight_and_a_plot(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    image: np.ndarray,
    mean_model: Model,
) -> None:
    pytest.importorskip("matplotlib")
    pairs = [
        SlicePair(*torch.from_numpy(x), None, "mri-ct", "1", f"1_{n}", ("mri-ct 1", n)) for n, x in enumerate(image)
    ]
    monkeypatch.setattr(tradeoffs, "atlas_slices", lambda *_, **__: pairs)
    monkeypatch.setattr(tradeoffs, "load_model", lambda *_, **__: mean_model)
    command = "tradeoffs data --model mean --steps 1 --stacks"
    monkeypatch.setattr(sys, "argv", [*command.split(), "mri-ct 1", "--out", str(tmp_path)])
    tradeoffs.main()
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| mri-ct |")]
    pictures = [line.split(" | ")[1] for line in table]
    for name, sweep in tradeoffs.SWEEPS.items():
        assert [p for p in pictures if p.rpartition(" ")[0] == name] == [f"{name} {w:g}" for w in sweep.weights]
    assert set(tradeoffs.CLASSICAL) < set(pictures)
    assert {"mean", "mean across 0.1"} < set(pictures)
    assert (tmp_path / "tradeoffs.json").exists()
    assert (tmp_path / "tradeoffs.png").stat().st_size > 10_000
