"""Facts about outside libraries that the product steps around; docs/lab/outside-tools.md lists them."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.blending.field import mixed
from coconet_med.engines.onnx import OnnxEngine
from coconet_med.engines.openvino import PARITY, OpenVinoEngine
from coconet_med.model import WEIGHTS
from coconet_med.phantom import slice_pair
from coconet_med.readers import read

LIGHT = WEIGHTS / "light.onnx"

#: Operators that onnxruntime and OpenVINO compute otherwise (findings/): by size, by NaN, by rounding, or not at all.
APART = {"GlobalAveragePool", "GridSample", "HardSigmoid", "InstanceNormalization", "ReduceMean", "ReduceMin", "Round"}


def test_the_released_network_uses_nothing_in_which_engines_differ() -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    graph = onnx.load(LIGHT).graph
    assert not APART & {node.op_type for node in graph.node}
    for node in graph.node:
        options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        where = f"{node.op_type} {node.name}"
        assert not options.get("antialias"), where
        assert not options.get("ceil_mode"), where
        assert options.get("keep_aspect_ratio_policy", b"stretch") == b"stretch", where
        assert node.op_type != "Cast" or options["to"] == onnx.TensorProto.FLOAT, where
    numbers = {tensor.data_type for tensor in graph.initializer}
    assert onnx.TensorProto.DOUBLE not in numbers


def test_engines_agree_on_slices_whose_sums_are_long() -> None:
    """onnxruntime's sum over 512 x 512 is off by 0.03 %, OpenVINO's by half of it to the other side."""
    pytest.importorskip("openvino", reason="openvino is not installed")
    image = np.stack(slice_pair(512))[None].astype(np.float32) / 255
    one, other = (
        OnnxEngine(LIGHT, threads=1).run(image),
        OpenVinoEngine(LIGHT, threads=1, precision="float32").run(image),
    )
    assert np.abs(one - other).max() < 0.1 / 255
    # Fields of numbers in bfloat16 are further apart (on processors that have it); pictures are what counts.
    mine = OpenVinoEngine(LIGHT, threads=1, precision="mixed").run(image)
    pictures = [mixed(image, field, (1, 1)) for field in (one, mine)]
    assert np.abs(pictures[0] - pictures[1]).max() < PARITY


def test_integers_become_fractions_before_anything_is_resampled(tmp_path: Path) -> None:
    """SimpleITK cuts what it resamples in integers: 10.9 becomes 10, half a level darker on average."""
    step = np.tile(np.array([10, 11], np.int16), (4, 4, 3))
    stored = sitk.GetImageFromArray(step)
    grid = (6, 4, 4), sitk.Transform(), sitk.sitkLinear, (0.9, 0, 0), (1.0, 1.0, 1.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert sitk.GetArrayFromImage(sitk.Resample(stored, *grid))[0, 0, 0] == 10
    nib.Nifti1Image(step.transpose(2, 1, 0), np.diag([-1, -1, 1, 1])).to_filename(tmp_path / "pet.nii")
    source = read(tmp_path / "pet.nii", "function").image
    assert source.GetPixelID() == sitk.sitkFloat32
    assert sitk.GetArrayFromImage(sitk.Resample(source, *grid))[0, 0, 0] == pytest.approx(10.9, abs=1e-5)


def test_no_compiled_network_outlives_its_weights(tmp_path: Path) -> None:
    """OpenVINO's cache takes new weights for the old ones where the file's time is the same, as wheels bring it."""
    pytest.importorskip("openvino", reason="openvino is not installed")
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from coconet_med.engines.openvino import OpenVinoEngine

    image = np.stack(slice_pair(64))[None].astype(np.float32) / 255
    path, answers = tmp_path / "light.onnx", []
    for factor in (1, 2):
        model = onnx.load(LIGHT)
        for tensor in model.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == 4:
                tensor.CopyFrom(onnx.numpy_helper.from_array(factor * onnx.numpy_helper.to_array(tensor), tensor.name))
        onnx.save(model, path)
        os.utime(path, (1_600_000_000, 1_600_000_000))
        answers.append(OpenVinoEngine(path, threads=1).run(image))
    assert np.abs(answers[0] - answers[1]).max() > 1e-3
