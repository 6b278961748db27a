"""The report of a batch: what needs attention first, and no text of others as markup."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from report_cases import Tags

from coconet_med.batch.case import Outcome
from coconet_med.report.batch_page import write_batch_page
from coconet_med.report.card import card_of
from coconet_med.report.page import text

NASTY = '<script>alert("x")</script>&\'"'


# --- a batch -----------------------------------------------------------------------------------------------------


def outcome(name: str, status: str = "done", **more) -> Outcome:
    facts = {"H": 0.8, "offset_mm": 0.0, "coverage": 1.0} | more.pop("facts", {})
    return Outcome(name, status, facts=facts if status == "done" else {}, **more)


@pytest.fixture
def batch(result, tmp_path):
    """A page of eight cases: one failed, one that stands out, one with a warning."""
    cases = [outcome(f"sub-{n:02d}") for n in range(6)]
    cases.append(outcome("sub-low", facts={"H": 0.3, "offset_mm": 14.0}))
    cases.append(outcome("sub-bad", "failed", error=f"{NASTY}: no such file"))
    cases[4].warnings.append(NASTY)
    card = card_of(result, case_id="x", panel=120)
    card["warnings"] = [NASTY]
    card["sidecar"]["note"] = NASTY
    for case in cases:
        if case.status == "done":
            (tmp_path / f"{case.id}.card").write_text(json.dumps(card | {"id": case.id}), encoding="utf-8")
    return write_batch_page(cases, tmp_path, tmp_path / "report.html", title=NASTY)


def order(page: str) -> list[str]:
    return re.findall(r'<a href="#case-\d+">([^<]+)</a>', page)


def test_failures_and_outliers_come_first(batch):
    names = order(batch.read_text(encoding="utf-8"))
    assert names[:3] == ["sub-bad", "sub-low", "sub-04"]
    assert sorted(names[3:]) == names[3:]
    assert "H 0.3 is low (median 0.8)" in batch.read_text(encoding="utf-8")


def test_no_text_becomes_markup(batch):
    page = batch.read_text(encoding="utf-8")
    assert Tags(page).open == []
    assert page.count("<script>") == 1
    kinds = re.findall(r'<script type="([^"]+)"', page)
    assert set(kinds) == {"application/json", "module"}
    assert kinds.count("application/json") == 7
    assert text(NASTY) in page
    assert NASTY not in page


# --- a real browser ----------------------------------------------------------------------------------------------

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


needs_browser = pytest.mark.skipif(not BROWSER, reason="no Chromium here: apt-get install chromium")


def browse(tmp_path, *arguments: object) -> str:
    common = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={tmp_path}/p"]
    done = subprocess.run([BROWSER, *common, *map(str, arguments)], capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_browser_sorts_the_table_by_a_click_and_back(batch, new_page):
    page = new_page(390, 800)
    page.goto(batch.as_uri())
    names = "[...document.querySelectorAll('#cases tbody a')].map((link) => link.textContent)"
    head = page.locator("#cases th button", has_text=re.compile(r"^H$"))
    head.click()
    first = page.evaluate(names)
    head.click()
    second = page.evaluate(names)
    assert first[0] == "sub-low"
    assert first[-1] == "sub-bad", "a case without a value stays at the end"
    assert second[-2:] == ["sub-low", "sub-bad"]
    assert page.locator('#cases th[aria-sort="descending"]').inner_text() == "H"
    assert page.evaluate("[...document.images].filter((image) => !image.naturalWidth).length") == 0


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_paints_the_page_light_or_dark_as_the_system_is(batch, tmp_path, dark):
    shot = tmp_path / "shot.png"
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    browse(tmp_path, *scheme, "--window-size=1200,900", f"--screenshot={shot}", batch.as_uri())
    pixels = np.asarray(Image.open(shot).convert("L"))
    assert (np.median(pixels) < 60) == dark
    assert pixels.std() > 10, "there is something on it"
