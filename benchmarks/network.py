"""One 256 x 256 slice by each engine: ms from sources to luminance, and times the speed of the published network.

Reference = 1 is the network of the paper (width 32, queries and keys of every pixel) in plain torch, float32, one slice
at a time, all threads.
Beside each time stands the largest difference from float32 in gray levels of 1/255 over slices of a phantom.

    python benchmarks/network.py --batches 1 8 32

Engines are timed with all that belongs to a slice: averaging, the network, the search for small findings, mixing; those
that end in ``-field`` without that search, as networks are compared elsewhere.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from timing import in_turn, report

Run = Callable[[np.ndarray], np.ndarray]

SIZE = 256
COLUMNS = ("model", "run", "threads", "batch", "ms per slice", "slices per s", "times reference", "off by /255")
RUNS = (
    "torch-float32",
    "torch-channels-last",
    "torch-bfloat16",
    "torch-bfloat16-channels-last",
    "onnxruntime",
    "openvino",
    "onnxruntime-field",
    "openvino-field",
)


def torch_run(model: str, weights: Path | None, threads: int, *, short: bool = False, last: bool = False) -> Run:
    """A network in torch; ``short``: autocast to bfloat16; ``last``: channels last."""
    import torch

    net = network(model, weights).to(memory_format=torch.channels_last if last else torch.contiguous_format)

    def run(image: np.ndarray) -> np.ndarray:
        torch.set_num_threads(threads)
        x = torch.from_numpy(image).to(memory_format=torch.channels_last if last else torch.contiguous_format)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=short):
            return net(x).float().numpy()

    return run


def network(model: str, weights: Path | None):
    """The network in torch, with weights where there are any; ``"published"`` is that of the paper."""
    import torch

    from coconet_med.network import build_network

    torch.manual_seed(0)
    net = build_network(model)
    if weights and weights.with_suffix(".pt").is_file():
        state = torch.load(weights.with_suffix(".pt"), weights_only=True)
        net.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
        )
    return net.eval()


def make(run: str, model: str, path: Path, threads: int) -> Run:
    """One way to run one network."""
    from coconet_med.engines.onnx import OnnxEngine
    from coconet_med.engines.openvino import OpenVinoEngine
    from coconet_med.inference import Fusion
    from coconet_med.slices import Slicing

    if run.startswith("torch"):
        return torch_run(model, path, threads, short="bfloat16" in run, last="last" in run)
    engine = (OnnxEngine if run.startswith("onnxruntime") else OpenVinoEngine)(path, device="cpu", threads=threads)
    findings = not run.endswith("-field")

    def fused(image: np.ndarray) -> np.ndarray:
        # As the slices of a volume, so that the engine gets as many at a time as it wants.
        as_it_is = Slicing("axial", (0, 1, 2), ())
        fused = np.zeros(image[:, :1].shape, np.float32)
        for batch in Fusion(image[:, 0], image[:, 1], slicing=as_it_is, engine=engine, findings=findings).batches():
            fused[batch.where, 0] = batch.fused
        return fused

    return fused


def weights_of(model: str, folder: Path) -> Path:
    """The released ``.onnx`` file, or one with random weights made in ``folder``."""
    from coconet_med.model import WEIGHTS

    if (WEIGHTS / f"{model}.onnx").is_file():
        return WEIGHTS / f"{model}.onnx"
    path = folder / f"{model}.onnx"
    if path.is_file():
        return path
    import torch

    from coconet_med.training.export import export_onnx

    net = network(model, None)
    export_onnx(net, path)
    torch.save(net.state_dict(), path.with_suffix(".pt"))
    return path


def phantoms(count: int) -> np.ndarray:
    """(count, 2, SIZE, SIZE) slices of as many heads."""
    from coconet_med.phantom import slice_pair

    several = [np.stack(slice_pair(SIZE, seed=seed)) for seed in range(min(count, 4))]
    return np.stack([several[n % len(several)] for n in range(count)]).astype(np.float32) / 255


def main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        slices = phantoms(max(given.batches))
        runs, calls, facts = {}, {}, {}
        reference = torch_run("published", None, max(given.threads))
        runs["reference"] = lambda: reference(slices[:1])
        for model in given.models:
            path = weights_of(model, given.folder or Path(name))
            exact = {
                end: make("onnxruntime" + end, model, path, max(given.threads))(slices[:4]) for end in ("", "-field")
            }
            for threads in given.threads:
                for run in given.runs:
                    called = make(run, model, path, threads)
                    off = float(
                        np.abs(called(slices[:4]) - exact["-field" if run.endswith("-field") else ""]).max() * 255
                    )
                    for batch in given.batches:
                        key = f"{model} {run} {threads} {batch}"
                        runs[key] = lambda called=called, batch=batch: called(slices[:batch])
                        calls[key] = max(1, 4 // batch) if model == "light" else 1
                        facts[key] = (model, run, threads, batch, off)
        seconds = in_turn(runs, repeat=given.repeat, calls=calls)
        once = seconds["reference"]
        rows = [("published", "reference", max(given.threads), 1, once * 1e3, 1 / once, 1.0, 0.0)]
        for key, (model, run, threads, batch, off) in facts.items():
            each = seconds[key] / batch
            rows.append((model, run, threads, batch, each * 1e3, 1 / each, once / each, off))
        report(COLUMNS, rows, given.json, size=SIZE, repeat=given.repeat)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=("light",), default=["light"])
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--threads", nargs="+", type=int, default=[os.cpu_count() or 1])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep random weights here, to use them again")
    parser.add_argument("--json", type=Path)
    main(parser.parse_args())
