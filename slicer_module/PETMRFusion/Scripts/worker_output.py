"""Tasks that measure a fused volume or hand it on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from worker_exchange import read_array, to_image, write_facts

if TYPE_CHECKING:
    from fuse_worker import Job

#: Further than any two slices of a body lie apart.
FAR_MM = 1e4


def quality(job: Job) -> None:
    """Measure what the fused volume keeps of both sources, beside the plain average of the two.

    Orders: ``anatomy``, ``function`` (volumes scaled to 0..1), ``luminance`` (fused, 0..1).  Results: ``facts.json``
    with ``rows``: measure, its value for the fusion, its value for the average; ``None`` where it cannot be measured.
    """
    from coconet_med.quality import evaluate_volume

    stacks = [_in_slices(job, name) * np.float32(255) for name in ("anatomy", "function", "luminance")]
    anatomy, function, fused = stacks
    columns = []
    for number, candidate in enumerate((fused, (anatomy + function) / 2)):
        job.progress("measure", number, 2)
        columns.append(evaluate_volume(anatomy, function, candidate, uptake=function / 255))
    rows = [[name, *(_number(values.get(name)) for values in columns)] for name in columns[0]]
    write_facts(job.results, "facts", {"rows": rows})


def _in_slices(job: Job, name: str) -> np.ndarray:
    from coconet_med.slices import slicing_of

    volume = job.orders[name]
    image = to_image(read_array(job.folder, volume), volume["ijk_to_ras"], upright=True)
    return slicing_of(image, plane=job.orders["plane"]).stack(read_array(job.folder, volume))


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def dicom(job: Job) -> None:
    """Write the fused volume as a DICOM series of the patient and study of the MRI.

    Orders: ``fused`` (volume with colors), ``anatomy_dicom`` (files or folder of the MRI series), ``series_uid`` of the
    MRI, ``function`` (name and units), ``function_dicom`` (files of the functional series; optional: the result then
    names its modality and refers to it, and one of two patients lies in a study of its own), ``provenance``,
    ``folder`` (where the series goes), ``form``.
    Results: ``facts.json`` with ``files``.
    """
    import SimpleITK as sitk

    from coconet_med.readers.dicom import read_series
    from coconet_med.writers.dicom import FusedParts, write_dicom

    orders = job.orders
    job.progress("dicom", 0, 2)
    with _series_folder(job) as folder:
        anatomy = read_series(folder, "anatomy", series_uid=orders.get("series_uid"), allow_gaps=True)
    color = to_image(read_array(job.folder, orders["fused"]), orders["fused"]["ijk_to_ras"])
    # Slicer may hold the series with its slices in another order; the grid is the same, so nothing is interpolated.
    on_series = sitk.Resample(color, anatomy.image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    job.progress("dicom", 1, 2)
    parts = FusedParts(on_series, anatomy, _functional_source(orders), provenance=orders["provenance"])
    files = write_dicom(parts, orders["folder"], form=orders.get("form", "sc"))
    write_facts(job.results, "facts", {"files": [str(file) for file in files]})


def _functional_source(orders: dict[str, Any]) -> Any:
    """The functional source by its headers alone: its voxels are in the colors already."""
    from dataclasses import replace

    import SimpleITK as sitk

    from coconet_med.dicom.record import DicomRecord, SliceReference
    from coconet_med.dicom.scan import read_header
    from coconet_med.dicom.series import Series
    from coconet_med.source import Source

    source = Source(image=sitk.Image(1, 1, 1, sitk.sitkFloat32), **orders["function"])
    given = orders.get("function_dicom") or []
    headers = [read_header(Path(file)) for file in ([given] if isinstance(given, str) else given)]
    instances = tuple(header for header in headers if header is not None)
    if not instances:
        return source
    modality, uid = (str(instances[0].header.get(name, "")) for name in ("Modality", "SeriesInstanceUID"))
    # The scene may have moved the volume, so which of its objects met which slice is unknown: list all for each.
    source.image.SetSpacing((1.0, 1.0, FAR_MM))
    places = [tuple(float(v) for v in i.header.get("ImagePositionPatient") or (0, 0, 0)) for i in instances]
    slices = (SliceReference(i.sop_class, i.uid, 1, place) for i, place in zip(instances, places, strict=True))
    return replace(source, modality=modality or None, dicom=DicomRecord(Series(uid, instances), tuple(slices)))


def _series_folder(job: Job) -> Any:
    """A folder that holds the files of the series and nothing else."""
    import contextlib
    import shutil
    import tempfile

    given = job.orders["anatomy_dicom"]
    if isinstance(given, str):
        return contextlib.nullcontext(Path(given))

    @contextlib.contextmanager
    def copies() -> Any:
        with tempfile.TemporaryDirectory(dir=job.folder) as folder:
            for number, file in enumerate(given):
                shutil.copyfile(file, Path(folder) / f"{number:05d}.dcm")
            yield Path(folder)

    return copies()
