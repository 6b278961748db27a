"""The live preview: volumes and network stay loaded, and single slices are fused as they are asked for."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

import worker_engine
from worker_exchange import read_array, write_array

if TYPE_CHECKING:
    from fuse_worker import Job


def serve(job: Job) -> None:
    """Answer requests on standard input until it ends.

    Orders: as of the task ``fuse`` with one frame.  Says ``ready`` (with both windows and the way of slicing) once;
    then for each line ``{"id": N, "slice": K}`` says ``slice`` with the ``file`` of its fused luminance: float32
    (rows, columns) in display orientation.  ``K`` counts slices of the stack, from 0.
    """
    from coconet_med.color.colormaps import get_colormap
    from worker_sources import anatomy_of, of_one_patient, read_beyond, scaled_anatomy, shared_window

    orders = job.orders
    of_one_patient(orders)
    model = worker_engine.load(orders, job.say, lambda slices: job.check())
    anatomy = anatomy_of(job)
    light, limits, slicing = scaled_anatomy(job, anatomy)
    window = shared_window(job)
    hot = window.apply(np.nan_to_num(read_array(job.folder, orders["frames"][0]), nan=window.low))
    write_array(job.folder, "preview-table", get_colormap(orders["colormap"]).table(1.0))
    beyond = read_beyond(job.folder, orders["frames"][0])
    stacks = [slicing.stack(array) for array in (light, hot)]
    unknown = None if beyond is None else slicing.stack(beyond)
    job.say(
        "ready",
        anatomy_window=list(limits),
        window=[window.low, window.high],
        plane=slicing.plane,
        order=list(slicing.order),
        flips=list(slicing.flips),
        slices=len(stacks[0]),
        table="preview-table.npy",
    )
    for line in sys.stdin:
        job.check()
        _answer(job, json.loads(line), stacks, unknown, model, slicing.spacing(anatomy.image))


def _answer(
    job: Job,
    request: dict[str, Any],
    stacks: list[np.ndarray],
    unknown: np.ndarray | None,
    model: Any,
    spacing: tuple[float, float, float],
) -> None:
    from coconet_med.blending.field import across_weights
    from coconet_med.inference import fuse_slices
    from coconet_med.slices import Slicing
    from worker_sources import hatch

    # The field of a slice is smooth across its neighbors: they are needed for the voxels that Apply will give.
    number = request["slice"]
    first = max(0, number - len(across_weights(spacing[0])) // 2)
    chosen = slice(first, number + len(across_weights(spacing[0])) // 2 + 1)
    as_it_is = Slicing("axial", (0, 1, 2), ())  # the stack is in display orientation already
    near = [stack[chosen] for stack in stacks]
    fused = fuse_slices(*near, slicing=as_it_is, engine=model.engine, spacing=spacing)
    luminance, here = fused[number - first : number - first + 1], slice(number, number + 1)
    hatch(luminance, stacks[0][here], None if unknown is None else unknown[here], as_it_is)
    file = write_array(job.folder, f"preview-{request['id']}", luminance[0])
    job.say("slice", id=request["id"], slice=number, file=file)
