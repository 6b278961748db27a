"""One training of the bundle in its folder: begun clean, kept after every epoch, and resumed where it ended."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Events
from ignite.handlers import Checkpoint
from monai.data.utils import set_rnd
from monai.handlers import CheckpointSaver

from coconet_med.commands.progress import Reporter
from coconet_med.errors import OptionError, ReadError, WriteError

#: Seeds of the epochs lie this far apart, and those of the processes of one epoch that far.
_EPOCH_STRIDE, _RANK_STRIDE = 10_000_019, 1_000_003

#: What a training leaves; the last is what it is resumed from.
FILES = ("model.pt", "model_last.pt", "checkpoint.pt")


class Session:
    """Ties a MONAI trainer to the folder of its results.

    Args:
        trainer: the :class:`monai.engines.SupervisedTrainer`.
        evaluator: that validates it.
        network: being trained; may be wrapped for several processes.
        optimizer: its state is kept.
        lr_scheduler: its state is kept.
        handlers: of the evaluator; the one among them that keeps the best weights gets the earlier ones.
        ckpt_dir: folder of the results.
        weights: file that a fine-tuning begins with.
        resume: go on with the training in ``ckpt_dir``.
        baseline: validate the weights that training begins with, so that the best ones are never worse.
        interval: epochs between two runs of the validation handler; the last epoch is validated here if it misses it.
        seed: every epoch draws anew from this and its number: a resumed training draws what it would have drawn.
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
        interval: int = 1,
        seed: int = 0,
    ) -> None:
        self._trainer, self._evaluator, self._handlers = trainer, evaluator, handlers
        self._parts = {
            "model": getattr(network, "module", network),
            "optimizer": optimizer,
            "lr_scheduler": lr_scheduler,
        }
        self._folder, self._weights, self._resume = Path(ckpt_dir), Path(weights), resume
        self._baseline, self._interval, self._seed = baseline, interval, seed
        self._began_with: float | None = None
        if getattr(trainer, "scaler", None) is not None:  # of mixed precision
            self._parts["scaler"] = trainer.scaler

    def begin(self) -> None:
        """Load what is resumed, or put results of an earlier training aside; then keep every epoch.

        Raises:
            ReadError: there is nothing to resume, or it is damaged.
            OptionError: it has all its epochs already.
        """
        rank = int(os.environ.get("RANK", "0"))
        first = rank == 0
        if self._resume:
            self._load()
        elif first:
            self._put_aside()
        if self._baseline and not self._resume:  # behind the handler that loads the weights
            self._trainer.add_event_handler(Events.STARTED, self._validate_first)
        self._trainer.add_event_handler(Events.EPOCH_STARTED, self._draw_anew, rank)
        self._trainer.add_event_handler(Events.EPOCH_COMPLETED, self._validate_last)
        if first:
            self._trainer.add_event_handler(Events.EPOCH_COMPLETED, self._keep)
            self._trainer.add_event_handler(Events.COMPLETED, self._say_which)
            self._report()

    def _draw_anew(self, engine: Any, rank: int) -> None:
        seed = (self._seed + engine.state.epoch * _EPOCH_STRIDE + rank * _RANK_STRIDE) % 2**31
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        set_rnd(self._trainer.data_loader.dataset, seed)  # with workers: overruled by what they draw from torch's seed

    def _validate_first(self, engine: Any) -> None:
        self._evaluator.run()
        self._began_with = float(self._evaluator.state.best_metric)

    def _validate_last(self, engine: Any) -> None:
        epoch = engine.state.epoch
        if epoch == engine.state.max_epochs and epoch % self._interval:
            self._evaluator.run(epoch)

    def _say_which(self, engine: Any) -> None:
        if self._began_with is not None and self._evaluator.state.best_metric == self._began_with:
            print(
                "note: no epoch was better than the weights that training began with: model.pt holds these; "
                "model_last.pt are the last",
                file=sys.stderr,
            )

    def _report(self) -> None:
        """Say that cases are prepared (in the first epoch) and validated: it may take minutes for each."""
        say = Reporter()

        def report(engine: Any, stage: str, number: int) -> None:
            say.progress(stage, number, engine.state.epoch_length)

        for event, shift in ((Events.STARTED, 0), (Events.ITERATION_COMPLETED, 1)):
            self._evaluator.add_event_handler(
                event, lambda engine, shift=shift: report(engine, "validate", engine.state.iteration * shift)
            )
        self._trainer.add_event_handler(
            Events.GET_BATCH_STARTED(event_filter=lambda engine, _: engine.state.epoch == 1),
            lambda engine: report(engine, "prepare", engine.state.iteration),
        )

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
        validated = getattr(self._evaluator.state, "best_metric_epoch", -1) > 0
        state |= {"epoch": engine.state.epoch, "best": float(best) if validated and best is not None else None}
        state["began_with"] = self._began_with
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
            planned = getattr(self._parts["lr_scheduler"], "T_max", None)
            for name, part in self._parts.items():
                part.load_state_dict(state[name])
            _plan(self._parts["lr_scheduler"], planned)
            epoch, best = int(state["epoch"]), state["best"]
            self._began_with = state.get("began_with")
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


def _plan(scheduler: Any, epochs: int | None) -> None:
    """Let a cosine schedule end with the epochs of this command where the resumed training was to have others."""
    if epochs is None or scheduler.T_max == epochs:
        return
    scheduler.T_max = epochs
    for group, rate in zip(scheduler.optimizer.param_groups, scheduler._get_closed_form_lr(), strict=True):
        group["lr"] = rate
    scheduler._last_lr = scheduler._get_closed_form_lr()
