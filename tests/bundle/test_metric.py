"""Measures of a stack as entries, and their mean over the cases that have them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from coconet_med.bundle.metric import CaseMean, MeasureFidelityd  # noqa: E402
from coconet_med.phantom import slice_pair  # noqa: E402
from coconet_med.quality.case import evaluate_volume  # noqa: E402


def test_each_measure_is_that_of_the_package() -> None:
    sources = torch.stack([torch.from_numpy(picture / 255.0).float()[None] for picture in slice_pair(48)])
    fused = sources.mean(dim=0, keepdim=True)
    entries = MeasureFidelityd("fused", measures=("H", "rho_lp"))({"image": sources, "fused": fused})
    wanted = evaluate_volume(*(255 * sources).numpy(), (255 * fused[0]).numpy())
    assert entries["H"].shape == (1,)
    assert entries["H"].item() == pytest.approx(wanted["H"])
    assert entries["rho_lp"].item() == pytest.approx(wanted["rho_lp"])


def test_cases_without_the_measure_are_left_out_of_the_mean() -> None:
    mean = CaseMean()
    for value in (0.5, float("nan"), 1.0):
        mean(y_pred=torch.tensor([value]))
    assert mean.aggregate().item() == pytest.approx(0.75)
