"""Weights and the engine that runs them: what :func:`load_model` hands out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.errors import ModelError

if TYPE_CHECKING:
    from coconet_med.engines import Engine

#: Where the weights that travel with the package lie; further ones may be given by path.
WEIGHTS = Path(__file__).parent / "models"

NAMES = ("light",)

#: Networks of earlier releases, and why they are gone.
_GONE = {"full": "it was no better than light at 16 times the arithmetic; leave --model out"}
ENGINES = ("onnx", "openvino", "torch")

#: The file that each engine loads.
_SUFFIX = {"onnx": ".onnx", "openvino": ".onnx", "torch": ".pt"}


@dataclass(frozen=True)
class Model:
    """A network ready to fuse.  Keep it and pass it as ``model=`` for many cases: loading it costs more than a slice.

    Attributes:
        name: ``"light"``, or the path of the weights.
        path: file of the weights.
        sha256: hex digest of that file.
        engine: what runs it.
        card: the model card of released weights, else empty.
    """

    name: str
    path: Path
    sha256: str
    engine: Engine
    card: dict[str, Any]

    def provenance(self) -> dict[str, str]:
        """What a side-car or a DICOM header says about the network."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "version": str(self.card.get("version", "")),
            "engine": self.engine.name,
            "engine_version": self.engine.version,
            "device": self.engine.device,
            "precision": getattr(self.engine, "precision", "float32"),
        }


def load_model(
    name: str | Path = "light",
    *,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    single: bool = False,
) -> Model:
    """Load weights into an engine.

    Args:
        name: ``"light"`` (travels with the package), or the path of an ``.onnx`` or ``.pt`` file.
        engine: ``"onnx"``, ``"openvino"``, ``"torch"``, or ``"auto"``: what fits the file and is installed.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ...
        threads: threads of the engine on the CPU; ``None`` for all.
        single: whether it is for one slice alone: then ``"auto"`` is the engine that is ready first.

    Raises:
        ModelError: unknown name, missing or changed weights, or an engine or device that is not there.

    Example:
        >>> load_model("light", engine="onnx").engine.name
        'onnx'
    """
    path, engine = weights_file(name, engine, single=single)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    card = _card(path, sha256)
    # Released weights are known to pass in mixed precision; of others the engine finds out.
    known = {"proven": True} if engine == "openvino" and card else {}
    loaded = _engine_class(engine)(path, device=device, threads=threads, **known)
    return Model(str(name), path, sha256, loaded, card)


def weights_file(name: str | Path, engine: str = "auto", *, single: bool = False) -> tuple[Path, str]:
    """The file that a name stands for and the engine that loads it; nothing is loaded.

    Args:
        name: as in :func:`load_model`.
        engine: one of :data:`ENGINES`, or ``"auto"``.
        single: as in :func:`load_model`.

    Raises:
        ModelError: unknown name or engine, missing weights, or an engine that does not load such a file.
    """
    if engine not in ("auto", *ENGINES):
        msg = f"engine {engine!r}: choose auto, {', '.join(ENGINES)}"
        raise ModelError(msg)
    path = _weights(name, engine)
    if engine == "auto":
        engine = best_engine(path, single=single)
    if path.suffix != _SUFFIX[engine]:
        msg = f"{path.name}: the {engine} engine loads {_SUFFIX[engine]} files; choose another engine or file"
        raise ModelError(msg)
    return path, engine


def installed_engines() -> dict[str, bool]:
    """Which engines can be loaded here, without loading any."""
    libraries = {"onnx": "onnxruntime", "openvino": "openvino", "torch": "torch"}
    return {engine: find_spec(library) is not None for engine, library in libraries.items()}


def best_engine(path: Path, *, single: bool = False) -> str:
    """What ``engine="auto"`` takes for a file of weights: the fastest engine installed that loads it.

    OpenVINO before onnxruntime: on one or two cores with and without bfloat16 it was at least as fast (docs/speed.md);
    ``coconet-med doctor`` measures whether that holds here.  But it takes half a second longer until it is ready, so a
    single slice goes to onnxruntime.
    """
    if path.suffix == ".pt":
        return "torch"
    return "openvino" if not single and installed_engines()["openvino"] else "onnx"


def _engine_class(engine: str) -> Callable[..., Engine]:
    if engine == "onnx":
        from coconet_med.engines.onnx import OnnxEngine

        return OnnxEngine
    if engine == "openvino":
        from coconet_med.engines.openvino import OpenVinoEngine

        return OpenVinoEngine
    from coconet_med.engines.torch import TorchEngine

    return TorchEngine


def _weights(name: str | Path, engine: str) -> Path:
    if str(name) in NAMES:
        path = WEIGHTS / f"{name}{_SUFFIX.get(engine, '.onnx')}"
        if not path.is_file():
            remedy = "install coconet-med again"
            if path.suffix == ".pt":
                remedy = "use another engine"
            msg = f"model {str(name)!r}: its {path.suffix} weights are not in this installation; {remedy}"
            raise ModelError(msg)
        return path
    if str(name) in _GONE:
        msg = f"model {str(name)!r}: is not released any more: {_GONE[str(name)]}"
        raise ModelError(msg)
    path = Path(name)
    if not path.is_file():
        msg = f"model {str(name)!r}: neither {' nor '.join(NAMES)}, and no such file; give .onnx or .pt weights"
        raise ModelError(msg)
    if path.suffix not in (".onnx", ".pt"):
        msg = f"{path}: weights are .onnx or .pt files"
        raise ModelError(msg)
    return path


def _card(path: Path, sha256: str) -> dict[str, Any]:
    """The card beside released weights, after checking that they are the ones it describes."""
    if path.parent != WEIGHTS:
        return {}
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    stated = card["files"][path.name]["sha256"]
    if stated != sha256:
        msg = f"{path}: is damaged (sha256 {sha256[:12]}…, released {stated[:12]}…); install coconet-med again"
        raise ModelError(msg)
    return card
