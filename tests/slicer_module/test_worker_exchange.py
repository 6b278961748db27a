"""Volumes on their way between Slicer and the worker keep their voxels and places; no Slicer needed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from slicer_sources import MODULE


@pytest.fixture(scope="module")
def exchange() -> ModuleType:
    spec = importlib.util.spec_from_file_location("worker_exchange_alone", MODULE / "Scripts" / "worker_exchange.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_arrays_and_facts_come_back_and_nothing_half_written_is_left(exchange: ModuleType, tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    name = exchange.write_array(tmp_path, "pet", values)
    exchange.write_facts(tmp_path, "facts", {"units": "SUVbw"})
    np.testing.assert_array_equal(exchange.read_array(tmp_path, {"array": name}), values)
    assert json.loads((tmp_path / "facts.json").read_text(encoding="utf-8")) == {"units": "SUVbw"}
    assert {path.name for path in tmp_path.iterdir()} == {"pet.npy", "facts.json"}
    with pytest.raises(ValueError, match="JSON"):
        exchange.write_facts(tmp_path, "bad", {"value": float("nan")})


def test_a_voxel_lies_where_the_matrix_puts_it(exchange: ModuleType) -> None:
    ijk_to_ras = np.array([[0, -2.0, 0, 9], [1.5, 0, 0, 8], [0, 0, 3.0, 7], [0, 0, 0, 1]])
    image = exchange.to_image(np.zeros((4, 5, 6), np.float32), ijk_to_ras)
    ras = np.array(image.TransformIndexToPhysicalPoint((1, 2, 3))) * (-1, -1, 1)
    np.testing.assert_allclose(ras, (ijk_to_ras @ (1, 2, 3, 1))[:3])
    assert exchange.to_image(np.zeros((2, 2, 2, 3), np.uint8), np.eye(4)).GetNumberOfComponentsPerPixel() == 3


def test_a_sheared_grid_is_put_upright_only_where_asked(exchange: ModuleType) -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.4
    image = exchange.to_image(np.zeros((2, 2, 2), np.float32), sheared, upright=True)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-9)
