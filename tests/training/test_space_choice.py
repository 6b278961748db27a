"""Feature spaces by name."""

from __future__ import annotations

import pytest

from coconet_med.errors import OptionError
from coconet_med.training.space_choice import build_space


def test_an_unknown_space_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"choose vgg19, efficientnet-lite0, gabor, branch"):
        build_space("resnet")
