"""The network runs while the affines are checked; nothing of a fusion that is thrown away is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from SimpleITK import GetArrayFromImage as array

import coconet_med
from coconet_med import inference
from coconet_med.errors import FusionError, GeometryError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom


def test_the_network_is_loaded_aside_and_its_absence_is_still_reported(head: HeadPhantom) -> None:
    with pytest.raises(FusionError, match="no such file"):
        coconet_med.fuse(head.t1, head.pet, model="heavy")


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
    reported: list[tuple[str, int]] = []
    result = coconet_med.fuse(
        head.t1,
        moved,
        model=Model("slow", Path("slow.onnx"), "0" * 64, engine, {}),
        progress=lambda stage, done, total: reported.append((stage, done)),
    )
    slices = head.t1.GetSize()[2]
    assert slices < engine.slices_run < (2 * slices if first == "check" else 2 * slices + 1)
    assert result.alignment.registered
    assert any("registered; check the picture" in warning for warning in result.warnings)
    asked = coconet_med.fuse(head.t1, moved, model=result_model(), register="always")
    for which in ("uptake", "luminance", "color"):
        assert np.array_equal(array(getattr(result, which)), array(getattr(asked, which)))
    stages = [stage for stage, _ in reported]
    assert stages == sorted(stages)  # nothing was reported of the fusion that was thrown away
    assert [done for stage, done in reported if stage == "fuse"] == list(range(1, slices + 1))


def result_model() -> Model:
    return Model("mean", Path("mean.onnx"), "0" * 64, SlowEngine(lambda: None), {})


@pytest.mark.parametrize("register", ["auto", "never"])
def test_the_fusion_is_reported_only_when_the_alignment_is_settled_and_to_its_end(
    head: HeadPhantom, mean_model: Model, register: str
) -> None:
    reported: list[tuple[str, int]] = []
    coconet_med.fuse(
        head.t1,
        head.pet,
        model=mean_model,
        register=register,
        progress=lambda stage, done, total: reported.append((stage, done)),
    )
    aligned = [done for stage, done in reported if stage == "align"]
    fused = [done for stage, done in reported if stage == "fuse"]
    assert reported == [*(("align", done) for done in aligned), *(("fuse", done) for done in fused)]
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
