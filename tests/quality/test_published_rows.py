"""The measures reproduce the published rows of the atlas, to the digits that were published.

Needs the developers' data beside the repository; skipped elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.quality.atlas import AtlasSet, read_atlas
from coconet_med.quality.baselines import Baseline, fuse_classically
from coconet_med.quality.pixels import luminance

ATLAS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "aanlib"
NAMES = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "leak")
#: evaluation.md, "Peers", mean over pairs.
FIDELITY: dict[tuple[AtlasSet, Baseline], tuple[float, ...]] = {
    ("mri-pet", "average"): (0.561, 0.722, 0.342, 0.984, 0.450, 0.004),
    ("mri-pet", "maximum"): (0.545, 0.694, 0.341, 0.999, 0.803, 0.012),
    ("mri-pet", "laplacian"): (0.681, 0.816, 0.471, 0.958, 0.719, 0.000),
    ("mri-pet", "gff"): (0.520, 0.426, 0.518, 0.993, 0.825, 0.084),
    ("mri-pet", "split"): (0.662, 0.962, 0.532, 0.628, 0.448, 0.013),
    ("mri-pet", "gate"): (0.760, 0.845, 0.572, 1.000, 0.866, 0.000),
    ("mri-pet", "anatomy"): (0.100, -0.011, 0.975, 1.000, 0.975, 0.000),
    ("mri-spect", "average"): (0.577, 0.627, 0.413, 0.943, 0.443, 0.000),
    ("mri-spect", "maximum"): (0.564, 0.654, 0.407, 0.961, 0.647, 0.000),
    ("mri-spect", "laplacian"): (0.677, 0.534, 0.788, 0.949, 0.838, 0.000),
    ("mri-spect", "gff"): (0.344, 0.180, 0.924, 0.989, 0.935, 0.029),
    ("mri-spect", "split"): (0.653, 0.932, 0.624, 0.595, 0.648, 0.399),
    ("mri-spect", "gate"): (0.811, 0.916, 0.638, 0.980, 0.801, 0.000),
    ("mri-spect", "anatomy"): (0.265, 0.108, 0.975, 1.000, 0.975, 0.000),
    ("mri-ct", "average"): (0.530, 0.585, 0.383, 0.827, 0.359, 0.000),
    ("mri-ct", "maximum"): (0.210, 0.979, 0.090, 0.660, 0.310, 0.000),
    ("mri-ct", "laplacian"): (0.596, 0.759, 0.471, 0.713, 0.455, 0.000),
    ("mri-ct", "gff"): (0.192, 0.061, 0.608, 0.851, 0.588, 0.101),
    ("mri-ct", "split"): (0.260, 0.919, 0.350, 0.211, 0.449, 1.893),
    ("mri-ct", "gate"): (0.555, 0.899, 0.346, 0.766, 0.552, 0.169),
    ("mri-ct", "anatomy"): (0.005, -0.348, 0.975, 1.000, 0.975, 0.000),
}


@pytest.fixture(autouse=True)
def atlas_is_here() -> None:
    if not ATLAS.is_dir():
        pytest.skip("the atlas pairs are not beside this repository (developers only)")


def _mean(group: AtlasSet, method: Baseline) -> dict[str, float]:
    rows = []
    for pair in read_atlas(ATLAS, sets=[group]):
        function = luminance(pair.function)
        fused = fuse_classically(method, pair.anatomy, function)
        rows.append(Row(pair.case, evaluate_pair(pair.anatomy, function, fused), person=pair.person))
    return Table(rows).means(over="cases")[0].values


def test_the_gate_on_mri_pet_has_its_published_row() -> None:
    values = _mean("mri-pet", "gate")
    assert [values[name] for name in NAMES] == pytest.approx(FIDELITY["mri-pet", "gate"], abs=0.0011)


@pytest.mark.slow
@pytest.mark.parametrize(("group", "method"), list(FIDELITY))
def test_every_classical_row_is_reproduced(group: AtlasSet, method: Baseline) -> None:
    values = _mean(group, method)
    assert [values[name] for name in NAMES] == pytest.approx(FIDELITY[group, method], abs=0.0011)
