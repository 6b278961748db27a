"""The main job in Python: what may go in, and the pairs and options that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from SimpleITK import GetArrayFromImage as array

import coconet_med
from coconet_med.errors import FusionError, GeometryError, OptionError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.quality.ranks import spearman
from coconet_med.readers.memory import from_memory


def test_the_same_pair_as_files_images_and_arrays_gives_the_same_colors(
    pair: tuple[Path, Path], mean_model: Model
) -> None:
    from_files = coconet_med.fuse(*pair, model=mean_model, register="never")
    images = [sitk.ReadImage(str(p)) for p in pair]
    from_images = coconet_med.fuse(*images, model=mean_model, register="never")
    assert np.array_equal(array(from_files.color), array(from_images.color))


def test_pictures_come_back_as_pictures(mean_model: Model) -> None:
    mri, pet = slice_pair(64)
    result = coconet_med.fuse(mri, pet, model=mean_model)
    assert result.color.GetSize() == (64, 64)
    assert result.color.GetDimension() == 2
    assert result.luminance.GetDimension() == result.uptake.GetDimension() == 2
    expected = (mri.astype(float) + pet) / 2 / 255
    lit = np.maximum(mri, pet) > 6
    assert np.allclose(array(result.luminance)[lit], expected[lit], atol=1e-6)


def test_colors_of_an_unknown_palette_are_kept_and_said_to_be_unreadable(mean_model: Model) -> None:
    from coconet_med.color.colormaps import get_colormap

    mri, pet = slice_pair(64)
    table = get_colormap("rainbow").palette()
    colored = table[pet]
    result = coconet_med.fuse(mri, colored[..., ::-1], model=mean_model)  # red and blue changed: no known palette
    assert any("unknown palette" in warning for warning in result.warnings)
    with pytest.raises(OptionError, match="palette"):
        result.read_uptake()
    known = coconet_med.fuse(mri, colored, model=mean_model, palette="rainbow")
    assert spearman(array(known.uptake), pet.astype(float), pet > 10) > 0.99


def test_a_study_in_other_units_is_named_in_them_and_suv_can_be_demanded(head: HeadPhantom, mean_model: Model) -> None:
    with pytest.raises(OptionError, match="--suv"):
        coconet_med.fuse(head.t1, head.pet, model=mean_model, suv=True)


def test_inputs_are_never_changed(head: HeadPhantom, mean_model: Model) -> None:
    before = [array(image) for image in (head.t1, head.pet)]
    coconet_med.fuse(head.t1, head.pet, model=mean_model, register="always")
    for image, values in zip((head.t1, head.pet), before, strict=True):
        assert np.array_equal(array(image), values)


def test_a_volume_of_one_slice_is_fused(head: HeadPhantom, mean_model: Model) -> None:
    one = head.t1[:, :, 24:25]
    result = coconet_med.fuse(one, head.pet, model=mean_model, register="never")
    assert result.color.GetSize() == one.GetSize()
    assert array(result.uptake).max() > 0


def test_grids_far_apart_and_unequal_pictures_are_refused(head: HeadPhantom, mean_model: Model) -> None:
    away = sitk.Image(head.pet)
    away.SetOrigin((5000, 0, 0))
    with pytest.raises(GeometryError, match="overlap"):
        coconet_med.fuse(head.t1, away, model=mean_model, register="never")
    mri, pet = slice_pair(64)
    with pytest.raises(GeometryError, match="64 x 64"):
        coconet_med.fuse(mri, pet[:32], model=mean_model)
    with pytest.raises(GeometryError, match="picture"):
        coconet_med.fuse(mri, head.pet, model=mean_model)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strength": 2}, "strength"),
        ({"colormap": "jet"}, "jet"),
        ({"plane": "up"}, "axial"),
        ({"register": "maybe"}, "auto, always or never"),
        ({"window": (2, 1)}, "window"),
        ({"palette": "hot"}, "not in color"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(
    head: HeadPhantom, mean_model: Model, options: dict[str, object], words: str
) -> None:
    with pytest.raises(FusionError, match=words):
        coconet_med.fuse(head.t1, head.pet, model=mean_model, **options)  # type: ignore[arg-type]


def test_one_image_alone_is_refused() -> None:
    with pytest.raises(OptionError, match="only one image"):
        coconet_med.fuse(np.eye(20))


def test_negative_uptake_reads_as_none(mean_model: Model) -> None:
    mri, pet = slice_pair(64)
    noisy = pet.astype(np.float32) - 20
    result = coconet_med.fuse(mri, noisy, model=mean_model)
    assert result.window.low == 0
    rgb = array(result.color)
    assert (rgb[noisy < 0].max(axis=-1) == rgb[noisy < 0].min(axis=-1)).all()


def test_memory_and_file_sources_share_one_reader_of_values() -> None:
    with pytest.raises(FusionError, match="every voxel"):
        from_memory(np.ones((20, 20)), "anatomy")
