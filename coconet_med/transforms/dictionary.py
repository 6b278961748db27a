"""MONAI dictionary transforms: the steps of :func:`coconet_med.fuse` for MONAI pipelines, with the same voxels.

Each one is a thin wrapper of the step of :mod:`coconet_med.steps` that does the work: reading a pair is that of
``fuse`` whole; the later steps are taken one by one, since a pipeline may put others between them, such as MONAI's own
readers or random ones, and hands images from one to the next as tensors.  Images are :class:`monai.data.MetaTensor`,
(1, i, j, k) with an RAS affine, as MONAI's own readers give them; what the steps need beyond that travels in ``meta``.

Example:
    >>> from monai.transforms import ConcatItemsd
    >>> from coconet_med.transforms import HatchNoDatad
    >>> before = Compose([prepare(no_data=True), ConcatItemsd(("anatomy", "function"), "image")])
    >>> after = Compose([HatchNoDatad(), UnstackSlicesd(("pred", "function")), FuseColord()])

    Between the two stands the network, by :class:`coconet_med.bundle.inferer.StackInferer`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Compose, MapTransform, Transform

from coconet_med.color import compose
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.look import beyond_field_of_view
from coconet_med.errors import OptionError
from coconet_med.geometry import affine_of
from coconet_med.inference import SMALLEST_SIDE
from coconet_med.pair.values import refuse_constant
from coconet_med.readers.tensors import plain_array, ras_affine
from coconet_med.slices import Slicing, slicing_of_source
from coconet_med.source import RELATIVE_UNITS
from coconet_med.steps.alignment import aligned
from coconet_med.steps.notes import clipped, signs_lost
from coconet_med.steps.windows import window_of
from coconet_med.transforms.metatensor import array_of, meta_of, stacked, to_source
from coconet_med.transforms.reading import PAIR, Data, ReadSourced, log_all
from coconet_med.windowing.presets import WindowChoice
from coconet_med.windowing.window import Window

if TYPE_CHECKING:
    from coconet_med.choices import RegisterMode
    from coconet_med.geometry import AffineChoice
    from coconet_med.source import Role

#: What a fused volume keeps of the ``meta`` of its anatomy.
_KEPT = ("filename_or_obj", "units", "nifti_forms", "nifti_codes")


def prepare(
    *,
    register: RegisterMode = "auto",
    plane: str = "auto",
    window: WindowChoice = None,
    anatomy_window: WindowChoice = None,
    roles: Sequence[Role] = PAIR,
    affine: AffineChoice = "auto",
    different_patients: bool = False,
    signed: bool | None = None,
    no_data: bool = False,
    **dicom_options: Any,
) -> Compose:
    """From the paths of ``anatomy`` and ``function`` to stacks of slices in [0, 1], as :func:`coconet_med.fuse` does.

    Args:
        register: as in :func:`coconet_med.fuse`.
        plane: likewise.
        window: likewise.
        anatomy_window: likewise.
        roles: read the two in these roles; ``("function", "function")`` allows the first one to be in color.
        affine: as in :func:`coconet_med.fuse`.
        different_patients: likewise.
        signed: whether the function is a map of both signs; ``None``: where it is one.  Then it comes in [-1, 1].
        no_data: note where the function has no data, for :class:`HatchNoDatad`, as a volume ``"no_data"``.
        dicom_options: likewise.
    """
    return Compose(
        [
            ReadSourced(PAIR, roles=roles, affine=affine, different_patients=different_patients, **dicom_options),
            FindWindowd(PAIR, given=(anatomy_window, window), signed=(False, signed)),
            BringOnGridd(register=register, no_data_key="no_data" if no_data else None),
            ScaleToWindowd(PAIR),
            StackSlicesd(PAIR, plane=plane),
        ]
    )


class FindWindowd(MapTransform):
    """Note in ``meta`` which values will become 0 and 1 (:func:`coconet_med.steps.windows.window_of`).

    Stands before :class:`BringOnGridd`: the window is that of the image as it was read.

    Args:
        keys: one image for each role.
        roles: whether an image is anatomy or function.
        given: limits in units of the image for each key, or ``None`` to choose them.
        signed: whether each is a map of both signs; ``None``: where it is one (:mod:`coconet_med.windowing.signed`).
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        roles: Sequence[Role] = PAIR,
        given: Sequence[WindowChoice] = (None, None),
        signed: Sequence[bool | None] = (False, None),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.roles, self.given, self.signed = tuple(roles), tuple(given), tuple(signed)

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        for key, role, given, signed in self.key_iterator(d, self.roles, self.given, self.signed):
            if not isinstance(d[key], MetaTensor):
                msg = f"{key}: is a {type(d[key]).__name__} without affine; give a MetaTensor, as LoadImaged does"
                raise OptionError(msg)
            source = to_source(d[key], str(key))
            window = window_of(source, role, given=given, signed=signed)
            if not window.low < window.high:  # values over it would be NaN
                refuse_constant(source)
            log_all(() if role == "anatomy" else signs_lost(window, source))
            d[key].meta["window"] = np.array((window.low, window.high))
            d[key].meta["window_chosen"] = window.chosen
            d[key].meta["signed"] = int(window.signed)
        return d


class BringOnGridd(Transform):
    """Bring the functional image onto the anatomical grid (:func:`coconet_med.steps.alignment.aligned`).

    Args:
        anatomy_key: gives the grid.
        function_key: is brought onto it; its window (:class:`FindWindowd`) goes with it.
        register: ``"auto"``, ``"always"`` or ``"never"``.
        force: accept a registration that is not plausible.
        no_data_key: where a volume (1, i, j, k) goes that is 1 where the functional image has no data, if anywhere.
    """

    def __init__(
        self,
        anatomy_key: str = "anatomy",
        function_key: str = "function",
        *,
        register: RegisterMode = "auto",
        force: bool = False,
        no_data_key: str | None = None,
    ) -> None:
        self.anatomy_key, self.function_key, self.register, self.force = anatomy_key, function_key, register, force
        self.no_data_key = no_data_key

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        first, second = (to_source(d[key], key) for key in (self.anatomy_key, self.function_key))
        found = aligned(first, second, register=self.register, force=self.force)
        window = _window(meta_of(d, self.function_key))
        log_all((*found.warnings, *(clipped(window, second, found) if window else ())))
        d[self.function_key] = _like(d[self.function_key], array_of(found.function), affine_of(found.function))
        d[self.function_key].meta["registered"] = int(found.registered)
        if self.no_data_key:
            planar = first.planar or second.planar
            beyond = None if planar else beyond_field_of_view(second.image, first.image, found.transform)
            shape = first.image.GetSize()
            unknown = np.zeros(shape, np.uint8) if beyond is None else beyond.transpose(2, 1, 0).astype(np.uint8)
            d[self.no_data_key] = _like(d[self.function_key], unknown[None], affine_of(found.function))
        return d


class ScaleToWindowd(MapTransform):
    """Map values to [0, 1], of a map of both signs to [-1, 1], by what :class:`FindWindowd` noted, and clip."""

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        for key in self.key_iterator(d):
            window = _window(meta_of(d, key))
            if window is None:
                msg = f"{key}: its window is not known; put FindWindowd before ScaleToWindowd"
                raise OptionError(msg)
            d[key] = _like(d[key], window.apply(plain_array(d[key], str(key))), ras_affine(d[key]))
        return d


class StackSlicesd(MapTransform):
    """Turn volumes (1, i, j, k) into stacks (1, slice, row, column) in display orientation, exact and invertible.

    The first key decides for all (:func:`coconet_med.slices.slicing_of_source`); they share its grid.  Slices with
    fewer than 16 rows or columns are padded by their border, as ``fuse`` does.

    Args:
        keys: volumes on one grid.
        plane: ``"auto"``, ``"axial"``, ``"coronal"`` or ``"sagittal"``.
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(self, keys: KeysCollection, *, plane: str = "auto", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.plane = plane

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        first = to_source(d[self.first_key(d)], "anatomy")
        slicing = slicing_of_source(first, self.plane)
        for key in self.key_iterator(d):
            volume, affine = d[key], ras_affine(d[key])
            stack = slicing.stack(plain_array(volume, str(key))[0].transpose(2, 1, 0))
            short = [(0, 0), *((0, max(0, SMALLEST_SIDE - n)) for n in stack.shape[1:])]
            padded = np.pad(stack, short, mode="edge")
            d[key] = _like(volume, padded[None], _stacked_affine(affine, stack.shape, slicing))
            flips = [int(axis in slicing.flips) for axis in range(3)]
            d[key].meta |= {
                "stacked_order": np.array(slicing.order),
                "stacked_flips": np.array(flips),
                "stacked_from": affine,
                "stacked_size": np.array(stack.shape),
                "plane": slicing.plane,
            }
        return d


class UnstackSlicesd(MapTransform):
    """Undo :class:`StackSlicesd`: (C, slice, row, column) back to (C, i, j, k) on the anatomical grid.

    Args:
        keys: what to bring back.
        reference_key: a stack whose ``meta`` says how it was made.
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(self, keys: KeysCollection, reference_key: str = "image", *, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.reference_key = reference_key

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        slicing, size, meta = stacked(d, self.reference_key)
        for key in self.key_iterator(d):
            stack = plain_array(d[key], str(key))[:, : size[0], : size[1], : size[2]]
            volume = np.stack([slicing.unstack(channel).transpose(2, 1, 0) for channel in stack])
            d[key] = MetaTensor(torch.from_numpy(volume), affine=torch.as_tensor(np.asarray(meta["stacked_from"])))
            d[key].meta |= {k: meta[k] for k in _KEPT if k in meta}
            d[key].meta["signed"] = int(getattr(data[key], "meta", {}).get("signed", 0))
        return d


class FuseColord(Transform):
    """Color the fused luminance by the uptake (:func:`coconet_med.color.compose`).

    Args:
        luminance_key: (1, ...) in [0, 1].
        uptake_key: (1, ...) in [0, 1]; of a map of both signs in [-1, 1].
        key: where the RGB picture goes, ``uint8`` (3, ...).
        colormap: a name in :data:`coconet_med.color.colormaps.COLORMAPS`; ``"auto"``: ``"diverging"`` for maps of both
            signs, ``"uptake"`` for all else.
    """

    def __init__(
        self,
        luminance_key: str = "pred",
        uptake_key: str = "function",
        key: str = "color",
        *,
        colormap: str = "auto",
    ) -> None:
        self.luminance_key, self.uptake_key, self.key, self.colormap = luminance_key, uptake_key, key, colormap

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        light, uptake = (plain_array(d[key], str(key))[0] for key in (self.luminance_key, self.uptake_key))
        signed = bool(getattr(d[self.uptake_key], "meta", {}).get("signed", 0)) or bool(uptake.min() < 0)
        colormap = ("diverging" if signed else "uptake") if self.colormap == "auto" else self.colormap
        if (get_colormap(colormap).kind == "diverging") != signed:
            has = "has values of both signs" if signed else "has no values below 0"
            raise OptionError(f"colormap {colormap}: {self.uptake_key} {has}; choose auto")
        rgb = torch.from_numpy(np.moveaxis(compose(light, uptake, colormap=colormap), -1, 0).copy())
        source = d[self.luminance_key]
        d[self.key] = MetaTensor(rgb, meta=dict(source.meta)) if isinstance(source, MetaTensor) else rgb
        return d


def _window(meta: Mapping[str, Any]) -> Window | None:
    """The window that :class:`FindWindowd` noted."""
    if "window" not in meta:
        return None
    low, high = (float(v) for v in meta["window"])
    chosen, signed = str(meta.get("window_chosen", "given")), bool(meta.get("signed", 0))
    return Window(low, high, str(meta.get("units", RELATIVE_UNITS)), chosen, signed=signed)


def _like(old: MetaTensor, values: np.ndarray, affine: np.ndarray) -> MetaTensor:
    """``values`` with what is known of ``old``, at ``affine`` (RAS)."""
    meta = {key: "RAS" if key == "space" else value for key, value in old.meta.items() if key != "affine"}
    return MetaTensor(torch.from_numpy(np.ascontiguousarray(values)), affine=torch.as_tensor(affine), meta=meta)


def _stacked_affine(affine: np.ndarray, size: Sequence[int], slicing: Slicing) -> np.ndarray:
    """RAS affine of (slice, row, column) from that of (i, j, k)."""
    out = np.array(affine, float)
    for position, axis in enumerate(slicing.order):
        column = np.array(affine, float)[:3, 2 - axis]
        flipped = position in slicing.flips
        out[:3, position] = -column if flipped else column
        if flipped:
            out[:3, 3] += column * (size[position] - 1)
    return out
