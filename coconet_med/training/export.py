"""From a trained network to released weights: ``NAME.onnx``, ``NAME.pt`` and the card ``NAME.json`` beside them."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from coconet_med.errors import ModelError
from coconet_med.network import CoCoNet

#: Largest difference between torch and the exported network that is taken for rounding.
TOLERANCE = 1e-4

#: Sizes (batch, height, width) at which an export is compared with torch.
TRIED = ((1, 256, 256), (3, 64, 80), (2, 181, 217), (1, 512, 400))


#: Tensors of at least so many numbers are stored in half precision where that is wanted; the rest is not worth it.
_LARGE = 1024


class _FieldOf(CoCoNet):
    """A mixing network as it is exported: from sources at its resolution to their field."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.low_passed_field(image)


def _exported_part(net: CoCoNet) -> CoCoNet:
    part = copy.copy(net)
    if net.mixed:
        part.__class__ = _FieldOf  # rather than a module around it, so that weights keep their names
    return part


def export_onnx(net: CoCoNet, path: Path, *, half: bool = False) -> float:
    """Write ``path`` with input ``image`` and output ``field`` (of a network that does not mix: ``pred``).

    Batch, height and width are free.

    Args:
        net: the network; with ``half`` its large weights must be numbers of half precision (:func:`rounded`).
        path: where to.
        half: store the weights in half precision.  Engines turn them into float32 as they load the file.

    Returns:
        The largest difference from torch over the sizes of :data:`TRIED`.

    Raises:
        ModelError: the exported network differs from torch by more than :data:`TOLERANCE`.
    """
    net = net.eval().float().cpu()
    free = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():  # the exporter warns about its own internals
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _exported_part(net),
            (torch.rand(2, 2, 64, 80),),
            input_names=["image"],
            output_names=["field" if net.mixed else "pred"],
            dynamic_shapes=(free,),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is, with dynamo
    program.save(str(path), external_data=False)
    _forget_traces(path)
    if half:
        _store_half(path)
    worst = largest_difference(net, path)
    if worst > TOLERANCE:
        msg = f"{path}: the exported network differs from torch by {worst:.2g}, more than {TOLERANCE:g}"
        raise ModelError(msg)
    return worst


def largest_difference(net: CoCoNet, path: Path) -> float:
    """Largest absolute difference between torch and an exported network over the sizes of :data:`TRIED`."""
    from coconet_med.engines.onnx import OnnxEngine

    engine = OnnxEngine(path, device="cpu")
    generator = torch.Generator().manual_seed(1)
    worst = 0.0
    for batch, height, width in TRIED:
        image = torch.rand(batch, 2, height, width, generator=generator)
        with torch.inference_mode():
            expected = (net.low_passed_field(image) if net.mixed else net(image)).numpy()
        worst = max(worst, float(np.abs(engine.run(image.numpy()) - expected).max()))
    return worst


def rounded(net: CoCoNet, *, half: bool = False) -> CoCoNet:
    """A copy of the network whose weights of convolutions lose nothing where engines compute in bfloat16.

    So what such an engine rounds are the features alone.  The last layer, which is computed in float32, keeps its
    weights, and batch norm its statistics.

    Args:
        net: the network.
        half: all large weights become numbers of half precision as well.
    """
    out = copy.deepcopy(net).float()
    with torch.no_grad():
        for name, weights in out.named_parameters():
            if weights.ndim == 4 and not name.startswith("out."):
                weights.copy_(weights.bfloat16())
            if half and weights.numel() >= _LARGE:  # does not undo it: half precision has more digits
                weights.copy_(weights.half())
    return out


def _packed(net: CoCoNet) -> dict[str, torch.Tensor]:
    """The state of a rounded network, large weights in half precision: nothing is lost."""
    large = {name for name, weights in net.named_parameters() if weights.numel() >= _LARGE}
    return {name: value.half() if name in large else value for name, value in net.state_dict().items()}


def _forget_traces(path: Path) -> None:
    """Take out what the exporter notes beside each node: lines of code, with the folders of the machine it ran on."""
    import onnx

    model = onnx.load(str(path))
    for holder in (model, model.graph, *model.graph.node, *model.graph.value_info):
        holder.ClearField("metadata_props")
    onnx.save(model, str(path))


def _store_half(path: Path) -> None:
    """Replace large float32 tensors of an ONNX file by their half-precision form and a cast."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _LARGE:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        cast = helper.make_node("Cast", [f"{name}_half"], [name], name=name, to=TensorProto.FLOAT)
        model.graph.node.insert(0, cast)
    onnx.save(model, str(path))


def release(
    net: CoCoNet,
    name: str,
    folder: Path,
    card: dict[str, Any],
    *,
    half: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Write weights in both forms, and the card with their sha256; returns the path of the card.

    The network is rounded (:func:`rounded`) before anything else, so both files still compute the same.  Earlier files
    of that name are replaced, and only when all three are finished.

    Args:
        net: the network.
        name: of the files.
        folder: where to.
        card: what the card says besides.
        half: store large tensors in half precision, for half the size.
        progress: called with (``"export"``, steps done, all steps).

    Raises:
        ModelError: the exported network differs from torch.
    """
    report = progress or (lambda stage, done, total: None)
    folder.mkdir(parents=True, exist_ok=True)
    report("export", 0, 2)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        onnx, state, out = (Path(unfinished) / f"{name}.{suffix}" for suffix in ("onnx", "pt", "json"))
        net = rounded(net, half=half)
        card = {**card, "onnx_minus_torch": export_onnx(net, onnx, half=half)}
        report("export", 1, 2)
        torch.save(_packed(net) if half else net.state_dict(), state)
        card["files"] = {
            path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
            for path in (onnx, state)
        }
        out.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        for path in (onnx, state, out):
            os.replace(path, folder / path.name)
    report("export", 2, 2)
    return folder / out.name
