"""What a training leaves to look at: a log, curves and sample pictures for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from coconet_med.color import compose
from coconet_med.engines.torch import NetworkEngine
from coconet_med.inference import fuse_pictures
from coconet_med.network import CoCoNet
from coconet_med.training.data import SlicePair

#: Pairs shown in the sample picture.
SHOWN = 4


class Journal:
    """Writes ``log.jsonl``, ``samples.png`` and, where tensorboard is installed, its event files, into one folder.

    Args:
        folder: where to.
        samples: pairs of which pictures are shown.
    """

    def __init__(self, folder: Path, samples: list[SlicePair]) -> None:
        self.folder = folder
        stride = max(1, len(samples) // SHOWN)
        self.samples = samples[::stride][:SHOWN]
        self._board = _board(folder)

    def write(self, entry: dict[str, float]) -> None:
        """Add the figures of one step; ``step`` is among them."""
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
        if self._board:
            for name, value in entry.items():
                if name != "step":
                    self._board.add_scalar(name, value, int(entry["step"]))
            self._board.flush()

    def show(self, net: CoCoNet, step: int) -> None:
        """Rows of anatomy, function, fused luminance and its coloring."""
        if not self.samples:
            return
        rows = [_row(net, pair) for pair in self.samples]
        width = max(row.shape[1] for row in rows)
        sheet = np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
        from PIL import Image

        Image.fromarray(sheet).save(self.folder / "samples.png")
        if self._board:
            self._board.add_image("samples", sheet, step, dataformats="HWC")

    def close(self) -> None:
        """Finish the files."""
        if self._board:
            self._board.close()


def fuse_pair(net: CoCoNet, pair: SlicePair) -> tuple[np.ndarray, np.ndarray]:
    """Sources (2, H, W) and fused luminance (H, W) of one pair, float32 in [0, 1], as ``fuse`` gives them."""
    image = torch.stack([pair.anatomy, pair.function]).float().numpy()
    return image, fuse_pictures(image[None], NetworkEngine(net))[0, 0]


def _row(net: CoCoNet, pair: SlicePair) -> np.ndarray:
    (anatomy, function), fused = fuse_pair(net, pair)
    gray = [np.repeat((255 * x + 0.5).astype(np.uint8)[..., None], 3, axis=-1) for x in (anatomy, function, fused)]
    return np.concatenate([*gray, compose(fused, function)], axis=1)


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))
