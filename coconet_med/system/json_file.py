"""JSON of others: read whole, or not at all, with the reason in one line.

RFC 8259 leaves open what a key means that an object has twice; Python's ``json`` keeps the last one without a word.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coconet_med.system.printable import printable

#: Letters of a value that a message shows at most.
SHOWN = 60


def load_json(path: Path) -> Any:
    """What a JSON file holds, UTF-8 or UTF-16; a byte order mark is allowed, since it changes nothing.

    Raises:
        ValueError: it cannot be read, or a key stands twice in one object with different values; the message says why
            and what to do.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = "check its permissions" if isinstance(error, PermissionError) else "check the path"
        raise ValueError(f"{error.strerror}; {remedy}") from error
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start + 1}); save it as UTF-8") from error
    return parse_json(text)


def parse_json(text: str) -> Any:
    """The same of a text.

    Raises:
        ValueError: as :func:`load_json`.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno}); mend it") from error
    except RecursionError as error:
        raise ValueError("it is not JSON (nested too deep); mend it") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and not _same(found[key], value):
            both = " and ".join(_shown(one) for one in (found[key], value))
            raise ValueError(f"the key {_shown(key)} stands twice in it, with {both}; keep the right one")
        found[key] = value
    return found


def _same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: 1 and 1.0 do, 1 and true do not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) or (
        type(one) in (int, float) and type(other) in (int, float) and one == other
    )


def _shown(value: Any) -> str:
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
