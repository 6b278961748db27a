"""One functional window for all images of a person, or of a whole batch: pictures that can be compared by eye.

The robust window of each image is found first, before anything is fused; the widest of them holds for all.  Images that
need none (8-bit pictures, CT) keep their own.  A case that comes later may widen it: then the others are done anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from coconet_med.errors import FusionError, OptionError
from coconet_med.readers.limits import memory_limit
from coconet_med.steps.prepare import in_wanted_units
from coconet_med.steps.windows import function_window
from coconet_med.windowing.presets import common_preset

if TYPE_CHECKING:
    from collections.abc import Callable

    from coconet_med.batch.case import BatchOptions, Case
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window

#: Of whom images share a window.
Scope = Literal["person", "all"]
SCOPES: tuple[Scope, ...] = ("person", "all")

_SUBJECT = re.compile(r"(?:^|[_/\\.-])(sub-[A-Za-z0-9]+)")


def with_common_windows(
    cases: Sequence[Case],
    options: BatchOptions,
    scope: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Case]:
    """The cases, each with the window that it shares with the others.

    Args:
        cases: all of the batch, also those that another process does.
        options: of the batch.
        scope: ``"person"`` or ``"all"``.
        progress: called with the number of images that were looked at, and of all.

    Raises:
        OptionError: no such scope, a window that was given as well, a case whose person is not known, or images in
            different units.
    """
    if scope not in SCOPES:
        raise OptionError(f"--common-window {scope}: choose {' or '.join(SCOPES)}")
    if options.window is not None:
        raise OptionError(f"--common-window {scope}: finds the window itself; leave out --window")
    groups: dict[str, list[tuple[int, Window]]] = defaultdict(list)
    for number, case in enumerate(cases):
        if not (case.problem or case.skip):
            try:
                source, window = _window_of(case, options)
            except FusionError:
                continue  # this case will fail and say why
            if window.chosen.startswith("robust"):
                groups[_person(case, source) if scope == "person" else ""].append((number, window))
        if progress:
            progress(number + 1, len(cases))
    out = list(cases)
    for found in groups.values():
        common = _widest([(cases[number], window) for number, window in found])
        for number, _ in found:
            out[number] = replace(cases[number], window=common)
    return out


def _window_of(case: Case, options: BatchOptions) -> tuple[Source, Window]:
    # Of a whole batch only the functional images are read: what steps/prepare.py does to them, without their anatomies.
    with memory_limit(options.max_memory):
        source = function_of(case, options)
    source = in_wanted_units(source, options)
    return source, function_window(source, options)


def function_of(case: Case, options: BatchOptions) -> Source:
    """The functional image of a case, read as it is when the case is done."""
    from coconet_med.readers import read
    from coconet_med.readers.dynamic import read_functional

    how = options.of_case(case)
    dicom = how.for_readers()
    if case.function is None:
        from coconet_med.readers.dicom import read_study

        return read_study(case.anatomy, different_patients=how.different_patients, **dicom)[1]
    facts = case.facts()
    if facts is not None:
        return read_functional(case.function, affine=options.affine, dynamic=options.dynamic, facts=facts)
    if dicom.get("select"):
        from coconet_med.dicom.select import selection_of

        dicom["select"] = selection_of(dicom["select"], lenient=True)
    return read(case.function, "function", affine=how.affine, **dicom)


def _person(case: Case, source: Source) -> str:
    """Who an image is of: by the label of BIDS in its id or path, or by the Patient ID, which goes no further."""
    for words in (case.id, str(case.function or case.anatomy)):
        if found := _SUBJECT.findall(words):
            return str(found[-1])
    header = getattr(getattr(source.dicom, "series", None), "header", None)
    patient = str(header.get("PatientID", "")).strip() if header is not None else ""
    if not patient:
        raise OptionError(
            f"--common-window person: who case {case.id} is of is not known; let ids begin with sub-LABEL, or give "
            "--common-window all"
        )
    return f"DICOM {patient}"


def _widest(found: Sequence[tuple[Case, Window]]) -> str:
    """A preset that spans all windows."""
    kinds = {(window.units, window.signed): case for case, window in found}
    if len(kinds) > 1:
        (first, one), (second, other) = list(kinds.items())[:2]
        units = [f"{unit} of both signs" if signed else unit for unit, signed in (first, second)]
        raise OptionError(
            f"--common-window: {one.id} is in {units[0]} and {other.id} in {units[1]}, which one window cannot show; "
            "fuse them in batches of their own"
        )
    low, high = min(window.low for _, window in found), max(window.high for _, window in found)
    return common_preset(low, high)
