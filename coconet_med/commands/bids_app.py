"""The command line of a BIDS App, ``coconet-med BIDS_DIR OUT participant|group``, as that of ``batch``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from coconet_med.errors import OptionError

LEVELS = ("participant", "group")

#: First words that are commands and not datasets.
COMMANDS = ("fuse", "batch", "view", "evaluate", "measure", "read", "demo", "doctor", "import-weights", "pacs")

#: Options of BIDS Apps that take several labels after one another.
_SEVERAL = ("--participant-label", "--session-label", "--derivatives")


def as_batch(arguments: Sequence[str], arity: Callable[[], Mapping[str, int]]) -> list[str]:
    """``arguments`` rewritten as a ``batch`` command where they are those of a BIDS App, else unchanged.

    A BIDS App takes three positional arguments, of which the last names the level of analysis.  Options may stand
    before, between and after them, with ``-`` or ``_`` in their names; labels follow ``--participant-label`` one after
    another or with commas, with or without ``sub-``.  ``batch SOURCE OUT`` takes options and labels in the same way.

    Args:
        arguments: of the command line.
        arity: gives the number of values of each option of ``batch``.

    Raises:
        OptionError: a folder where a command should be, and no level.

    Example:
        >>> arity = lambda: {"--participant-label": 1}
        >>> " ".join(as_batch(["ds", "out", "--participant_label", "01", "02", "participant"], arity))
        'batch ds out --analysis-level participant --participant-label 01 --participant-label 02'
        >>> as_batch(["fuse", "T1.nii.gz", "PET.nii.gz"], arity)
        ['fuse', 'T1.nii.gz', 'PET.nii.gz']
    """
    given = list(arguments)
    batch = given[:1] == ["batch"]
    if not batch and (not set(LEVELS) & set(given) or given[0] in COMMANDS):
        _check_first(given)
        return given
    parts = _Parts(arity())
    for word in given[1:] if batch else given:
        parts.add(word)
    parts.take_back()
    level, rest = parts.positional[2:3], parts.positional[3:]
    if level and level[0] in LEVELS:
        return ["batch", *parts.positional[:2], "--analysis-level", *level, *parts.options, *rest]
    return ["batch", *parts.positional, *parts.options] if batch and len(parts.positional) == 2 else given


class _Parts:
    """Options with their values, and what stands alone."""

    def __init__(self, arity: Mapping[str, int]) -> None:
        self._arity = arity
        self.options: list[str] = []
        self.positional: list[str] = []
        self._several, self._count = "", 0  # the option whose labels are being read, and how many there were
        self._values, self._unknown = 0, False  # that the option before still needs

    def add(self, word: str) -> None:
        if self._values and not (self._unknown and (word in LEVELS or word.startswith("-"))):
            self.options.append(word)
            self._values -= 1
            return
        self._values = 0
        if word.startswith("-") and word != "-":
            self._option(word)
        elif self._several and not (word in LEVELS and self._count):
            self.options += [self._several, word]
            self._count += 1
        else:
            self.take_back()
            self._several = ""
            self.positional.append(word)

    def _option(self, word: str) -> None:
        name, sign, value = word.partition("=")
        name = "--" + name[2:].replace("_", "-") if name.startswith("--") else name
        self._several = name if name in _SEVERAL else ""
        self._count = 1 if sign else 0
        if self._several:
            self.options += [name, value] if sign else []
        else:
            self.options.append(name + sign + value)
            self._unknown = name not in self._arity  # the command will say so; a word behind it is its value
            self._values = 0 if sign else self._arity.get(name, 1)

    def take_back(self) -> None:
        """Count source and output that a list of labels before them has swallowed as what they are."""
        lacking = 2 - len(self.positional)
        if self._several and lacking > 0 and self._count > lacking:
            self.positional += self.options[1 - 2 * lacking :: 2]
            del self.options[-2 * lacking :]


def _check_first(given: Sequence[str]) -> None:
    if len(given) > 1 and given[0] not in COMMANDS and not given[0].startswith("-") and Path(given[0]).is_dir():
        msg = f"{given[0]}: a folder where a command should be; give coconet-med batch {given[0]} OUT, or as a BIDS App"
        raise OptionError(f"{msg} coconet-med {given[0]} OUT {' or '.join(LEVELS)}")
