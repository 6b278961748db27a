"""OpenVINO: the fastest engine on the processors of most laptops and hospital PCs; an optional extra."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from coconet_med.engines import EngineName, Precision
from coconet_med.errors import ModelError

if TYPE_CHECKING:
    import openvino as ov

#: Slices computed at the same time, at most.
MOST_STREAMS = 4

#: Pixels of all slices computed at the same time: memory stays bounded whatever the size of the slices.  Four of 256 x
#: 256; of 512 x 512, one on all cores.
MOST_PIXELS = 4 * 256 * 256

#: Largest difference from float32 in everything that is taken: less than one of 255 gray levels.
PARITY = 1 / 255


class OpenVinoEngine:
    """Runs the same ``.onnx`` file as :class:`~coconet_med.engines.onnx.OnnxEngine`.

    CoCoNet is computed slice by slice on each core, its deep levels in bfloat16 where the processor has it
    (:mod:`coconet_med.engines.parts`); any other network as it is, in float32.

    Args:
        path: ``.onnx`` file with input ``image`` and output ``pred``, free batch and size.
        device: ``"auto"`` (which is the CPU), ``"cpu"``, or an OpenVINO device such as ``"gpu"``.
        threads: threads to use; ``None`` lets OpenVINO choose.
        precision: ``"mixed"``, ``"float32"``, or ``"auto"``: mixed where the processor has bfloat16.
        proven: these weights are known to pass in mixed precision.  If not, the first slice is computed in float32 as
            well, and so are all others if the two differ by more than :data:`PARITY`.

    Raises:
        ModelError: OpenVINO is not installed, the file is damaged, or the device is not there.
    """

    name: EngineName = "openvino"

    def __init__(
        self,
        path: Path,
        *,
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        proven: bool = False,
    ) -> None:
        try:
            import openvino as ov
        except ImportError as error:
            msg = 'the openvino engine is not installed: pip install "coconet-med[openvino]", or use --engine onnx'
            raise ModelError(msg) from error
        self._core, self._threads = ov.Core(), threads
        self._target = "CPU" if device == "auto" else device.upper()
        self.device, self.version = self._target.lower(), ov.__version__
        self.slices = min(threads or _cores(), MOST_STREAMS)
        try:
            self._model = self._core.read_model(str(path))
            self._network = self._in_parts(precision) or _Whole(self._core, self._model, self._target, threads)
        except Exception as error:  # OpenVINO raises RuntimeError kinds of its own
            msg = f"{path}: OpenVINO cannot run it on {self._target} ({str(error).splitlines()[0]}); use --engine onnx"
            raise ModelError(msg) from error
        self._checked, self._checking = proven or isinstance(self._network, _Whole), Lock()
        self.overlaps = isinstance(self._network, _InParts)

    @property
    def precision(self) -> Precision:
        return self._network.precision

    def run(self, image: np.ndarray) -> np.ndarray:
        image = np.ascontiguousarray(image, np.float32)
        with self._checking:
            if not self._checked:
                self._check(image[:1])
        return self._network.run(image)

    def prepare(self, height: int, width: int, *, slices: int) -> None:
        """Compile for so many slices of this size; otherwise the first run does."""
        self._network.prepare(height, width, slices)

    def _in_parts(self, precision: str) -> _InParts | None:
        """CoCoNet in three parts; ``None`` for another network or device."""
        from coconet_med.engines.parts import weights_of

        if self._target != "CPU":
            return None
        able = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        try:
            weights = weights_of(self._model)
        except ModelError:
            return None
        mixed = precision == "mixed" or (precision == "auto" and able)
        return _InParts(self._core, weights, streams=self.slices, threads=self._threads, mixed=mixed)

    def _check(self, image: np.ndarray) -> None:
        whole = _Whole(self._core, self._model, self._target, self._threads)
        if np.abs(whole.run(image) - self._network.run(image)).max() > PARITY:
            self._network = whole
        self._checked = True


class _Network(Protocol):
    precision: Precision

    def prepare(self, height: int, width: int, slices: int) -> None: ...

    def run(self, image: np.ndarray) -> np.ndarray: ...


class _Whole:
    """A network as the file has it, in float32: left alone, OpenVINO takes bfloat16 where there is any."""

    precision: Precision = "float32"

    def __init__(self, core: ov.Core, model: ov.Model, target: str, threads: int | None) -> None:
        config: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        self._compiled, self._one_at_a_time = core.compile_model(model, target, config), Lock()

    def prepare(self, height: int, width: int, slices: int) -> None:
        """Ready for any size."""

    def run(self, image: np.ndarray) -> np.ndarray:
        with self._one_at_a_time:
            return np.array(self._compiled(image)[0])


class _InParts:
    """CoCoNet in three parts, several slices at a time, each on its own thread: faster than all threads on one.

    A picture that comes alone has all threads.
    """

    def __init__(
        self, core: ov.Core, weights: dict[str, np.ndarray], *, streams: int, threads: int | None, mixed: bool
    ) -> None:
        self.precision: Precision = "mixed" if mixed else "float32"
        self._core, self._weights, self._streams = core, weights, streams
        self._config: dict[str, object] = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}
        if threads:
            self._config["INFERENCE_NUM_THREADS"] = threads
        self._pool = ThreadPoolExecutor(streams, "coconet")
        self._size, self._at_once = (0, 0), 0
        self._compiling = Lock()
        self._chains: SimpleQueue[_Chain] = SimpleQueue()

    def prepare(self, height: int, width: int, slices: int) -> None:
        size = _whole_steps(height), _whole_steps(width)
        at_once = 1 if slices == 1 else max(1, min(self._streams, MOST_PIXELS // (size[0] * size[1])))
        with self._compiling:
            if size != self._size or at_once > self._at_once:
                self._compile(*size, at_once)

    def run(self, image: np.ndarray) -> np.ndarray:
        count, _, height, width = image.shape
        self.prepare(height, width, count)
        size = self._size
        fill = [(0, whole - n) for whole, n in zip(size, (height, width), strict=True)]
        fused = np.empty((count, 1, height, width), np.float32)

        def fuse(number: int) -> None:
            one = image[number : number + 1]
            if size != (height, width):
                one = np.pad(one, ((0, 0), (0, 0), *fill), mode="edge")
            chain = self._chains.get()
            try:
                fused[number] = chain.run(one)[0, :, :height, :width]
            finally:
                self._chains.put(chain)

        if count == 1:
            fuse(0)
        else:
            list(self._pool.map(fuse, range(count)))
        return fused

    def _compile(self, height: int, width: int, at_once: int) -> None:
        """Make ready for slices of this size, so many at a time; the slices of a volume have but one size."""
        from coconet_med.engines.parts import build_parts

        deep = "bf16" if self.precision == "mixed" else "f32"
        parts = build_parts(self._weights, height, width, deep=deep)
        config = {**self._config, "NUM_STREAMS": at_once}
        jobs = [(parts.fine, "f32"), (parts.deep, deep), (parts.finish, "f32")]
        self._chains = SimpleQueue()

        def compiled(job: tuple[ov.Model, str]) -> ov.CompiledModel:
            return self._core.compile_model(job[0], "CPU", {**config, "INFERENCE_PRECISION_HINT": job[1]})

        models = list(self._pool.map(compiled, jobs))
        for _ in range(at_once):
            self._chains.put(_Chain(models))
        self._size, self._at_once = (height, width), at_once


class _Chain:
    """One request for each part, where the outputs of a part are the inputs of the later ones, in the same memory."""

    def __init__(self, compiled: list[ov.CompiledModel]) -> None:
        self._requests: list[Any] = [model.create_infer_request() for model in compiled]
        for first, earlier in enumerate(compiled):
            made = {name for output in earlier.outputs for name in output.get_names()}
            for later, model in enumerate(compiled[first + 1 :], first + 1):
                for name in (name for wanted in model.inputs for name in wanted.get_names()):
                    if name in made:
                        self._requests[later].set_tensor(name, self._requests[first].get_tensor(name))

    def run(self, image: np.ndarray) -> np.ndarray:
        """(1, 2, H, W) -> (1, 1, H, W); valid until the next call."""
        import openvino as ov

        fine, deep, finish = self._requests
        for request in (fine, finish):
            request.set_tensor("image", ov.Tensor(image, shared_memory=True))
        for request in (fine, deep, finish):
            request.infer()
        return finish.get_tensor("pred").data.transpose(0, 3, 1, 2)


def _whole_steps(side: int) -> int:
    from coconet_med.engines.parts import SIZE_MULTIPLE

    return side + -side % SIZE_MULTIPLE


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
