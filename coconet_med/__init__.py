"""coconet-med: fuse an MRI with a PET, SPECT or CT of the same person into one truthful image.

Research use, not for diagnosis.

Example:
    >>> import coconet_med
    >>> result = coconet_med.fuse("T1.nii.gz", "PET.nii.gz")  # doctest: +SKIP
    >>> result.save("fused.nii.gz")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coconet_med._version import __version__
from coconet_med.errors import FusionError
from coconet_med.system.telemetry import silence_libraries

if TYPE_CHECKING:
    from coconet_med.fusion import fuse
    from coconet_med.model import load_model
    from coconet_med.result import FusionResult

silence_libraries()  # here, since every way in passes here before a library that reports is loaded

__all__ = ["FusionError", "FusionResult", "__version__", "fuse", "load_model"]

# Imported when first used: importing the package alone must cost nothing, least of all SimpleITK or onnxruntime.
_LAZY = {"fuse": "coconet_med.fusion", "load_model": "coconet_med.model", "FusionResult": "coconet_med.result"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
