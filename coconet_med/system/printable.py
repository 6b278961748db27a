"""Text of others (paths, tags, cells) on its way to a screen, a table or a page: nothing in it can steer these."""

from __future__ import annotations

import unicodedata

#: Kinds of characters that are not shown but do something: controls (escape sequences, line breaks), formats (turns of
#: the writing direction), separators of lines, and what is not text at all (bytes that are no UTF-8).
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


def printable(text: object, *, keep: str = "") -> str:
    r"""Text on one line, with every character that does something instead of being shown written out.

    Args:
        text: anything.
        keep: characters that stay as they are, such as ``"\n"``.

    Example:
        >>> printable("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(c if c in keep or unicodedata.category(c) not in _HARMFUL else _written_out(c) for c in words)


def _written_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
