"""The training loop: two stages, resumable to bit-equality, on CPU or GPUs, stopped by the first non-finite number."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import distributed
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from coconet_med.errors import FusionError, ModelError, OptionError
from coconet_med.network import CoCoNet, build_network
from coconet_med.training.batches import Ahead, Batches, Sources
from coconet_med.training.contrast import CoupledContrast
from coconet_med.training.data import SlicePair
from coconet_med.training.distributed import DistributedContext, distributed_context
from coconet_med.training.findings import with_findings
from coconet_med.training.imagenet import vgg19_state
from coconet_med.training.losses import BaseLoss
from coconet_med.training.net2wider import net2wider
from coconet_med.training.preservation import PreservationLoss
from coconet_med.training.settings import Settings
from coconet_med.training.space_choice import build_space
from coconet_med.training.spaces import read_state
from coconet_med.training.steadiness import unsteadiness


class NotFiniteError(FusionError):
    """The loss or its gradient became NaN or infinite."""


class Trainer:
    """Trains one network; :meth:`run` goes on from the last checkpoint in ``folder`` if there is one.

    Stage 1 has the base and preservation losses, stage 2 the contrast on top of them.  Every draw depends on the seed
    and the number of the step alone.  With several processes each one takes its share of the batch.

    Args:
        settings: what to do.
        pairs: training data; none where all pairs are generated.
        folder: where ``checkpoint.pt`` and ``settings.json`` are kept.
        where: device, precision and processes; the CPU in bf16 by default.

    Raises:
        OptionError: no pairs, or a batch that cannot be divided among the processes.
        ModelError: weights to start from, or of the feature space, are missing or do not fit.
    """

    def __init__(
        self, settings: Settings, pairs: list[SlicePair], folder: Path, *, where: DistributedContext | None = None
    ) -> None:
        self.settings, self.folder = settings, folder
        self.where = where or distributed_context("cpu", "bf16")
        if not (pairs or settings.only_generated) or settings.batch % self.where.world:
            msg = f"{len(pairs)} pairs, batch {settings.batch}, {self.where.world} processes: give pairs to train on "
            msg += "(or generated ones alone), and a batch that the processes can share evenly"
            raise OptionError(msg)
        torch.manual_seed(settings.seed)
        device = self.where.device
        net = build_network(settings.model)
        if settings.start:
            _start_from(net, Path(settings.start))
        if settings.vgg19:
            net.features.load_vgg19(vgg19_state(None if settings.vgg19 == "download" else Path(settings.vgg19)))
        if settings.freeze_features:
            net.features.requires_grad_(False)
        self.net = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has it
        self.mean = build_network(settings.model).to(device)
        self.mean.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.where.dtype == torch.float16)
        self.batches = Batches(settings, pairs, self.where)
        self.ahead = Ahead(self.batches)
        self.base = BaseLoss(published=settings.published_loss)
        self.preservation = PreservationLoss(settings.preservation)
        self.contrast = self._build_contrast()
        self.step, self.running = 0, 0.0
        self._forward = self._shared(device) if self.where.shared else self.net

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def stage(self) -> int:
        """1, or 2 from the first step with contrast on."""
        return self._stage_of(self.step)

    def _stage_of(self, step: int) -> int:
        return 1 if step < self.settings.steps else 2

    def run(
        self,
        *,
        save_every: int = 250,
        until: int | None = None,
        validate: Callable[[CoCoNet], dict[str, float]] | None = None,
        report: Callable[[dict[str, float]], None] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> CoCoNet:
        """Train to the end (or to step ``until``) and return the averaged network in eval mode.

        Args:
            save_every: steps between checkpoints; figures are taken at each.
            until: stop early, as if interrupted.
            validate: called with the averaged network; its figures join those reported.
            report: called by the first process with the figures of each checkpoint.
            progress: called with (stage, done, total) after each step.

        Raises:
            NotFiniteError: the loss or its gradient is not finite; the last checkpoint is from before.
            OptionError: the checkpoint in the folder is from a training with other settings.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self.load()
        if self.where.first:
            (self.folder / "settings.json").write_text(self.settings.to_json(), encoding="utf-8")
        last = min(self.settings.all_steps, until or self.settings.all_steps)
        started, first = time.monotonic(), self.step
        while self.step < last:
            loss = self.one_step()
            self.running = loss if self.running == 0 else 0.98 * self.running + 0.02 * loss
            if progress:
                progress("train", self.step, self.settings.all_steps)
            if (self.step % save_every == 0 or self.step == last) and self.where.first:
                self.save()
                pace = (time.monotonic() - started) / (self.step - first)
                entry = {"step": self.step, "loss": round(self.running, 5), "seconds_per_step": round(pace, 3)}
                entry |= {k: round(v, 4) for k, v in validate(self.mean.eval()).items()} if validate else {}
                if report:
                    report(entry)
        return self.mean.eval()

    def one_step(self) -> float:
        """One optimizer step; returns the loss, averaged over the processes."""
        s = self.settings
        coming = self._stage_of(self.step + 1) if self.step + 1 < s.all_steps else None
        sources = self.ahead.of_step(self.step, stage=self.stage, next_stage=coming)
        self._set_mode()
        image = sources.image[: sources.anchors] if sources.anchors else sources.image
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        with torch.autocast(self.where.device.type, self.where.dtype, enabled=self.where.dtype != torch.float32):
            fused = self._forward(image.contiguous(memory_format=torch.channels_last))
        if self.settings.findings:
            fused = with_findings(fused, image)
        loss = self.loss(fused, sources)
        shown = self._checked(loss.detach())
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        length = torch.nn.utils.clip_grad_norm_(self.net.parameters(), s.clip or math.inf)
        if not (self.scaler.is_enabled() or torch.isfinite(length)):
            self._stop("gradient", float(length))
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._average()
        self.step += 1
        return shown

    def loss(self, fused: torch.Tensor, sources: Sources) -> torch.Tensor:
        """Weighted sum of the switched-on losses of the present stage; sources beyond the fused ones are negatives."""
        pool, image = sources.image, sources.image[: len(fused)]
        total = self.preservation(fused, image)
        if self.settings.base:
            total = total + self.settings.base / self.base.ssim_weight * self.base(fused, image)
        if sources.runs:
            steadiness = self.settings.steadiness
            excess = unsteadiness(fused, image, steadiness.length, allowed=steadiness.allowed)
            total = total + steadiness.weight * excess
        if self.contrast is not None and self.stage == 2:
            persons = list(sources.persons) if len(sources.persons) == len(pool) else None
            drawn = None if sources.mask is None else sources.mask[: len(fused)]
            total = total + self.settings.contrast.weight * self.contrast(fused, pool, drawn, persons=persons)
        return total

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        state = {
            "step": self.step,
            "running": self.running,
            "settings": self.settings.to_json(),
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.checkpoint)

    def load(self) -> None:
        """Go back to the checkpoint.

        Raises:
            OptionError: it is from a training with other settings.
        """
        state = torch.load(self.checkpoint, map_location=self.where.device, weights_only=True)
        if state.get("settings", self.settings.to_json()) != self.settings.to_json():
            msg = f"{self.checkpoint}: is from a training with other settings ({self.folder / 'settings.json'}); give "
            msg += "the same ones to go on with it, or another folder"
            raise OptionError(msg)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        if state.get("scaler"):
            self.scaler.load_state_dict(state["scaler"])
        self.step, self.running = state["step"], state.get("running", 0.0)

    def _build_contrast(self) -> CoupledContrast | None:
        chosen = self.settings.contrast
        if not chosen.weight or chosen.control:
            return None
        space = build_space(chosen.space, path=Path(chosen.space_path) if chosen.space_path else None)
        return CoupledContrast(space.to(self.where.device), negatives=chosen.negatives, published=chosen.published)

    def _shared(self, device: torch.device) -> DistributedDataParallel:
        """The network with gradients averaged over the processes."""
        if device.type == "cuda":
            self.net = torch.nn.SyncBatchNorm.convert_sync_batchnorm(self.net)
            return DistributedDataParallel(self.net, device_ids=[device.index])
        return DistributedDataParallel(self.net)

    def _checked(self, loss: torch.Tensor) -> float:
        """The loss as a number, the same in all processes, so that all of them stop where one must."""
        if self.where.shared:
            loss = loss.clone()
            distributed.all_reduce(loss)
            loss /= self.where.world
        value = float(loss)
        if not math.isfinite(value):
            self._stop("loss", value)
        return value

    def _stop(self, what: str, value: float) -> None:
        msg = f"the {what} is {value} at step {self.step}: lower the learning rate, or check the data; the last "
        msg += f"checkpoint in {self.folder} is from before"
        raise NotFiniteError(msg)

    def _set_mode(self) -> None:
        self.net.train()
        s = self.settings
        if s.frozen_norm and self.step >= s.steps * (1 - s.frozen_norm):
            for module in self.net.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()

    def _learning_rate(self) -> float:
        s = self.settings
        if self.stage == 2:
            return s.contrast.learning_rate
        if s.constant_rate:
            return s.learning_rate
        warm = max(1, round(0.02 * s.steps))
        rise = min(1.0, (self.step + 1) / warm)
        return s.learning_rate * (rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.step / s.steps))))

    @torch.no_grad()
    def _average(self) -> None:
        # Faster at first, so that the mean forgets the random start.
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.mean.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)


def _start_from(net: CoCoNet, path: Path) -> None:
    state, own = read_state(path), net.state_dict()
    try:
        if "arrangement" not in state or not torch.equal(state["arrangement"], own["arrangement"]):
            msg = "another arrangement of CoCoNet, or an earlier release"
            raise ModelError(msg)
        if state.keys() == own.keys() and any(state[name].shape != own[name].shape for name in own):
            state = net2wider(state, own)
        net.load_state_dict(state)
    except (RuntimeError, ModelError) as error:
        msg = f"{path}: these weights do not fit the model ({str(error).splitlines()[0]}); choose the model they are of"
        raise ModelError(msg) from error
