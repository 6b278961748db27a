"""Every control of the page, used as people use it, and what it changes: on the screen, or in what the page says."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.phantom import head_phantom
from coconet_med.viewer.opening import view_of

#: Color on the screen of the voxel at the crosshair, in the tile of a picture and plane.
PIXEL = """([picture, plane]) => {
  coconet.draw();
  const { stage } = coconet, gl = stage.gl, pixel = new Uint8Array(4);
  const number = stage.tiles.findIndex((tile) => tile.picture === picture && tile.plane === plane);
  const { across, up } = stage.maps[number], [x, y] = stage.shares(number, coconet.state.place);
  const [left, top] = [Math.floor(across.begin + x * across.extent), Math.floor(up.begin + y * up.extent)];
  gl.readPixels(left, stage.canvas.height - 1 - top, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return Array.from(pixel.slice(0, 3));
}"""

#: All pixels of the large view, as one number that changes with any of them.
LARGE = """() => {
  coconet.draw();
  const { stage } = coconet, gl = stage.gl, { across, up } = stage.maps[0];
  const width = Math.floor(across.extent), height = Math.floor(up.extent), pixels = new Uint8Array(4 * width * height);
  gl.readPixels(0, stage.canvas.height - height, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  return pixels.reduce((sum, value) => (sum * 31 + value) % 2147483647, 7);
}"""


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=4.0, pet_spacing=5.0, noise=0.5)
    fused = coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")
    modalities = {"anatomy": replace(fused.anatomy, modality="MR"), "function": replace(fused.function, modality="PT")}
    return replace(fused, **modalities)


@pytest.fixture(scope="module")
def opened(result, served):
    return served(replace(view_of(result, name="<b>name</b>"), foci=lambda: FOCI))


FOCI = [
    {"source": "uptake", "hot": True, "voxel": [10, 20, 30], "plane": "axial", "diameter": 6.0, "contrast": 40.0,
     "shown": -9.0, "kept": -0.225, "lost": True},
    {"source": "anatomy", "hot": False, "voxel": [30, 25, 20], "plane": "axial", "diameter": 8.0, "contrast": -60.0,
     "shown": -30.0, "kept": 0.5, "lost": False},
]  # fmt: skip


@pytest.fixture
def page(opened):
    """The page as it was opened."""
    opened.evaluate(
        """() => {
          Object.assign(coconet.state, { view: "fused", hold: null, swipe: 0.5 });
          coconet.reset();
          coconet.whole();
          coconet.interpolate(true);
          coconet.turn("axial");
          coconet.arrange("all");
          coconet.go([24, 28, 24]);
          coconet.draw();
        }"""
    )
    return opened


def control(page, name):
    return page.locator(f'[data-control="{name}"]')


def slide(page, name, value):
    control(page, name).fill(str(value))
    page.evaluate("coconet.draw()")


def state(page, name):
    return page.evaluate(f"coconet.state.{name}")


def middle(page, tile=0):
    box = page.locator(".tile").nth(tile).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# --- the pictures ----------------------------------------------------------------------------------------------------


def test_the_screen_shows_the_colors_of_the_file_in_all_three_planes(page, result):
    control(page, "smooth").uncheck()
    rgb = sitk.GetArrayViewFromImage(result.color)
    seen = set()
    for voxel in np.random.default_rng(0).integers((8, 8, 8), (40, 48, 40), (12, 3)).tolist():
        page.evaluate("(voxel) => coconet.go(coconet.planes.place(voxel))", voxel)
        color = rgb[voxel[2], voxel[1], voxel[0]].tolist()
        seen.add(tuple(color))
        for plane in ("axial", "coronal", "sagittal"):
            assert page.evaluate(PIXEL, ["fused", plane]) == color
        assert page.evaluate(PIXEL, ["large", "axial"]) == color
    assert len(seen) > 8


def test_sources_stand_beside_the_fusion_in_their_windows(page, result):
    control(page, "smooth").uncheck()
    voxel = [20, 22, 26]
    page.evaluate("(voxel) => coconet.go(coconet.planes.place(voxel))", voxel)
    for picture, image, window in (
        ("anatomy", result.anatomy.image, result.anatomy_window),
        ("uptake", result.uptake, result.window),
    ):
        gray = round(255 * float(window.apply(np.array([image[voxel]]))[0]))
        for plane in ("axial", "coronal", "sagittal"):
            assert page.evaluate(PIXEL, [picture, plane]) == [gray] * 3


def test_what_is_on_the_screen_is_the_canvas_under_labels_of_the_patients_sides(page):
    sides = {
        "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
        "coronal": {"left": "R", "right": "L", "top": "S", "bottom": "I"},
        "sagittal": {"left": "A", "right": "P", "top": "S", "bottom": "I"},
    }
    tiles = page.locator(".tile")
    assert tiles.count() == 10
    for zoom in (1, 6):
        page.evaluate("(zoom) => { coconet.whole(); coconet.zoom(zoom); coconet.draw(); }", zoom)
        for number in range(10):
            tile = tiles.nth(number)
            for side, letter in sides[tile.get_attribute("data-plane")].items():
                assert tile.locator(f".{side}").inner_text() == letter
                assert tile.locator(f".{side}").is_visible()
    picture = Image.open(io.BytesIO(page.screenshot()))
    x, y = middle(page)
    box = page.locator("[data-part=stage]").bounding_box()
    inside = np.asarray(picture.crop((int(x - 100), int(y - 100), int(x + 100), int(y + 100))))
    assert inside.std() > 15
    assert box["width"] > 700


def test_a_left_that_is_right_would_be_seen(page, result):
    """A voxel at the patient's right stands left of the middle, one in front above it, one on top above it."""
    places = """(world) => {
      const voxel = coconet.planes.place([24, 28, 24]), shares = {};
      const step = [0, 1, 2].map((axis) => voxel[axis] + Math.sign(world[axis]) * 10);
      coconet.stage.tiles.forEach((tile, number) => { shares[tile.plane] = coconet.stage.shares(number, step); });
      return shares;
    }"""
    right, front, top = (page.evaluate(places, axis) for axis in ([1, 0, 0], [0, 1, 0], [0, 0, 1]))
    assert right["axial"][0] < 0.45
    assert right["coronal"][0] < 0.45
    assert front["axial"][1] < 0.45
    assert front["sagittal"][0] < 0.45
    assert top["coronal"][1] < 0.45
    assert top["sagittal"][1] < 0.45
    there = page.evaluate("coconet.planes.world(coconet.planes.voxel([30, 28, 24]))")
    here = page.evaluate("coconet.planes.world(coconet.planes.voxel([24, 28, 24]))")
    assert there[0] - here[0] == pytest.approx(24), "x of the display runs to the right, RAS"
    physical = result.color.TransformIndexToPhysicalPoint(page.evaluate("coconet.planes.voxel([30, 28, 24])"))
    assert there == pytest.approx([-physical[0], -physical[1], physical[2]])


# --- looking around --------------------------------------------------------------------------------------------------


def test_a_click_moves_the_crosshair_there_in_every_tile(page):
    for tile, moved in ((0, [0, 1]), (4, [0, 2]), (7, [1, 2])):
        page.evaluate("coconet.turn('axial'); coconet.go([24, 28, 24]); coconet.draw()")
        before = state(page, "place")
        box = page.locator(".tile").nth(tile).bounding_box()
        page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.42 * box["height"])
        page.evaluate("coconet.draw()")
        after = state(page, "place")
        changed = [axis for axis in range(3) if before[axis] != after[axis]]
        assert changed == moved
        found = page.evaluate("(number) => coconet.stage.shares(number, coconet.state.place)", tile)
        assert found == pytest.approx([0.4, 0.42], abs=0.03)


def test_the_readout_follows_the_crosshair(page, result):
    page.evaluate("coconet.go(coconet.planes.place([20, 25, 30])); coconet.draw()")
    assert page.locator("[data-part=voxel]").inner_text() == "20, 25, 30"
    x, y, z = result.color.TransformIndexToPhysicalPoint((20, 25, 30))
    sides = f"{'R' if x <= 0 else 'L'} {abs(x):.1f}, {'A' if y <= 0 else 'P'} {abs(y):.1f}"
    assert page.locator("[data-part=position]").inner_text() == f"{sides}, {'S' if z >= 0 else 'I'} {abs(z):.1f} mm"
    shown = float(page.locator("[data-part=uptake-value]").inner_text().split()[0])
    assert shown == pytest.approx(result.uptake[20, 25, 30], rel=1e-3)
    read, _, error = page.locator("[data-part=color-value]").inner_text().partition(" ± ")
    assert abs(float(read) - shown) <= float(error) + 1


def test_wheel_drag_and_keys_scroll_move_and_enlarge(page):
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 120)
    page.evaluate("coconet.draw()")
    assert state(page, "place")[2] == 23, "down is toward the feet"
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    assert state(page, "zoom") > 2
    before = state(page, "pan")
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x + 40, y)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert state(page, "pan")[0] != before[0]
    page.mouse.dblclick(x, y)
    assert state(page, "zoom") == 1
    page.evaluate("coconet.go([24, 28, 24]); coconet.draw()")
    layer = page.locator("[data-part=overlay]")
    for key, place in (
        ("ArrowLeft", [25, 28, 24]),
        ("ArrowRight", [24, 28, 24]),
        ("ArrowUp", [24, 29, 24]),
        ("ArrowDown", [24, 28, 24]),
        ("PageUp", [24, 28, 25]),
        ("PageDown", [24, 28, 24]),
    ):
        layer.press(key)
        assert state(page, "place") == place, key
    layer.press("+")
    assert state(page, "zoom") == pytest.approx(1.2)
    layer.press("-")
    layer.press("2")
    assert state(page, "plane") == "coronal"
    assert page.locator(".tile.large").get_attribute("data-plane") == "coronal"
    layer.press("3")
    assert state(page, "plane") == "sagittal"
    layer.press("1")


def test_enlarging_keeps_the_point_under_the_pointer_and_moving_follows_it(page):
    point = """([zoom, x, y]) => {
      const at = coconet.stage.at(x, y, coconet.state.place);
      if (zoom !== 1) coconet.zoom(zoom, at.number, [x, y]);
      coconet.draw();
      return [at.place, coconet.stage.at(x, y, coconet.state.place).place];
    }"""
    before, after = page.evaluate(point, [3, 150, 320])
    assert np.abs(np.subtract(before, after)).max() <= 1
    here = page.evaluate("coconet.stage.shares(0, coconet.state.place)")
    width = page.evaluate("coconet.stage.maps[0].across.extent")
    page.evaluate("coconet.pan(0, 50, 0); coconet.draw()")
    there = page.evaluate("coconet.stage.shares(0, coconet.state.place)")
    assert (there[0] - here[0]) * width == pytest.approx(50, abs=0.5)
    assert there[1] == pytest.approx(here[1], abs=1e-6)
    control(page, "whole").click()
    assert (state(page, "zoom"), state(page, "pan")) == (1, [0, 0, 0])


def test_two_fingers_enlarge_and_one_moves_the_crosshair(page):
    x, y = middle(page)
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        given = {"type": kind, "touchPoints": [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]}
        session.send("Input.dispatchTouchEvent", given)

    touch("touchStart", (x - 30, y), (x + 30, y))
    touch("touchMove", (x - 60, y), (x + 60, y))
    touch("touchMove", (x - 90, y), (x + 90, y))
    touch("touchEnd")
    assert state(page, "zoom") > 2
    page.evaluate("coconet.whole(); coconet.draw()")
    before = state(page, "place")
    touch("touchStart", (x + 40, y + 20))
    touch("touchMove", (x + 60, y + 40))
    touch("touchEnd")
    assert state(page, "place") != before


def test_sliders_and_lists_choose_slice_plane_and_layout(page):
    for name, axis in (("slice-x", 0), ("slice-y", 1), ("slice-z", 2)):
        slide(page, name, 12)
        assert state(page, "place")[axis] == 12
        assert control(page, name).locator("xpath=..").locator("output").inner_text().startswith("13/")
    control(page, "plane").select_option("sagittal")
    assert page.locator(".tile.large .caption").inner_text() == "fused sagittal"
    control(page, "layout").select_option("row")
    assert page.locator(".tile").count() == 3
    assert [page.locator(".tile").nth(n).get_attribute("data-picture") for n in range(3)] == [
        "anatomy",
        "uptake",
        "fused",
    ]
    control(page, "layout").select_option("large")
    assert page.locator(".tile").count() == 1


def test_smoothing_between_voxels_can_be_switched_off(page):
    smooth = page.evaluate(LARGE)
    control(page, "smooth").uncheck()
    assert page.evaluate(LARGE) != smooth
    control(page, "smooth").check()
    assert page.evaluate(LARGE) == smooth


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
def test_a_slider_changes_look_picture_and_what_is_said(page, result, name, value, look):
    before = page.evaluate(LARGE)
    if name in ("threshold", "top"):  # in units
        value *= result.window.high
        look = {key: np.multiply(share, result.window.high).tolist() for key, share in look.items()}
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


def test_a_saved_page_is_one_file_that_asks_nobody(result, new_page, tmp_path):
    from coconet_med.commands.view import save_view

    view = replace(view_of(result, name="saved"), foci=lambda: FOCI)
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
