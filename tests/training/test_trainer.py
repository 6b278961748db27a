"""The loop: stages, schedule, bit-equal resumption, the stop at the first NaN, and several processes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from coconet_med.errors import ModelError, OptionError
from coconet_med.network import CoCoNet
from coconet_med.training import trainer as module
from coconet_med.training.batches import Sources
from coconet_med.training.data import SlicePair
from coconet_med.training.preservation import PreservationWeights
from coconet_med.training.settings import Contrast, Settings
from coconet_med.training.trainer import NotFiniteError, Trainer

TINY = Settings(steps=6, batch=2, sizes=(32,), seed=4)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch):
    """A network of width 2: the loop is the same, and a step takes milliseconds."""
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=2))


def _weights(net: CoCoNet) -> list[torch.Tensor]:
    return [value.clone() for value in net.state_dict().values()]


def _equal(a: CoCoNet, b: CoCoNet) -> bool:
    return all(torch.equal(x, y) for x, y in zip(_weights(a), _weights(b), strict=True))


@pytest.mark.parametrize("settings", [TINY, replace(TINY, steps=4, contrast=Contrast(weight=1.0, steps=4))])
def test_a_resumed_training_ends_bit_equal_to_an_uninterrupted_one(
    settings: Settings, pairs: list[SlicePair], tmp_path: Path
):
    whole = Trainer(settings, pairs, tmp_path / "whole")
    whole.run()
    for until in (3, 5, None):
        part = Trainer(settings, pairs, tmp_path / "part")
        part.run(until=until)
    assert part.step == whole.step == settings.all_steps
    assert _equal(part.net, whole.net)
    assert _equal(part.mean, whole.mean)
    assert part.running == whole.running


def test_the_seed_decides(pairs: list[SlicePair], tmp_path: Path):
    nets = [Trainer(replace(TINY, seed=s), pairs, tmp_path / str(n)).run(until=2) for n, s in enumerate((4, 4, 5))]
    assert _equal(nets[0], nets[1])
    assert not _equal(nets[0], nets[2])


def test_training_lowers_the_loss(pairs: list[SlicePair], tmp_path: Path):
    trainer = Trainer(replace(TINY, steps=60), pairs, tmp_path)
    losses = [trainer.one_step() for _ in range(60)]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])


def test_other_settings_do_not_go_on_with_a_training(pairs: list[SlicePair], tmp_path: Path):
    Trainer(TINY, pairs, tmp_path).run(until=1)
    with pytest.raises(OptionError, match="other settings"):
        Trainer(replace(TINY, base=1.0), pairs, tmp_path).run()


def test_the_contrast_acts_in_stage_2_only(pairs: list[SlicePair], tmp_path: Path):
    plain, both = (
        Trainer(replace(TINY, contrast=Contrast(weight=w, steps=2)), pairs, tmp_path / str(w)) for w in (0.0, 1.0)
    )
    assert plain.settings.all_steps == 6
    assert both.settings.all_steps == 8
    sources, fused = Sources(torch.rand(2, 2, 32, 32)), torch.rand(2, 1, 32, 32)
    assert both.loss(fused, sources) == plain.loss(fused, sources)
    both.step = 6
    assert both.loss(fused, sources) > plain.loss(fused, sources)
    both.one_step()
    assert both.optimizer.param_groups[0]["lr"] == both.settings.contrast.learning_rate


def test_the_papers_loss_alone_can_be_had(pairs: list[SlicePair], tmp_path: Path):
    paper = replace(TINY, base=20.0, preservation=PreservationWeights(*[0.0] * len(fields(PreservationWeights))))
    trainer = Trainer(paper, pairs, tmp_path)
    image, fused = torch.rand(2, 2, 32, 32), torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(trainer.loss(fused, Sources(image)), trainer.base(fused, image))


@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_the_first_nan_stops_the_training_and_leaves_a_good_checkpoint(
    kind: str, pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trainer = Trainer(TINY, pairs, tmp_path)
    honest = trainer.loss

    def spoiled(fused: torch.Tensor, *rest: object) -> torch.Tensor:
        value = honest(fused, *rest)
        if trainer.step < 3:
            return value
        if kind == "loss":
            return value * torch.nan
        return value + torch.sqrt((fused * 0).abs().sum())  # finite, but its slope is not

    monkeypatch.setattr(trainer, "loss", spoiled)
    with pytest.raises(NotFiniteError, match=f"the {kind} is (nan|inf) at step 3"):
        trainer.run(save_every=1)
    state = torch.load(trainer.checkpoint, weights_only=True)
    assert state["step"] == 3
    assert all(torch.isfinite(v).all() for v in state["net"].values())
    assert all(torch.isfinite(v).all() for v in trainer.net.state_dict().values())


def test_batch_norm_runs_as_at_inference_at_the_end(pairs: list[SlicePair], tmp_path: Path):
    trainer = Trainer(replace(TINY, steps=4, frozen_norm=0.5), pairs, tmp_path)
    counts = []
    for _ in range(4):
        trainer.one_step()
        counts.append(int(trainer.net.encode1[0][2].num_batches_tracked))
    assert counts == [1, 2, 2, 2]


def test_the_learning_rate_rises_then_falls_to_a_hundredth(pairs: list[SlicePair], tmp_path: Path):
    trainer = Trainer(replace(TINY, steps=500, learning_rate=1.0), pairs, tmp_path)
    rates = []
    for trainer.step in (0, 9, 250, 499):
        rates.append(trainer._learning_rate())
    assert rates == pytest.approx([0.1, 1.0, 0.505, 0.01], abs=2e-3)


def test_fine_tuning_starts_from_the_weights_given(pairs: list[SlicePair], tmp_path: Path):
    start = CoCoNet(width=2)
    torch.save(start.state_dict(), tmp_path / "start.pt")
    trainer = Trainer(replace(TINY, start=str(tmp_path / "start.pt")), pairs, tmp_path)
    assert _equal(trainer.net, start)
    torch.save(CoCoNet(width=4).state_dict(), tmp_path / "start.pt")
    with pytest.raises(ModelError, match="do not fit"):
        Trainer(replace(TINY, start=str(tmp_path / "start.pt")), pairs, tmp_path)


def test_nothing_to_train_on_is_said(tmp_path: Path):
    with pytest.raises(OptionError, match="give pairs"):
        Trainer(TINY, [], tmp_path)


def test_figures_are_reported_with_every_checkpoint(pairs: list[SlicePair], tmp_path: Path):
    entries, steps = [], []
    Trainer(TINY, pairs, tmp_path).run(
        save_every=2,
        validate=lambda net: {"good": float(not net.training)},
        report=entries.append,
        progress=lambda stage, done, total: steps.append((stage, done, total)),
    )
    assert [(e["step"], e["good"]) for e in entries] == [(2, 1.0), (4, 1.0), (6, 1.0)]
    assert steps == [("train", n, 6) for n in range(1, 7)]


_TWO_PROCESSES = """
import sys, torch
from pathlib import Path
from dataclasses import replace
from coconet_med.network import CoCoNet
from coconet_med.training import trainer as module
from coconet_med.training.data import SlicePair
from coconet_med.training.distributed import leave, distributed_context
from coconet_med.training.settings import Settings

torch.set_num_threads(1)
module.build_network = lambda name: CoCoNet(width=2)
out, where = Path(sys.argv[1]), distributed_context("cpu", "fp32")
generator = torch.Generator().manual_seed(0)
pairs = [SlicePair(*torch.rand(2, 32, 32, generator=generator), None, "g", str(n), str(n)) for n in range(4)]
for until in (2, None):
    trainer = module.Trainer(Settings(steps=4, batch=4, sizes=(32,)), pairs, out, where=where)
    reported = []
    trainer.run(until=until, save_every=1, report=reported.append)
    torch.distributed.barrier()
torch.save({"net": trainer.net.state_dict(), "reports": len(reported), "step": trainer.step}, out / f"{where.rank}.pt")
leave()
"""


@pytest.mark.timeout(280)
def test_two_processes_train_one_network_and_resume(tmp_path: Path):
    script = tmp_path / "two.py"
    script.write_text(_TWO_PROCESSES, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, encoding="utf-8", timeout=270, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert (first["reports"], second["reports"]) == (2, 0)
    assert first["step"] == second["step"] == 4
    for name, parameter in CoCoNet(width=2).named_parameters():
        assert torch.equal(first["net"][name], second["net"][name]), name
        assert torch.isfinite(parameter).all()
