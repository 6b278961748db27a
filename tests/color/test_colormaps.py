"""The set of color maps: named, all of one size, gray where there is no uptake."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pytest

from coconet_med.color.colormap import STEPS, ZERO
from coconet_med.color.colormaps import COLORMAPS, ColormapChoice, ColormapName, get_colormap
from coconet_med.errors import OptionError


def test_the_types_name_every_map_and_the_default_comes_first() -> None:
    assert list(COLORMAPS) == list(get_args(ColormapName))
    assert next(iter(COLORMAPS)) == "uptake"
    assert get_args(ColormapChoice) == (Literal["auto"], ColormapName)


@pytest.mark.parametrize("name", COLORMAPS)
def test_no_uptake_is_the_gray_of_the_anatomy(name: str) -> None:
    table = get_colormap(name).table()
    assert table.shape == (STEPS, STEPS, 3)
    assert table.dtype == np.uint8
    none = table[:, ZERO if get_colormap(name).kind == "diverging" else 0]
    assert (none == np.arange(STEPS)[:, None]).all()
    assert (get_colormap(name).table(0.0) == np.arange(STEPS)[:, None, None]).all()


def test_an_unknown_name_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(OptionError, match="'viridis'") as caught:
        get_colormap("viridis")
    assert all(name in str(caught.value) for name in COLORMAPS)
