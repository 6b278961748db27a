"""What is installed here, which engine will be used, and what is missing, in words a user can act on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from importlib import metadata
from typing import Any

import numpy as np

from coconet_med._version import __version__
from coconet_med.engines import PARITY
from coconet_med.errors import ModelError, installs
from coconet_med.model import NAMES, WEIGHTS, best_engine, installed_engines, load_model
from coconet_med.system.telemetry import reports

_LIBRARIES = ("numpy", "SimpleITK", "nibabel", "pydicom", "onnxruntime", "openvino", "torch", "monai")
_EXTRA = {"openvino": "openvino", "torch": "monai"}

#: Engines that are tried out; torch alone takes longer to import than all of the rest.
_TRIED = ("onnx", "openvino")

#: Side of the slice that they fuse.
_SIDE = 128

#: How many times slower than the fastest the engine of ``auto`` may be before the doctor says so: clocks are noisy.
_SLOWER = 1.3


def examine() -> dict[str, Any]:
    """Findings by topic, plain JSON types only; ``problems`` is empty where all is well."""
    weights = {name: _weights(name) for name in NAMES}
    engines = installed_engines()
    problems = [f"model {name}: {w['problem']}" for name, w in weights.items() if w.get("problem")]
    if not engines["onnx"]:
        problems.append("onnxruntime is missing: pip install onnxruntime")
    chosen = best_engine(WEIGHTS / "light.onnx")
    measured = {} if weights["light"].get("problem") else _measured(engines)
    problems += _complaints(chosen, measured)
    telemetry = reports()
    problems += [f"telemetry of {name}: {state}" for name, state in telemetry.items() if state != "off"]
    return {
        "coconet-med": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "engines": {
            name: "installed" if here else installs(_EXTRA[name]) if name in _EXTRA else "pip install onnxruntime"
            for name, here in engines.items()
        },
        "engine_auto": chosen,
        "engine_auto_pictures": best_engine(WEIGHTS / "light.onnx", single=True),
        "engine_auto_reason": _reason(chosen, measured),
        "engines_measured": measured,
        "onnxruntime_devices": _onnx_devices() if engines["onnx"] else [],
        "telemetry": telemetry,
        "weights": weights,
        "problems": problems,
    }


def to_text(findings: dict[str, Any]) -> str:
    """The findings as lines for a terminal."""
    lines = [f"coconet-med {findings['coconet-med']}, Python {findings['python']}, {findings['system']}"]
    lines += [f"  {name:12} {version or 'not installed'}" for name, version in findings["libraries"].items()]
    lines += ["engines"]
    lines += [f"  {name:12} {state}" for name, state in findings["engines"].items()]
    for name, found in findings["engines_measured"].items():
        if "problem" not in found:
            lines += [
                f"  {name:12} {found['ms_per_slice']:.1f} ms for a slice of {_SIDE} x {_SIDE}, {found['precision']}, "
                f"off by {found['gray_levels']:.2f} of 255 gray levels"
            ]
    lines += [f"  --engine auto takes {findings['engine_auto']}: {findings['engine_auto_reason']}"]
    if findings["engine_auto_pictures"] != findings["engine_auto"]:
        lines += [f"  for two pictures it takes {findings['engine_auto_pictures']}, which is ready first"]
    lines += [f"  onnxruntime can use {', '.join(findings['onnxruntime_devices']) or 'nothing'}"]
    telemetry = ", ".join(f"{name} {state}" for name, state in findings["telemetry"].items())
    lines += [f"  telemetry (what libraries would send to their makers): {telemetry}"]
    lines += ["weights"]
    for name, weights in findings["weights"].items():
        lines += [f"  {name:12} {weights.get('problem') or weights['sha256']}"]
    problems = [f"  {problem}" for problem in findings["problems"]]
    return "\n".join(lines + (["to mend", *problems] if problems else ["all is well"]))


def _measured(engines: dict[str, bool]) -> dict[str, dict[str, Any]]:
    """What each installed engine makes of one slice of the phantom: time, and the largest difference to onnxruntime."""
    from coconet_med.blending.field import Grid
    from coconet_med.inference import fuse_pictures
    from coconet_med.phantom import slice_pair

    image = np.stack(slice_pair(_SIDE)).astype(np.float32)[None] / 255
    found: dict[str, dict[str, Any]] = {}
    fused: dict[str, np.ndarray] = {}
    for name in (name for name in _TRIED if engines[name]):
        try:
            engine = load_model("light", engine=name, device="cpu").engine
            fused[name] = fuse_pictures(image, engine)
            found[name] = {
                "ms_per_slice": _milliseconds(engine, Grid().reduced(image) if engine.gives_field else image),
                "precision": getattr(engine, "precision", "float32"),
            }
        except (ModelError, RuntimeError) as error:
            found[name] = {"problem": str(error).splitlines()[0]}
    for name in fused:
        others = [np.abs(fused[name] - other).max() * 255 for other in fused.values()]
        found[name]["gray_levels"] = float(max(others))
    return found


def _milliseconds(engine: Any, image: np.ndarray) -> float:
    """Per slice, with as many slices at a time as the engine wants, best of three."""
    count = getattr(engine, "slices", 1)
    several, times = np.repeat(image, count, axis=0), []
    for _ in range(4):
        began = time.perf_counter()
        engine.run(several)
        times.append((time.perf_counter() - began) * 1e3 / count)
    return round(min(times[1:]), 2)


def _complaints(chosen: str, measured: dict[str, dict[str, Any]]) -> list[str]:
    """What speaks against the engine that ``auto`` takes, on this machine."""
    mine = measured.get(chosen)
    if mine is None:
        return []
    if "problem" in mine:
        return [f"engine {chosen}: {mine['problem']}"]
    found = []
    if mine["gray_levels"] > PARITY * 255:
        found.append(f"engine {chosen}: is off by {mine['gray_levels']:.1f} gray levels on this processor")
    for name, other in measured.items():
        if "problem" not in other and mine["ms_per_slice"] > _SLOWER * other["ms_per_slice"]:
            found.append(f"engine {chosen}: {name} is faster here; use --engine {name}")
    return found


def _reason(chosen: str, measured: dict[str, dict[str, Any]]) -> str:
    works = {name: found for name, found in measured.items() if "problem" not in found}
    if chosen not in works:
        return "the one that is installed" if not measured else "preferred, but it does not work here"
    if len(works) == 1:
        return f"the only one installed; openvino may be faster: {installs('openvino')}"
    fastest = min(works, key=lambda name: works[name]["ms_per_slice"])
    others = max(found["ms_per_slice"] for found in works.values())
    if fastest == chosen:
        return f"the fastest, {others / works[chosen]['ms_per_slice']:.1f} times as fast as the other, and correct"
    return "as a rule the fastest"


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _onnx_devices() -> list[str]:
    import onnxruntime

    return [name.removesuffix("ExecutionProvider").lower() for name in onnxruntime.get_available_providers()]


def _weights(name: str) -> dict[str, str]:
    path, card = WEIGHTS / f"{name}.onnx", WEIGHTS / f"{name}.json"
    if not path.is_file() or not card.is_file():
        return {"problem": "no weights in this installation (give --model PATH to use your own)"}
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if json.loads(card.read_text(encoding="utf-8"))["files"][path.name]["sha256"] != sha256:
        return {"problem": "the weights are damaged; install coconet-med again"}
    return {"sha256": sha256, "path": str(path)}
