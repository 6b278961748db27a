"""What a training leaves to look at, and how it is judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from network_cases import Mean
from PIL import Image

from coconet_med.training import journal as module
from coconet_med.training.data import SlicePair
from coconet_med.training.journal import Journal, fuse_pair


def test_curves_and_pictures_are_written(pairs: list[SlicePair], tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    book = Journal(tmp_path, pairs)
    book.write({"step": 5, "loss": 0.5})
    book.write({"step": 10, "loss": 0.25})
    book.show(Mean(), 10)
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
    book.show(Mean(), 1)
    book.close()
    assert {p.name for p in tmp_path.iterdir()} == {"log.jsonl", "samples.png"}


def test_what_is_shown_and_judged_is_dark_where_both_sources_are(pairs: list[SlicePair]):
    sources, fused = fuse_pair(Mean(), pairs[0])
    assert fused[sources.max(axis=0) <= 2 / 255].max() == 0
