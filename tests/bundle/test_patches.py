"""Slices say whom they show, and say no more."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from coconet_med.bundle.datalist import split_pairs
from coconet_med.bundle.objective import Objective
from coconet_med.bundle.patches import TellPersond

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


def test_slices_say_whom_they_show_and_negatives_are_of_others(monkeypatch: pytest.MonkeyPatch):
    pairs = split_pairs([{"id": one} for one in ("a_1", "a_2", "b_1", "c_1", "d_1", "e_1")], "train")
    assert [pair["person"] for pair in pairs] == ["a", "a", "b", "c", "d"]
    labels = torch.stack(
        [TellPersond("label")({"label": torch.rand(2, 32, 32), "person": p["person"]})["label"] for p in pairs]
    )
    assert labels.shape == (5, 3, 32, 32)
    seen = []
    objective = Objective(contrast=1.0)
    forward = objective.contrast.forward
    monkeypatch.setattr(
        objective.contrast, "forward", lambda f, i, **k: seen.append((i.shape[1], k["persons"])) or forward(f, i, **k)
    )
    assert torch.isfinite(objective(torch.rand(5, 1, 32, 32), labels))
    ((channels, persons),) = seen
    assert channels == 2
    assert persons[0] == persons[1]
    assert len(set(persons)) == 4


def test_the_training_says_nothing_of_the_affine_of_each_slice(bundle: Path, tmp_path: Path):
    """MONAI calls the affine of a slice without its axis ill-posed; warnings are errors here."""
    from bundle_cases import write_pairs
    from monai.bundle import ConfigParser

    write_pairs(tmp_path)
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "train.json"))
    parser.update({"bundle_root": str(bundle), "dataset_dir": str(tmp_path), "size": 32, "slices_per_case": 2})
    chain = parser.get_parsed_content("train#preprocessing")
    made = chain(split_pairs(parser.get_parsed_content("pairs"), "train")[0])
    assert [one["image"].shape for one in made] == [(2, 32, 32)] * 2
    assert [one["label"].shape for one in made] == [(3, 32, 32)] * 2
