"""The page mixes the voxels of the file: every look, window and kind of image, compared in a real browser."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.color import decode, uptake_spread
from coconet_med.color.colormap import STEPS
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.fusion import mix_again
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.viewer.content import checks
from coconet_med.viewer.opening import view_of

SAME = {"unequalSlices": 0, "unequalVoxels": 0}


#: CRC-32 of every slice that the page mixes with a look.
MIXED = """(look) => {
  const mixing = new coconet.mixing.constructor(coconet.study), crc = [];
  mixing.setLook({ ...coconet.initial, ...look });
  return Array.from({ length: coconet.study.document.size[2] }, (_, k) => {
    let value = 0xffffffff;
    for (const byte of mixing.slice(coconet.planes.fileSlice(k))) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return (value ^ 0xffffffff) >>> 0;
  });
}"""


#: What is known of a voxel, as the page says it.
AT = "(voxel) => { coconet.go(coconet.planes.place(voxel)); coconet.draw(); return coconet.values; }"


@pytest.fixture(scope="module")
def head():
    return head_phantom(spacing=5.0, pet_spacing=6.0, noise=0.5)


@pytest.fixture(scope="module")
def result(head):
    return coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")


@pytest.fixture(scope="module")
def page(result, served):
    return served(view_of(result))


def test_all_voxels_mixed_in_the_page_are_those_of_the_file(page):
    found = page.evaluate("coconet.compare()")
    assert found == SAME | {"slices": 38, "voxels": 38 * 45 * 38}
    assert "All 64,980 voxels mixed here are those of the file." in page.locator("[data-part=checked]").inner_text()


def test_a_voxel_that_is_not_the_files_is_counted(result, served):
    view = view_of(result)
    color = view.color.copy()
    color[20, 10, 7] ^= 1
    content = replace(view.content, document=view.content.document | {"crc": checks(color)})
    other = served(replace(view, content=content, color=color))
    assert other.evaluate("coconet.compare()")["unequalVoxels"] == 1
    assert "1 of 64,980 voxels differ" in other.locator("[data-part=checked]").inner_text()


@pytest.mark.parametrize(
    "look",
    [
        {"strength": 0.37},
        {"lightness": 0.5, "strength": 0.8},
        {"lightness": 0.0},
        {"strength": 0.0},
        {"threshold": 7000.0},
        {"threshold": 0.0},
        {"threshold": 9000.0, "strength": 0.6, "colormap": "hot-metal"},
        *({"colormap": name} for name in COLORMAPS if name not in ("uptake", "diverging")),
    ],
    ids=str,
)
def test_a_look_chosen_in_the_page_gives_what_mixing_again_gives(page, result, look):
    expected = checks(sitk.GetArrayFromImage(mix_again(result, **look).color))
    assert page.evaluate(MIXED, look) == expected


def test_another_window_in_the_page_mixes_by_the_same_field(page, result):
    again = mix_again(result, window=(500.0, 13000.0), anatomy_window=(50.0, 700.0))
    look = {"window": [500.0, 13000.0], "anatomyWindow": [50.0, 700.0]}
    assert page.evaluate(MIXED, look) == checks(sitk.GetArrayFromImage(again.color))
    assert again.window.chosen == "given"


@pytest.mark.parametrize("strength", [1.0, 0.7, 0.25])
def test_color_tables_are_those_of_the_package(page, strength):
    for name, colormap in COLORMAPS.items():
        script = """([name, strength]) => {
          const mixing = new coconet.mixing.constructor(coconet.study);
          mixing.setLook({ ...coconet.initial, colormap: name, strength });
          let letters = "";
          for (let n = 0; n < mixing.table.length; n += 4096)
            letters += String.fromCharCode(...mixing.table.subarray(n, n + 4096));
          return btoa(letters);
        }"""
        table = np.frombuffer(base64.b64decode(page.evaluate(script, [name, strength])), np.uint8)
        assert np.array_equal(table.reshape(STEPS, STEPS, 3), colormap.table(strength)), name


def test_uptake_read_from_a_color_is_what_the_package_reads(page, result):
    window, rgb = result.window, sitk.GetArrayViewFromImage(result.color)
    for voxel in ([18, 20, 19], [12, 30, 25], [25, 12, 22], [0, 0, 0]):
        found = page.evaluate(AT, voxel)
        color = rgb[voxel[2], voxel[1], voxel[0]]
        assert found["color"] == color.tolist()
        assert found["decoded"] == pytest.approx(float(window.restore(decode(color[None]))[0]), rel=1e-6)
        spread = float(uptake_spread(color[None])[0]) * (window.high - window.low)
        assert found["spread"] == pytest.approx(spread, rel=1e-5)
        assert found["uptake"] == pytest.approx(result.uptake[voxel], rel=1e-6)
        assert found["anatomy"] == pytest.approx(result.anatomy.image[voxel], rel=1e-6)
        world = np.array(result.color.TransformIndexToPhysicalPoint(voxel)) * (-1, -1, 1)
        assert found["world"] == pytest.approx(world.tolist())


# --- images of other kinds -------------------------------------------------------------------------------------------


def turned(image: sitk.Image, axis: tuple[float, float, float], degrees: float) -> sitk.Image:
    """The same voxels, lying obliquely in the world."""
    rotation = sitk.VersorTransform(axis, np.radians(degrees))
    out = sitk.Image(image)
    out.SetDirection(
        (np.array(rotation.GetMatrix()).reshape(3, 3) @ np.array(image.GetDirection()).reshape(3, 3)).ravel()
    )
    out.SetOrigin(rotation.TransformPoint(image.GetOrigin()))
    return out


def partly_covered(head):
    """A PET whose field of view ends within the head: hatched borders."""
    size = head.pet.GetSize()
    return head.t1, head.pet[:, :, : size[2] // 2]


def sagittal_and_oblique(head):
    image = sitk.PermuteAxes(head.t1, (1, 2, 0))[::-1]
    return turned(image, (1.0, 0.2, 0.1), 17.0), turned(head.pet, (1.0, 0.2, 0.1), 17.0)


def signed_map(head):
    pet = sitk.GetArrayFromImage(head.pet)
    rows = np.arange(pet.shape[1])[None, :, None]
    z = (pet / pet.max() * 6 * np.where(rows < pet.shape[1] // 2, 1, -1)).astype(np.float32)
    image = sitk.GetImageFromArray(z)
    image.CopyInformation(head.pet)
    return head.t1, image


@pytest.mark.parametrize("kind", [partly_covered, sagittal_and_oblique, signed_map])
def test_images_of_other_kinds_are_mixed_as_in_their_files(head, served, kind):
    result = coconet_med.fuse(
        *kind(head), register="never", engine="onnx", plane="sagittal" if kind is sagittal_and_oblique else "auto"
    )
    assert result.window.signed == (kind is signed_map)
    if kind is partly_covered:
        assert result.without_data > 0.1
    page = served(view_of(result))
    found = page.evaluate("coconet.compare()")
    assert {key: found[key] for key in SAME} == SAME
    look = {"threshold": 0.3 * result.window.high, "strength": 0.75}
    assert page.evaluate(MIXED, look) == checks(sitk.GetArrayFromImage(mix_again(result, **look).color))


def test_a_picture_is_mixed_as_in_its_file_and_names_no_sides(served):
    result = coconet_med.fuse(*slice_pair(96), engine="onnx")
    page = served(view_of(result))
    assert page.evaluate("coconet.compare()")["unequalVoxels"] == 0
    assert page.locator(".tile .left").count() == 0, "whose right is where is not known"
    assert page.locator("[data-part=position]").inner_text().startswith("column ")
    captions = page.locator(".tile .caption").all_inner_texts()
    assert captions == ["fused", "anatomy", "uptake", "fused"], "modalities that are not known are not guessed"


@pytest.mark.parametrize("kind", ["kept colors", "no field", "contours"])
def test_what_cannot_be_mixed_again_is_shown_as_it_is(served, head, mean_model, tmp_path, kind):
    if kind == "no field":
        result = coconet_med.fuse(head.t1, head.pet, register="never", model=mean_model)
    elif kind == "contours":
        result = coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx", contours="50%")
    else:
        gray, _ = slice_pair(64)
        colored = np.stack([gray, gray[::-1], 255 - gray], axis=-1).astype(np.uint8)
        for name, pixels in (("mri.png", gray.astype(np.uint8)), ("pet.png", colored)):
            Image.fromarray(pixels).save(tmp_path / name)
        result = coconet_med.fuse(tmp_path / "mri.png", tmp_path / "pet.png", engine="onnx")
    view = view_of(result)
    page = served(view)
    assert "nothing can be mixed again" in page.locator("[data-part=fixed]").inner_text()
    assert page.locator('[data-control="strength"]').is_disabled()
    assert page.locator('.tile[data-picture="anatomy"]').count()
    voxel = [size // 2 for size in view.content.document["size"]]
    found = page.evaluate(AT, voxel)
    assert found["color"] == view.color[voxel[2], voxel[1], voxel[0]].tolist()
    uptake = sitk.GetArrayFromImage(result.uptake).reshape(view.color.shape[:3])
    assert found["uptake"] == pytest.approx(uptake[tuple(voxel[::-1])])
