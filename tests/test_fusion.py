"""The main job in Python: geometry, values and provenance of the result."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med import inference
from coconet_med.errors import FusionError, GeometryError, OptionError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, head_phantom, slice_pair
from coconet_med.quality.ranks import spearman
from coconet_med.readers.memory import from_memory


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def test_the_result_lies_on_the_anatomical_grid(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    for image in (result.color, result.luminance, result.uptake):
        assert image.GetSize() == head.t1.GetSize()
        assert image.GetOrigin() == head.t1.GetOrigin()
        assert image.GetSpacing() == head.t1.GetSpacing()
        assert image.GetDirection() == head.t1.GetDirection()
    assert result.color.GetPixelIDTypeAsString() == "vector of 8-bit unsigned integer"
    assert result.luminance.GetPixelID() == sitk.sitkFloat32


def test_the_luminance_is_what_the_network_said_where_there_is_light(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    light = result.anatomy_window.apply(array(head.t1))
    uptake = result.window.apply(array(result.uptake))
    lit = np.maximum(light, uptake) > 6 / 255
    assert np.allclose(array(result.luminance)[lit], ((light + uptake) / 2)[lit], atol=1e-6)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_plane_changes_nothing_for_a_pixelwise_engine(head: HeadPhantom, mean_model: Model, plane: str) -> None:
    results = [coconet_med.fuse(head.t1, head.pet, model=mean_model, plane=p) for p in ("axial", plane)]
    assert results[1].plane == plane
    assert np.allclose(*(array(r.luminance) for r in results), atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("tilt", [0, 20])
def test_uptake_comes_to_its_world_point(head: HeadPhantom, mean_model: Model, axis: int, tilt: float) -> None:
    """A functional image that holds its own world coordinate must show it, voxel by voxel, on the anatomical grid."""
    pet = head_phantom(spacing=4.0, pet_spacing=6.0, noise=0.0, pet_tilt=(tilt, -tilt, tilt / 2)).pet
    k, j, i = np.indices(array(pet).shape)
    matrix = np.array(pet.GetDirection()).reshape(3, 3) * pet.GetSpacing()
    coordinate = np.stack([i, j, k], -1) @ matrix.T + pet.GetOrigin()
    ramp = sitk.GetImageFromArray((coordinate[..., axis] + 500).astype(np.float32))
    ramp.CopyInformation(pet)
    result = coconet_med.fuse(head.t1, ramp, model=mean_model, register="never")
    inside = array(result.alignment.inside)
    inside[:2] = inside[-2:] = inside[:, :2] = inside[:, -2:] = inside[:, :, :2] = inside[:, :, -2:] = 0
    inside = sitk.GetArrayFromImage(sitk.BinaryErode(sitk.GetImageFromArray(inside), (2, 2, 2)))
    found = np.argwhere(inside)[::97]
    assert len(found) > 100
    shown = array(result.uptake)
    for k, j, i in found:
        place = result.color.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        assert abs(shown[k, j, i] - 500 - place[axis]) < 0.1


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_a_marker_voxel_in_a_file_lies_at_the_same_world_point_in_the_output_file(
    tmp_path: Path, mean_model: Model, flips: tuple[int, ...]
) -> None:
    import nibabel as nib

    rotation = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(np.array(flips) * (2.0, 2.5, 3.0))
    affine[:3, 3] = (10, -20, 30)
    anatomy = np.random.default_rng(0).uniform(100, 200, (20, 22, 18)).astype(np.float32)
    anatomy[3, 4, 5] = 0  # the marker: the only dark voxel
    function = np.full((20, 22, 18), 5, np.float32)
    function[0, 0, 0] = 4
    for name, values in (("a", anatomy), ("f", function)):
        nib.save(nib.Nifti1Image(values, affine), tmp_path / f"{name}.nii.gz")
    result = coconet_med.fuse(
        tmp_path / "a.nii.gz", tmp_path / "f.nii.gz", model=mean_model, register="never", window=(0, 10)
    )
    result.save(tmp_path / "fused.nii.gz")
    file = nib.load(tmp_path / "fused.nii.gz")
    rgb = np.asarray(file.dataobj)
    green = rgb["G"].astype(int)
    marker = np.unravel_index(green.argmin(), green.shape)
    world = file.affine @ [*marker, 1]
    assert np.linalg.norm(world - affine @ [3, 4, 5, 1]) < 0.1


def test_uptake_can_be_read_back_from_the_colors(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    truth = array(result.uptake)
    hot = (truth > 0.05 * result.window.high) & (truth < result.window.high)
    read = result.read_uptake()
    assert spearman(truth, read, hot) > 0.999
    assert np.abs(read - truth)[hot].mean() < 0.01 * result.window.high


def test_the_light_network_keeps_more_of_both_than_averaging_does() -> None:
    from coconet_med.quality import evaluate_pair
    from coconet_med.quality.baselines import fuse_classically

    mri, pet = slice_pair(128)
    result = coconet_med.fuse(mri, pet, engine="onnx")
    ours = evaluate_pair(mri, pet, array(result.color))["H"]
    assert ours > evaluate_pair(mri, pet, fuse_classically("average", mri, pet))["H"] + 0.05
    assert ours > evaluate_pair(mri, pet, mri)["H"] + 0.2


def test_strength_zero_is_the_anatomy_in_grey_and_strength_is_linear(head: HeadPhantom, mean_model: Model) -> None:
    none, half, full = (
        coconet_med.fuse(head.t1, head.pet, model=mean_model, strength=s, register="never") for s in (0, 0.5, 1)
    )
    light = none.anatomy_window.apply(array(head.t1))
    assert np.allclose(array(none.luminance), light)
    rgb = array(none.color)
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert np.allclose(array(half.luminance), (light + array(full.luminance)) / 2, atol=1e-6)


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


def test_values_above_a_given_window_are_told(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model, window=(0, 1000))
    assert (result.window.low, result.window.high) == (0, 1000)
    assert any("above the window" in warning for warning in result.warnings)


def test_the_sidecar_says_what_went_in_and_what_was_done(pair: tuple[Path, Path], mean_model: Model) -> None:
    import hashlib

    told = json.loads(json.dumps(coconet_med.fuse(*pair, model=mean_model).sidecar(), allow_nan=False))
    for role, path in zip(("anatomy", "function"), pair, strict=True):
        assert told["sources"][role]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["model"]["sha256"] == "0" * 64
    assert told["software"]["version"] == coconet_med.__version__
    assert np.array(told["alignment"]["matrix_lps_anatomy_to_function"]).shape == (4, 4)
    for key in ("window", "units", "warnings", "colormap", "plane", "research_use_only"):
        assert key in told


def test_inputs_are_never_changed(head: HeadPhantom, mean_model: Model) -> None:
    before = [array(image) for image in (head.t1, head.pet)]
    coconet_med.fuse(head.t1, head.pet, model=mean_model, register="always")
    for image, values in zip((head.t1, head.pet), before, strict=True):
        assert np.array_equal(array(image), values)


def test_two_runs_give_the_same_bits(pair: tuple[Path, Path], mean_model: Model) -> None:
    runs = [coconet_med.fuse(*pair, model=mean_model, register="always") for _ in range(2)]
    assert np.array_equal(array(runs[0].color), array(runs[1].color))
    assert runs[0].sidecar() == runs[1].sidecar()


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


def test_the_network_is_loaded_aside_and_its_absence_is_still_told(head: HeadPhantom) -> None:
    with pytest.raises(FusionError, match="no such file"):
        coconet_med.fuse(head.t1, head.pet, model="heavy")


def test_arrays_written_through_an_image_are_in_the_image() -> None:
    from coconet_med.source import writable

    for image in (sitk.Image([4, 3, 2], sitk.sitkFloat32), sitk.Image([4, 3, 2], sitk.sitkVectorUInt8, 3)):
        values = np.random.default_rng(0).integers(0, 99, array(image).shape)
        writable(image)[...] = values
        assert (array(image) == values).all()


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
def test_coloring_slices_is_coloring_the_volume(head: HeadPhantom, mean_model: Model, plane: str) -> None:
    from coconet_med.color import compose

    result = coconet_med.fuse(head.t1, head.pet, model=mean_model, plane=plane, strength=0.7)
    uptake = result.window.apply(array(result.uptake))
    assert (array(result.color) == compose(array(result.luminance), uptake, strength=0.7)).all()


def test_the_sidecar_says_in_what_numbers_was_computed(head: HeadPhantom, mean_model: Model) -> None:
    assert coconet_med.fuse(head.t1, head.pet, model=mean_model).sidecar()["model"]["precision"] == "float32"


class SlowEngine:
    """Averages, but lets ``until`` happen before its first batch is done."""

    name, device, version = "onnx", "cpu", "test"

    def __init__(self, until: Callable[[], object]) -> None:
        self.until, self.slices_run = until, 0

    def run(self, image: np.ndarray) -> np.ndarray:
        if not self.slices_run:
            self.until()
        self.slices_run += len(image)
        return image.mean(axis=1, keepdims=True)


def displaced(pet: sitk.Image, shift: float) -> sitk.Image:
    moved = sitk.Image(pet)
    moved.SetOrigin(np.add(pet.GetOrigin(), (0, shift, 0)).tolist())
    return moved


@pytest.mark.parametrize("first", ["network", "check"])
def test_what_was_fused_under_affines_that_are_left_is_thrown_away(
    head: HeadPhantom, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whether the network is done before the check or not, the result is that of the registration."""
    from coconet_med.align import guess

    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)  # a slice at a time
    begun, checked = threading.Event(), threading.Event()
    examine = guess.examine

    def watched(*given: object, **options: object) -> object:
        if first == "network":
            begun.wait(20)
        found = examine(*given, **options)  # type: ignore[arg-type]
        checked.set()
        return found

    monkeypatch.setattr(guess, "examine", watched)
    engine = SlowEngine(lambda: begun.set() if first == "network" else checked.wait(60))
    moved = displaced(head.pet, 30.0)
    told: list[tuple[str, int]] = []
    result = coconet_med.fuse(
        head.t1,
        moved,
        model=Model("slow", Path("slow.onnx"), "0" * 64, engine, {}),
        progress=lambda stage, done, total: told.append((stage, done)),
    )
    slices = head.t1.GetSize()[2]
    assert slices < engine.slices_run < (2 * slices if first == "check" else 2 * slices + 1)
    assert result.alignment.registered
    assert any("registered; check the picture" in warning for warning in result.warnings)
    asked = coconet_med.fuse(head.t1, moved, model=result_model(), register="always")
    for which in ("uptake", "luminance", "color"):
        assert np.array_equal(array(getattr(result, which)), array(getattr(asked, which)))
    stages = [stage for stage, _ in told]
    assert stages == sorted(stages)  # nothing was told of the fusion that was thrown away
    assert [done for stage, done in told if stage == "fuse"] == list(range(1, slices + 1))


def result_model() -> Model:
    return Model("mean", Path("mean.onnx"), "0" * 64, SlowEngine(lambda: None), {})


@pytest.mark.parametrize("register", ["auto", "never"])
def test_the_fusion_is_told_only_when_the_alignment_is_settled_and_to_its_end(
    head: HeadPhantom, mean_model: Model, register: str
) -> None:
    told: list[tuple[str, int]] = []
    coconet_med.fuse(
        head.t1,
        head.pet,
        model=mean_model,
        register=register,
        progress=lambda stage, done, total: told.append((stage, done)),
    )
    aligned = [done for stage, done in told if stage == "align"]
    fused = [done for stage, done in told if stage == "fuse"]
    assert told == [*(("align", done) for done in aligned), *(("fuse", done) for done in fused)]
    assert (aligned[0], aligned[-1], aligned) == (0, 100, sorted(aligned))
    assert fused == sorted(set(fused))
    assert fused[-1] == head.t1.GetSize()[2]


def test_the_work_can_be_stopped_while_the_affines_are_checked(
    head: HeadPhantom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coconet_med.align import guess

    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)
    stopped, examine = threading.Event(), guess.examine

    def waiting(*given: object, **options: object) -> object:
        stopped.wait(60)
        return examine(*given, **options)  # type: ignore[arg-type]

    class StoppedError(Exception):
        pass

    calls: list[str] = []

    def stop(stage: str, done: int, total: int) -> None:
        calls.append(stage)
        if len(calls) == 3:
            stopped.set()
            raise StoppedError

    monkeypatch.setattr(guess, "examine", waiting)
    engine = SlowEngine(lambda: None)
    with pytest.raises(StoppedError):
        coconet_med.fuse(head.t1, head.pet, model=Model("m", Path("m.onnx"), "0" * 64, engine, {}), progress=stop)
    assert engine.slices_run <= 3
    assert calls == ["align"] * 3


def test_an_error_of_the_check_ends_the_fusion(head: HeadPhantom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)
    engine = SlowEngine(lambda: time.sleep(1))
    model = Model("m", Path("m.onnx"), "0" * 64, engine, {})
    with pytest.raises(GeometryError, match="overlap"):
        coconet_med.fuse(head.t1, displaced(head.pet, 5000.0), model=model, register="never")
    assert engine.slices_run < head.t1.GetSize()[2]
