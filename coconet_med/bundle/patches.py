"""Where training windows are worth cutting."""

from __future__ import annotations

from typing import Any

from coconet_med.slicewise import LIT


def lit(image: Any) -> Any:
    """Mask of what is not dark, for :class:`monai.transforms.CropForegroundd`; any shape, values in [0, 1].

    A function with a name rather than a lambda in a config: worker processes must be able to pickle it.
    """
    return image > LIT
