"""What is made of a fusion by the core itself: a page for the browser, a list of foci."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import worker_engine
from worker_exchange import read_array, to_image, write_facts

if TYPE_CHECKING:
    from fuse_worker import Job


def page(job: Job) -> None:
    """Write a page with the three images that any browser shows, without a network.

    Orders: ``anatomy``, ``functions`` (one volume), in one world; how they are fused, as for the task ``fuse``, with
    ``strength``, ``lightness``, ``threshold``; ``path`` of the page.  Results: ``facts.json`` with ``page``.
    """
    from coconet_med.viewer.content import content_of
    from coconet_med.viewer.foci import list_foci
    from coconet_med.viewer.page import saved_page

    result, path = fused_again(job), Path(job.orders["path"])
    job.progress("page", 1, 2)
    content = content_of(result, name=job.orders["name"])
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            for piece in saved_page(content, foci=list_foci(result)):
                job.check()
                stream.write(piece)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    write_facts(job.results, "facts", {"page": str(path)})


def foci(job: Job) -> None:
    """List small findings of either source, and what the fused lightness keeps of them.

    Orders: as of :func:`page`, without ``path``.  Results: ``facts.json`` with ``foci``, each as
    :func:`coconet_med.viewer.foci.list_foci` has it and with ``ras``: its place in the frame of the volumes, mm.
    """
    import numpy as np

    from coconet_med.geometry import RAS_TO_LPS
    from coconet_med.viewer.foci import list_foci

    result = fused_again(job)
    job.progress("measure", 1, 2)
    found = []
    for focus in list_foci(result):
        lps = np.array(result.anatomy.image.TransformIndexToPhysicalPoint([int(v) for v in focus["voxel"]]))
        found.append({**focus, "ras": (lps * RAS_TO_LPS).tolist()})
    write_facts(job.results, "facts", {"foci": found})


def fused_again(job: Job) -> Any:
    """The fusion of the orders as the core gives it, with everything that a page tells of it."""
    import coconet_med
    from worker_sources import options_of, source_of

    orders = job.orders
    model = worker_engine.load(orders, job.say, lambda slices: job.check())
    sources = []
    for role, volume in (("anatomy", orders["anatomy"]), ("function", orders["functions"][0])):
        image = to_image(read_array(job.folder, volume), volume["ijk_to_ras"], upright=True)
        sources.append(source_of(image, role, volume))
    return coconet_med.fuse(*sources, options=options_of(orders), model=model, progress=job.progress)
