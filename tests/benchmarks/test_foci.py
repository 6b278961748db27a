"""The benchmark of foci: counts by source and sign, and pictures of what is lost."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from coconet_med.model import Model
from coconet_med.quality.atlas import AtlasPair

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
foci = pytest.importorskip("foci")


@pytest.fixture
def pair() -> AtlasPair:
    """A hot focus that the MRI opposes, a hot one it knows nothing of, and a cold one."""
    y, x = np.mgrid[:128, :128]
    head = np.hypot(y - 64, x - 64) < 56
    blob = {
        c: ndimage.gaussian_filter((np.hypot(y - c[0], x - c[1]) <= 4).astype(float), 1)
        for c in ((45, 45), (80, 50), (64, 88))
    }
    function = np.where(head, 100, 0) + 80 * blob[45, 45] + 80 * blob[80, 50] - 80 * blob[64, 88]
    anatomy = np.where(head, 120, 0) - 90 * blob[45, 45]
    return AtlasPair("mri-pet", "1_1", "1", anatomy.astype(np.uint8), np.zeros((128, 128, 3), np.uint8), function / 255)


def test_foci_are_counted_by_kind_and_what_is_lost_is_drawn(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pair: AtlasPair,
    mean_model: Model,
) -> None:
    monkeypatch.setattr(foci, "read_atlas", lambda *_, **__: [pair])
    monkeypatch.setattr(foci, "load_model", lambda *_: mean_model)
    monkeypatch.setattr(sys, "argv", f"f data --model mean --set mri-pet --pictures {tmp_path / 'p'}".split())
    foci.main()
    lines = [line.replace("*", "").strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    rows = {(line[1], line[2]): line[3:] for line in lines}
    assert [rows[kind, "mean"][0] for kind in ("function, hot", "function, cold", "function, opposed")] == [
        "2",
        "1",
        "1",
    ]
    assert rows["MRI, cold", "mean"][0] == "1"
    assert rows["function, opposed", "anatomy"][1:3] == ["1.00", "1.00"]
    assert rows["function, opposed", "anatomy"][4] == "0.00"  # its colors carry the uptake
    assert float(rows["function, cold", "mean"][3]) == pytest.approx(0.5, abs=0.05)
    assert rows["function, opposed", "mean"][1] == "1.00"
    assert (tmp_path / "p" / "mri-pet_1_1.png").stat().st_size > 1000
