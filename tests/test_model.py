"""Weights and engines: what is loaded is what was released, and engines agree."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med import fusion, load_model, model
from coconet_med.errors import ModelError
from coconet_med.inference import fuse_pictures
from coconet_med.phantom import slice_pair
from coconet_med.source import Source

RNG = np.random.default_rng(5)


def test_the_model_travels_with_the_package_and_is_small() -> None:
    loaded = load_model("light", engine="onnx", threads=1)
    assert loaded.path.stat().st_size < 5_000_000
    assert loaded.sha256 == hashlib.sha256(loaded.path.read_bytes()).hexdigest()
    for fact in ("data", "data_terms", "settings", "date", "figures", "intended_use", "limits", "license"):
        assert loaded.card[fact], fact


def test_a_single_slice_goes_to_the_engine_that_is_ready_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "installed_engines", lambda: {"onnx": True, "openvino": True, "torch": False})
    path = model.WEIGHTS / "light.onnx"
    assert model.best_engine(path) == "openvino"
    assert model.best_engine(path, single=True) == "onnx"
    assert model.weights_file("light", "openvino", single=True) == (path, "openvino")  # what is asked for is taken
    loaded = []
    monkeypatch.setattr(
        fusion, "load_model", lambda name, **how: loaded.append(how["single"]) or load_model(name, engine="onnx")
    )
    mri, pet = slice_pair(64)
    coconet_med.fuse(mri, pet)
    coconet_med.fuse(np.repeat(mri[None], 2, 0), np.repeat(pet[None], 2, 0), spacing=(1, 1, 1), register="never")
    assert loaded == [True, False]


def test_a_picture_is_one_whatever_holds_it(tmp_path: Path) -> None:
    mri = slice_pair(32)[0]
    flat, deep = sitk.GetImageFromArray(mri), sitk.GetImageFromArray(np.repeat(mri[None], 2, 0))
    in_color = np.repeat(mri[..., None], 3, -1)
    tensor = SimpleNamespace(shape=(32, 32, 3), dtype="torch.uint8")
    for one in ("a.PNG", tmp_path / "a.tif", mri, in_color, tensor, flat, Source(deep, "x", planar=True)):
        assert fusion._picture(one)
    for one in ("a.nii.gz", tmp_path, None, in_color.astype(np.float32), sitk.GetArrayFromImage(deep), deep):
        assert not fusion._picture(one)


@pytest.mark.parametrize("shape", [(1, 2, 16, 16), (2, 2, 61, 75), (3, 2, 128, 96)])
def test_any_batch_and_size_gives_a_field(shape: tuple[int, ...]) -> None:
    image = RNG.uniform(size=shape).astype(np.float32)
    engine = load_model("light", engine="onnx", threads=1).engine
    assert engine.gives_field
    field = engine.run(image)
    assert field.shape == (shape[0], 3, *shape[2:])
    assert field.dtype == np.float32
    assert np.isfinite(field).all()


def test_slices_of_a_batch_do_not_see_each_other() -> None:
    engine = load_model("light", engine="onnx", threads=1).engine
    image = RNG.uniform(size=(3, 2, 48, 48)).astype(np.float32)
    alone = np.concatenate([engine.run(image[n : n + 1]) for n in range(3)])
    assert np.abs(engine.run(image) - alone).max() < 1e-5


@pytest.mark.parametrize("other", ["openvino", "torch"])
def test_engines_agree(other: str) -> None:
    pytest.importorskip(other, reason=f"{other} is not installed")
    image = np.stack([np.stack(slice_pair(90, seed=seed)) for seed in (1, 2)]).astype(np.float32) / 255
    models = [load_model("light", engine=engine, threads=1) for engine in ("onnx", other)]
    allowed = 1e-4 if models[1].provenance()["precision"] == "float32" else 1 / 255
    first, second = (fuse_pictures(image, loaded.engine) for loaded in models)
    assert np.abs(first - second).max() < allowed


def test_a_network_of_an_earlier_release_says_why_it_is_gone() -> None:
    with pytest.raises(ModelError, match="no better than light"):
        load_model("full")


def test_the_provenance_says_in_what_numbers_was_computed() -> None:
    assert load_model("light", engine="onnx", threads=1).provenance()["precision"] == "float32"


def test_changed_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("light.onnx", "light.json"):
        shutil.copy(model.WEIGHTS / name, tmp_path)
    card = json.loads((tmp_path / "light.json").read_text(encoding="utf-8"))
    card["files"]["light.onnx"]["sha256"] = "0" * 64
    (tmp_path / "light.json").write_text(json.dumps(card), encoding="utf-8")
    monkeypatch.setattr(model, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_model("light", engine="onnx")


def test_weights_may_be_given_by_path(tmp_path: Path) -> None:
    copy = tmp_path / "mine.onnx"
    shutil.copy(model.WEIGHTS / "light.onnx", copy)
    loaded = load_model(copy, engine="onnx", threads=1)
    assert loaded.name == str(copy)
    assert loaded.card == {}


@pytest.mark.parametrize(
    ("name", "engine", "words"),
    [
        ("heavy", "auto", "no such file"),
        ("light", "tensorflow", "choose auto"),
    ],
)
def test_what_is_not_there_is_named(name: str, engine: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_model(name, engine=engine)


def test_weights_that_are_gone_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="not in this installation; install coconet-med again"):
        load_model("light", engine="onnx")


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_text("no network", encoding="utf-8")
    with pytest.raises(ModelError, match="not a network"):
        load_model(path, engine="onnx")
    with pytest.raises(ModelError, match=r"loads \.pt files"):
        load_model(path, engine="torch")
    with pytest.raises(ModelError, match=r"\.onnx or \.pt"):
        load_model(__file__)


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="--device cpu"):
        load_model("light", engine="onnx", device="npu")


def test_released_networks_tell_nothing_of_the_machine_they_were_exported_on():
    assert b".py" not in (model.WEIGHTS / "light.onnx").read_bytes()
