"""The command line of a BIDS App, ``coconet-med BIDS_DIR OUT participant|group``, as that of ``batch``."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = ("participant", "group")

#: First words that are commands and not datasets.
COMMANDS = ("fuse", "batch", "evaluate", "demo", "pacs", "doctor")

#: Options of BIDS Apps that take several labels after one another.
_SEVERAL = ("--participant-label", "--session-label")


def as_batch(arguments: Sequence[str]) -> list[str]:
    """``arguments`` rewritten as a ``batch`` command where they are those of a BIDS App, else unchanged.

    A BIDS App takes three positional arguments, of which the last names the level of analysis; labels follow
    ``--participant-label`` (or ``--participant_label``) one after another, with or without ``sub-``.

    Example:
        >>> " ".join(as_batch(["ds", "out", "participant", "--participant_label", "01", "02"]))
        'batch ds out --analysis-level participant --participant-label 01 --participant-label 02'
        >>> as_batch(["fuse", "T1.nii.gz", "PET.nii.gz"])
        ['fuse', 'T1.nii.gz', 'PET.nii.gz']
    """
    given = list(arguments)
    if len(given) < 3 or given[2] not in LEVELS or given[0] in COMMANDS or any(w.startswith("-") for w in given[:2]):
        return given
    options, several = [], ""
    for word in given[3:]:
        name = word.partition("=")[0].replace("_", "-")
        if name in _SEVERAL:
            several = name
            if "=" in word:
                options += [name, word.partition("=")[2]]
        elif word.startswith("-"):
            several = ""
            options.append(word)
        elif several:
            options += [several, word]
        else:
            options.append(word)
    return ["batch", given[0], given[1], "--analysis-level", given[2], *options]
