"""The report of one case and of a batch: complete in itself, safe, and readable in a real browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re

import pytest
from PIL import Image
from report_cases import MODEL, Tags

import coconet_med
from coconet_med.phantom import slice_pair
from coconet_med.report.card import card_of
from coconet_med.report.panels import PANELS


@pytest.fixture(scope="module")
def picture():
    return coconet_med.fuse(*slice_pair(64), model=MODEL)


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


def test_a_picture_has_one_row_of_panels(picture):
    card = card_of(picture, case_id="p")
    assert [cut["plane"] for cut in card["cuts"]] == [""]
    assert list(card["cuts"][0]["panels"]) == list(PANELS)
    assert card["measured"] == "the picture"
    json.dumps(card, allow_nan=False)
