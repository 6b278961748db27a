"""From the orders of a job to what the core works with: sources, their windows, and where there is no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from worker_exchange import read_array, to_image
from worker_words import panel_words

if TYPE_CHECKING:
    from coconet_med.options import FuseOptions
    from coconet_med.windowing.window import Window
    from fuse_worker import Job

#: What the panel calls as the core does.
_OPTIONS = ("plane", "window", "anatomy_window", "colormap", "strength", "lightness", "threshold")


def source_of(image: Any, role: str, volume: dict[str, Any]) -> Any:
    """What the core calls a source: an image with the name and the units that the panel knows."""
    from dataclasses import replace

    from coconet_med.errors import FusionError
    from coconet_med.readers.memory import from_memory

    units = volume.get("units", "relative")
    try:
        source = from_memory(image, role, units=units)
    except FusionError as error:
        raise type(error)(str(error).replace(f"{role} (Image)", volume["name"])) from error
    return replace(source, name=volume["name"], modality="CT" if units == "HU" else None)


def anatomy_of(job: Job) -> Any:
    """The anatomical image of the orders."""
    volume = job.orders["anatomy"]
    return source_of(to_image(read_array(job.folder, volume), volume["ijk_to_ras"], upright=True), "anatomy", volume)


def options_of(orders: dict[str, Any], **changed: Any) -> FuseOptions:
    """How the orders want a pair fused, whose functional image Slicer has brought onto the anatomical grid already.

    Args:
        orders: of the tasks ``fuse``, ``preview``, ``page`` and ``foci``.
        changed: options that are to be others.
    """
    from coconet_med.options import FuseOptions

    given = {name: orders[name] for name in _OPTIONS if orders.get(name) is not None}
    if isinstance(given.get("window"), list):
        given["window"] = tuple(given["window"])
    if given.get("anatomy_window") == "auto":
        del given["anatomy_window"]
    return FuseOptions(**{**given, **changed}, register="never").validate()


def scaled_anatomy(job: Job, anatomy: Any) -> tuple[np.ndarray, tuple[float, float], Any]:
    """Anatomy in [0, 1], the window that made it so, and its slicing, as :func:`coconet_med.fuse` has them.

    Without the functional image: a frame of a dynamic series may be empty, and then the two are no pair for ``fuse``.
    """
    import SimpleITK as sitk

    from coconet_med.slices import slicing_of_source
    from coconet_med.steps.windows import window_of

    options = options_of(job.orders)
    window = window_of(anatomy, "anatomy", given=options.anatomy_window)
    light = window.apply(sitk.GetArrayViewFromImage(anatomy.image))
    return light, (window.low, window.high), slicing_of_source(anatomy, options.plane)


def read_beyond(folder: Any, frame: dict[str, Any]) -> np.ndarray | None:
    """Where a frame has no data (k, j, i), bool; ``None`` where it has data everywhere."""
    return read_array(folder, {"array": frame["beyond"]}) != 0 if frame.get("beyond") else None


def hatch(luminance: np.ndarray, light: np.ndarray, beyond: np.ndarray | None, slicing: Any) -> float:
    """Put the plain anatomy, with a hatched border, where there is no data; the share of the picture that this is.

    Args:
        luminance: (k, j, i) in [0, 1]; changed.
        light: anatomy, likewise.
        beyond: as :func:`read_beyond` gives it.
        slicing: which slices the network sees.
    """
    from coconet_med.color.look import hatched

    if beyond is None:
        return 0.0
    fused, plain, unknown = (slicing.stack(array) for array in (luminance, light, beyond))
    for number in np.flatnonzero(unknown.any(axis=(1, 2))):
        here = slice(number, number + 1)
        fused[here] = np.where(unknown[here], hatched(plain[here], unknown[here]), fused[here])
    return float(beyond.mean())


def shared_window(job: Job) -> Window:
    """The functional window of the orders, else a robust one over all frames: equal uptake, equal color.

    As :func:`coconet_med.fuse` has it: the top of a robust one is rounded so that a legend can show it, and that of
    values of both signs is symmetric.
    """
    from coconet_med.steps.windows import function_window

    orders = job.orders
    frames = orders["frames"]
    volumes = orders.get("values") or frames
    values = np.concatenate([read_array(job.folder, volume).ravel() for volume in volumes])
    values = values[np.isfinite(values)].astype(np.float32)
    if not values.size or values.min() == values.max():
        from coconet_med.errors import ReadError

        if orders.get("window") is None:
            msg = f"{frames[0]['name']}: has the same value everywhere; choose another functional volume"
            raise ReadError(msg)
    source = source_of(_any_image(values), "function", frames[0])
    return function_window(source, options_of(orders), values=values)


def _any_image(values: np.ndarray) -> Any:
    """An image that stands for values whose place decides nothing."""
    import SimpleITK as sitk

    return sitk.GetImageFromArray(np.array([[[values.min(), values.max() + 1]]] if values.size else [[[0, 1]]], "f4"))


class DifferentPatientsError(Exception):
    """The headers name two patients, and that was not accepted yet; the panel asks the user by this name."""


def of_one_patient(orders: dict[str, Any]) -> tuple[str, ...]:
    """Refuse images of two patients as every other way in does; warnings where it is not known."""
    from pathlib import Path

    headers = orders.get("dicom_headers")
    if not headers:
        return ()
    from coconet_med.errors import PairError
    from coconet_med.pair.patients import check_headers

    try:
        _, warnings = check_headers(*map(Path, headers), accepted=bool(orders.get("different_patients")))
    except PairError as error:
        raise DifferentPatientsError(str(error).split("; give images")[0]) from error
    return tuple(map(panel_words, warnings))
