"""From a trained network to released weights: ``NAME.onnx``, ``NAME.pt`` and the card ``NAME.json`` beside them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
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


def export_onnx(net: CoCoNet, path: Path) -> float:
    """Write ``path`` with input ``image`` and output ``pred``, free batch, height and width.

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
            net,
            (torch.rand(2, 2, 64, 80),),
            input_names=["image"],
            output_names=["pred"],
            dynamic_shapes=(free,),
            dynamo=True,
            verbose=False,
        )
    program.save(str(path), external_data=False)
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
            expected = net(image).numpy()
        worst = max(worst, float(np.abs(engine.run(image.numpy()) - expected).max()))
    return worst


def release(net: CoCoNet, name: str, folder: Path, card: dict[str, Any]) -> Path:
    """Write weights in both forms, and the card with their sha256; returns the path of the card.

    Earlier files of that name are replaced, and only when all three are finished.

    Raises:
        ModelError: the exported network differs from torch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        onnx, state, out = (Path(unfinished) / f"{name}.{suffix}" for suffix in ("onnx", "pt", "json"))
        card = {**card, "onnx_minus_torch": export_onnx(net, onnx)}
        torch.save(net.state_dict(), state)
        card["files"] = {
            path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
            for path in (onnx, state)
        }
        out.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        for path in (onnx, state, out):
            os.replace(path, folder / path.name)
    return folder / out.name
