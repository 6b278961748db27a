"""What a training leaves to look at, and how it is judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from coconet_med.network import CoCoNet
from coconet_med.training import journal as module
from coconet_med.training.data import SlicePair, atlas_slices
from coconet_med.training.journal import Journal, fuse_pair
from coconet_med.training.validation import quick_validate, validate


class _Mean(torch.nn.Module):
    """Stands for a network: a weighted mean of the sources, raised where both are dark."""

    def __init__(self) -> None:
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (self.share * image[:, :1] + (1 - self.share) * image[:, 1:]).clamp_min(0.1)


def test_curves_and_pictures_are_written(pairs: list[SlicePair], tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    book = Journal(tmp_path, pairs)
    book.write({"step": 5, "loss": 0.5})
    book.write({"step": 10, "loss": 0.25})
    book.show(_Mean(), 10)
    book.close()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["loss"] for line in lines] == [0.5, 0.25]
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(5, 0.5), (10, 0.25)]
    assert [e.step for e in events.Images("samples")] == [10]
    sheet = np.asarray(Image.open(tmp_path / "samples.png"))
    assert sheet.shape == (32 * len(pairs), 4 * 32, 3)
    np.testing.assert_array_equal(sheet[:32, :32, 0], np.uint8(255 * pairs[0].anatomy.numpy() + 0.5))


def test_without_tensorboard_the_log_and_the_picture_remain(
    pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_board", lambda folder: None)
    book = Journal(tmp_path, pairs)
    book.write({"step": 1, "loss": 1.0})
    book.show(_Mean(), 1)
    book.close()
    assert {p.name for p in tmp_path.iterdir()} == {"log.jsonl", "samples.png"}


def test_what_is_shown_and_judged_is_dark_where_both_sources_are(pairs: list[SlicePair]):
    sources, fused = fuse_pair(_Mean(), pairs[0])
    assert fused[sources.max(axis=0) <= 2 / 255].max() == 0


def test_the_judgment_is_that_of_the_quality_room(pairs: list[SlicePair]):
    table = validate(_Mean(), pairs)
    (mean,) = table.means()
    assert (mean.group, mean.cases, mean.persons) == ("head", 4, 2)
    assert 0 < mean.values["H"] < 1
    assert mean.values["rho_uptake"] > 0.95
    assert mean.values["leak"] == 0


def test_the_judgment_is_that_of_coconet_med_evaluate(atlas_folder: Path, tmp_path: Path):
    from coconet_med.quality.evaluate import evaluate_folder

    torch.manual_seed(0)
    net = CoCoNet(width=2).eval()
    torch.save(net.state_dict(), tmp_path / "net.pt")
    pairs = atlas_slices(atlas_folder, split="val", sets=("mri-pet",))
    (mine,) = validate(net, pairs).means()
    options = {"model": str(tmp_path / "net.pt"), "engine": "torch", "baselines": False}
    (theirs,) = evaluate_folder(atlas_folder, sets=["mri-pet"], **options).means()
    assert mine.values == pytest.approx(theirs.values, abs=5e-3, nan_ok=True)


def test_a_glance_tells_shares_that_grow_with_what_is_kept(pairs: list[SlicePair]):
    net = _Mean()
    with torch.no_grad():
        net.share.fill_(1.0)
        copy = quick_validate(net, pairs)
        net.share.fill_(0.6)
        both = quick_validate(net, pairs)
    assert copy["head/head_edges"] > both["head/head_edges"]
    assert both["head/uptake_order"] > copy["head/uptake_order"]
