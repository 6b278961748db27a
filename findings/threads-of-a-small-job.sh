#!/usr/bin/env bash
# One would guess: an engine in a job that may use one CPU (SLURM, containers: the affinity mask), or in a Dask worker, which
#   sets OMP_NUM_THREADS=1, starts one thread.
# What happens: with a mask of one CPU and OMP_NUM_THREADS=1 onnxruntime 1.32.0 starts threads for all cores of the machine
#   (2 on two cores, 63 more on 64). OpenVINO 2026.4.1 obeys the mask but not OMP_NUM_THREADS. PyTorch 2.13 obeys both.
# For an MRI with a PET: 16 workers on a node of 64 cores are 1,024 threads. Set intra_op_num_threads and
#   INFERENCE_NUM_THREADS from len(os.sched_getaffinity(0)) yourself. (Needs two cores and taskset.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
export ORT_DISABLE_TELEMETRY=1
[ "$(nproc)" -ge 2 ] || { echo "needs two cores to see it"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'onnxruntime==1.32.0' 'openvino==2026.4.1' 'onnx==1.23.2' \
    'torch==2.13.0' 'numpy==2.4.6'
cat > count.py <<'PY'
import os, sys
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", [1, 1, 256, 256]), ("y", None))]
weights = numpy_helper.from_array(np.ones((8, 1, 3, 3), np.float32), "w")
graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
model.ir_version = 10
onnx.save(model, "m.onnx")
x = np.ones((1, 1, 256, 256), np.float32)
if sys.argv[1] == "onnxruntime":
    import onnxruntime
    before = len(os.listdir("/proc/self/task"))
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    session.run(None, {"x": x})
    print(len(os.listdir("/proc/self/task")) - before + 1)  # the caller computes too
elif sys.argv[1] == "openvino":
    import openvino
    compiled = openvino.Core().compile_model("m.onnx", "CPU")
    compiled(x)
    print(compiled.get_property("INFERENCE_NUM_THREADS"))
else:
    import torch
    print(torch.get_num_threads())
PY
cpu=$(env/bin/python -c "import os; print(min(os.sched_getaffinity(0)))")
for engine in onnxruntime openvino torch; do
    plain=$(env/bin/python -W ignore count.py $engine)
    mask=$(taskset -c "$cpu" env/bin/python -W ignore count.py $engine)
    omp=$(OMP_NUM_THREADS=1 env/bin/python -W ignore count.py $engine)
    echo "$engine: threads $plain; with a mask of one CPU $mask; with OMP_NUM_THREADS=1 $omp"
    eval "${engine}_mask=$mask ${engine}_omp=$omp ${engine}_plain=$plain"
done
# shellcheck disable=SC2154
[ "$onnxruntime_mask" -ge 2 ] && [ "$onnxruntime_omp" -ge 2 ] || { echo "onnxruntime changed"; exit 1; }
# shellcheck disable=SC2154
[ "$openvino_mask" -eq 1 ] && [ "$openvino_omp" -ge 2 ] || { echo "OpenVINO changed"; exit 1; }
# shellcheck disable=SC2154
[ "$torch_mask" -eq 1 ] && [ "$torch_omp" -eq 1 ] || { echo "PyTorch changed"; exit 1; }
