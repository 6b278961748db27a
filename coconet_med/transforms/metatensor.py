"""The package's sources as MONAI has images, and back: one image in two forms.

Inside the package a volume is a :class:`SimpleITK.Image` (LPS); MONAI has :class:`monai.data.MetaTensor` (1, i, j, k)
with an RAS affine.  What else a :class:`~coconet_med.source.Source` knows travels in ``meta`` as numbers and strings,
which MONAI can put into batches.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from monai.data import MetaTensor
from monai.utils import convert_to_tensor

from coconet_med.errors import OptionError
from coconet_med.geometry import NiftiForms, affine_of, put_at
from coconet_med.readers.tensors import known_of, plain_array, ras_affine
from coconet_med.slices import Slicing
from coconet_med.source import Source


def to_tensor(source: Source) -> MetaTensor:
    """A source as MONAI has images: (1, i, j, k), RAS affine."""
    meta = {
        "name": source.name,
        "filename_or_obj": str(source.files[0]) if source.files else source.name,
        "units": source.units,
        "planar": int(source.planar),
        "slice_axis": -1 if source.slice_axis is None else source.slice_axis,
        "frame_of_reference": source.frame_of_reference or "",
        "display_range": np.array(source.details.get("display_range", (0, 0)), float),
        **_forms_meta(source.forms),
    }
    return MetaTensor(
        torch.from_numpy(array_of(source.image)), affine=torch.from_numpy(affine_of(source.image)), meta=meta
    )


def to_source(image: Any, name: str) -> Source:
    """A MONAI image (1, i, j, k) as the package takes it; images of MONAI's own readers have relative units.

    Raises:
        OptionError: another shape, values that are NaN or infinite, or lazy transforms that are yet to be applied.
        ReadError: a tensor without values.
        GeometryError: its affine is singular or sheared, or its size is not that of a body.
    """
    volume = convert_to_tensor(image, track_meta=True)
    if volume.ndim != 4 or volume.shape[0] != 1:
        msg = f"{name}: must be (1, i, j, k), is {tuple(volume.shape)}; put EnsureChannelFirstd before"
        raise OptionError(msg)
    values = plain_array(volume, name)
    if not np.isfinite(values).all():
        msg = f"{name}: holds NaN or infinite values; read it with ReadSourced, or put SignalFillEmptyd before"
        raise OptionError(msg)
    meta = volume.meta
    made = sitk.GetImageFromArray(np.ascontiguousarray(values[0].transpose(2, 1, 0), np.float32))
    put_at((made,), ras_affine(volume), name, units=None if meta.get("planar", 0) else "MONAI gives lengths in mm")
    return Source(
        made,
        str(meta.get("name") or meta.get("filename_or_obj", name)),
        **known_of(meta),
    )


def meta_of(data: Mapping[Hashable, Any], key: Hashable) -> dict[str, Any]:
    """What is noted beside the image under a key.

    Raises:
        OptionError: there is no such key, or a plain tensor under it, such as MONAI's PersistentDataset makes.
    """
    if key not in data:
        raise OptionError(f"{key}: no such key (there are {', '.join(map(str, data))}); name another in the transform")
    if not isinstance(data[key], MetaTensor):
        kind = type(data[key]).__name__
        msg = f"{key}: is a {kind}, which has lost what the steps before have noted (meta); keep the MetaTensor "
        raise OptionError(f"{msg}(of MONAI's PersistentDataset: track_meta=True, weights_only=False)")
    return dict(data[key].meta)


def stacked(data: Mapping[Hashable, Any], key: Hashable) -> tuple[Slicing, np.ndarray, dict[str, Any]]:
    """How the stack under a key was made of a volume, the size of that (slice, row, column), and its ``meta``.

    Raises:
        OptionError: it was not made by ``StackSlicesd``, or that is not known any more.
    """
    meta = meta_of(data, key)
    if "stacked_order" not in meta:
        raise OptionError(f"{key}: is no stack of slices that StackSlicesd has made; name one")
    order, flips, size = (np.asarray(meta[f"stacked_{part}"]) for part in ("order", "flips", "size"))
    k, j, i = (int(a) for a in order)
    return Slicing("axial", (k, j, i), tuple(np.flatnonzero(flips).tolist())), size, meta


def array_of(image: sitk.Image) -> np.ndarray:
    """Its voxels, float32 (1, i, j, k)."""
    return np.ascontiguousarray(sitk.GetArrayViewFromImage(image).transpose(2, 1, 0)[None], np.float32)


def forms_of(meta: Mapping[str, Any]) -> NiftiForms | None:
    """The two affines of the NIfTI header that an image came from, as :func:`to_tensor` noted them in ``meta``."""
    if "nifti_forms" not in meta or not int(np.asarray(meta["nifti_codes"])[2]):
        return None
    (sform, qform), codes = np.asarray(meta["nifti_forms"], float), np.asarray(meta["nifti_codes"])
    return NiftiForms(sform, qform, int(codes[0]), int(codes[1]))


def _forms_meta(forms: NiftiForms | None) -> dict[str, np.ndarray]:
    """Always there, since MONAI puts only into batches what all images have; the third code says whether it counts."""
    if forms is None:
        return {"nifti_forms": np.zeros((2, 4, 4)), "nifti_codes": np.zeros(3, int)}
    codes = np.array((forms.sform_code, forms.qform_code, 1))
    return {"nifti_forms": np.stack((forms.sform, forms.qform)), "nifti_codes": codes}
