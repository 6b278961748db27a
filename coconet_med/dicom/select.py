"""Choose one group of images of a mixed series: ``EchoTime=90``, ``ImageType=M``, ``frame=3``, ``function:Units=BQML``.

A choice applies to the series whose images differ in that attribute; where all images agree in it there is nothing to
choose.  Several choices hold together.  ``frame`` counts the images of each place, from 0, as ``--dynamic`` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from coconet_med.dicom.kinds import ATTRIBUTES, UNORDERED, VECTORS, Picture, in_order
from coconet_med.errors import OptionError, ReadError
from coconet_med.source import Role

if TYPE_CHECKING:
    from coconet_med.dicom.series import Series

FRAME = "frame"
#: What stands for an attribute that an image does not have.
NONE = "none"
_TAG = re.compile(r"\(?([0-9a-fA-F]{4}),?([0-9a-fA-F]{4})\)?")


@dataclass(frozen=True)
class Choice:
    """One ``KEY=VALUE``, for one role or for both."""

    key: str
    value: str
    role: Role | None = None

    def __str__(self) -> str:
        return f"{self.role}:" * bool(self.role) + f"{self.key}={self.value}"

    def taken(self, pictures: Sequence[Picture]) -> list[Picture]:
        """The images whose attribute is the value (values joined by a backslash), else those that contain it."""
        return [p for p in pictures if self._is(p)] or [p for p in pictures if self._contained(p)]

    def _is(self, picture: Picture) -> bool:
        values, parts = _upper(picture.values(self.key)), _upper(self.value.split("\\"))
        if not values:
            return parts in (("",), (NONE.upper(),))
        if self.key in UNORDERED:
            values, parts = tuple(sorted(set(values))), tuple(sorted(set(parts)))
        return len(values) == len(parts) and all(map(_equal, values, parts))

    def _contained(self, picture: Picture) -> bool:
        (wanted,) = _upper([self.value])
        return any(_equal(wanted, value) for value in _upper(picture.values(self.key)))


@dataclass(frozen=True)
class Selection:
    """All choices of a call.

    Attributes:
        choices: they hold together.
        lenient: a choice that finds nothing in this series may be meant for the other one of a pair; whether it was is
            then asked by :func:`refuse_idle`.
    """

    choices: tuple[Choice, ...] = ()
    lenient: bool = False

    def for_role(self, role: Role) -> Selection:
        """The choices that may concern the image of this role."""
        return replace(self, choices=tuple(c for c in self.choices if c.role in (None, role)))

    @property
    def frame(self) -> int | None:
        """The chosen frame in time, if any."""
        return next((int(c.value) for c in self.choices if c.key == FRAME), None)


EVERYTHING = Selection()


@dataclass(frozen=True)
class Selected:
    """What a selection left of a series.

    Attributes:
        pictures: the images that are kept.
        met: choices that an image of the series fulfills, as texts.
    """

    pictures: tuple[Picture, ...]
    met: tuple[str, ...] = ()


def selection_of(given: Any, *, lenient: bool = False) -> Selection:
    """The choices of an option: ``"EchoTime=90"``, a list of such texts, or a mapping.

    Raises:
        OptionError: not of the form ``KEY=VALUE``, or no DICOM keyword.

    Example:
        >>> selection_of({"EchoTime": 90}).choices == selection_of("EchoTime=90").choices
        True
    """
    if isinstance(given, Selection):
        return replace(given, lenient=lenient or given.lenient)
    if given is None:
        texts: Sequence[str] = ()
    elif isinstance(given, str):
        texts = (given,)
    elif isinstance(given, Mapping):
        texts = [f"{key}={value}" for key, value in given.items()]
    elif isinstance(given, Sequence) and all(isinstance(text, str) for text in given):
        texts = given
    else:
        raise OptionError(f"select is {given!r}; give KEY=VALUE, for example EchoTime=90")
    choices = tuple(_choice(text) for text in texts)
    frames = {(c.role, c.value) for c in choices if c.key == FRAME}
    if len(frames) > 1 and len({role for role, _ in frames}) < len(frames):
        raise OptionError("--select: several frames; a volume is made of one, give one frame=N")
    return Selection(choices, lenient)


def select(pictures: Sequence[Picture], selection: Selection, series: Series) -> Selected:
    """The images of a series that all choices take (``frame`` apart, which needs their places).

    Raises:
        ReadError: no image is left, or a choice finds nothing though it may not.
    """
    kept, met = list(pictures), []
    for choice in selection.choices:
        if choice.key == FRAME:
            continue
        taken = choice.taken(kept)
        if taken:
            kept = taken
            met.append(str(choice))
            continue
        values = sorted({picture.values(choice.key) for picture in kept}, key=in_order)
        found = ["\\".join(one) or NONE for one in values]
        if len(found) > 1 or not selection.lenient:
            there = ", ".join(f"{choice.key}={value}" for value in found[:8]) + (", ..." if len(found) > 8 else "")
            raise ReadError(f"series {series.describe()}: --select {choice} takes no image; there are: {there}")
    return Selected(tuple(kept), tuple(met))


def refuse_idle(selection: Selection, met: Mapping[Role, Sequence[str]]) -> None:
    """Refuse choices that concerned neither image of a pair.

    Raises:
        OptionError: it names them.
    """
    found = {text for texts in met.values() for text in texts}
    idle = [str(choice) for choice in selection.choices if str(choice) not in found]
    if idle:
        raise OptionError(f"--select {idle[0]}: no image of the pair has it; check the value, or leave the option out")


def _choice(text: str) -> Choice:
    left, sign, value = text.partition("=")
    prefix, colon, key = left.rpartition(":")
    role, key = prefix.strip().lower(), key.strip()
    if not sign or not key or (colon and role not in get_args(Role)):
        raise OptionError(f"--select {text}: give KEY=VALUE, for example EchoTime=90, ImageType=M or function:frame=3")
    if key.lower() == FRAME:
        if not (value.strip().isascii() and value.strip().isdigit()):
            raise OptionError(f"--select {text}: give the number of a frame in time, from 0")
        return Choice(FRAME, str(int(value)), role or None)  # type: ignore[arg-type]  # checked above
    return Choice(_keyword(key, text), value.strip(), role or None)  # type: ignore[arg-type]  # checked above


def _keyword(key: str, text: str) -> str:
    from pydicom.datadict import dictionary_has_tag, keyword_for_tag, tag_for_keyword

    if match := _TAG.fullmatch(key):
        tag = int(match.group(1) + match.group(2), 16)
        if dictionary_has_tag(tag):
            return _shown_as(keyword_for_tag(tag))
    for name in (*ATTRIBUTES, *VECTORS):
        if name.lower() == key.lower():
            return name
    if tag_for_keyword(key) is None:
        raise OptionError(f"--select {text}: {key} is no DICOM keyword; write it as in EchoTime=90, or as 0018,0081=90")
    return _shown_as(key)


def _shown_as(keyword: str) -> str:
    """The name of a kind for one of its keywords (EffectiveEchoTime is EchoTime)."""
    return next((name for name, keywords in ATTRIBUTES.items() if keyword in keywords), keyword)


def _upper(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip().upper() for word in words)


def _equal(one: str, other: str) -> bool:
    try:
        a, b = float(one), float(other)
    except ValueError:
        return one == other
    return abs(a - b) <= 1e-3 * max(abs(a), abs(b))
