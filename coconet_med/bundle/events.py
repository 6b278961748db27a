"""The event file of TensorBoard: one for a run, whatever writes to it and however many processes run."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class EventWriter:
    """A ``SummaryWriter`` that makes its file when something is written first.

    Every handler of MONAI that is given a folder makes a file of its own, at once; so do handlers of further processes
    that write nothing.  Given one of these instead, they share a file, and only the process that writes makes it.

    Args:
        log_dir: folder of the event file.
    """

    def __init__(self, log_dir: str | Path) -> None:
        self._folder = str(log_dir)
        self._writer: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._writer is None:
            if name in ("flush", "close"):
                return lambda: None  # nothing was written
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self._folder)
        return getattr(self._writer, name)
