"""The training loop: deterministic, resumable to bit-equality, on CPU or GPU, stopped by the first non-finite loss."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from coconet_med.errors import FusionError
from coconet_med.network import CoCoNet, build_network
from coconet_med.training.augment import Augmentation
from coconet_med.training.data import BalancedSampler, SlicePair
from coconet_med.training.losses import BaseLoss
from coconet_med.training.preservation import PreservationLoss, PreservationWeights


@dataclass(frozen=True)
class Settings:
    """All that decides the outcome of a training, together with the data.

    Attributes:
        model: configuration of the network, ``"full"`` or ``"light"``.
        steps: optimizer steps.
        batch: pairs a step.
        sizes: side lengths of the square windows; each step draws one.
        learning_rate: peak; linear warm-up over the first 2 %, then a cosine down to 1 % of it.
        weight_decay: of AdamW.
        base: weight of the paper's stage-1 loss (divided by its factor 20).
        preservation: weights of the preservation terms.
        frozen_norm: share of the steps, at the end, in which batch norm uses its running statistics as at inference.
        average: decay of the running mean of the weights, which is what is released.
        group_weights: how often each group of pairs is drawn.
        seed: of the weights, the draws and the augmentation.
    """

    model: str = "light"
    steps: int = 5_500
    batch: int = 4
    sizes: tuple[int, ...] = (256, 192, 160)
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    base: float = 0.3
    preservation: PreservationWeights = field(default_factory=PreservationWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)
    frozen_norm: float = 0.25
    average: float = 0.998
    group_weights: dict[str, float] = field(default_factory=dict)
    seed: int = 0


class NotFiniteError(FusionError):
    """The loss became NaN or infinite."""


class Trainer:
    """Trains one network; :meth:`run` goes on from the last checkpoint in ``folder`` if there is one.

    Args:
        settings: what to do.
        pairs: training data.
        folder: where ``checkpoint.pt``, ``settings.json`` and ``log.jsonl`` are kept.
        device: ``"cpu"`` or ``"cuda"``.
        bf16: compute in bfloat16 where autocast does (weights stay float32).
    """

    def __init__(
        self, settings: Settings, pairs: list[SlicePair], folder: Path, *, device: str = "cpu", bf16: bool = True
    ) -> None:
        self.settings, self.folder, self.device, self.bf16 = settings, folder, torch.device(device), bf16
        torch.manual_seed(settings.seed)
        self.net = build_network(settings.model).to(self.device, memory_format=torch.channels_last)
        self.mean = build_network(settings.model).to(self.device)
        self.mean.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.sampler = BalancedSampler(pairs, weights=settings.group_weights)
        self.base, self.preservation = BaseLoss(), PreservationLoss(settings.preservation)
        self.step = 0

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def run(
        self,
        *,
        save_every: int = 250,
        until: int | None = None,
        validate: Callable[[CoCoNet], dict[str, float]] | None = None,
        report: Callable[[dict[str, float]], None] | None = None,
    ) -> CoCoNet:
        """Train to the end (or to step ``until``) and return the averaged network in eval mode.

        Raises:
            NotFiniteError: the loss is not finite; the last checkpoint is from before.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "settings.json").write_text(json.dumps(asdict(self.settings), indent=2) + "\n")
        if self.checkpoint.exists():
            self.load()
        last = min(self.settings.steps, until or self.settings.steps)
        started, running = time.monotonic(), 0.0
        first = self.step
        while self.step < last:
            loss = self.one_step()
            running = loss if running == 0 else 0.98 * running + 0.02 * loss
            if self.step % save_every == 0 or self.step == last:
                self.save()
                pace = (time.monotonic() - started) / (self.step - first)
                entry = {"step": self.step, "loss": round(running, 5), "seconds_per_step": round(pace, 3)}
                entry |= {k: round(v, 4) for k, v in validate(self.mean.eval()).items()} if validate else {}
                with (self.folder / "log.jsonl").open("a") as log:
                    log.write(json.dumps(entry) + "\n")
                if report:
                    report(entry)
        return self.mean.eval()

    def one_step(self) -> float:
        """One optimizer step; returns the loss."""
        s = self.settings
        generator = torch.Generator().manual_seed(s.seed * 10_000_019 + self.step)
        size = s.sizes[int(torch.randint(len(s.sizes), (1,), generator=generator))]
        image = s.augmentation.batch(self.sampler.draw(s.batch, generator), size, generator, self.device)
        self._set_mode()
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate * self._schedule()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            fused = self.net(image.contiguous(memory_format=torch.channels_last))
        loss = self.loss(fused, image)
        if not torch.isfinite(loss):
            msg = f"the loss is {loss.item()} at step {self.step}: lower the learning rate, or check the data for NaN"
            raise NotFiniteError(msg)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self._average()
        self.step += 1
        return float(loss.detach())

    def loss(self, fused: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Weighted sum of the switched-on losses."""
        total = self.preservation(fused, image)
        if self.settings.base:
            total = total + self.settings.base / self.base.ssim_weight * self.base(fused, image)
        return total

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        state = {
            "step": self.step,
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.checkpoint)

    def load(self) -> None:
        """Go back to the checkpoint."""
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def _set_mode(self) -> None:
        self.net.train()
        if self.step >= self.settings.steps * (1 - self.settings.frozen_norm):
            for module in self.net.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()

    def _schedule(self) -> float:
        warm = max(1, round(0.02 * self.settings.steps))
        rise = min(1.0, (self.step + 1) / warm)
        return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.step / self.settings.steps)))

    @torch.no_grad()
    def _average(self) -> None:
        # Faster at first, so that the mean forgets the random start.
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.mean.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)
