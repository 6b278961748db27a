"""Words that options take, each list in one place: a type for editors and mypy, whose words the check takes as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from coconet_med.errors import OptionError

RegisterMode = Literal["auto", "always", "never"]
PlaneChoice = Literal["auto", "axial", "coronal", "sagittal"]
ColorChoice = Literal["map", "source"]
#: Which way a given transform maps.
Direction = Literal["stated", "reverse"]
#: What lines of equal uptake lie on.
ContoursOver = Literal["anatomy", "fused"]
#: Modalities that a study is searched for.
AnatomyKind = Literal["MR", "CT"]
FunctionKind = Literal["PT", "NM", "CT"]
DicomForm = Literal["sc", "enhanced", "gray", "navigation"]
#: Where the legend goes: an image in a series of its own, the last image of the fused series, a margin, or nowhere.
LegendPlace = Literal["own", "series", "margin", "none"]


def one_of(option: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a value that is not among the choices.

    Raises:
        OptionError: it is not; the message lists them.
    """
    if value not in choices:
        raise OptionError(f"{option} {value}: choose {', '.join(choices[:-1])} or {choices[-1]}")
