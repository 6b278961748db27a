"""Luminance of RGB by ITU-R BT.601, the weights of JPEG, PNG viewers, and of the color pictures of the atlas."""

from __future__ import annotations

from typing import Final

#: Weights of red, green and blue.
RED: Final = 0.299
GREEN: Final = 0.587
BLUE: Final = 0.114
WEIGHTS: Final = (RED, GREEN, BLUE)
