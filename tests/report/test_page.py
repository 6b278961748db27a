"""The report of one case and of a batch: complete in itself, safe, and readable in a real browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.batch.case import Outcome
from coconet_med.errors import WriteError
from coconet_med.model import Model
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.report.card import card_of
from coconet_med.report.edges import thin_edges
from coconet_med.report.outliers import suspicions
from coconet_med.report.page import text
from coconet_med.report.panels import PANELS, cuts, middle_of_uptake
from coconet_med.report.study import write_study_report
from coconet_med.slices import slicing_of

NASTY = '<script>alert("x")</script>&\'"'


class Average:
    """An engine that averages both images."""

    name, device, version = "onnx", "cpu", "test"

    def run(self, image: np.ndarray) -> np.ndarray:
        return image.mean(axis=1, keepdims=True)


MODEL = Model("average", None, "0" * 64, Average(), {})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=6.0, pet_spacing=6.0)
    return coconet_med.fuse(head.t1, head.pet, register="never", model=MODEL)


@pytest.fixture(scope="module")
def picture():
    return coconet_med.fuse(*slice_pair(64), model=MODEL)


@pytest.fixture(scope="module")
def page(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert result.report(path) == path
    return path.read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every tag with its attributes, and whether each is closed where it should be."""

    VOID = ("meta", "img", "br", "link", "input", "hr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def image_of(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


# --- one case ----------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_anywhere(page):
    tags = Tags(page)
    assert tags.open == []
    for tag, attributes in tags.found:
        assert tag not in ("link", "iframe", "object")
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:image/", "#"))
    assert "@import" not in page
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "http://" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    scripts = re.findall(r'<script(?: type="module")?>(.*?)</script>', page, re.S)
    assert len(scripts) == 3
    allowed = re.search(r"script-src ([^;]*);", page)[1]
    for script in scripts:  # those and no others may run
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed
    assert allowed.count("sha256-") == 3
    assert "unsafe" not in allowed


def test_each_plane_shows_anatomy_function_fusion_and_edges_beside_a_legend(page):
    images = [attributes for tag, attributes in Tags(page).found if tag == "img"]
    assert len(images) == 3 * 4 + 1
    assert {image_of(i["src"]).format for i in images} == {"JPEG", "PNG"}
    for words in ("axial, fused", "coronal, function", "sagittal, anatomy", "edges of anatomy", "legend"):
        assert any(words in i["alt"] for i in images)


def test_the_page_says_what_it_is_for_and_compares_with_blending(page):
    assert "research use, not for diagnosis" in page
    for method in ("this fusion", "plain blending (average)", "Laplacian pyramid", "guided filter", "anatomy alone"):
        assert method in page
    assert "axial slices around the middle of the uptake" in page
    assert "not moved: the affines were taken as they are" in page


def test_a_report_is_not_overwritten_unasked(result, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="exists already"):
        result.report(path)
    assert path.read_text(encoding="utf-8") == "mine"
    first = result.report(path, overwrite=True).read_bytes()
    assert result.report(path, overwrite=True).read_bytes() == first, "no time of day in it"


def test_a_picture_has_one_row_of_panels(picture):
    card = card_of(picture, case_id="p")
    assert [cut["plane"] for cut in card["cuts"]] == [""]
    assert list(card["cuts"][0]["panels"]) == list(PANELS)
    assert card["measured"] == "the picture"
    json.dumps(card, allow_nan=False)


def test_the_anatomy_alone_is_no_fusion_and_average_loses_edges(result):
    measures = card_of(result, case_id="x")["measures"]
    assert measures["anatomy"]["Q_MRI"] > 0.9
    assert measures["average"]["Q_MRI_in"] < 0.9 * measures["gate"]["Q_MRI_in"]
    assert measures["fused"]["rho_uptake"] > 0.99, "read through the legend"
    assert measures["average"]["rho_uptake"] < 0.9, "read from lightness"


def test_panels_have_square_pixels_whatever_the_voxels(result):
    for cut in cuts(result, size=120):
        shapes = {panel.shape for panel in cut.panels.values()}
        assert len(shapes) == 1
        height, width, _ = shapes.pop()
        wide, tall = {"axial": (192, 224), "coronal": (192, 192), "sagittal": (224, 192)}[cut.plane]
        assert width / height == pytest.approx(wide / tall, rel=0.04)


def test_the_slice_shown_cuts_the_uptake_in_half(result):
    slicing = slicing_of(result.anatomy.image, plane="axial")
    low, middle, high = middle_of_uptake(result, slicing, (0.0, 0.5, 1.0))
    assert low < middle < high
    uptake = slicing.stack(sitk.GetArrayViewFromImage(result.uptake))
    assert uptake[:middle].sum() == pytest.approx(uptake[middle:].sum(), rel=0.35)


def test_edges_of_a_disk_are_its_circle_one_pixel_wide():
    y, x = np.mgrid[:101, :101] - 50.0
    edges = thin_edges(200.0 * (np.hypot(y, x) < 30))
    radii = np.hypot(y, x)[edges]
    assert abs(radii - 30).max() < 2
    assert 120 < edges.sum() < 300
    assert not thin_edges(np.full((20, 20), 7.0)).any()


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
    return write_study_report(cases, tmp_path, tmp_path / "report.html", title=NASTY)


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


def test_values_that_agree_make_no_outlier_of_a_small_difference():
    facts = [{"H": 0.8 + 0.001 * n, "offset_mm": 0.1 * n} for n in range(10)]
    assert all(not s.reasons for s in suspicions(facts))
    assert [bool(s.reasons) for s in suspicions([*facts, {"H": 0.2}])][-1]
    assert all(not s.reasons for s in suspicions([{"H": 0.9}, {"H": 0.1}])), "two cases tell nothing"
    assert not suspicions([*facts, {"H": 0.99}])[-1].reasons, "a better case is no reason for doubt"


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
