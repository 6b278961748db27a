"""What is installed here, which engine will be used, and what is missing, in words a user can act on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib import metadata
from typing import Any

from coconet_med._version import __version__
from coconet_med.model import NAMES, WEIGHTS, installed_engines

_LIBRARIES = ("numpy", "SimpleITK", "nibabel", "pydicom", "onnxruntime", "openvino", "torch", "monai")
_EXTRA = {"openvino": "openvino", "torch": "monai"}


def examine() -> dict[str, Any]:
    """Findings by topic, plain JSON types only; ``problems`` is empty where all is well."""
    weights = {name: _weights(name) for name in NAMES}
    engines = installed_engines()
    problems = [f"model {name}: {w['problem']}" for name, w in weights.items() if w.get("problem")]
    if not engines["onnx"]:
        problems.append("onnxruntime is missing: pip install onnxruntime")
    chosen = "openvino" if engines["openvino"] else "onnx"
    return {
        "coconet-med": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "engines": {
            name: "installed" if here else f'pip install "coconet-med[{_EXTRA.get(name, "")}]"'
            for name, here in engines.items()
        },
        "engine_auto": chosen,
        "onnxruntime_devices": _onnx_devices() if engines["onnx"] else [],
        "weights": weights,
        "problems": problems,
    }


def to_text(findings: dict[str, Any]) -> str:
    """The findings as lines for a terminal."""
    lines = [f"coconet-med {findings['coconet-med']}, Python {findings['python']}, {findings['system']}"]
    lines += [f"  {name:12} {version or 'not installed'}" for name, version in findings["libraries"].items()]
    lines += ["engines"]
    lines += [f"  {name:12} {state}" for name, state in findings["engines"].items()]
    lines += [f"  --engine auto takes {findings['engine_auto']}"]
    lines += [f"  onnxruntime can use {', '.join(findings['onnxruntime_devices']) or 'nothing'}"]
    lines += ["weights"]
    for name, weights in findings["weights"].items():
        lines += [f"  {name:12} {weights.get('problem') or weights['sha256']}"]
    problems = [f"  {problem}" for problem in findings["problems"]]
    return "\n".join(lines + (["to mend", *problems] if problems else ["all is well"]))


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
    if json.loads(card.read_text())["files"][path.name]["sha256"] != sha256:
        return {"problem": "the weights are damaged; install coconet-med again"}
    return {"sha256": sha256, "path": str(path)}
