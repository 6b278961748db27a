"""Uptake as a ratio to a reference region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.measure import read_labels
from coconet_med.model import Model


def test_a_fusion_can_be_of_suvr(pair, labels: Path, mean_model: Model) -> None:
    plain = coconet_med.fuse(*pair, register="never", model=mean_model)
    mask = read_labels(labels).mask(8)
    mean = float(sitk.GetArrayFromImage(plain.uptake)[mask].mean())
    # The same window in both units: its robust top is rounded to a readable number in each.
    window = plain.window.low / mean, plain.window.high / mean
    result = coconet_med.fuse(*pair, register="never", model=mean_model, reference="8", labels=labels, window=window)
    assert sitk.GetArrayFromImage(result.uptake)[mask].mean() == pytest.approx(1, abs=1e-5)
    assert result.window.units == "SUVR"
    reported = result.sidecar()["sources"]["function"]["details"]["reference"]
    assert reported["mean"] == pytest.approx(sitk.GetArrayFromImage(plain.uptake)[mask].mean(), rel=1e-5)
    assert np.abs(sitk.GetArrayFromImage(result.color).astype(int) - sitk.GetArrayFromImage(plain.color)).max() <= 2


def test_the_region_may_have_a_name_of_its_own(pair, labels: Path, mean_model: Model, tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("index\tname\n8\tmy region\n", encoding="utf-8")
    options = {"register": "never", "model": mean_model, "labels": labels}
    by_number = coconet_med.fuse(*pair, reference="8", **options)
    named = coconet_med.fuse(*pair, reference="my region", names=tmp_path / "names.tsv", **options)
    assert np.array_equal(sitk.GetArrayFromImage(named.uptake), sitk.GetArrayFromImage(by_number.uptake))
