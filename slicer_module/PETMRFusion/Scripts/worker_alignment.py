"""Tasks about the alignment of two volumes, each with its own rectangular grid in one world."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from worker_exchange import read_array, to_image, write_facts
from worker_words import panel_words

if TYPE_CHECKING:
    from fuse_worker import Job


def check(job: Job) -> None:
    """Does the given alignment look plausible?  Figures, and words where it does not.

    Orders: ``anatomy``, ``functions`` (volumes: one, or frames of a dynamic one).  Results: ``facts.json`` with
    ``coverage``, ``overlap``, ``offset_mm``, ``mutual_information`` of the first frame with a problem, else of the
    middle one, and the ``problems`` of all (list of words, empty where nothing speaks against the alignment).
    """
    frames = job.orders["functions"]
    checked: list[dict[str, Any]] = []
    for number, frame in enumerate(frames):
        job.progress("check", number, len(frames))
        if len(frames) > 1 and _is_empty(job, frame):
            continue  # before the injection arrives nothing can be seen in a frame
        facts = _check_one(job, frame)
        if len(frames) > 1:
            facts["problems"] = [f"{frame['name']}: {problem}" for problem in facts["problems"]]
        checked.append(facts)
    if not checked:
        from coconet_med.errors import ReadError

        msg = f"{frames[0]['name']}: first, middle and last frame have the same value everywhere; choose another series"
        raise ReadError(msg)
    shown = next((facts for facts in checked if facts["problems"]), checked[len(checked) // 2])
    problems = [problem for facts in checked for problem in facts["problems"]]
    write_facts(job.results, "facts", {**shown, "problems": problems})


def _is_empty(job: Job, volume: dict[str, Any]) -> bool:
    values = read_array(job.folder, volume)
    return bool(values.min() == values.max())


def _check_one(job: Job, frame: dict[str, Any]) -> dict[str, Any]:
    from coconet_med.align.alignment import examine

    found = examine(*_sources(job, frame), register="auto")
    job.check()
    problems = list(found.given.problems) or ([found.reason] if found.wanted else list(found.notes))
    return {
        **_figures(found.given),
        "problems": [panel_words(text) for text in problems],
        "registration_advised": found.wanted,
    }


def register(job: Job) -> None:
    """Register the functional volume rigidly to the anatomical one.

    Results: ``facts.json`` with ``matrix`` (RAS, anatomical to functional points), ``offset_mm``, ``angle_deg``,
    ``before`` and ``after`` (mutual information, nat), ``registered`` (false where the volumes lie right already and
    were left as they are), ``warnings``.

    Raises:
        RegistrationError: no plausible registration was found.
    """
    from coconet_med.geometry import in_other_world
    from coconet_med.steps.alignment import aligned

    anatomy, function = _sources(job, job.orders["functions"][0])

    def report(share: float, _: str) -> None:
        job.progress("register", round(100 * share), 100)

    found = aligned(anatomy, function, register="always", progress=report)
    facts = {
        "matrix": in_other_world(found.matrix).tolist(),
        "offset_mm": found.offset_mm,
        "angle_deg": found.angle_deg,
        "registered": found.registered,
        "before": found.mutual_information_before,
        "after": found.mutual_information_after,
        "coverage": found.coverage,
        "warnings": [panel_words(text) for text in found.warnings],
    }
    write_facts(job.results, "facts", facts)


def _sources(job: Job, frame: dict[str, Any]) -> tuple[Any, Any]:
    from worker_sources import source_of

    sources = []
    for role, volume in (("anatomy", job.orders["anatomy"]), ("function", frame)):
        sources.append(source_of(to_image(read_array(job.folder, volume), volume["ijk_to_ras"]), role, volume))
    return sources[0], sources[1]


def _figures(given: Any) -> dict[str, Any]:
    distance = given.center_distance_mm
    return {
        "coverage": given.coverage,
        "overlap": given.overlap,
        "offset_mm": distance if math.isfinite(distance) else None,
        "mutual_information": given.mutual_information,
    }
