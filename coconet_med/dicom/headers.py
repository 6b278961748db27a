"""Typed, quiet access to the attributes of a data set: a bad value is an absent value, and is remembered.

pydicom converts attributes when they are first touched and raises or warns on what it does not like.  Everything in
this package reads attributes through these functions, so that a damaged header leads to a refusal with a message and
never to a traceback.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

Number = float | int
Tag = str | int | tuple[int, int]

#: Units of a PET that are more than counts.
PET_UNITS = ("BQML", "GML", "CM2ML", "CNTS", "PROPCNTS", "PROPCPS", "CPS")


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Collect pydicom's complaints about values, as one-line texts, instead of letting them out.

    pydicom reports through :mod:`warnings` and through its logger; both are held back inside the block.  Python keeps
    warning filters for the whole process, so other threads are quiet meanwhile too.
    """
    notes: list[str] = []
    log = logging.getLogger("pydicom")
    before = log.level
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        log.setLevel(logging.CRITICAL + 1)  # inherited by the loggers of its modules
        try:
            yield notes
        finally:
            log.setLevel(before)
            notes.extend(dict.fromkeys(printable(str(w.message).split(" Please see")[0]) for w in caught))


def printable(value: object, limit: int = 200) -> str:
    """``value`` as one line of printable text, cut at ``limit`` characters (tags may hold anything)."""
    kept = "".join(c if c.isprintable() else " " for c in str(value))
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def value(ds: Dataset, tag: Tag) -> Any:
    """The value of one attribute, ``None`` where it is absent, empty or cannot be understood."""
    try:
        found = ds[tag].value if tag in ds else None
    except Exception:  # pydicom raises almost any kind of error on damaged values
        return None
    if found is None or (hasattr(found, "__len__") and len(found) == 0):
        return None
    return found


def text(ds: Dataset, tag: Tag) -> str:
    """One attribute as printable text; several values are joined by a backslash; ``""`` where absent."""
    return printable("\\".join(words(ds, tag)), limit=1024)


def units(ds: Dataset) -> str:
    """Units (0054,1001) as PS3.3 C.8.9.1.1.3 spells them, where a program wrote ``bqml`` or ``Bq/ml`` for ``BQML``."""
    stated = text(ds, "Units").strip()
    plain = stated.upper().replace("/", "").replace(" ", "")
    return plain if plain in PET_UNITS else stated


def unreadable(ds: Dataset, tag: Tag) -> str:
    """What a numeric attribute holds that is no number, as printable text; ``""`` where it is absent or a number."""
    if numbers(ds, tag) is not None:
        return ""
    try:
        raw = ds.get_item(tag)
        found = "" if raw is None else raw.value
        found = found.decode("latin-1") if isinstance(found, bytes) else found
        return printable(str(found if found is not None else "").rstrip("\0 "), limit=40)
    except Exception:  # as in value()
        return ""


def words(ds: Dataset, tag: Tag) -> tuple[str, ...]:
    """The values of a text attribute, stripped; empty where absent."""
    found = value(ds, tag)
    if found is None:
        return ()
    try:
        return tuple(printable(v) for v in _values(found))
    except Exception:  # as in value()
        return ()


def _values(found: Any) -> list[Any]:
    """One value or several as a list.  A name is one: pydicom's iterates over its letters, but is no sequence."""
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str | bytes) else [found]


def numbers(ds: Dataset, tag: Tag, count: int | None = None) -> tuple[float, ...] | None:
    """The finite values of a numeric attribute; ``None`` where absent, not finite, or not ``count`` of them."""
    found = value(ds, tag)
    if found is None or isinstance(found, bytes):
        return None
    try:
        result = tuple(float(v) for v in _values(found))
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return None
    if not all(math.isfinite(v) for v in result) or (count is not None and len(result) != count):
        return None
    return result


def number(ds: Dataset, tag: Tag) -> float | None:
    """The first value of a numeric attribute, ``None`` where absent or not finite."""
    found = numbers(ds, tag)
    return found[0] if found else None


def whole(ds: Dataset, tag: Tag) -> int | None:
    """A whole number, ``None`` where absent or not whole."""
    found = number(ds, tag)
    return int(found) if found is not None and found == int(found) else None


def items(ds: Dataset, tag: Tag) -> list[Dataset]:
    """The items of a sequence; empty where absent or not a sequence."""
    from pydicom import Dataset

    found = value(ds, tag)
    try:
        return [item for item in found if isinstance(item, Dataset)] if found is not None else []
    except Exception:  # as in value()
        return []


def moment(ds: Dataset, date: Tag, time: Tag) -> datetime | None:
    """Date and time of a pair of DA and TM attributes, without time zone; ``None`` where either is not usable."""
    return parse_datetime(text(ds, date).strip(), text(ds, time).strip())


def parse_datetime(date: str, time: str) -> datetime | None:
    """Date (YYYYMMDD, retired form YYYY.MM.DD) and time (HHMMSS.FFFFFF cut from the right, retired form HH:MM:SS)."""
    date = date.replace(".", "").replace("-", "")
    clock, _, fraction = time.replace(":", "").partition(".")
    if len(date) != 8 or len(clock) not in (2, 4, 6) or not (date + clock + (fraction or "0")).isascii():
        return None
    if not (date + clock + (fraction or "0")).isdigit():
        return None
    clock = clock.ljust(6, "0")
    try:
        whole_seconds = datetime.strptime(date + clock, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return whole_seconds + timedelta(microseconds=int(fraction.ljust(6, "0")[:6] or "0"))
