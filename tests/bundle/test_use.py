"""What users of the bundle do in Python, and what its training gets of persons and feature spaces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from bundle_cases import BUNDLE

from coconet_med.network import build_network

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


def test_the_example_of_the_readme_gives_what_fuse_computes(bundle: Path):
    page = (BUNDLE / "docs" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict = {}
    exec(block.replace("PARENT_OF_BUNDLE", bundle.parent.as_posix()), names)
    net = build_network("light")
    net.load_state_dict(torch.load(bundle / "models" / "model.pt", weights_only=True))
    with torch.no_grad():
        expected, trained = net.eval()(names["image"]), net.train()(names["image"])
    torch.testing.assert_close(names["pred"].cpu(), expected, atol=1e-4, rtol=0)
    assert (trained - expected).abs().max() > 0.01  # what .eval() is for
