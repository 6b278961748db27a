"""Settings that do not fit are refused in words."""

from __future__ import annotations

import pytest

from PETMRFusionLib.settings import FusionSettings


def test_settings_that_do_not_fit_are_refused_in_words():
    for wrong, words in (
        ({"strength": 1.5}, "from 0 to 1"),
        ({"window": (5, 5)}, "lower value"),
        ({"colormap": "x"}, "choose uptake"),
        ({"plane": "x"}, "choose auto"),
    ):
        with pytest.raises(ValueError, match=words):
            FusionSettings(**wrong)
