"""The network over a volume: every voxel comes back to its place, mixed by the formula, and dark stays dark."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med import inference
from coconet_med.blending.field import Grid
from coconet_med.inference import Fusion, fuse_pictures, fuse_slices, keep_dark
from coconet_med.model import Model
from coconet_med.slice_pairs import SlicePairs
from coconet_med.slices import slicing_of
from coconet_med.windowing.window import Window

RNG = np.random.default_rng(4)


def volumes(shape: tuple[int, ...] = (20, 21, 22)) -> tuple[np.ndarray, np.ndarray, sitk.Image]:
    a, f = (RNG.uniform(0.1, 1, shape).astype(np.float32) for _ in range(2))
    return a, f, sitk.GetImageFromArray(a)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_each_voxel_comes_back_to_its_place(mean_model: Model, plane: str) -> None:
    a, f, image = volumes()
    fused = fuse_slices(a, f, slicing=slicing_of(image, plane=plane), engine=mean_model.engine)
    assert np.allclose(fused, (a + f) / 2, atol=1e-6)


def test_slices_smaller_than_the_network_takes_are_padded_and_cropped(mean_model: Model) -> None:
    a, f, image = volumes((5, 3, 9))
    fused = fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=mean_model.engine)
    assert np.allclose(fused, (a + f) / 2, atol=1e-6)
    assert mean_model.engine.shapes == [(5, 2, 16, 16)]


def test_batches_stay_within_the_pixel_limit(mean_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 3 * 21 * 22)
    a, f, image = volumes()
    reported: list[tuple[int, int]] = []
    fuse_slices(
        a,
        f,
        slicing=slicing_of(image, plane="axial"),
        engine=mean_model.engine,
        progress=lambda done, total: reported.append((done, total)),
    )
    assert max(shape[0] for shape in mean_model.engine.shapes) == 3
    assert reported[-1] == (20, 20)
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)


def test_empty_slices_are_never_computed(mean_model: Model) -> None:
    a, f, image = volumes()
    a[5:15], f[5:15] = 0, 1 / 255
    fused = fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=mean_model.engine)
    assert sum(shape[0] for shape in mean_model.engine.shapes) == 10
    assert (fused[5:15] == 0).all()


def test_dark_stays_dark_and_light_is_untouched() -> None:
    image = np.zeros((1, 2, 1, 4), np.float32)
    image[0, 0, 0] = np.array([0, 2, 6, 200]) / 255
    fused = keep_dark(np.full((1, 1, 1, 4), 0.5, np.float32), image)
    assert fused[0, 0, 0, :2].tolist() == [0, 0]
    assert np.allclose(fused[0, 0, 0, 2:], 0.5)


def test_stopping_from_the_progress_stops_the_work(mean_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 21 * 22)

    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise StoppedError

    a, f, image = volumes()
    with pytest.raises(StoppedError):
        fuse_slices(a, f, slicing=slicing_of(image), engine=mean_model.engine, progress=stop)
    assert len(mean_model.engine.shapes) <= 2  # the second was started when the first was handed on


def test_the_network_has_its_next_batch_before_the_last_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 5 * 21 * 22)
    entered = [threading.Event() for _ in range(4)]

    class Engine:
        runs = 0

        def run(self, image: np.ndarray) -> np.ndarray:
            entered[self.runs].set()
            self.runs += 1
            return image.mean(axis=1, keepdims=True)

    a, f, image = volumes()
    fusion = Fusion(a, f, slicing=slicing_of(image, plane="axial"), engine=Engine())
    for number, _ in enumerate(fusion.batches()):
        assert entered[min(number + 1, 3)].wait(20)


def test_an_engine_that_overlaps_its_batches_gets_two_at_a_time_and_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 5 * 21 * 22)

    class Engine:
        def __init__(self, overlaps: bool) -> None:
            self.overlaps, self.inside, self.most = overlaps, 0, 0
            self.together = threading.Barrier(2 if overlaps else 1)

        def run(self, image: np.ndarray) -> np.ndarray:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.together.wait(20)  # passed by two at once only
            self.inside -= 1
            return image.mean(axis=1, keepdims=True)

    a, f, image = volumes()
    for overlaps in (True, False):
        engine = Engine(overlaps)
        fused = fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=engine)
        assert np.allclose(fused, (a + f) / 2, atol=1e-6)
        assert engine.most == 1 + overlaps


def test_an_error_of_the_network_is_raised_where_its_slices_are_used(mean_model: Model) -> None:
    class Engine:
        def run(self, image: np.ndarray) -> np.ndarray:
            raise MemoryError("too large")

    a, f, image = volumes()
    with pytest.raises(MemoryError, match="too large"):
        fuse_slices(a, f, slicing=slicing_of(image), engine=Engine())


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_batch_by_batch_with_windows_is_the_same_as_scaling_the_whole_volumes_first(
    mean_model: Model, monkeypatch: pytest.MonkeyPatch, plane: str
) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 3 * 21 * 22)
    a, f, image = volumes()
    a, f = a * 900 - 50, f * 7
    a[:4], f[:4] = -50, 0  # dark in the axial plane
    windows = Window(-20, 700, "relative", "robust"), Window(0, 5, "relative", "robust")
    slicing = slicing_of(image, plane=plane)
    scaled = [window.apply(values) for window, values in zip(windows, (a, f), strict=True)]
    expected = [slicing.stack(v) for v in (*scaled, fuse_slices(*scaled, slicing=slicing, engine=mean_model.engine))]
    seen = []
    for batch in Fusion(a, f, slicing=slicing, engine=mean_model.engine, windows=windows).batches():
        seen += batch.where.tolist()
        for found, whole in zip((batch.anatomy, batch.function, batch.fused), expected, strict=True):
            assert (found == whole[batch.where]).all()
    assert sorted(seen) == list(range(len(expected[0])))


def test_an_engine_that_computes_several_slices_at_once_gets_as_many(
    mean_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)
    mean_model.engine.slices = 5  # type: ignore[attr-defined]
    a, f, image = volumes()
    fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=mean_model.engine)
    assert {shape[0] for shape in mean_model.engine.shapes} == {5}


def test_an_engine_is_made_ready_for_the_size_that_it_will_get(mean_model: Model) -> None:
    reported: list[tuple[int, int, int]] = []
    mean_model.engine.prepare = lambda *size, slices: reported.append((slices, *size))  # type: ignore[attr-defined]
    inference.prepare(mean_model.engine, 30, 9, 200)
    assert reported == [(30, 16, 200)]


class FieldEngine:
    """Says the same of every pixel of the network: an amount, and how much more of either source."""

    gives_field = True

    def __init__(self, *said: float) -> None:
        self.said, self.shapes = said, []

    def run(self, image: np.ndarray) -> np.ndarray:
        self.shapes.append(image.shape)
        return np.ones((len(image), 3, *image.shape[2:]), np.float32) * np.float32(self.said)[:, None, None]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_field_of_one_value_mixes_each_voxel_by_the_formula(plane: str) -> None:
    a, f, image = volumes((37, 41, 50))
    a, f = 0.2 + a / 8, f / 4
    slicing = slicing_of(image, plane=plane)
    engine = FieldEngine(0.1, -0.4, 0.7)
    fusion = Fusion(a, f, slicing=slicing, engine=engine, spacing=(2.0, 1.0, 1.0), findings=False)
    fused = np.zeros_like(a)
    for batch in fusion.batches():
        slicing.stack(fused)[batch.where] = batch.fused
    assert np.allclose(fused, 0.1 + 0.6 * a + 0.7 * f, atol=1e-6)
    count, height, width = slicing.stack(a).shape
    assert sum(shape[0] for shape in engine.shapes) == count
    assert {shape[2:] for shape in engine.shapes} == {(max(16, -(-height // 2)), max(16, -(-width // 2)))}


def test_nothing_is_added_to_slices_of_noise_whatever_the_network_says() -> None:
    a, f, image = flat(12)
    a[6:], f[6:] = 0.04, 0.1  # above the vertex
    fused = fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=FieldEngine(0.3, 0.0, 0.0))
    np.testing.assert_allclose(fused[:6], 0.8, atol=1e-6)
    np.testing.assert_allclose(fused[6:], 0.04, atol=1e-6)


def test_mixing_again_by_the_field_gives_the_same_without_the_network() -> None:
    a, f, image = volumes((12, 40, 40))
    slicing = slicing_of(image, plane="axial")
    first = Fusion(a, f, slicing=slicing, engine=FieldEngine(0.05, -0.2, 0.3), spacing=(2.0, 1.0, 1.0))
    once = np.concatenate([batch.fused for batch in first.batches()])
    again = Fusion(a, f, slicing=slicing, engine=None, spacing=(2.0, 1.0, 1.0), field=first.field)
    assert (np.concatenate([batch.fused for batch in again.batches()]) == once).all()


def test_progress_of_a_field_rises_to_the_number_of_slices() -> None:
    a, f, image = volumes((9, 40, 40))
    a[:2], f[:2] = 0, 0
    reported: list[tuple[int, int]] = []
    fuse_slices(
        a,
        f,
        slicing=slicing_of(image, plane="axial"),
        engine=FieldEngine(0, 0, 0),
        progress=lambda done, total: reported.append((done, total)),
    )
    assert reported[-1] == (9, 9)
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)


def test_an_engine_of_a_field_is_made_ready_for_the_size_of_the_field() -> None:
    reported: list[tuple[int, int, int]] = []
    engine = FieldEngine(0, 0, 0)
    engine.prepare = lambda *size, slices: reported.append((slices, *size))  # type: ignore[attr-defined]
    inference.prepare(engine, 200, 512, 400, spacing=(1.0, 0.5, 0.9))
    inference.prepare(engine, 1, 101, 64)
    assert reported == [(200, 128, 200), (1, 51, 32)]


def test_pictures_are_fused_one_by_one_as_single_slices(mean_model: Model) -> None:
    image = RNG.uniform(0.1, 1, (3, 2, 20, 24)).astype(np.float32)
    assert np.allclose(fuse_pictures(image, mean_model.engine), image.mean(axis=1, keepdims=True), atol=1e-6)


def flat(slices: int) -> tuple[np.ndarray, np.ndarray, sitk.Image]:
    """Slices without findings, which are made faster than such an engine takes them."""
    a, f, image = volumes((slices, 21, 22))
    return np.full_like(a, 0.5), np.linspace(0.2, 0.3, f.size, dtype=np.float32).reshape(f.shape), image


@pytest.mark.parametrize("breaks", [False, True])
def test_batches_that_wait_are_given_up_where_the_work_is_stopped_or_fails(
    breaks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)
    a, f, image = flat(40)
    threads, all_wait, engine = threading.active_count(), threading.Event(), FieldEngine(0.0, -0.5, 0.5)
    runs, reduced = [], Grid.reduced

    def run(image: np.ndarray) -> np.ndarray:
        runs.append(all_wait.wait(20))
        time.sleep(0.01)
        if breaks:
            raise RuntimeError("the device is gone")
        return FieldEngine.run(engine, image)

    def counted(self: Grid, image: np.ndarray) -> np.ndarray:
        made.append(1)
        if len(made) == 40:
            all_wait.set()
        return reduced(self, image)

    def stop(done: int, total: int) -> None:
        raise RuntimeError("the user stops it")

    made: list[int] = []
    engine.run = run  # type: ignore[method-assign]
    monkeypatch.setattr(Grid, "reduced", counted)
    with pytest.raises(RuntimeError, match="the device is gone" if breaks else "the user stops it"):
        fuse_slices(a, f, slicing=slicing_of(image, plane="axial"), engine=engine, progress=stop)
    assert 1 <= len(runs) < 20
    assert threading.active_count() == threads


@pytest.mark.parametrize(("ahead", "most"), [(1, 1), (10 * 8 * 11 * 11, 10)])
def test_as_many_batches_wait_for_the_network_as_there_is_memory_for(
    ahead: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, f, image = flat(30)
    slicing = slicing_of(image, plane="axial")
    at_once = fuse_slices(a, f, slicing=slicing, engine=FieldEngine(0.0, -0.5, 0.5))
    monkeypatch.setattr(inference, "BATCH_PIXELS", 1)
    monkeypatch.setattr(inference, "AHEAD", ahead)
    enough, waiting, sources = threading.Event(), [], SlicePairs.__getitem__

    class Engine(FieldEngine):
        def run(self, image: np.ndarray) -> np.ndarray:
            assert enough.wait(20)  # so many are made while the network is at its first one
            time.sleep(0.01)
            return super().run(image)

    engine = Engine(0.0, -0.5, 0.5)

    def counted(self: SlicePairs, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        waiting.append(len(waiting) - len(engine.shapes))
        if len(waiting) >= most:
            enough.set()
        return sources(self, where)

    monkeypatch.setattr(SlicePairs, "__getitem__", counted)
    np.testing.assert_array_equal(fuse_slices(a, f, slicing=slicing, engine=engine), at_once)
    assert max(waiting[:30]) <= most
