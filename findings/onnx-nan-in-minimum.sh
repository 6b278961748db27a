#!/usr/bin/env bash
# One would guess: the minimum and maximum of a slice with one NaN are NaN (PyTorch, NumPy), or pass it over (fmin).
# What happens: it depends on where the NaN sits. onnxruntime 1.32.0: NaN if it is the first voxel, else passed over.
#   OpenVINO 2026.4.1: passed over, but with the NaN as the last voxel the minimum is +3.4e38 and the maximum -3.4e38, both
#   finite. Of other operators, HardSigmoid turns NaN into 1 (the brightest) and Exp into infinity in OpenVINO.
# For an MRI with a PET: one NaN outside the field of view in the corner of a PET, and a window computed inside the graph
#   is inverted and infinite. Remove NaN before any engine; do not rely on the graph to show it.
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

def run(op, x):
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", [None] * x.ndim), ("y", None))]
    keep = {"keepdims": 0} if op.startswith("Reduce") else {}
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"], **keep)], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.save(model, "m.onnx")
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    compiled = core.compile_model("m.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.ravel(session.run(None, {"x": x})[0])[0], np.ravel(compiled(x)[0])[0]

clean = np.random.default_rng(0).standard_normal((1, 1, 64, 64)).astype(np.float32)
clean[0, 0, 20, 20], clean[0, 0, 50, 50] = -50, 50
seen = {}
for name, at in (("first", (0, 0)), ("inside", (30, 30)), ("last", (63, 63))):
    x = clean.copy()
    x[0, 0, *at] = np.nan
    seen[name] = {op: run(op, x) for op in ("ReduceMin", "ReduceMax")}
    for op, (a, b) in seen[name].items():
        print(f"NaN {name:6s} {op}: onnxruntime {a:.4g}, OpenVINO {b:.4g} (of the others: {'-50' if 'Min' in op else '50'})")
dot = np.array([np.nan, 0.5], np.float32)
other = {op: run(op, dot) for op in ("HardSigmoid", "Exp")}
print("of NaN:", {op: [float(v) for v in values] for op, values in other.items()}, "(onnxruntime, OpenVINO)")
assert np.isnan(seen["first"]["ReduceMin"][0]) and seen["inside"]["ReduceMin"][0] == -50, "onnxruntime changed"
assert seen["last"]["ReduceMin"][1] > 1e38 and seen["last"]["ReduceMax"][1] < -1e38, "OpenVINO changed"
assert seen["inside"]["ReduceMax"][1] == 50 and other["HardSigmoid"][1] == 1 and np.isinf(other["Exp"][1])
assert np.isnan(other["HardSigmoid"][0]) and np.isnan(other["Exp"][0])
PY
