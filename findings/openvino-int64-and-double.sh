#!/usr/bin/env bash
# One would guess: an ONNX graph that computes in int64 or double gets int64 or double, or an error.
# What happens: OpenVINO 2026.4.1 on a CPU computes int64 in 32 bits and double in float32, whatever precision is asked for,
#   and keeps the declared types at the outputs, so that nothing shows. 2,000 slices of 512 x 512 times themselves is 0; 3e9
#   cast to int64 is -2147483648; doubles keep 7 digits. onnxruntime is exact.
# For an MRI with a PET: flat voxel indices of large stacks, UIDs as numbers, sums of counts, affines in double: compute
#   them outside of the graph.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
export ORT_DISABLE_TELEMETRY=1
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'onnxruntime==1.32.0' 'openvino==2026.4.1' 'onnx==1.23.2' \
    'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np, onnx, onnxruntime, openvino
from onnx import TensorProto, helper

core = openvino.Core()

def run(node, x, kind, result):
    ends = [helper.make_tensor_value_info(n, k, [None]) for n, k in (("x", kind), ("y", result))]
    model = helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:]), opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.save(model, "m.onnx")
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    compiled = core.compile_model("m.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return session.run(None, {"x": x})[0], compiled(x)[0]

I, D, F = TensorProto.INT64, TensorProto.DOUBLE, TensorProto.FLOAT
voxels = np.array([2000 * 512 * 512, 60000], np.int64)
a, b = run(helper.make_node("Mul", ["x", "x"], ["y"]), voxels, I, I)
print("int64 squares  onnxruntime", a.tolist(), "OpenVINO", b.tolist(), b.dtype)
c, d = run(helper.make_node("Cast", ["x"], ["y"], to=I), np.array([3e9, 5e10], np.float32), F, I)
print("cast to int64  onnxruntime", c.tolist(), "OpenVINO", d.tolist(), d.dtype)
e, f = run(helper.make_node("Add", ["x", "x"], ["y"]), np.array([1e6 + 0.01, 1 / 3]), D, D)
print("double sums    onnxruntime", e.tolist(), "OpenVINO", f.tolist(), f.dtype)
assert a.tolist() == (voxels * voxels).tolist() and b.tolist() == [0, -694967296], "int64 changed"
assert c[0] == 3_000_000_000 and d[0] == -(2**31), "the cast changed"
assert e[1] == 2 / 3 and f[1] != 2 / 3 and f[1] == np.float32(1 / 3) * 2, "double changed"
PY
