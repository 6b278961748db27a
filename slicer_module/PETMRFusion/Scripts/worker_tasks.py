"""What the worker can be asked to do: the value of ``task`` in ``job.json`` names a function of this module."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING, Any

import numpy as np

import worker_engine
from worker_exchange import read_array, to_image, write_array, write_facts

if TYPE_CHECKING:
    from fuse_worker import Job


def run(job: Job) -> None:
    """Do the task of the orders."""
    name = job.orders["task"]
    if name not in TASKS:
        msg = f"unknown task {name!r}: the module and its worker are of different versions; install both again"
        raise ValueError(msg)
    TASKS[name](job)


def describe(job: Job) -> None:
    """Say what this Python has."""
    from importlib.metadata import PackageNotFoundError, version

    import coconet_med
    from coconet_med.model import installed_engines

    versions = {}
    for library in ("numpy", "SimpleITK", "onnxruntime", "openvino", "torch", "monai"):
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    facts = {"python": platform.python_version(), "coconet_med": coconet_med.__version__, "versions": versions}
    write_facts(job.results, "facts", {**facts, "engines": installed_engines()})


def fuse(job: Job) -> None:
    """Fuse one functional image or the frames of a series, which lie on the anatomical grid already.

    Orders: ``anatomy`` (volume), ``frames`` (volumes on the same grid), ``values`` (arrays of the native functional
    values, for a window that does not depend on the anatomical grid; optional), ``window`` (two numbers; optional),
    ``plane``, ``colormap``, ``model``, ``sha256``, ``engine``, ``device``, ``dicom_headers`` (a file of the anatomical
    and one of the functional series; optional: they must be of one patient), ``different_patients`` (accept two).

    Results: ``luminance-N.npy`` (float32 in [0, 1], full strength), ``table.npy`` (RGB of the color map: luminance,
    uptake, 3), ``facts.json``.
    """
    from coconet_med.color.colormaps import get_colormap

    orders = job.orders
    told = of_one_patient(orders)
    anatomy = to_image(read_array(job.folder, orders["anatomy"]), orders["anatomy"]["ijk_to_ras"], upright=True)
    progress = _Progress(job, len(orders["frames"]), _count_slices(anatomy, orders["plane"]))
    model = worker_engine.load(orders, job.say, progress.tick)
    window = shared_window(job)
    facts: dict[str, Any] = {"frames": []}
    for number, frame in enumerate(orders["frames"]):
        progress.start(number)
        luminance, about = _fuse_one(job, anatomy, read_array(job.folder, frame), window, model, progress.stage)
        about["warnings"] = [*(told if number == 0 else ()), *about["warnings"]]
        write_array(job.results, f"luminance-{number}", luminance)
        facts["frames"].append(about)
        job.say("frame", number=number)
    job.check()
    write_array(job.results, "table", get_colormap(orders["colormap"]).table(1.0))
    write_facts(job.results, "facts", {**facts, "window": list(window), "colormap": orders["colormap"]})


class DifferentPatientsError(Exception):
    """The headers tell two patients, and nobody said that they are meant; the panel asks the user by this name."""


def of_one_patient(orders: dict[str, Any]) -> tuple[str, ...]:
    """Refuse images of two patients as every other way in does; warnings where it is not known."""
    from pathlib import Path

    headers = orders.get("dicom_headers")
    if not headers:
        return ()
    from coconet_med.errors import PairError
    from coconet_med.pair.patients import check_headers

    try:
        _, told = check_headers(*map(Path, headers), accepted=bool(orders.get("different_patients")))
    except PairError as error:
        raise DifferentPatientsError(str(error).split("; give images")[0]) from error
    return tuple(re.sub(r" \(--[a-z-]+\)", "", text) for text in told)  # the panel has no options to name


def _count_slices(anatomy: Any, plane: str) -> int:
    from coconet_med.slices import slicing_of

    return anatomy.GetSize()[2 - slicing_of(anatomy, plane=plane).order[0]]


def _fuse_one(
    job: Job, anatomy: Any, uptake: np.ndarray, window: tuple[float, float], model: Any, progress: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    import SimpleITK as sitk

    import coconet_med

    orders = job.orders
    if uptake.max() == uptake.min():
        return _fuse_empty(anatomy, uptake, window, model, orders, progress)
    image = sitk.GetImageFromArray(uptake)
    image.CopyInformation(anatomy)
    result = coconet_med.fuse(
        anatomy,
        image,
        register="never",
        plane=orders["plane"],
        window=window,
        colormap=orders["colormap"],
        model=model,
        progress=progress,
    )
    names = {"anatomy (Image)": orders["anatomy"]["name"], "function (Image)": orders["frames"][0]["name"]}
    return sitk.GetArrayFromImage(result.luminance), {
        "anatomy_window": [result.anatomy_window.low, result.anatomy_window.high],
        "plane": result.plane,
        "provenance": result.provenance,
        "warnings": [_with_names(text, names) for text in result.warnings if _is_news(text, orders)],
    }


def _fuse_empty(
    anatomy: Any, uptake: np.ndarray, window: tuple[float, float], model: Any, orders: dict[str, Any], progress: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    """A frame without any uptake, as at the start of a dynamic series: readers refuse it, the network does not."""
    from coconet_med.inference import fuse_slices

    light, limits, slicing = scaled_anatomy(anatomy, orders["plane"])
    low, high = window
    hot = np.clip((uptake - low) / (high - low), 0, 1).astype(np.float32)
    luminance = fuse_slices(
        light,
        hot,
        slicing=slicing,
        engine=model.engine,
        spacing=slicing.spacing(anatomy),
        progress=lambda done, total: progress("fuse", done, total),
    )
    about = {"anatomy_window": list(limits), "plane": slicing.plane, "provenance": {"model": model.provenance()}}
    return luminance, {**about, "warnings": ["a frame shows the same value everywhere"]}


def scaled_anatomy(anatomy: Any, plane: str) -> tuple[np.ndarray, tuple[float, float], Any]:
    """Anatomy in [0, 1], the window that made it so, and its slicing, as :func:`coconet_med.fuse` has them."""
    import SimpleITK as sitk

    from coconet_med.readers.memory import from_memory
    from coconet_med.slices import slicing_of
    from coconet_med.windowing.window import window_for

    source = from_memory(anatomy, "anatomy")
    values = sitk.GetArrayViewFromImage(source.image)
    window = window_for(source, values, "anatomy")
    slicing = slicing_of(source.image, plane=plane, slice_axis=source.slice_axis, planar=source.planar)
    return window.apply(values), (window.low, window.high), slicing


def shared_window(job: Job) -> tuple[float, float]:
    """The functional window of the orders, else a robust one over all frames: equal uptake, equal color."""
    from coconet_med.windowing.window import robust_window

    orders = job.orders
    if orders.get("window"):
        low, high = orders["window"]
        return float(low), float(high)
    volumes = orders.get("values") or orders["frames"]
    values = np.concatenate([read_array(job.folder, volume).ravel() for volume in volumes])
    values = values[np.isfinite(values)].astype(np.float32)
    if not values.size or values.min() == values.max():
        from coconet_med.errors import ReadError

        msg = f"{orders['frames'][0]['name']}: has the same value everywhere; choose another functional volume"
        raise ReadError(msg)
    return robust_window(values, "function")


def _is_news(warning: str, orders: dict[str, Any]) -> bool:
    """A robust window leaves out a few voxels on purpose; only of a window that the user gave is that news."""
    return bool(orders.get("window")) or not warning.endswith("look alike")


def _with_names(text: str, names: dict[str, str]) -> str:
    for stand_in, name in names.items():
        text = text.replace(stand_in, name)
    return text


class _Progress:
    """Slices finished, over all frames; the core reports after each batch, the engine after each slice."""

    def __init__(self, job: Job, frames: int, slices: int) -> None:
        self._job, self._frames, self._slices = job, frames, slices
        self._frame = self._done = self._within = 0

    def start(self, frame: int) -> None:
        self._frame, self._done, self._within = frame, 0, 0

    def tick(self, slices: int) -> None:
        self._within += slices
        self._tell()

    def stage(self, stage: str, done: int, total: int) -> None:
        if stage != "fuse":
            self._job.progress(stage, done, total)
            return
        self._done, self._within = done, 0
        self._tell()

    def _tell(self) -> None:
        done = min(self._done + self._within, self._slices)
        self._job.progress("fuse", self._frame * self._slices + done, self._frames * self._slices)


def _tasks() -> dict[str, Any]:
    import worker_alignment
    import worker_output
    import worker_phantom
    import worker_preview

    return {
        "describe": describe,
        "fuse": fuse,
        "check": worker_alignment.check,
        "register": worker_alignment.register,
        "preview": worker_preview.serve,
        "quality": worker_output.quality,
        "dicom": worker_output.dicom,
        "phantom": worker_phantom.phantom,
    }


TASKS = _tasks()
