"""HTML of the report.  Every text goes through :func:`text`; nothing is fetched from anywhere."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Any

from coconet_med.report.measures import NAMES, SHOWN
from coconet_med.report.panels import PANELS
from coconet_med.system.printable import printable
from coconet_med.viewer.page import asset as viewer_asset
from coconet_med.viewer.page import embedded_json, niivue_script, policy, viewer_script

_CAPTIONS = {
    "anatomy": "anatomy",
    "function": "function",
    "fused": "fused",
    "registration": "function, edges of anatomy",
}

#: Where a table says what the column under the pointer means.
HELP = '<p class="help note" role="status">Point at the head of a column to see what it says.</p>'

#: What a viewer begins with.
_VIEW = '<section class="case-view">'

RESEARCH_USE = "research use, not for diagnosis"


def text(value: object) -> str:
    """Any value as text that cannot be taken for markup, nor steer the page or a terminal."""
    return html.escape(printable(value, keep="\n\t"), quote=True)


def case_page(card: dict[str, Any]) -> Iterator[str]:
    """The page of one case, in pieces."""
    return page(
        f"Fusion of {card['id']}",
        [
            f'<h1>Fusion report</h1><p>{text(card["id"])}</p><p><span class="use">{RESEARCH_USE}</span></p>',
            *case_body(card),
            "<h3>Measures</h3>",
            measures_table(card["measures"]),
            f'<p class="note">Measured on {text(card["measured"])}.</p>',
            explanation(),
        ],
    )


def page(title: str, body: Iterable[str]) -> Iterator[str]:
    """A whole page around ``body``, in pieces, so that a page of a thousand cases need not fit into memory.

    It may show what is inside itself and load nothing; of scripts only its own run, by their sha256.
    """
    own, viewer = _asset("page.js"), (niivue_script(), viewer_script("report"))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy((own, *viewer))}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    styles = _asset("page.css") + viewer_asset("view.css")
    yield f"<title>{text(title)}</title>\n<style>\n{styles}</style>\n</head>\n<body>\n"
    views = False
    for piece in body:
        views |= _VIEW in piece
        yield piece
    yield f'\n<footer class="note">Made by coconet-med; {RESEARCH_USE}. Pictures are compressed for viewing; '
    yield "measure on the files.</footer>\n"
    yield f"<script>{own}</script>\n"
    if views:
        yield viewer_asset("view.html")
        for script in viewer:
            yield f'<script type="module">{script}</script>\n'
    yield "</body>\n</html>\n"


def case_body(card: dict[str, Any], *, place: int = 0, view: bool = True) -> Iterator[str]:
    """Warnings, pictures, viewer, facts and provenance of a case.

    Args:
        card: of :func:`coconet_med.report.card.card_of`.
        place: its number on the page.
        view: whether its viewer has a place there.
    """
    if card["warnings"]:
        yield listing("Warnings", card["warnings"])
    yield '<div class="pictures"><div class="cuts">'
    for cut in card["cuts"]:
        for name in PANELS:
            caption = f"{cut['plane']}, {_CAPTIONS[name]}" if cut["plane"] else _CAPTIONS[name]
            yield f'<figure><img src="{text(cut["panels"][name])}" alt="{text(caption)} of {text(card["id"])}">'
            yield f"<figcaption>{text(caption)}</figcaption></figure>\n"
    yield f'</div><img class="legend" src="{text(card["legend"])}" alt="legend: uptake by color"></div>\n'
    if card["cuts"][0]["plane"]:
        yield '<p class="note">The patient\'s right (R) is at the left of axial and coronal pictures; one scale.</p>'
    if view and card.get("view"):
        yield from _view(card["view"], place)
    yield "<dl>"
    for name, value in card["facts"].items():
        yield f"<dt>{text(name)}</dt><dd>{text(value)}</dd>"
    yield "</dl>\n<details><summary>Provenance: sources, options, versions</summary><pre>"
    yield text(json.dumps(card["sidecar"], indent=2, ensure_ascii=False))
    yield "</pre></details>\n"


def _view(strip: dict[str, Any], place: int) -> Iterator[str]:
    """A viewer that is unpacked when its button is pressed."""
    document = strip["document"]
    size = " x ".join(f"{side:.2g}" for side in document["spacing"])
    voxels = "pixels of the picture" if document["planar"] else f"voxels of {size} mm"
    yield f'{_VIEW}<p><button type="button" data-open="view-{place}">Open the viewer</button> '
    yield f'<span class="note">{voxels}, in 256 steps; all of the file: <code>coconet-med view FILE</code></span></p>'
    yield f'<div class="here"></div><script type="application/json" id="view-{place}">{embedded_json(strip)}</script>'
    yield "</section>\n"


def listing(title: str, items: Sequence[str]) -> str:
    """A box with a list of things to be noticed."""
    entries = "".join(f"<li>{text(item)}</li>" for item in items)
    return f'<div class="reasons"><b>{text(title)}</b><ul>{entries}</ul></div>\n'


def measures_table(measures: dict[str, dict[str, float | None]]) -> str:
    """Measures by method; the best value of each column (of all but the plain anatomy) stands out."""
    best = {name: _best(measures, name, more) for name, (_, more) in SHOWN.items()}
    head = "".join(
        f'<th scope="col" title="{text(why)}" tabindex="0">{text(name)}</th>' for name, (why, _) in SHOWN.items()
    )
    rows = []
    for method, values in measures.items():
        cells = "".join(_cell(name, values.get(name), values.get(name) == best[name]) for name in SHOWN)
        kind = ' class="own"' if method == "fused" else ""
        rows.append(f'<tr{kind}><th scope="row">{text(NAMES.get(method, method))}</th>{cells}</tr>')
    return (
        f'<div class="table"><div class="scroll"><table class="measures"><thead><tr><th scope="col">method</th>{head}'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{HELP}</div>\n"
    )


def explanation() -> str:
    """What the measures mean, and what they do not."""
    entries = "".join(f"<dt>{text(name)}</dt><dd>{text(why)}</dd>" for name, (why, _) in SHOWN.items())
    return (
        f"<details><summary>What the measures say</summary><dl>{entries}</dl>"
        '<p class="note">No single number tells whether a fusion is good: the anatomy alone scores high on most usual '
        "measures, though it shows no uptake. H is low for a copy of either image. Order is Spearman's correlation. "
        "The classical methods fuse lightness only, so uptake is read from their lightness.</p></details>\n"
    )


def number(value: Any) -> str:
    """A figure for a table cell; empty where there is none."""
    if value is None or value == "":
        return ""
    return f"{value:.3f}" if isinstance(value, float) else text(value)


def _cell(name: str, value: float | None, best: bool) -> str:
    kind = ' class="best"' if best and value is not None else ""
    return f'<td{kind} data-label="{text(name)}">{number(value)}</td>'


def _best(measures: dict[str, dict[str, float | None]], name: str, more: bool) -> float | None:
    values = [n for method, v in measures.items() if method != "anatomy" and (n := v.get(name)) is not None]
    return (max(values) if more else min(values)) if values else None


def _asset(name: str) -> str:
    return resources.files("coconet_med.report").joinpath(name).read_text(encoding="utf-8")
