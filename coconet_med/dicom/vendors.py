"""What scanners keep in private attributes: scan start times (GE, Siemens) and factors to SUV or Bq/ml (Philips).

Private elements belong to the creator that reserves their block (PS3.5 7.8.1).  Where a de-identification removed the
creator but left the element in the block that the vendor uses, it is read all the same, with a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset

GE_PET = (0x0009, "GEMS_PETD_01", 0x0D)
SIEMENS_PET = (0x0071, "SIEMENS MED PT", 0x22)
PHILIPS_SUV = (0x7053, "Philips PET Private Group", 0x00)
PHILIPS_ACTIVITY = (0x7053, "Philips PET Private Group", 0x09)

Private = tuple[int, str, int]


def private_text(ds: Dataset, what: Private) -> tuple[str, bool]:
    """The value of a private element as text, and whether its creator is missing; ``""`` where it is not there.

    Values of implicit files and of unknown elements come as bytes (VR UN) and are read as text.
    """
    group, creator, element = what
    blocks = [n for n in range(0x10, 0x100) if (group, n) in ds]
    owned = [n for n in blocks if headers.text(ds, (group, n)).strip() == creator]
    for block, orphan in [(n, False) for n in owned] + ([(0x10, True)] if 0x10 not in blocks else []):
        found = headers.value(ds, (group, block * 0x100 + element))
        if isinstance(found, bytes):
            found = found.decode("ascii", "replace").strip("\0")
        if found is not None and not isinstance(found, str) and hasattr(found, "__iter__"):
            found = next(iter(found), "")
        if found is not None and str(found).strip():
            return headers.printable(str(found).strip()), orphan
    return "", False


def private_number(ds: Dataset, what: Private) -> tuple[float | None, bool]:
    """As :func:`private_text`, as a number."""
    text, orphan = private_text(ds, what)
    try:
        return (float(text) if text else None), orphan
    except ValueError:
        return None, orphan


def scan_start(ds: Dataset) -> tuple[str, str]:
    """The DT value of the scan start that GE or Siemens keeps, and its name; two empty texts where there is none."""
    for what, name in (
        (GE_PET, "GE scan start (0009,100D)"),
        (SIEMENS_PET, "Siemens decay correction time (0071,1022)"),
    ):
        text, orphan = private_text(ds, what)
        if text:
            return text, f"{name}, its private creator missing," if orphan else name
    return "", ""


def is_ge(ds: Dataset) -> bool:
    """Whether the scanner is of GE, whose Frame Reference Time is the start of the frame."""
    words = headers.text(ds, "Manufacturer").upper().replace(",", " ").split()
    return bool(words) and words[0] in ("GE", "GEMS", "GENERAL")
