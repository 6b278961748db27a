"""What the worker can be asked to do: the value of ``task`` in ``job.json`` names a function of this module."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np

import worker_engine
from worker_exchange import read_array, write_array, write_facts
from worker_sources import (
    anatomy_of,
    hatch,
    of_one_patient,
    options_of,
    read_beyond,
    scaled_anatomy,
    shared_window,
    source_of,
)
from worker_words import panel_words

if TYPE_CHECKING:
    from coconet_med.windowing.window import Window
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
    patient_warnings = of_one_patient(orders)
    anatomy = anatomy_of(job)
    progress = _Progress(job, len(orders["frames"]), _count_slices(anatomy, orders["plane"]))
    model = worker_engine.load(orders, job.say, progress.tick)
    progress.share = 0.5 if model.engine.gives_field else 1.0
    window = shared_window(job)
    facts: dict[str, Any] = {"frames": []}
    for number, frame in enumerate(orders["frames"]):
        progress.start(number)
        luminance, about = _fuse_one(job, anatomy, frame, window, model, progress.stage)
        about["warnings"] = [*(patient_warnings if number == 0 else ()), *about["warnings"]]
        write_array(job.results, f"luminance-{number}", luminance)
        facts["frames"].append(about)
        job.say("frame", number=number)
    job.check()
    write_array(job.results, "table", get_colormap(orders["colormap"]).table(1.0))
    write_facts(job.results, "facts", {**facts, "window": [window.low, window.high], "colormap": orders["colormap"]})


def _count_slices(anatomy: Any, plane: str) -> int:
    from coconet_med.slices import slicing_of_source

    return anatomy.image.GetSize()[2 - slicing_of_source(anatomy, plane).order[0]]


def _fuse_one(
    job: Job, anatomy: Any, frame: dict[str, Any], window: Window, model: Any, progress: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    import SimpleITK as sitk

    import coconet_med
    from coconet_med.slices import slicing_of_source

    orders, uptake = job.orders, read_array(job.folder, frame)
    if uptake.max() == uptake.min():
        return _fuse_empty(job, anatomy, frame, window, model, progress)
    image = sitk.GetImageFromArray(uptake)
    image.CopyInformation(anatomy.image)
    result = coconet_med.fuse(
        anatomy,
        source_of(image, "function", frame),
        options=options_of(orders, window=(window.low, window.high)),
        model=model,
        progress=progress,
    )
    luminance = sitk.GetArrayFromImage(result.luminance)
    light = result.anatomy_window.apply(sitk.GetArrayViewFromImage(anatomy.image))
    slicing = slicing_of_source(anatomy, orders["plane"])
    return luminance, {
        "anatomy_window": [result.anatomy_window.low, result.anatomy_window.high],
        "plane": result.plane,
        "provenance": result.provenance,
        "no_data": hatch(luminance, light, read_beyond(job.folder, frame), slicing),
        "warnings": [panel_words(text) for text in result.warnings if _is_news(text, orders)],
    }


def _fuse_empty(
    job: Job, anatomy: Any, frame: dict[str, Any], window: Window, model: Any, progress: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    """A frame without any uptake, as at the start of a dynamic series: readers refuse it, the network does not."""
    from coconet_med.inference import fuse_slices

    light, limits, slicing = scaled_anatomy(job, anatomy)
    luminance = fuse_slices(
        light,
        window.apply(read_array(job.folder, frame)),
        slicing=slicing,
        engine=model.engine,
        spacing=slicing.spacing(anatomy.image),
        progress=lambda done, total: progress("fuse", done, total),
    )
    no_data = hatch(luminance, light, read_beyond(job.folder, frame), slicing)
    about = {"anatomy_window": list(limits), "plane": slicing.plane, "provenance": {"model": model.provenance()}}
    return luminance, {**about, "no_data": no_data, "warnings": ["a frame shows the same value everywhere"]}


def _is_news(warning: str, orders: dict[str, Any]) -> bool:
    """A robust window leaves out a few voxels on purpose; only of a window that the user gave is that news."""
    return bool(orders.get("window")) or not warning.endswith("look alike")


class _Progress:
    """Slices finished, over all frames, never fewer than before.

    The core reports after each batch, the engine after each slice.  With a network that gives a field, the core takes a
    slice for half done when the network has seen it.
    """

    def __init__(self, job: Job, frames: int, slices: int) -> None:
        self._job, self._frames, self._slices = job, frames, slices
        self._frame = self._done = self._seen = 0
        self.share = 1.0

    def start(self, frame: int) -> None:
        self._frame, self._done, self._seen = frame, 0, 0

    def tick(self, slices: int) -> None:
        self._seen += slices
        self._report(int(self._seen * self.share))

    def stage(self, stage: str, done: int, total: int) -> None:
        if stage != "fuse":
            self._job.progress(stage, done, total)
            return
        self._report(done)

    def _report(self, done: int) -> None:
        self._done = min(max(self._done, done), self._slices)
        self._job.progress("fuse", self._frame * self._slices + self._done, self._frames * self._slices)


def _tasks() -> dict[str, Any]:
    import worker_again
    import worker_alignment
    import worker_output
    import worker_preview
    import worker_suv
    import worker_transform

    return {
        "describe": describe,
        "fuse": fuse,
        "check": worker_alignment.check,
        "register": worker_alignment.register,
        "preview": worker_preview.serve,
        "quality": worker_output.quality,
        "dicom": worker_output.dicom,
        "page": worker_again.page,
        "foci": worker_again.foci,
        "suv": worker_suv.suv,
        "transform": worker_transform.transform,
    }


TASKS = _tasks()
