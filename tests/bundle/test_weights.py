"""Weights that do not fit are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_cases import BUNDLE

from coconet_med.network import CoCoNet

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


def test_loading_weights_of_another_width_fails(bundle: Path):
    from monai.bundle import load

    with pytest.raises(RuntimeError, match=r"only \d+ of \d+ tensors fit"):
        load(BUNDLE.name, bundle_dir=str(bundle.parent), net_override={"name": "full"}, device="cpu")


def test_a_mixture_of_weights_is_refused_and_whole_ones_are_not():
    wide, narrow = CoCoNet(width=4), CoCoNet(width=2)
    mixed = wide.state_dict() | {k: v for k, v in narrow.state_dict().items() if v.shape == wide.state_dict()[k].shape}
    with pytest.raises(RuntimeError, match="another kind or width"):
        wide.load_state_dict(mixed)
    wide.load_state_dict(wide.state_dict())
    wide.load_state_dict(CoCoNet(width=4).state_dict())
