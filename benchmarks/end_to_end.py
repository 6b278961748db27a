"""Files to files: how long ``fuse`` takes, which stage takes how much, and how much memory.

Two volumes are made of the phantom head: 256 x 256 x 150 and 512 x 512 x 200 voxels (NIfTI, int16, compressed), with
a PET on its own coarser grid.  Each case runs in a process of its own, with the network loaded as the command does.

The stages overlap: the alignment is checked while the network is at work.  So their seconds add up to more than the
whole, and "times network" compares the whole with the network alone, which gets the same slices again with nothing
beside it.

    python benchmarks/end_to_end.py
    python benchmarks/end_to_end.py --sizes large --register auto --engine onnx --json end.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from timing import peak_memory, report

SIZES = {"small": (256, 256, 150), "large": (512, 512, 200)}

#: Where each stage of the work is entered.
STAGES = {
    "read": [("coconet_med.steps.prepare", "read_pair")],
    "resample": [("coconet_med.align.resampled:Resampled", "_on")],
    "check": [("coconet_med.align.guess", "examine"), ("coconet_med.align.guess", "align")],
    "align": [("coconet_med.steps.prepare", "aligned")],
    "window": [("coconet_med.steps.windows", "window_for"), ("coconet_med.slice_pairs:SlicePairs", "_scaled")],
    "network": [("coconet_med.inference", "_padded_run")],
    "color": [("coconet_med.steps.painting", "compose")],
    "write": [("coconet_med.writers", "write")],
}


def make_files(folder: Path, size: str) -> tuple[Path, Path]:
    """A T1 of this size and a PET on a 3 mm grid; made once."""
    import SimpleITK as sitk

    from coconet_med.phantom import head_phantom
    from coconet_med.writers.volumes import write_volume

    paths = folder / f"{size}_t1.nii.gz", folder / f"{size}_pet.nii.gz"
    if not paths[0].is_file():
        head = head_phantom(spacing=2.0, pet_spacing=3.0)
        write_volume(as_scanned(head.t1, SIZES[size]), paths[0])
        write_volume(sitk.Cast(head.pet, sitk.sitkInt16), paths[1])
    return paths


def as_scanned(image: Any, size: tuple[int, int, int]) -> Any:
    """The image on a finer grid over the same field of view, with noise, as int16."""
    import SimpleITK as sitk

    extent = np.array(image.GetSize()) * image.GetSpacing()
    grid = sitk.Image(size, sitk.sitkUInt8)
    grid.SetSpacing((extent / size).tolist())
    grid.SetDirection(image.GetDirection())
    first = (np.array(image.GetSize()) / size - 1) / 2
    grid.SetOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    fine = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, 0, sitk.sitkFloat32)
    values = sitk.GetArrayFromImage(fine)
    values += np.random.default_rng(0).normal(0, 0.006 * float(values.max()), values.shape).astype(np.float32)
    noisy = sitk.GetImageFromArray(np.clip(values, 0, 32_000).astype(np.int16))
    noisy.CopyInformation(fine)
    return noisy


def watched(seconds: dict[str, float]) -> None:
    """Let each stage add its time to ``seconds``."""
    import pkgutil

    def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def run(*given: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*given, **options)
            finally:
                seconds[stage] += time.perf_counter() - began

        return run

    for stage, places in STAGES.items():
        for module, name in places:
            place = pkgutil.resolve_name(module)
            setattr(place, name, timed(getattr(place, name), stage))


def network_alone(model: Any, result: Any) -> float:
    """Seconds that the network takes for the slices of a result with nothing beside it: the better of two times."""
    import SimpleITK as sitk

    from coconet_med.inference import Fusion
    from coconet_med.slices import slicing_of

    class Recorder:
        slices = getattr(model.engine, "slices", 1)
        gives_field = model.engine.gives_field

        def __init__(self) -> None:
            self.given: list[np.ndarray] = []

        def run(self, image: np.ndarray) -> np.ndarray:
            self.given.append(image)
            return np.zeros((len(image), 3 if self.gives_field else 1, *image.shape[2:]), np.float32)

    recorder, taken = Recorder(), []
    values = [sitk.GetArrayViewFromImage(image) for image in (result.anatomy.image, result.uptake)]
    slicing = slicing_of(result.anatomy.image, plane=result.plane)
    fusion = Fusion(
        *values,
        slicing=slicing,
        engine=recorder,
        spacing=slicing.spacing(result.anatomy.image),
        windows=(result.anatomy_window, result.window),
        findings=False,
    )
    for _ in fusion.batches():
        pass
    with ThreadPoolExecutor(2 if getattr(model.engine, "overlaps", False) else 1) as network:  # as Fusion does
        for _ in range(2):
            began = time.perf_counter()
            list(network.map(model.engine.run, recorder.given))
            taken.append(time.perf_counter() - began)
    return min(taken)


def one(anatomy: Path, function: Path, register: str, engine: str, repeat: int) -> dict[str, Any]:
    """Fuse and write; the first time with all imports and the loading of the network, then ``repeat`` times without."""
    began = time.perf_counter()
    import coconet_med

    results, seconds = [], defaultdict(float)
    model: Any = "light"
    for number in range(1 + repeat):
        if number == 1:
            model = coconet_med.load_model("light", engine=engine)
            watched(seconds)
        if number:
            seconds.clear()
            began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            result = coconet_med.fuse(anatomy, function, register=register, model=model, engine=engine)
            result.save(Path(folder) / "fused.nii.gz")
            total = time.perf_counter() - began
        if number == 0:
            peak = peak_memory()
        results.append({"total": total, **seconds})
        facts = result.provenance["model"]
        alone = network_alone(model, result) if number and number == repeat else None
        del result
    best = min(results[1:], key=lambda row: row["total"]) if repeat else results[0]
    return {
        **best,
        "alone": alone,
        "cold": results[0]["total"],
        "peak GiB": peak,
        "engine": facts["engine"],
        "numbers": facts["precision"],
    }


def main(given: argparse.Namespace) -> None:
    stages = list(STAGES)
    columns = (
        "volume",
        "register",
        "engine",
        "cold s",
        "warm s",
        "network alone s",
        "times network",
        *(f"{s} s" for s in stages),
        "peak GiB",
    )
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        for size in given.sizes:
            paths = make_files(folder, size)
            for register in given.register:
                command = [
                    sys.executable,
                    __file__,
                    "--one",
                    *map(str, paths),
                    register,
                    given.engine,
                    str(given.repeat),
                ]
                done = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
                rows.append(
                    (
                        " x ".join(map(str, SIZES[size])),
                        register,
                        f"{done['engine']}, {done['numbers']}",
                        done["cold"],
                        done["total"],
                        done["alone"] or float("nan"),
                        done["total"] / (done["alone"] or float("nan")),
                        *(done.get(stage, 0.0) for stage in stages),
                        done["peak GiB"],
                    )
                )
    report(columns, rows, given.json, repeat=given.repeat)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        first, second, mode, chosen, times = sys.argv[2:]
        print(json.dumps(one(Path(first), Path(second), mode, chosen, int(times))))
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["small", "large"])
    parser.add_argument("--register", nargs="+", choices=("auto", "never", "always"), default=["auto", "never"])
    parser.add_argument("--engine", choices=("auto", "onnx", "openvino", "torch"), default="auto")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the volumes here, to use them again")
    parser.add_argument("--json", type=Path)
    main(parser.parse_args())
