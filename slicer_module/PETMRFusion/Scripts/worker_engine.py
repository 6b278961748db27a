"""The network in the worker: checked weights, and an engine that makes do with the memory there is."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from coconet_med.engines import Engine
    from coconet_med.model import Model

#: Words by which libraries say that memory ran out: torch, CUDA, onnxruntime, OpenVINO, C++.
_OUT_OF_MEMORY = ("out of memory", "failed to allocate memory", "bad_alloc", "alloc_failed", "not enough memory")


def load(orders: dict[str, Any], say: Callable[..., None], tick: Callable[[int], None]) -> Model:
    """The model of the orders, checked, with an engine that falls back to smaller batches, then to the CPU.

    Args:
        orders: ``model`` (a name or a path), ``sha256`` (what the file must be; optional), ``engine``, ``device``.
        say: tells the parent of a fall-back.
        tick: called with the number of slices just fused; may raise to stop.
    """
    from coconet_med.model import load_model

    name, engine, device = orders.get("model") or "light", orders.get("engine", "auto"), orders.get("device", "auto")
    check_sha256(name, orders.get("sha256"))
    model = load_model(name, engine=engine, device=device)

    def on_cpu() -> Engine:
        return load_model(name, engine=model.engine.name, device="cpu").engine

    return replace(model, engine=ThriftyEngine(model.engine, on_cpu=on_cpu, say=say, tick=tick))


def check_sha256(name: str | Path, expected: str | None) -> None:
    """Refuse a model file that is not the one expected.

    What is expected comes from the orders, else from a file ``NAME.sha256`` beside the weights.  The weights that
    travel with coconet-med are checked against their own card when they are loaded.

    Raises:
        ModelError: the file differs.
    """
    from coconet_med.errors import ModelError

    path = Path(name)
    beside = path.with_name(path.name + ".sha256")
    if not expected and beside.is_file():
        expected = next(iter(beside.read_text(encoding="utf-8", errors="replace").split()), "")
        if not re.fullmatch("[0-9a-fA-F]{64}", expected):
            msg = f"{beside}: holds no sha256 (64 hexadecimal digits); make it anew with sha256sum, or delete it"
            raise ModelError(msg)
    if not expected or not path.is_file():
        return
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected.lower():
        msg = f"{path}: is not the model expected (sha256 {found[:12]}…, expected {expected[:12]}…); get it again, or "
        msg += "choose the model anew if you changed it yourself"
        raise ModelError(msg)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, whichever library says it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return any(words in str(error).lower() for words in _OUT_OF_MEMORY)


class ThriftyEngine:
    """Runs slices in batches that fit: halved when memory runs out, then on the CPU.

    On the CPU slices run one at a time, so that each is reported, and a cancel is heard between two of them.

    Args:
        engine: what runs the network.
        on_cpu: makes the engine to fall back to.
        say: called with each fall-back.
        tick: called with the number of slices just fused; may raise to stop.
    """

    def __init__(
        self, engine: Engine, *, on_cpu: Callable[[], Engine], say: Callable[..., None], tick: Callable[[int], None]
    ) -> None:
        self._engine, self._on_cpu, self._say, self._tick = engine, on_cpu, say, tick
        self._largest: int | None = 1 if engine.device == "cpu" else None

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def device(self) -> str:
        return self._engine.device

    @property
    def version(self) -> str:
        return self._engine.version

    @property
    def gives_field(self) -> bool:
        return self._engine.gives_field

    def run(self, image: np.ndarray) -> np.ndarray:
        """(B, 2, H, W) -> (B, C, H, W), as :class:`coconet_med.engines.Engine`."""
        parts, start = [], 0
        while start < len(image):
            size = min(self._largest or len(image), len(image) - start)
            fused = self._attempt(image[start : start + size])
            if fused is None:
                continue  # with a smaller batch, or on the CPU
            parts.append(fused)
            start += size
            self._tick(size)
        return np.concatenate(parts)

    def _attempt(self, image: np.ndarray) -> np.ndarray | None:
        try:
            return self._engine.run(image)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            trouble = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        _release()
        if len(image) > 1:
            self._largest = len(image) // 2
            self._say("fallback", to=f"{self._largest} slices at a time", reason=trouble)
        elif self.device != "cpu":
            self._engine, self._largest = self._on_cpu(), 1
            self._say("fallback", to="cpu", reason=trouble)
        else:
            from coconet_med.errors import ModelError

            height, width = image.shape[-2:]
            msg = f"memory ran out on one slice of {width} x {height} pixels; close other programs, or crop the MRI"
            raise ModelError(msg)
        return None


def _release() -> None:
    """Give cached GPU memory back before the next attempt."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
