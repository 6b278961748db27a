"""What the tests of the page share: how its controls are used, and what is on its screen."""

from __future__ import annotations

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

#: Foci that the page is given.
FOCI = [
    {"source": "uptake", "hot": True, "voxel": [10, 20, 30], "plane": "axial", "diameter": 6.0, "contrast": 40.0,
     "shown": -9.0, "kept": -0.225, "lost": True},
    {"source": "anatomy", "hot": False, "voxel": [30, 25, 20], "plane": "axial", "diameter": 8.0, "contrast": -60.0,
     "shown": -30.0, "kept": 0.5, "lost": False},
]  # fmt: skip


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
