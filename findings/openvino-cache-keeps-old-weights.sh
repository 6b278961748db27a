#!/usr/bin/env bash
# One would guess: OpenVINO's model cache (CACHE_DIR) knows a model by its content; new weights are compiled anew.
# What happens: for a model given by its path, OpenVINO 2026.4.1 knows it by path, size and time of modification. New weights of
#   the same graph (the same size) that come with the same time, as wheels built reproducibly, tar, rsync -t and cp -p bring
#   them, are not seen: the OLD network answers, LOADED_FROM_CACHE is true, no warning. With another time all is right.
# For an MRI with a PET: after an update the fusion is still the old one while the provenance (sha256 of the file) says the new.
#   Give compile_model a model that was read (read_model) and name the cache folder by the sha256 of the weights.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'openvino==2026.4.1' 'onnx==1.23.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import os
import numpy as np, onnx, openvino
from onnx import TensorProto, helper, numpy_helper

FLOAT, settings = TensorProto.FLOAT, {"INFERENCE_PRECISION_HINT": "f32"}
x = np.random.default_rng(0).random((1, 2, 64, 64), np.float32)

def write(gain, stamp):
    weights = numpy_helper.from_array(np.full((1, 2, 3, 3), gain, np.float32), "w")
    ends = [helper.make_tensor_value_info(n, FLOAT, s) for n, s in (("x", ["n", 2, "h", "w"]), ("y", None))]
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)], "g", ends[:1], ends[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.save(model, "fusion.onnx")
    os.utime("fusion.onnx", (stamp, stamp))

def ask(folder, read=False):
    core = openvino.Core()
    model = core.read_model("fusion.onnx") if read else "fusion.onnx"
    compiled = core.compile_model(model, "CPU", {**settings, "CACHE_DIR": folder})
    return float(compiled(x)[0].mean()), compiled.get_property("LOADED_FROM_CACHE")

def truth():
    return float(openvino.Core().compile_model("fusion.onnx", "CPU", settings)(x)[0].mean())

write(0.1, 1_600_000_000)
old, _ = ask("cache")
ask("cache2", read=True)
write(0.2, 1_600_000_000)
same, loaded = ask("cache")
print(f"old weights {old:.4f}, new weights without a cache {truth():.4f}")
print(f"new weights, same time of the file: {same:.4f}, loaded from the cache: {loaded}")
read = ask("cache2", read=True)
print(f"the same through read_model:        {read[0]:.4f}, loaded from the cache: {read[1]}")
write(0.2, 1_700_000_000)
later = ask("cache")
print(f"new weights, another time:          {later[0]:.4f}, loaded from the cache: {later[1]}")
assert abs(old - same) < 1e-6 and loaded, "OpenVINO now sees the new weights"
assert abs(later[0] - truth()) < 1e-5 and not later[1]
PY
