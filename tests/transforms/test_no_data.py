"""A border without knowing where there is data is refused."""

from __future__ import annotations

import pytest
import torch

from coconet_med.errors import OptionError
from coconet_med.transforms import (
    HatchNoDatad,
)

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


def test_a_border_without_knowing_where_there_is_data_is_refused():
    with pytest.raises(OptionError, match=r"call prepare\(no_data=True\)"):
        HatchNoDatad()({"pred": torch.zeros(1, 2, 16, 16)})
