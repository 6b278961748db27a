"""Viewers, filters, links and columns of a report in a real browser, and what hostile names do there: nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.batch.case import Outcome
from coconet_med.phantom import head_phantom
from coconet_med.report.batch_page import write_batch_page
from coconet_med.report.card import card_of

NASTY = '</script><img src=x onerror=alert(1)><script>alert("x")</script>&\'"'


REASON = "H 0.3 is low (median 0.8); shift in mm 14 is high (median 0); coverage 0.41 is low (median 1); " * 2


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=5.0, pet_spacing=6.0)
    return coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")


@pytest.fixture(scope="module")
def card(result):
    return card_of(result, case_id="x", panel=64)


def study(card, folder, count: int):
    """A report of so many cases; one failed for a long reason, names hostile."""
    outcomes = []
    for number in range(count):
        name = f"sub-{number:02d}"
        files = {f"sub 1/{name}#?.nii.gz": [1, "0"], f"sub 1/{name}.json": [1, "0"]}
        files |= {f"{name}_dicom/{n}.dcm": [1, "0"] for n in range(3)}
        outcomes.append(Outcome(name, "done", facts={"H": 0.8 - 0.001 * number, "coverage": 1.0}, outputs=files))
        outcomes[-1].warnings += [NASTY] * (number % 2)
        own = json.loads(json.dumps(card)) | {"id": NASTY, "warnings": [NASTY]}
        own["view"]["document"] |= {"name": NASTY, "warnings": [NASTY]}
        own["view"]["document"]["uptake"] |= {"name": NASTY, "units": NASTY}
        (folder / f"{name}.card").write_text(json.dumps(own), encoding="utf-8")
    outcomes.append(Outcome("sub-bad", "failed", error=f"{REASON} {NASTY}"))
    return write_batch_page(outcomes, folder, folder / "report.html", title=NASTY)


@pytest.fixture(scope="module")
def path(card, tmp_path_factory):
    return study(card, tmp_path_factory.mktemp("study"), 8)


@pytest.fixture(scope="module")
def page(path, new_page):
    made = new_page(1280, 900)
    made.asked = []
    made.on("request", lambda request: made.asked.append(request.url))
    made.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    made.goto(path.as_uri())
    return made


# --- viewers in the page ---------------------------------------------------------------------------------------------


def opened(page, number: int):
    page.locator(f'[data-open="view-{number}"]').click()
    page.wait_for_selector(f"article#case-{number} .viewer[data-state=open]")
    return page.locator(f"article#case-{number}")


def test_a_viewer_in_a_case_shows_nearly_the_colors_of_the_file(page, result, card):
    opened(page, 1)
    rgb = sitk.GetArrayViewFromImage(result.color)
    differences = []
    for voxel in np.random.default_rng(1).integers((8, 8, 8), (30, 36, 30), (20, 3)).tolist():
        color = page.evaluate(
            "(voxel) => { coconet.go(coconet.planes.place(voxel)); coconet.draw(); return coconet.values.color }", voxel
        )
        differences.append(np.abs(np.subtract(color, rgb[voxel[2], voxel[1], voxel[0]].astype(int))).mean())
    assert np.median(differences) < 6, "sources in 256 steps, the field at half the resolution"
    assert "measured" in page.locator("article#case-1 [data-part=foci-note]").inner_text()
    page.locator("article#case-1 [data-part=foci-list] button").first.click()
    page.evaluate("coconet.draw()")
    assert page.evaluate("coconet.planes.voxel(coconet.state.place)") == card["view"]["document"]["foci"][0]["voxel"]
    before = page.evaluate("coconet.values.color")
    page.locator('[data-control="colormap"]').select_option("hot")
    page.evaluate("coconet.draw()")
    assert page.evaluate("coconet.values.color") != before
    assert not page.locator('[data-control="check"]').is_visible(), "these are not the voxels of the file"


def test_one_viewer_is_open_at_a_time_and_the_others_stay_as_pictures(page):
    opened(page, 2)
    case = opened(page, 3)
    assert page.locator(".viewer").count() == 1
    assert page.locator("article#case-2 img.still").count() == 1
    assert page.locator('[data-open="view-2"]').inner_text() == "Open the viewer again"
    case.locator("[data-part=overlay]").press("ArrowLeft")
    opened(page, 2)
    assert page.locator("article#case-2 .viewer").count() == 1
    page.keyboard.press("PageUp")


def test_nothing_is_asked_of_anybody_and_no_text_runs(page, path):
    assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert page.locator("h1").inner_text() == NASTY
    opened(page, 4)
    assert page.locator("article#case-4 [data-part=warnings] li").inner_text() == NASTY
    assert page.locator("article#case-4 [data-part=uptake-value]").inner_text().endswith(NASTY)


def test_a_script_that_got_into_the_page_would_not_run(path, new_page, tmp_path):
    page = path.read_text(encoding="utf-8").replace("</h1>", "</h1><script>document.title = 'it ran'</script>", 1)
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    shown = new_page(complains=False)
    shown.goto((tmp_path / "page.html").as_uri())
    assert shown.title() != "it ran"


# --- the table -------------------------------------------------------------------------------------------------------


def test_cases_are_found_by_words_and_kinds(page):
    shown = "[...document.querySelectorAll('#cases tbody tr')].filter((row) => !row.hidden).length"
    reported = page.locator(".filters output")
    assert reported.inner_text() == "9 of 9 cases"
    page.locator('[data-filter="find"]').fill("sub-03")
    assert page.evaluate(shown) == 1
    assert page.evaluate("[...document.querySelectorAll('article')].filter((a) => !a.hidden).length") == 1
    page.locator('[data-filter="find"]').fill("")
    for kind, count in (("failed", 1), ("attention", 1), ("warned", 4), ("fused", 8), ("", 9)):
        page.locator('[data-filter="kind"]').select_option(kind)
        assert page.evaluate(shown) == count
        assert reported.inner_text() == f"{count} of 9 cases"


def test_files_of_a_result_are_linked_and_a_dicom_series_as_its_folder(page):
    links = page.locator("article#case-1 .files a")
    addresses = [links.nth(n).get_attribute("href") for n in range(links.count())]
    name = page.locator("article#case-1 h2").inner_text()[: len("sub-00")]
    assert addresses == [f"./sub%201/{name}%23%3F.nii.gz", f"./sub%201/{name}.json", f"./{name}_dicom/"]


def test_columns_say_what_they_are_at_a_touch_of_pointer_or_focus(page):
    page.locator("#cases th", has_text="coverage").hover()
    said = page.locator(".table:has(#cases) .help")
    assert said.inner_text() == "coverage: part of the anatomy inside the functional field of view"
    page.locator("#cases th button", has_text="rho_lp").focus()
    assert said.inner_text().startswith("rho_lp: order of uptake kept in lightness")


@pytest.mark.parametrize("width", [360, 768, 1280, 1920, 2560])
def test_no_column_is_cut_and_reasons_stand_in_full(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    cut = """() => [...document.querySelectorAll(".table :is(.scroll, table, td, th)")]
      .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth)
      .map((e) => e.outerHTML.slice(0, 100))"""
    assert page.evaluate(cut) == []
    reason = page.locator("#cases td.text", has_text="shift in mm 14")
    assert reason.inner_text().strip().endswith(NASTY)
    assert reason.is_visible()


def test_a_report_of_fifty_cases_opens_and_so_do_its_viewers(card, tmp_path, new_page):
    page = new_page(1280, 900)
    page.goto(study(card, tmp_path, 50).as_uri())
    assert page.locator("#cases tbody tr").count() == 51
    assert page.locator("[data-open]").count() == 50
    for number in (1, 25, 50):  # the first is the one that failed
        opened(page, number)
    assert page.locator("img.still").count() == 2
    assert page.locator(".viewer").count() == 1


def test_a_page_that_is_full_says_how_the_other_cases_are_seen(card, tmp_path, monkeypatch):
    monkeypatch.setattr("coconet_med.report.batch_page.MOST_VIEWS", 2.5 * sum(map(len, card["view"]["parts"].values())))
    page = study(card, tmp_path, 4).read_text(encoding="utf-8")
    assert page.count('data-open="view-') == 2
    assert page.count("The page is full") == 2
