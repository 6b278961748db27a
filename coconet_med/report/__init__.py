"""The report: one HTML page that needs nothing but itself, for one case (here) or a batch (``report.batch_page``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coconet_med.result import FusionResult


def write_report(result: FusionResult, path: Path, *, overwrite: bool = False) -> Path:
    """Write the page of one case: pictures in three planes, legend, measures, warnings, provenance.

    Args:
        result: what to report on.
        path: of the page, such as ``report.html``.
        overwrite: replace what is there.

    Returns:
        The path.

    Raises:
        WriteError: something is there already, or the place cannot be written.
    """
    from coconet_med.report.card import card_of
    from coconet_med.report.page import case_page
    from coconet_med.writers.atomic import write_together
    from coconet_med.writers.inputs import spare_sources

    spare_sources(result, path)
    card = card_of(result, case_id=f"{result.anatomy.name} and {result.function.name}", panel=360)
    write_together([(path, lambda part: _write(part, case_page(card)))], overwrite=overwrite)
    return path


def _write(part: Path, pieces: object) -> None:
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(pieces)  # type: ignore[arg-type]
