"""One training of the bundle in its folder: begun clean, kept after every epoch, and resumed where it ended."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Events
from ignite.handlers import Checkpoint
from monai.handlers import CheckpointSaver

from coconet_med.errors import OptionError, ReadError, WriteError

#: What a training leaves; the last is what it is resumed from.
FILES = ("model.pt", "model_last.pt", "checkpoint.pt")


class Session:
    """Ties a MONAI trainer to the folder of its results.

    Args:
        trainer: the :class:`monai.engines.SupervisedTrainer`.
        evaluator: that judges it.
        network: being trained; may be wrapped for several processes.
        optimizer: its state is kept.
        lr_scheduler: its state is kept.
        handlers: of the evaluator; the one among them that keeps the best weights is told of earlier ones.
        ckpt_dir: folder of the results.
        weights: file that a fine-tuning begins with.
        resume: go on with the training in ``ckpt_dir``.
        baseline: judge the weights that training begins with, so that the best ones are never worse.
    """

    def __init__(
        self,
        *,
        trainer: Any,
        evaluator: Any,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        lr_scheduler: Any,
        handlers: Sequence[Any],
        ckpt_dir: str | Path,
        weights: str | Path = "",
        resume: bool = False,
        baseline: bool = False,
    ) -> None:
        self._trainer, self._evaluator, self._handlers = trainer, evaluator, handlers
        self._parts = {
            "model": getattr(network, "module", network),
            "optimizer": optimizer,
            "lr_scheduler": lr_scheduler,
        }
        self._folder, self._weights, self._resume = Path(ckpt_dir), Path(weights), resume
        self._baseline = baseline

    def begin(self) -> None:
        """Load what is resumed, or put results of an earlier training aside; then keep every epoch.

        Raises:
            ReadError: there is nothing to resume, or it is damaged.
            OptionError: it has all its epochs already.
        """
        first = int(os.environ.get("RANK", "0")) == 0
        if self._resume:
            self._load()
        elif first:
            self._put_aside()
        if self._baseline and not self._resume:  # behind the handler that loads the weights
            self._trainer.add_event_handler(Events.STARTED, lambda: self._evaluator.run())
        if first:
            self._trainer.add_event_handler(Events.EPOCH_COMPLETED, self._keep)

    def _put_aside(self) -> None:
        earlier = [self._folder / name for name in FILES if (self._folder / name).exists()]
        if not earlier:
            return
        number = 1
        while (aside := self._folder / f"earlier-{number}").exists():
            number += 1
        try:
            aside.mkdir()
            for path in earlier:
                if path.resolve() == self._weights.resolve():
                    shutil.copy2(path, aside / path.name)  # training begins with it
                else:
                    path.rename(aside / path.name)
        except OSError as error:
            msg = f"{self._folder}: cannot be written ({error.strerror}); choose another output_dir"
            raise WriteError(msg) from error
        print(
            f"note: {self._folder} held an earlier training; its files are now in {aside.name} "
            "(--resume True goes on with one)",
            file=sys.stderr,
        )

    def _keep(self, engine: Any) -> None:
        state = {name: part.state_dict() for name, part in self._parts.items()}
        best = getattr(self._evaluator.state, "best_metric", None)
        judged = getattr(self._evaluator.state, "best_metric_epoch", -1) > 0
        state |= {"epoch": engine.state.epoch, "best": float(best) if judged and best is not None else None}
        part = self._folder / ".checkpoint.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            torch.save(state, part)
            part.replace(self._folder / "checkpoint.pt")
        except (OSError, RuntimeError) as error:
            msg = f"{self._folder}: cannot be written; free space, or choose another output_dir"
            raise WriteError(msg) from error

    def _load(self) -> None:
        path = self._folder / "checkpoint.pt"
        if not path.is_file():
            msg = f"{path}: no training to resume; leave --resume out, or give its --output_dir"
            raise ReadError(msg)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            for name, part in self._parts.items():
                part.load_state_dict(state[name])
            epoch, best = int(state["epoch"]), state["best"]
        except Exception as error:  # torch raises almost any kind on a damaged or foreign file
            msg = f"{path}: damaged, or of another network; begin anew without --resume"
            raise ReadError(msg) from error
        trainer = self._trainer.state
        if epoch >= trainer.max_epochs:
            msg = f"{path}: has {epoch} epochs already; raise --epochs above that to go on"
            raise OptionError(msg)
        trainer.epoch, trainer.iteration = epoch, epoch * trainer.epoch_length
        if best is not None and (self._folder / "model.pt").exists():
            self._evaluator.state.best_metric, self._evaluator.state.best_metric_epoch = best, epoch
            for handler in self._handlers:
                if isinstance(handler, CheckpointSaver) and handler._key_metric_checkpoint is not None:
                    handler._key_metric_checkpoint._saved = [Checkpoint.Item(best, "model.pt")]
