"""Controls of the fusion, foci, and the page itself: each used as people use it, and its effect seen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from in_page import FOCI, LARGE, PIXEL, control, slide, state

from coconet_med.viewer.opening import view_of

# --- the fusion ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "look"),
    [
        ("strength", 0.5, {"strength": 0.5}),
        ("lightness", 0.25, {"lightness": 0.25}),
        ("threshold", 0.5, {"threshold": 0.5}),
        ("top", 0.75, {"window": [0, 0.75]}),
    ],
)
def test_a_slider_changes_look_picture_and_what_is_said(page, fused_head, name, value, look):
    before = page.evaluate(LARGE)
    if name in ("threshold", "top"):  # in units
        value *= fused_head.window.high
        look = {key: np.multiply(share, fused_head.window.high).tolist() for key, share in look.items()}
    slide(page, name, value)
    for key, expected in look.items():
        assert state(page, f"look.{key}") == pytest.approx(expected)
    assert page.evaluate(LARGE) != before
    option = {"top": f"--window 0 {value:g}"}.get(name, f"--{name} {value:g}")
    assert option in page.locator("[data-part=options]").inner_text()
    control(page, "reset").click()
    assert page.evaluate(LARGE) == before
    assert page.locator("[data-part=options]").inner_text() == "none: all as usual"


def test_color_maps_and_windows_by_number(page):
    before = page.evaluate(LARGE)
    control(page, "colormap").select_option("ember")
    assert state(page, "look.colormap") == "ember"
    assert page.evaluate(LARGE) != before
    assert "Fewer distinguishable steps" in page.locator("[data-part=cost]").inner_text()
    assert "diverging" not in control(page, "colormap").inner_text(), "it is for values of both signs"
    for low, high, name in (("low", "high", "window"), ("black", "white", "anatomyWindow")):
        last = page.evaluate(LARGE)
        control(page, high).fill("600")
        control(page, high).press("Tab")
        control(page, low).fill("100")
        control(page, low).press("Tab")
        assert state(page, f"look.{name}") == [100, 600]
        assert page.evaluate(LARGE) != last
        control(page, low).fill("900")
        control(page, low).press("Tab")
        assert state(page, f"look.{name}") == [100, 600], "limits that do not rise are not taken"
        assert control(page, low).get_attribute("aria-invalid") == "true"
        control(page, low).fill("100")
        control(page, low).press("Tab")
    assert page.locator("[data-part=preview]").is_visible()
    assert page.locator("[data-part=key-high]").inner_text() == "600"


def test_the_legend_is_drawn_in_the_colors_of_the_look(page):
    script = (
        "() => Array.from(document.querySelector('[data-part=key]').getContext('2d').getImageData(80, 10, 1, 1).data)"
    )
    gold = page.evaluate(script)
    assert gold[0] > 200
    assert gold[2] < 170
    slide(page, "strength", 0)
    gray = page.evaluate(script)
    assert gray[0] == gray[1] == gray[2]


def test_a_source_is_seen_as_long_as_a_key_or_button_is_held(page):
    fused = page.evaluate(LARGE)
    pictures = {}
    for key, source in (("m", "anatomy"), ("p", "uptake")):
        page.locator("[data-part=overlay]").focus()
        page.keyboard.down(key)
        assert state(page, "hold") == source
        pictures[source] = page.evaluate(LARGE)
        page.keyboard.up(key)
        assert page.evaluate(LARGE) == fused
    assert len({fused, *pictures.values()}) == 3
    button = control(page, "hold-anatomy")
    button.hover()
    page.mouse.down()
    assert page.evaluate(LARGE) == pictures["anatomy"]
    assert button.get_attribute("aria-pressed") == "true"
    page.mouse.up()
    assert page.evaluate(LARGE) == fused


def test_the_alignment_is_checked_by_edges_checkerboard_and_swipe(page):
    pictures = {"fused": page.evaluate(LARGE)}
    for key, view in (("e", "edges"), ("c", "checkerboard"), ("w", "swipe")):
        page.locator("[data-part=overlay]").press(key)
        assert state(page, "view") == view
        pictures[view] = page.evaluate(LARGE)
    assert control(page, "swipe").is_visible()
    slide(page, "swipe", 0.9)
    pictures["swiped"] = page.evaluate(LARGE)
    control(page, "view").select_option("fused-edges")
    pictures["fused edges"] = page.evaluate(LARGE)
    assert len(set(pictures.values())) == len(pictures)
    assert not control(page, "swipe").is_visible()
    control(page, "smooth").uncheck()
    for share, picture in ((1, "anatomy"), (0, "uptake")):
        control(page, "view").select_option("swipe")
        slide(page, "swipe", share)
        large = page.evaluate(PIXEL, ["large", "axial"])
        assert large == page.evaluate(PIXEL, [picture, "axial"]), "left of the swipe is the MRI, right of it the PET"
    control(page, "view").select_option("edges")
    cyan = """() => {
      coconet.draw();
      const gl = coconet.stage.gl, { across, up } = coconet.stage.maps[0];
      const pixels = new Uint8Array(4 * across.extent * up.extent);
      gl.readPixels(0, 0, across.extent, up.extent, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
      let count = 0;
      for (let n = 0; n < pixels.length; n += 4)
        count += Number(pixels[n] === 0 && pixels[n + 1] === 229 && pixels[n + 2] === 255);
      return count / (pixels.length / 4);
    }"""
    assert 0.01 < page.evaluate(cyan) < 0.3


# --- foci, names, the page itself ------------------------------------------------------------------------------------


def test_foci_are_listed_the_most_weakened_first_and_jumped_to(page):
    entries = page.locator("[data-part=foci-list] li")
    entries.first.wait_for()
    assert "hot in PET, 6 mm, reversed in lightness" in entries.nth(0).inner_text()
    assert "cold in MRI, 8 mm, 50 % of its contrast kept" in entries.nth(1).inner_text()
    entries.nth(0).locator("button").click()
    assert page.evaluate("coconet.planes.voxel(coconet.state.place)") == [10, 20, 30]
    page.locator("[data-part=overlay]").press("n")
    assert page.evaluate("coconet.planes.voxel(coconet.state.place)") == [30, 25, 20]
    assert entries.nth(1).get_attribute("aria-current") == "true"
    page.locator("[data-part=overlay]").press("b")
    assert page.evaluate("coconet.planes.voxel(coconet.state.place)") == [10, 20, 30]
    control(page, "foci").select_option("anatomy")
    assert entries.count() == 1
    control(page, "foci").select_option("all")


def test_names_from_files_are_text_and_nothing_else(page):
    assert page.locator("h1").inner_text() == "<b>name</b>"
    assert page.locator("h1 b").count() == 0


def test_everything_that_can_be_used_has_a_name_and_the_state_is_spoken(page):
    unnamed = """() => [...document.querySelectorAll(".viewer :is(button, input, select, canvas, [role])")]
      .filter((element) => !element.closest("[aria-hidden=true]"))
      .filter((element) => !element.getAttribute("aria-label") && !element.textContent.trim())
      .filter((element) => !element.labels?.[0]?.textContent.trim())
      .filter((element) => element.getAttribute("role") !== "status")
      .map((element) => element.outerHTML)"""
    assert page.evaluate(unnamed) == []
    tile = page.locator(".tile").nth(0)
    assert tile.get_attribute("aria-label") == "fused axial, R at the left, A at the top"
    page.locator("[data-part=overlay]").press("ArrowLeft")
    assert "mm;" in page.locator("[data-part=spoken]").inner_text()
    assert control(page, "strength").get_attribute("aria-valuetext") == "1.00"


def test_the_page_can_be_light_or_dark(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    first = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != first
    page.locator("#theme").click()
    assert page.evaluate(ground) == first


@pytest.mark.parametrize("width", [360, 800, 1600, 2560])
def test_nothing_is_cut_off_at_any_width(page, width):
    size = page.viewport_size
    page.set_viewport_size({"width": width, "height": 900})
    fits = "Math.round(coconet.part('stage').clientWidth) === coconet.stage.canvas.width"
    for _ in range(50):
        if page.evaluate(fits):
            break
        page.wait_for_timeout(100)
    page.evaluate("coconet.draw()")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    wide = """() => [...document.querySelectorAll(".viewer *")].filter((e) => !e.closest("details"))
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => e.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide) == []
    box = page.locator("[data-part=stage]").bounding_box()
    assert page.evaluate("[coconet.stage.canvas.width, coconet.stage.canvas.height]") == [
        round(box["width"]),
        round(box["height"]),
    ]
    page.set_viewport_size(size)


def test_a_saved_page_is_one_file_that_asks_nobody(fused_head, new_page, tmp_path):
    from coconet_med.commands.view import save_view

    view = replace(view_of(fused_head, name="saved"), foci=lambda: FOCI)
    path = save_view(view, tmp_path / "view.html")
    asked = []
    page = new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector(".viewer[data-state=open]")
    found = page.evaluate("coconet.compare()")
    assert found == {"slices": 48, "unequalSlices": 0, "voxels": 48 * 56 * 48, "unequalVoxels": None}
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.locator("[data-part=foci-list] li").count() == 2
    control(page, "strength").fill("0.5")
    page.evaluate("coconet.draw()")
    assert json.loads(page.evaluate("JSON.stringify(coconet.state.look)"))["strength"] == 0.5


@pytest.mark.parametrize("view", ["fused", "edges"])
def test_no_letter_of_a_side_lies_on_a_caption(page, view):
    size = page.viewport_size
    page.set_viewport_size({"width": 1000, "height": 700})
    control(page, "view").select_option(view)
    crossings = page.evaluate(
        """() => [...document.querySelectorAll(".tile")].flatMap((tile) => {
          const caption = tile.querySelector(".caption").getBoundingClientRect();
          return [...tile.querySelectorAll(".left, .right, .top, .bottom")].filter((letter) => {
            const box = letter.getBoundingClientRect();
            return box.left < caption.right && box.right > caption.left && box.top < caption.bottom - 1;
          }).map((letter) => `${letter.textContent} on ${tile.textContent}`);
        })"""
    )
    page.set_viewport_size(size)
    assert crossings == []


def test_the_error_of_what_is_read_has_two_digits(page):
    _, _, error = page.locator("[data-part=color-value]").inner_text().partition(" ± ")
    assert len(error.replace(".", "").lstrip("0")) <= 2
