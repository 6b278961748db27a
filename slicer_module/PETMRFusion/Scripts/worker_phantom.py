"""The generated head of coconet-med as sample data: nothing to download, nobody's images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from worker_exchange import write_array, write_facts

if TYPE_CHECKING:
    from fuse_worker import Job


def phantom(job: Job) -> None:
    """Generate an MRI and a PET.

    Orders: ``spacing`` (mm), ``misalign`` (rotation in degrees and shift in mm of the patient between the scans, or
    ``None``).  Results: ``mr.npy``, ``pet.npy``, ``facts.json`` with ``mr`` and ``pet`` (voxel to RAS) and ``units``.
    """
    import SimpleITK as sitk

    from coconet_med.phantom import head_phantom

    orders = job.orders
    misalign = orders.get("misalign")
    head = head_phantom(
        spacing=orders["spacing"], misalign=None if misalign is None else tuple(tuple(part) for part in misalign)
    )
    facts: dict[str, Any] = {"units": head.units}
    for name, image in (("mr", head.t1), ("pet", head.pet)):
        write_array(job.results, name, sitk.GetArrayFromImage(image))
        facts[name] = _ijk_to_ras(image).tolist()
    write_facts(job.results, "facts", facts)


def _ijk_to_ras(image: Any) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return np.diag((-1.0, -1.0, 1.0, 1.0)) @ matrix
