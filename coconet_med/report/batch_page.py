"""The page of a batch: what needs attention first, a table to sort, the measures, and a card for each case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from coconet_med.quality.averages import mean_of
from coconet_med.report import _write
from coconet_med.report.measures import NAMES, SHOWN
from coconet_med.report.outliers import Suspicion, suspicions
from coconet_med.report.page import (
    HELP,
    RESEARCH_USE,
    case_body,
    explanation,
    listing,
    measures_table,
    number,
    page,
    text,
)
from coconet_med.writers.atomic import write_together

if TYPE_CHECKING:
    from coconet_med.batch.case import Outcome

#: Cases with pictures on one page, about 0.2 MB each; browsers become slow beyond.
MOST_PICTURES = 300

#: Characters of all viewers on one page, 50 of the largest: the others say how to open theirs.
MOST_VIEWS = 80_000_000

_WORKED = ("done", "kept")

#: Columns of the table of cases: title, fact, what it says.
_COLUMNS = (
    ("H", "H", SHOWN["H"][0]),
    ("rho_lp", "rho_lp", SHOWN["rho_lp"][0]),
    ("Q_MRI_in", "Q_MRI_in", SHOWN["Q_MRI_in"][0]),
    ("rho_MRI_cold", "rho_MRI_cold", SHOWN["rho_MRI_cold"][0]),
    ("rho_uptake", "rho_uptake", SHOWN["rho_uptake"][0]),
    ("shift mm", "offset_mm", "how far the registration moved the functional image"),
    ("turn deg", "angle_deg", "how far it turned it"),
    ("coverage", "coverage", "part of the anatomy inside the functional field of view"),
    ("fit", "mutual_information_after", "mutual information of both images, in nat"),
)


_FILTERS = (
    '<div class="filters"><label>find <input type="search" data-filter="find" placeholder="name, reason"></label> '
    '<label>show <select data-filter="kind"><option value="">all cases</option>'
    '<option value="attention">those to look at first</option><option value="fused">fused</option>'
    '<option value="failed">not fused</option><option value="warned">with warnings</option></select></label> '
    '<output role="status"></output></div>\n'
)


def write_batch_page(outcomes: Sequence[Outcome], cards: Path, path: Path, *, title: str) -> Path:
    """Write the page of a batch, replacing an earlier one.

    Args:
        outcomes: of all cases.
        cards: folder with the card of each finished case, ``<id>.card``.
        path: of the page.
        title: name of the batch.

    Raises:
        WriteError: the disk does not let us.
    """
    write_together([(path, lambda part: _write(part, study_page(outcomes, cards, title=title)))], overwrite=True)
    return path


def study_page(outcomes: Sequence[Outcome], cards: Path, *, title: str) -> Iterator[str]:
    """The page in pieces; only one card at a time is in memory."""
    return page(f"{title}: fusion report", _body(outcomes, cards, title))


def _body(outcomes: Sequence[Outcome], cards: Path, title: str) -> Iterator[str]:
    others = [f"{o.id}: {o.error}" for o in outcomes if o.status == "skipped"]
    outcomes = [outcome for outcome in outcomes if outcome.status != "skipped"]
    suspicious = dict(zip([o.id for o in outcomes], suspicions([_facts(o) for o in outcomes]), strict=True))
    ordered = sorted(outcomes, key=lambda outcome: _urgency(outcome, suspicious[outcome.id]))
    yield f"<h1>{text(title)}</h1><p>Fusion report of {len(outcomes)} case{'s' * (len(outcomes) != 1)}. "
    yield f'<span class="use">{RESEARCH_USE}</span></p>'
    yield _counts(ordered, suspicious)
    yield "<h2>Cases, those to look at first on top</h2>"
    yield from _table(ordered, suspicious)
    if others:
        yield listing("Not taken", others)
    yield "<h2>Measures, mean over the cases</h2>"
    means = _means(ordered, cards)
    yield measures_table(means) if means else '<p class="note">No case was fused.</p>'
    yield '<p class="note">Measured on some slices around the middle of the uptake of each case.</p>' * bool(means)
    yield explanation()
    shown, room = 0, MOST_VIEWS
    for place, outcome in enumerate(ordered):
        card = _load(cards, outcome) if shown < MOST_PICTURES else None
        room -= _length(card)
        yield from _case(place, outcome, suspicious[outcome.id], card, view=room >= 0)
        shown += outcome.status in _WORKED
    if shown > MOST_PICTURES:
        yield f'<p class="note">Only the first {MOST_PICTURES} fused cases, in this order, have pictures here.</p>'


def _facts(outcome: Outcome) -> dict[str, Any]:
    return outcome.facts if outcome.status in _WORKED else {}


def _urgency(outcome: Outcome, suspicion: Suspicion) -> tuple[bool, float, int, str]:
    """Cases without a result first, then the strangest, then those with most warnings."""
    return outcome.status in _WORKED, -suspicion.score, -len(outcome.warnings), outcome.id


def _counts(outcomes: Sequence[Outcome], suspicious: dict[str, Suspicion]) -> str:
    fused = sum(outcome.status in _WORKED for outcome in outcomes)
    strange = sum(bool(suspicion.reasons) for suspicion in suspicious.values())
    warned = sum(bool(o.warnings) for o in outcomes if o.status in _WORKED)
    parts = {
        "fused": fused,
        "failed": len(outcomes) - fused,
        "outlier" if strange == 1 else "outliers": strange,
        "with warnings": warned,
    }
    return f'<ul class="counts">{"".join(f"<li><b>{count}</b> {name}</li>" for name, count in parts.items())}</ul>\n'


def _table(outcomes: Sequence[Outcome], suspicious: dict[str, Suspicion]) -> Iterator[str]:
    yield _FILTERS
    yield '<div class="table"><div class="scroll"><table class="sortable" id="cases"><thead><tr>'
    heads = [("case", "a link to its pictures"), ("state", ""), ("attention", "why to look at this case")]
    for name, why in [*heads, *((name, why) for name, _, why in _COLUMNS), ("warnings", "how many")]:
        tip = f' title="{text(why)}"' if why else ""
        yield f'<th scope="col"{tip}><button type="button">{text(name)}</button></th>'
    yield "</tr></thead><tbody>\n"
    for place, outcome in enumerate(outcomes):
        suspicion = suspicious[outcome.id]
        facts = _facts(outcome)
        name = text(outcome.id)
        kinds = " ".join(_kinds(outcome, suspicion))
        yield f'<tr data-article="case-{place}" data-kinds="{kinds}">'
        yield f'<td data-label="case" data-value="{name}"><a href="#case-{place}">{name}</a></td>'
        yield f'<td data-label="state">{_state(outcome, suspicion)}</td>'
        why = text("; ".join(suspicion.reasons) if facts else outcome.error)
        yield f'<td class="text" data-label="attention">{why}</td>'
        for title, fact, _ in _COLUMNS:
            value = facts.get(fact)
            shown = f"{value:.1f}" if fact.endswith(("_mm", "_deg")) and value is not None else number(value)
            yield f'<td data-label="{title}" data-value="{"" if value is None else text(value)}">{shown}</td>'
        yield f'<td data-label="warnings">{len(outcome.warnings)}</td></tr>\n'
    yield f"</tbody></table></div>{HELP}</div>\n"


def _kinds(outcome: Outcome, suspicion: Suspicion) -> Iterator[str]:
    """By which filters a case is shown."""
    fused = outcome.status in _WORKED
    yield "fused" if fused else "failed"
    if not fused or suspicion.reasons:
        yield "attention"
    if outcome.warnings:
        yield "warned"


def _state(outcome: Outcome, suspicion: Suspicion) -> str:
    if outcome.status in _WORKED and suspicion.reasons:
        return '<span class="state outlier">outlier</span>'
    word = "fused" if outcome.status in _WORKED else outcome.status
    return f'<span class="state {text(word)}">{text(word)}</span>'


def _length(card: dict[str, Any] | None) -> int:
    """Characters of a card's viewer."""
    return sum(map(len, card["view"]["parts"].values())) if card and card.get("view") else 0


def _case(
    place: int, outcome: Outcome, suspicion: Suspicion, card: dict[str, Any] | None, *, view: bool
) -> Iterator[str]:
    worked = outcome.status in _WORKED
    if worked and card is None:
        return
    yield f'<article id="case-{place}"><h2>{text(outcome.id)} {_state(outcome, suspicion)}</h2>\n'
    if worked:
        yield _files(outcome)
    if suspicion.reasons:
        yield listing("Stands out", suspicion.reasons)
    if not worked:
        yield f'<p class="error">{text(outcome.error or "not done")}</p>'
    elif card:
        yield from case_body(card, place=place, view=view)
        if not view and card.get("view"):
            yield '<p class="note">The page is full: see <code>coconet-med view</code> of its file.</p>'
        yield f"<details><summary>Measures of this case</summary>{measures_table(card['measures'])}"
        yield f'<p class="note">Measured on {text(card["measured"])}.</p></details>'
    yield "</article>\n"


def _files(outcome: Outcome) -> str:
    """Links to the files of a result, relative to the page; a DICOM series is its folder."""
    names = dict.fromkeys(
        str(PurePosixPath(name).parent) + "/" if name.endswith(".dcm") else name for name in sorted(outcome.outputs)
    )
    links = (f'<a href="./{text(quote(name))}">{text(name)}</a>' for name in names)
    return f'<p class="files">Files: {" · ".join(links)}</p>\n' if names else ""


def _means(outcomes: Sequence[Outcome], cards: Path) -> dict[str, dict[str, float | None]]:
    gathered: dict[str, dict[str, list[float]]] = {name: {key: [] for key in SHOWN} for name in NAMES}
    for outcome in outcomes:
        card = _load(cards, outcome)
        for method, values in (card or {}).get("measures", {}).items():
            for key, value in values.items():
                if value is not None and key in gathered.get(method, {}):
                    gathered[method][key].append(value)
    if not any(gathered["fused"].values()):
        return {}
    return {m: {key: mean_of(v) if v else None for key, v in values.items()} for m, values in gathered.items()}


def _load(cards: Path, outcome: Outcome) -> dict[str, Any] | None:
    if outcome.status not in _WORKED:
        return None
    try:
        return json.loads((cards / f"{outcome.id}.card").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
