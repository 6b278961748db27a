"""Patient's Name (0010,0010) as people write it: whether two spellings can be one name."""

from __future__ import annotations

import re
import unicodedata


def known_name(text: str) -> str:
    """A name in a form that case, accents, ``^``, blanks and their order do not change; ``""`` for a placeholder.

    Of a name in several scripts the alphabetic one counts, and of its parts family, given and middle name, not titles
    (PS3.5 6.2.1).

    Example:
        >>> known_name("MÜLLER^Anna Maria^^Dr."), known_name("mueller, anna-maria"), known_name("ANON 12")
        ('ana maria muler', 'ana maria muler', '')
    """
    alphabetic = text.partition("=")[0]
    words = re.split(r"[\W_]+", " ".join(alphabetic.split("^")[:3]))
    folded = sorted(_folded(word) for word in words if word)
    bare = "".join(folded)
    return "" if not bare or _NOBODY.search(bare) else " ".join(folded)


def names_differ(one: str, other: str) -> bool:
    """Whether two names of :func:`known_name` are of two people: a word of the shorter one begins none of the other."""
    first, second = sorted((one.split(), other.split()), key=len)
    if not first:
        return False
    left = list(second)
    for word in first:
        match = next((w for w in left if w.startswith(word) or word.startswith(w)), None)
        if match is None:
            return True
        left.remove(match)
    return False


#: What tools put in place of a name, in any order of its words; a name with digits is a code.
_NOBODY = re.compile(r"anon|unknown|removed|redacted|deident|pseudo|dumy|noname|patient|subject|proband|^test$|^x$|\d")


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    for spelled, letter in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ø", "o"), ("æ", "a"), ("å", "a"), ("ł", "l")):
        plain = plain.replace(spelled, letter)
    return re.sub(r"(.)\1+", r"\1", plain)
