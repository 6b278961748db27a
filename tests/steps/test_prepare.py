"""One recipe: whatever takes a pair prepares it as ``fuse`` does, to the same windows, voxels, places and warnings."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from coconet_med import fuse
from coconet_med.align import Alignment, align
from coconet_med.color.palettes import load_palette
from coconet_med.geometry import affine_of
from coconet_med.model import Model
from coconet_med.options import FuseOptions
from coconet_med.phantom import slice_pair
from coconet_med.quality.evaluate import evaluate_files
from coconet_med.result import FusionResult
from coconet_med.source import Source
from coconet_med.steps.prepare import prepare_pair
from coconet_med.writers.volumes import write_volume

SCRIPTS = Path(__file__).resolve().parents[2] / "slicer_module" / "PETMRFusion" / "Scripts"

#: A robust window, and one that cuts off the hottest uptake, of which ``fuse`` warns.
WINDOWS = [None, (0.0, 8000.0)]


@pytest.fixture(scope="module")
def cut(head, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A head whose PET ends in the middle of the MRI, of which ``fuse`` warns."""
    folder = tmp_path_factory.mktemp("cut")
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    pet = head.pet[:, :, : head.pet.GetSize()[2] // 2]
    for image, path in zip((head.t1, pet), paths, strict=True):
        write_volume(image, path)
    return paths


@pytest.mark.parametrize("window", WINDOWS)
def test_the_monai_transforms_prepare_a_pair_as_fuse_does(cut, mean_model: Model, caplog, window) -> None:
    pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
    from coconet_med.transforms import prepare

    expected = fuse(*cut, register="never", window=window, model=mean_model)
    assert any("of the anatomy" in warning for warning in expected.warnings)
    assert any("look alike" in warning for warning in expected.warnings) == bool(window)
    paths = {"anatomy": str(cut[0]), "function": str(cut[1])}
    made = prepare(register="never", window=window, plane=expected.plane)(paths)
    assert sorted(record.message for record in caplog.records) == sorted(expected.warnings)
    for key, used, image in (
        ("anatomy", expected.anatomy_window, expected.anatomy.image),
        ("function", expected.window, expected.uptake),
    ):
        assert tuple(made[key].meta["window"]) == (used.low, used.high)
        stack = _stack(expected, used.apply(sitk.GetArrayFromImage(image)))
        np.testing.assert_array_equal(made[key].numpy()[0], stack)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_slicer_worker_prepares_a_pair_as_fuse_does(cut, mean_model: Model, tmp_path, monkeypatch, window) -> None:
    expected = fuse(*cut, register="never", window=window, model=mean_model)
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import worker_engine
    import worker_tasks
    from worker_sources import anatomy_of, scaled_anatomy, shared_window

    mean_model.engine.gives_field = False
    monkeypatch.setattr(worker_engine, "load", lambda *_: mean_model)
    job = _job(tmp_path, expected, window)
    used = shared_window(job)
    assert (used.low, used.high, used.signed) == (expected.window.low, expected.window.high, expected.window.signed)
    light, limits, slicing = scaled_anatomy(job, anatomy_of(job))
    assert limits == (expected.anatomy_window.low, expected.anatomy_window.high)
    np.testing.assert_array_equal(light, expected.anatomy_window.apply(sitk.GetArrayFromImage(expected.anatomy.image)))
    assert slicing.plane == expected.plane
    worker_tasks.fuse(job)
    facts = json.loads((job.results / "facts.json").read_text(encoding="utf-8"))
    assert facts["window"] == [expected.window.low, expected.window.high]
    assert facts["frames"][0]["anatomy_window"] == list(limits)
    assert [text for text in expected.warnings if "look alike" in text] == facts["frames"][0]["warnings"]


def test_the_slicer_worker_registers_a_pair_as_fuse_does(pair, tmp_path, monkeypatch) -> None:
    """By the same step, here with a search that finds nothing better: a real one takes seconds."""

    def unmoved(*images: Source, register: str, **how: Any) -> Alignment:
        assert register == "always"
        return align(*images, register="never", **how)

    monkeypatch.setattr("coconet_med.steps.alignment.align", unmoved)
    ready = prepare_pair(*pair, FuseOptions(register="always"))
    expected = ready.align()
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import worker_alignment

    volumes = []
    for name, source in (("MRI", ready.anatomy), ("PET", ready.function)):
        np.save(tmp_path / f"{name}.npy", sitk.GetArrayFromImage(source.image))
        volumes.append({"array": f"{name}.npy", "ijk_to_ras": affine_of(source.image).tolist(), "name": source.name})
    job = _stub(tmp_path, anatomy=volumes[0], functions=volumes[1:])
    worker_alignment.register(job)
    facts = json.loads((job.results / "facts.json").read_text(encoding="utf-8"))
    assert facts["before"] == pytest.approx(expected.mutual_information_before)
    assert facts["registered"] == expected.registered
    assert facts["coverage"] == pytest.approx(expected.coverage)
    assert len(facts["warnings"]) == len(expected.warnings)


def test_a_painted_picture_is_unpainted_wherever_it_is_taken(mean_model: Model, tmp_path: Path) -> None:
    mri, pet = slice_pair(64)
    paths = tmp_path / "mri.png", tmp_path / "pet.png"
    Image.fromarray(mri).save(paths[0])
    Image.fromarray(load_palette("rainbow")[pet].astype(np.uint8)).save(paths[1])
    result = fuse(*paths, model=mean_model)
    result.save(tmp_path / "fused.png")
    row = evaluate_files(*paths, tmp_path / "fused.png", baselines=False).rows[0].values
    assert row["rho_uptake"] == pytest.approx(1, abs=0.001)
    assert row["uptake_mae"] < 1
    pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
    from coconet_med.transforms import prepare

    made = prepare()({"anatomy": str(paths[0]), "function": str(paths[1])})
    levels = result.window.apply(sitk.GetArrayFromImage(result.uptake))
    np.testing.assert_array_equal(made["function"].numpy()[0, 0], levels)


def _stack(result: FusionResult, volume: np.ndarray) -> np.ndarray:
    return prepare_pair(result.anatomy, result.function, FuseOptions(plane=result.plane)).slicing.stack(volume)


def _job(folder: Path, result: FusionResult, window: Any) -> Any:
    """The orders that Slicer gives: the PET on the grid of the MRI, and its own values for the window."""
    arrays = {"MRI": result.anatomy.image, "PET": result.uptake, "values": result.function.image}
    for name, image in arrays.items():
        np.save(folder / f"{name}.npy", sitk.GetArrayFromImage(image))
    place = affine_of(result.anatomy.image).tolist()
    anatomy, frame = (
        {"array": f"{array}.npy", "ijk_to_ras": place, "name": source.name, "units": source.units}
        for array, source in (("MRI", result.anatomy), ("PET", result.function))
    )
    return _stub(
        folder,
        anatomy=anatomy,
        frames=[frame],
        values=[{"array": "values.npy"}],
        window=None if window is None else list(window),
        anatomy_window="auto",
        plane=result.plane,
        colormap=result.colormap,
    )


def _stub(folder: Path, **orders: Any) -> Any:
    (folder / "result").mkdir()
    silent = {name: lambda *_, **__: None for name in ("say", "progress", "check")}
    return SimpleNamespace(folder=folder, results=folder / "result", orders=orders, **silent)
