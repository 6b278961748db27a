"""Real World Value Mapping items (PS3.3 C.7.6.16.2.11): all are looked at, whatever their order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset

#: Units by the UCUM codes of Measurement Units Code Sequence, with the factor to the unit named here.
UCUM = {
    "{SUVbw}g/ml": ("SUVbw", 1.0),
    "g/ml{SUVbw}": ("SUVbw", 1.0),
    "{SUVbw}g/mL": ("SUVbw", 1.0),
    "g/mL{SUVbw}": ("SUVbw", 1.0),
    "Bq/ml": ("Bq/ml", 1.0),
    "Bq/mL": ("Bq/ml", 1.0),
    "Bq/cm3": ("Bq/ml", 1.0),
    "kBq/ml": ("Bq/ml", 1e3),
    "kBq/mL": ("Bq/ml", 1e3),
    "MBq/ml": ("Bq/ml", 1e6),
    "MBq/mL": ("Bq/ml", 1e6),
    "{counts}": ("counts", 1.0),
    "[hnsf'U]": ("HU", 1.0),
}
#: Code of Quantity Definition Sequence that makes plain g/ml a SUV by body weight (PS3.16, CID 85).
SUVBW_QUANTITY = "126401"
#: What is taken where several items are there.
PREFERRED = ("SUVbw", "Bq/ml")


@dataclass(frozen=True)
class Mapping:
    """A linear map of stored values: ``slope x stored + intercept``, in ``units``.

    Attributes:
        first: the lowest stored value for which it holds (Real World Value First Value Mapped).
        last: the highest.
    """

    slope: float
    intercept: float
    units: str
    first: float = -math.inf
    last: float = math.inf


def mappings(items: Iterable[Dataset]) -> list[Mapping]:
    """The linear maps to units known here."""
    return [found for item in items if (found := _mapping(item)) is not None]


def best_mapping(items: Iterable[Dataset], preferred: Iterable[str] = PREFERRED) -> Mapping | None:
    """The map to SUVbw, else to Bq/ml, else the first known one; ``None`` where there is none, or several contradict.

    Several maps to one unit may be meant for different ranges of stored values; which voxel needs which is not decided
    here.
    """
    return best_of(mappings(items), preferred)


def best_of(found: list[Mapping], preferred: Iterable[str] = PREFERRED) -> Mapping | None:
    """As :func:`best_mapping`, of maps that are known already."""
    for units in (*preferred, *dict.fromkeys(one.units for one in found)):
        same = [one for one in found if one.units == units]
        if len({(one.slope, one.intercept) for one in same}) == 1:
            return replace(same[0], first=min(one.first for one in same), last=max(one.last for one in same))
    return None


def _mapping(item: Dataset) -> Mapping | None:
    slope, intercept = headers.number(item, "RealWorldValueSlope"), headers.number(item, "RealWorldValueIntercept")
    codes = headers.items(item, "MeasurementUnitsCodeSequence")
    code = headers.text(codes[0], "CodeValue").strip() if codes else ""
    units, factor = UCUM.get(code, ("", 1.0))
    if code in ("g/ml", "g/mL") and _is_suvbw(item):
        units = "SUVbw"
    if not slope or intercept is None or not units:
        return None
    return Mapping(slope * factor, intercept * factor, units, *_range(item))


def _range(item: Dataset) -> tuple[float, float]:
    """Stored values for which an item holds; all where it states no range, or one that cannot be."""
    for kind in ("", "DoubleFloat"):
        ends = [headers.number(item, f"{kind}RealWorldValue{end}ValueMapped") for end in ("First", "Last")]
        if ends[0] is not None and ends[1] is not None and ends[0] < ends[1]:
            return ends[0], ends[1]
    return -math.inf, math.inf


def _is_suvbw(item: Dataset) -> bool:
    for quantity in headers.items(item, "QuantityDefinitionSequence"):
        for code in headers.items(quantity, "ConceptCodeSequence"):
            if headers.text(code, "CodeValue").strip() == SUVBW_QUANTITY:
                return True
    return False
