"""The pictures on the screen, and looking around in them: compared with the file, used as people use them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import SimpleITK as sitk
from in_page import LARGE, PIXEL, control, middle, slide, state
from PIL import Image

# --- the pictures ----------------------------------------------------------------------------------------------------


def test_the_screen_shows_the_colors_of_the_file_in_all_three_planes(page, fused_head):
    control(page, "smooth").uncheck()
    rgb = sitk.GetArrayViewFromImage(fused_head.color)
    seen = set()
    for voxel in np.random.default_rng(0).integers((8, 8, 8), (40, 48, 40), (12, 3)).tolist():
        page.evaluate("(voxel) => coconet.go(coconet.planes.place(voxel))", voxel)
        color = rgb[voxel[2], voxel[1], voxel[0]].tolist()
        seen.add(tuple(color))
        for plane in ("axial", "coronal", "sagittal"):
            assert page.evaluate(PIXEL, ["fused", plane]) == color
        assert page.evaluate(PIXEL, ["large", "axial"]) == color
    assert len(seen) > 8


def test_sources_stand_beside_the_fusion_in_their_windows(page, fused_head):
    control(page, "smooth").uncheck()
    voxel = [20, 22, 26]
    page.evaluate("(voxel) => coconet.go(coconet.planes.place(voxel))", voxel)
    for picture, image, window in (
        ("anatomy", fused_head.anatomy.image, fused_head.anatomy_window),
        ("uptake", fused_head.uptake, fused_head.window),
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


def test_a_left_that_is_right_would_be_seen(page, fused_head):
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
    physical = fused_head.color.TransformIndexToPhysicalPoint(page.evaluate("coconet.planes.voxel([30, 28, 24])"))
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


def test_the_readout_follows_the_crosshair(page, fused_head):
    page.evaluate("coconet.go(coconet.planes.place([20, 25, 30])); coconet.draw()")
    assert page.locator("[data-part=voxel]").inner_text() == "20, 25, 30"
    x, y, z = fused_head.color.TransformIndexToPhysicalPoint((20, 25, 30))
    sides = f"{'R' if x <= 0 else 'L'} {abs(x):.1f}, {'A' if y <= 0 else 'P'} {abs(y):.1f}"
    assert page.locator("[data-part=position]").inner_text() == f"{sides}, {'S' if z >= 0 else 'I'} {abs(z):.1f} mm"
    shown = float(page.locator("[data-part=uptake-value]").inner_text().split()[0])
    assert shown == pytest.approx(fused_head.uptake[20, 25, 30], rel=1e-3)
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
