"""How good a network is: the measures of ``coconet-med evaluate``."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from network_cases import Mean

from coconet_med.network import CoCoNet
from coconet_med.training.data import SlicePair, atlas_slices
from coconet_med.training.validation import quick_validate, validate


def test_the_judgment_is_that_of_the_quality_room(pairs: list[SlicePair]):
    table = validate(Mean(), pairs)
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
    net = Mean()
    with torch.no_grad():
        net.share.fill_(1.0)
        copy = quick_validate(net, pairs)
        net.share.fill_(0.6)
        both = quick_validate(net, pairs)
    assert copy["head/head_edges"] > both["head/head_edges"]
    assert both["head/uptake_order"] > copy["head/uptake_order"]
