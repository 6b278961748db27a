"""Color: fused luminance and uptake become one RGB picture, and can be read back from it."""

from coconet_med.color.bt601 import luma
from coconet_med.color.coding import (
    compose,
    decode,
    foreign_colors,
    uptake_spread,
    ycbcr_compose,
)

__all__ = ["compose", "decode", "foreign_colors", "luma", "uptake_spread", "ycbcr_compose"]
