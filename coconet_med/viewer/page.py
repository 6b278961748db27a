"""The page: one HTML file with our modules and NiiVue inside, which loads nothing but its study.

Scripts are allowed by their sha256 alone (Content Security Policy), so that no text of a header or a file name can
ever run, however it got into the page.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from coconet_med.system.printable import printable
from coconet_med.viewer.content import Content

RESEARCH_USE = "research use, not for diagnosis"

#: Our modules, each after those that it imports.
MODULES = (
    "colors",
    "mixing",
    "planes",
    "study",
    "alignment",
    "stage",
    "layout",
    "overlay",
    "readout",
    "foci",
    "check",
    "input",
    "key",
    "start",
    "controls",
    "viewer",
)

_IMPORT = re.compile(r'^import \{([^}]+)\} from "(?:\./)?(\w+)(?:\.js)?";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def saved_page(content: Content, *, foci: Sequence[dict[str, Any]] | None = None) -> Iterator[str]:
    """A page that holds its study, in pieces: opens from a disk, needs no server and no network.

    Args:
        content: of the study.
        foci: to be listed; ``None``: no list.
    """
    document = content.document if foci is None else content.document | {"foci": list(foci)}
    yield from _page(document, connect="'none'", parts=content.parts)


def served_page(content: Content) -> Iterator[str]:
    """The page that asks the server which shows it for its arrays."""
    yield from _page(content.document | {"served": True}, connect="'self'", parts={})


def _page(document: dict[str, Any], *, connect: str, parts: dict[str, np.ndarray]) -> Iterator[str]:
    scripts = [niivue_script(), viewer_script("main")]
    early = asset("early.js") if document.get("served") else ""
    title = embedded_text(document["name"])
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy([early, *scripts], connect=connect)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" '
    yield f'content="no-referrer">\n<link rel="icon" href="data:,">\n<title>{title}: fusion viewer</title>\n'
    yield f"<style>\n{asset('page.css')}{asset('view.css')}</style>\n</head>\n<body>\n<header><h1>{title}</h1> "
    yield f'<span class="use">{RESEARCH_USE}</span> <button type="button" id="theme">dark page</button></header>\n'
    yield '<main><p id="state" role="status">Loading ...</p><div id="here"></div></main>\n'
    yield f"{asset('view.html')}\n"
    yield f'<script type="application/json" id="study">{embedded_json(document)}</script>\n<script>{early}</script>\n'
    for name, part in parts.items():
        yield f'<script type="application/octet-stream" id="part-{name}">'
        yield from packed(part)
        yield "</script>\n"
    for script in scripts:
        yield f'<script type="module">{script}</script>\n'
    yield "</body>\n</html>\n"


def policy(scripts: Sequence[str], *, connect: str = "'none'") -> str:
    """A Content Security Policy, as an attribute's value, that lets these inline scripts run and no others."""
    allowed = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    rules = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
    return rules + f"connect-src {connect}; base-uri 'none'; form-action 'none'"


def embedded_json(value: Any) -> str:
    """JSON for a script element: no text in it can end the element or begin another."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def embedded_text(value: object) -> str:
    """Text that cannot be taken for markup."""
    import html

    return html.escape(printable(value), quote=True)


def packed(part: np.ndarray, *, level: int = 2) -> Iterator[str]:
    """An array as base64 of gzip, in pieces; numbers of several bytes are split into planes, which pack better.

    Args:
        part: of any type and shape.
        level: of compression: up to 3 those of ISA-L, which is fast; beyond, those of zlib.
    """

    values = np.ascontiguousarray(part)
    width = values.dtype.itemsize
    planes = values.reshape(-1).view(np.uint8).reshape(-1, width).T
    whole = _gzip(planes.tobytes(), level)
    step = 3 << 20  # of three bytes become four letters: pieces join without padding
    for start in range(0, len(whole), step):
        yield base64.b64encode(whole[start : start + step]).decode("ascii")


def _gzip(data: bytes, level: int) -> bytes:
    if level > 3:
        return gzip.compress(data, level, mtime=0)
    from isal import igzip

    return igzip.compress(data, compresslevel=level, mtime=0)


@cache
def viewer_script(last: str) -> str:
    """Our modules as one script, ending with the one named: each becomes a function's inside, so names cannot clash."""
    parts = ['"use strict";\nconst modules = { niivue: globalThis.niivue };\n']
    for name in (*MODULES, last):
        source = asset(f"{name}.js")
        exports = _EXPORT.findall(source)
        body = _EXPORT.sub("", _IMPORT.sub(r'const {\1} = modules["\2"];' + "\n", source))
        parts.append(f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exports)} }};\n}})();\n')
    return "".join(parts)


@cache
def niivue_script() -> str:
    """NiiVue as published (``web/niivue``), its export made one that another script of the page can use."""
    packed_source = resources.files("coconet_med.viewer").joinpath("web/niivue/niivue.min.js.gz").read_bytes()
    source = gzip.decompress(packed_source).decode("utf-8")
    start = source.rindex("export{")
    names = dict(_pair(word) for word in source[start + len("export{") : source.rindex("}")].split(","))
    wanted = ", ".join(f"{name}: {names[name]}" for name in ("Niivue", "NVImage"))
    licenses = "\n".join(asset(f"niivue/{name}.txt") for name in ("LICENSE", "THIRD-PARTY"))
    return f"/*! NiiVue\n{licenses}*/\n{source[:start]}globalThis.niivue = {{ {wanted} }};"


@cache
def asset(name: str) -> str:
    """A text of ``web/``."""
    return resources.files("coconet_med.viewer").joinpath("web", name).read_text(encoding="utf-8")


def _pair(word: str) -> tuple[str, str]:
    """Name outside and inside of ``inside as outside``."""
    inside, _, outside = word.strip().partition(" as ")
    return outside or inside, inside


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
