"""Tensors as arrays: of PyTorch, wherever they lie, and MONAI's with an affine; neither package is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coconet_med.errors import GeometryError, OptionError, ReadError
from coconet_med.source import RELATIVE_UNITS


def plain_array(data: Any, name: str) -> np.ndarray:
    """The values of a tensor or of anything else that NumPy takes for an array; masked elements become NaN.

    A tensor may need a gradient, lie on another device, or be of a type that NumPy lacks (bfloat16).

    Raises:
        OptionError: a MONAI tensor with transforms that are yet to be applied (lazy resampling).
        ReadError: it has no values that could be had: sparse, quantized, without storage.
    """
    waiting = len(getattr(data, "pending_operations", None) or ())
    if waiting:
        msg = f"{name}: {waiting} lazy transform(s) of MONAI are pending, so its values are not those of its affine; "
        raise OptionError(f"{msg}apply them first (monai.transforms.apply_pending)")
    try:
        if callable(getattr(data, "detach", None)):
            data = data.detach().cpu()
            data = data.as_tensor() if hasattr(data, "as_tensor") else data
            data = data.resolve_conj().resolve_neg()
            data = data.float() if str(data.dtype) == "torch.bfloat16" else data
            return data.numpy()
        if isinstance(data, np.ma.MaskedArray) and data.mask.any():
            return np.where(data.mask, np.float32(np.nan), data.data)
        return np.asarray(data)
    except Exception as error:  # other packages raise almost any kind of error
        said = " ".join(str(error).split())[:160]
        raise ReadError(f"{name}: no array can be made of it ({said}); give a dense one with real numbers") from error


def has_affine(data: Any) -> bool:
    """Whether it is a MONAI ``MetaTensor``: (i, j, k), not (k, j, i) as arrays are, and with a place in the world."""
    return all(hasattr(data, one) for one in ("detach", "affine", "meta", "pending_operations"))


def ras_affine(volume: Any) -> np.ndarray:
    """The affine of a MONAI ``MetaTensor``, voxel (i, j, k) to RAS, mm, (4, 4).

    MONAI's readers give RAS, but its bridge from ITK (``itk_image_to_metatensor``) and its ``ITKReader`` with
    ``affine_lps_to_ras=False`` give LPS, and its ``NrrdReader`` gives what an NRRD in ``left-anterior-superior`` holds.
    They note it in ``meta["space"]``, at which MONAI's own transforms and writers do not look (findings
    ``monai-space-is-ignored``, ``monai-nrrd-las``).

    Raises:
        GeometryError: it is no (4, 4).
    """
    affine = np.asarray(plain_array(volume.affine, "affine"), float)
    if affine.shape != (4, 4):
        raise GeometryError(f"the affine of a MetaTensor is {affine.shape}; give one volume, with an affine of (4, 4)")
    space = str(volume.meta.get("space", "")).lower()  # "LPS", or in the words of NRRD
    axes = space.split("-")[:3] if "-" in space else list(space[-3:])
    turned = [-1.0 if axis[:1] == other else 1.0 for axis, other in zip(axes, "lpi", strict=False)]
    return np.diag([*turned, 1.0]) @ affine if len(turned) == 3 else affine


def known_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`coconet_med.transforms.metatensor.to_tensor` noted, as fields of a ``Source``."""
    units, frame = meta.get("units"), meta.get("frame_of_reference")
    try:
        low, high = (float(v) for v in meta.get("display_range", (0, 0)))
        axis, planar = int(meta.get("slice_axis", -1)), bool(meta.get("planar", 0))
    except (TypeError, ValueError):  # keys of somebody else
        low, high, axis, planar = 0.0, 0.0, -1, False
    return {
        "units": units if isinstance(units, str) and units else RELATIVE_UNITS,
        "planar": planar,
        "slice_axis": axis if axis in (0, 1, 2) else None,
        "frame_of_reference": frame if isinstance(frame, str) and frame else None,
        "details": {"display_range": [low, high]} if low < high else {},
    }
