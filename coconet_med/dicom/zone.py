"""The clock of a PET series: in which zone its times are, and whether SUV hangs on a zone that nothing states.

Timezone Offset From UTC (0008,0201) may be missing; the zone of values without an offset is undefined then (PS3.3
Table C.12-1).  That does no harm where all of them are without one, or where two values tell the same moment with and
without it.  Else the time between injection and scan is known up to whole hours only, and one hour is a factor of 1.46
with F-18.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.reference import DECAY_DATETIME, PRIVATE
from coconet_med.dicom.times import Clock, parse_dt
from coconet_med.dicom.vendors import scan_start

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.dicom.series import Series

INJECTION = "Radiopharmaceutical Start DateTime"


def clock_of(series: Series) -> Clock:
    """A clock for all times of a series."""
    ds = series.facts
    pairs = [(headers.text(ds, "AcquisitionDateTime"), headers.text(ds, "AcquisitionTime"))]
    pairs += [
        (headers.text(drug, "RadiopharmaceuticalStartDateTime"), headers.text(drug, "RadiopharmaceuticalStartTime"))
        for drug in headers.items(ds, "RadiopharmaceuticalInformationSequence")
    ]
    pairs += [(text, _on_the_wall(ds, text)) for text in _references(ds).values()]
    return Clock([instance.header for instance in series.instances], pairs, given=series.zone)


def with_offset(series: Series) -> list[str]:
    """Names of the times by which SUV is computed that state an offset from UTC of their own."""
    drugs = headers.items(series.facts, "RadiopharmaceuticalInformationSequence")
    texts = {INJECTION: headers.text(drugs[0], "RadiopharmaceuticalStartDateTime") if drugs else ""}
    texts |= _references(series.facts)
    return [name for name, text in texts.items() if (found := parse_dt(text)) and found[1] is not None]


def _references(ds: Dataset) -> dict[str, str]:
    """DT values to which images may be decay corrected."""
    return {DECAY_DATETIME: headers.text(ds, "DecayCorrectionDateTime"), PRIVATE: scan_start(ds)[0]}


def _on_the_wall(ds: Dataset, text: str) -> str:
    """The time of the series or of the acquisition, where a DT value says the same moment by its own offset."""
    found = parse_dt(text)
    for kind in ("Series", "Acquisition"):
        wall = headers.moment(ds, f"{kind}Date", f"{kind}Time")
        if found and wall and abs(wall - found[0]) <= timedelta(seconds=2):
            return headers.text(ds, f"{kind}Time")
    return ""
