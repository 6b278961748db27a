"""Tasks about the alignment of two volumes, each with its own rectangular grid in one world."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from worker_exchange import read_array, to_image, write_facts

if TYPE_CHECKING:
    from fuse_worker import Job


def check(job: Job) -> None:
    """Does the given alignment look plausible?  Figures, and words where it does not.

    Orders: ``anatomy``, ``function`` (volumes).  Results: ``facts.json`` with ``coverage``, ``overlap``, ``offset_mm``,
    ``mutual_information``, ``doubts`` (list of words, empty where nothing speaks against the alignment).
    """
    import SimpleITK as sitk

    from coconet_med.align.decision import decide
    from coconet_med.align.prepared import Pair

    anatomy, function = _sources(job)
    job.progress("check", 0, 2)
    pair = Pair.of(anatomy.image, function.image)
    given = pair.judge(sitk.Transform(3, sitk.sitkIdentity))
    job.progress("check", 1, 2)
    wanted, reason, notes = decide(pair, given, anatomy, function, "auto", False)
    doubts = list(given.doubts) or ([reason] if wanted else list(notes))
    write_facts(job.results, "facts", {**_figures(given), "doubts": doubts, "registration_advised": wanted})


def register(job: Job) -> None:
    """Register the functional volume rigidly to the anatomical one.

    Results: ``facts.json`` with ``matrix`` (RAS, anatomical to functional points), ``offset_mm``, ``angle_deg``,
    ``before`` and ``after`` (mutual information, nat), ``registered`` (false where the volumes lie right already and
    were left as they are), ``warnings``.

    Raises:
        RegistrationError: no plausible registration was found.
    """
    import numpy as np

    from coconet_med.align import align

    anatomy, function = _sources(job)

    def tell(share: float, _: str) -> None:
        job.progress("register", round(100 * share), 100)

    found = align(anatomy, function, register="always", progress=tell)
    flip = np.diag((-1.0, -1.0, 1.0, 1.0))
    facts = {
        "matrix": (flip @ found.matrix @ flip).tolist(),
        "offset_mm": found.offset_mm,
        "angle_deg": found.angle_deg,
        "registered": found.registered,
        "before": found.mutual_information_before,
        "after": found.mutual_information_after,
        "coverage": found.coverage,
        "warnings": list(found.warnings),
    }
    write_facts(job.results, "facts", facts)


def _sources(job: Job) -> tuple[Any, Any]:
    from dataclasses import replace

    from coconet_med.readers.memory import from_memory

    sources = []
    for role in ("anatomy", "function"):
        volume = job.orders[role]
        image = to_image(read_array(job.folder, volume), volume["ijk_to_ras"])
        sources.append(replace(from_memory(image, role), name=volume["name"]))
    return sources[0], sources[1]


def _figures(given: Any) -> dict[str, Any]:
    distance = given.center_distance_mm
    return {
        "coverage": given.coverage,
        "overlap": given.overlap,
        "offset_mm": distance if math.isfinite(distance) else None,
        "mutual_information": given.mutual_information,
    }
