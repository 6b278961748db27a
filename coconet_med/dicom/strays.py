"""Images that belong to a stack but bear another Series Instance UID: without them the volume would end too early."""

from __future__ import annotations

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.scan import Scan
from coconet_med.dicom.series import Instance, Series, name_files
from coconet_med.errors import ReadError

#: What a series and a stray image have in common.
_COMMON = (
    *("Modality", "StudyInstanceUID", "FrameOfReferenceUID", "SeriesNumber", "SeriesDescription"),
    *("Rows", "Columns"),
)


def refuse_strays(scan: Scan, series: Series) -> None:
    """Refuse a stack of one-image files with free places that other series of the folder fill.

    A stray has the number, description, size and orientation of the stack, and lies at a free place of its grid:
    between two slices, or one step beyond the first or the last.

    Raises:
        ReadError: the files are named.
    """
    normal, taken = _stack(series)
    if normal is None or len(taken) < 3:
        return
    places = np.sort(taken @ normal)
    step = float(np.median(np.diff(places)))
    if step <= 0:
        return
    found = []
    for other in scan.series:
        if other.uid == series.uid or len(other.instances) * 2 > len(series.instances):
            continue
        if _common(other.instances[0]) != _common(series.instances[0]):
            continue
        for instance in other.instances:
            position = headers.numbers(instance.header, "ImagePositionPatient", 3)
            if position is None or _orientation(instance) != _orientation(series.instances[0]):
                continue
            away = np.array(position) - taken[0]
            sideways = float(np.linalg.norm(away - (away @ normal) * normal))
            place = float(np.array(position) @ normal)
            free = np.abs(places - place).min() > 0.5 * step
            if free and sideways < 0.1 and places[0] - 1.1 * step < place < places[-1] + 1.1 * step:
                found.append(instance.path)
    if found:
        raise ReadError(
            f"series {series.describe()}: {len(found)} image(s) at free places of its stack have another Series "
            f"Instance UID ({name_files(found)}); export the series again, or take them out of the folder"
        )


def _stack(series: Series) -> tuple[np.ndarray | None, np.ndarray]:
    """Normal of the slices and the positions of all of them, where every file states one."""
    orientation = _orientation(series.instances[0])
    positions = [headers.numbers(instance.header, "ImagePositionPatient", 3) for instance in series.instances]
    if orientation is None or None in positions:
        return None, np.empty(0)
    return np.cross(orientation[:3], orientation[3:]), np.array(positions)


def _common(instance: Instance) -> tuple[str, ...]:
    return tuple(headers.text(instance.header, keyword) for keyword in _COMMON)


def _orientation(instance: Instance) -> tuple[float, ...] | None:
    found = headers.numbers(instance.header, "ImageOrientationPatient", 6)
    return None if found is None else tuple(round(number, 3) for number in found)
