"""What SUV the values of a PET are, by its DICOM headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from worker_exchange import write_facts
from worker_words import panel_words

if TYPE_CHECKING:
    from fuse_worker import Job

#: Units of the panel, as the header calls them.
_STATED = {"Bq/ml": "BQML", "counts": "CNTS"}


def suv(job: Job) -> None:
    """Find the factor to SUVbw.

    Orders: ``files`` of the series, ``units`` of its values, ``name``.  Results: ``facts.json`` with ``factor`` (SUVbw
    of one unit), ``rule``, ``warnings``.

    Raises:
        ReadError: the header does not allow it.
    """
    from coconet_med.dicom.scan import read_header
    from coconet_med.dicom.series import Series
    from coconet_med.dicom.suv import suv_factor
    from coconet_med.errors import ReadError

    orders = job.orders
    headers = [header for file in orders["files"] if (header := read_header(Path(file))) is not None]
    if not headers:
        raise ReadError(f"{orders['name']}: its DICOM files are gone; load it again")
    series = Series(str(headers[0].header.get("SeriesInstanceUID", "")), tuple(headers))
    found = suv_factor(series, _STATED.get(orders["units"], orders["units"]))
    if found.factor is None or found.factors:
        reason = found.reason or "its frames are not decay corrected, each has a factor of its own"
        raise ReadError(f"{orders['name']}: no SUV: {reason}; type the window in {orders['units']}")
    facts = {"factor": found.factor, "rule": str(found.inputs.get("rule", "")), "warnings": list(found.warnings)}
    write_facts(job.results, "facts", facts | {"warnings": [panel_words(text) for text in facts["warnings"]]})
