"""One training from its data to its card: what the command does, in the order in which it does it."""

from __future__ import annotations

import hashlib
import platform
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from coconet_med._version import __version__
from coconet_med.errors import OptionError
from coconet_med.network import CoCoNet
from coconet_med.training.data import SlicePair, atlas_slices
from coconet_med.training.distributed import DistributedContext
from coconet_med.training.generated import Generator
from coconet_med.training.journal import SHOWN, Journal
from coconet_med.training.settings import Settings
from coconet_med.training.trainer import Trainer
from coconet_med.training.validation import quick_validate, validate

if TYPE_CHECKING:
    from coconet_med.choices import RegisterMode
    from coconet_med.commands.progress import Reporter
    from coconet_med.quality import Table


@dataclass(frozen=True)
class Own:
    """A user's own cases; see :func:`coconet_med.training.own_pairs.slices_of_pairs`.

    Attributes:
        anatomy: folder of anatomical images.
        function: folder of functional images.
        hold_out: cases, the last by name, that are validated on and not trained on.
        register: as in :func:`coconet_med.fuse`.
        plane: likewise.
        color_anatomy: the first images may be in color.
        masks: folder of drawn masks.
    """

    anatomy: Path
    function: Path
    hold_out: int = 0
    register: RegisterMode = "auto"
    plane: str = "auto"
    color_anatomy: bool = False
    masks: Path | None = None


class Session:
    """Load, train, validate, release.

    Args:
        settings: what to train.
        out: folder of the training.
        where: device, precision and processes.
        say: what speaks to the user.
    """

    def __init__(self, settings: Settings, out: Path, where: DistributedContext, say: Reporter) -> None:
        self.settings, self.out, self.where, self.say = settings, out, where, say
        self.pairs: list[SlicePair] = []
        self.held: list[SlicePair] = []
        self.table: Table | None = None
        self.seconds = 0.0

    def load(self, data: Path | None, own: Own | None) -> None:
        """Read the slices to train on and those to validate on; where all pairs are generated, only the latter.

        Raises:
            FusionError: the data cannot be read, or too few cases are left to train on.
        """
        if data is not None:
            self.pairs = atlas_slices(data, split="train")
            self.held = atlas_slices(data, split="val") if (data / "val").is_dir() else []
        if own is not None:
            self._load_own(own)
        if self.settings.only_generated:
            self.pairs = []
            self.say.done(f"trains on generated pairs alone, {len(self.held)} slices to validate on")
            return
        groups = Counter(pair.group for pair in self.pairs)
        by_group = ", ".join(f"{count} of {group}" for group, count in sorted(groups.items()))
        self.say.done(f"{len(self.pairs)} slices to train on ({by_group}), {len(self.held)} to validate on")

    def train(self, *, save_every: int = 250) -> CoCoNet:
        """Train to the end, or go on; returns the averaged network, rounded as in a release: that one is validated."""
        from coconet_med.training.export import rounded

        self.out.mkdir(parents=True, exist_ok=True)
        trainer = Trainer(self.settings, self.pairs, self.out, where=self.where)
        shown = self.held or self.pairs or self._examples()
        journal = Journal(self.out, shown) if self.where.first else None
        started = time.monotonic()

        def report(entry: dict[str, float]) -> None:
            if journal:
                journal.write(entry)
                journal.show(trainer.mean, int(entry["step"]))
            self.say.done(
                f"step {entry['step']:.0f}: loss {entry['loss']:.4f}, {entry['seconds_per_step']:.2f} s a step"
            )

        try:
            net = trainer.run(
                save_every=save_every,
                validate=lambda net: quick_validate(net, shown, progress=self.say.progress),
                report=report,
                progress=self.say.progress,
            )
        finally:
            if journal:
                journal.close()
        self.seconds = time.monotonic() - started
        return rounded(net, half=self._half)

    def _examples(self) -> list[SlicePair]:
        """Generated pairs to look at where there are no others, the same ones in every training."""
        made = Generator.read(Path(str(self.settings.generated))).batch(SHOWN, 256, torch.Generator().manual_seed(0))
        return [
            SlicePair(anatomy, function, None, "generated", "nobody", f"generated {n}")
            for n, (anatomy, function) in enumerate(made)
        ]

    def validate(self, net: CoCoNet) -> str:
        """Measure the held-out slices; returns the table as text, empty where nothing was held out."""
        if not self.held:
            return ""
        self.table = validate(net, self.held, progress=self.say.progress)
        self.table.to_csv(self.out / "judged.csv")
        return self.table.to_text()

    def release(self, net: CoCoNet, folder: Path, name: str, command: str) -> Path:
        """Write weights and card, those of a full network in half precision; returns the path of the card."""
        from coconet_med.training.export import release

        return release(net, name, folder, self.card(command), half=self._half, progress=self.say.progress)

    @property
    def _half(self) -> bool:
        return self.settings.model == "full"

    def card(self, command: str) -> dict[str, Any]:
        """What a model card says about this training."""
        trained = Counter(pair.group for pair in self.pairs)
        persons = {group: len({p.person for p in self.pairs if p.group == group}) for group in trained}
        data = {group: {"slices": trained[group], "persons": persons[group]} for group in sorted(trained)}
        settings = asdict(self.settings)
        if self.settings.start:
            digest = hashlib.sha256(Path(self.settings.start).read_bytes()).hexdigest()
            settings["start"] = f"{Path(self.settings.start).name} (sha256 {digest})"
        if self.settings.vgg19:
            settings["vgg19"] = Path(self.settings.vgg19).name
        if self.settings.generated:
            digest = hashlib.sha256(Path(self.settings.generated).read_bytes()).hexdigest()
            settings["generated"] = f"{Path(self.settings.generated).name} (sha256 {digest})"
            data["generated"] = {"label_slices": len(Generator.read(Path(self.settings.generated)).slices)}
        contrast = self.settings.contrast
        if contrast.space_path:
            settings["contrast"]["space_path"] = Path(contrast.space_path).name
        return {
            "version": __version__,
            "date": datetime.now(UTC).date().isoformat(),
            "model": self.settings.model,
            "command": command,
            "settings": settings,
            "data": data,
            "feature_space": contrast.space if contrast.weight else None,
            "hardware": {
                "device": _device_name(self.where),
                "precision": str(self.where.dtype),
                "processes": self.where.world,
            },
            "libraries": {"torch": torch.__version__, "python": platform.python_version()},
            "seconds_of_last_run": round(self.seconds),
            "figures": self._figures(),
            "intended_use": "research; not for diagnosis",
        }

    def _figures(self) -> list[dict[str, Any]]:
        if self.table is None:
            return []
        return [
            {"set": m.group, "cases": m.cases, "persons": m.persons}
            | {name: round(value, 4) for name, value in m.values.items() if value == value}
            for m in self.table.means()
        ]

    def _load_own(self, own: Own) -> None:
        from coconet_med.training.own_pairs import find_pairs, in_both_parts, slices_of_pairs

        cases = find_pairs(own.anatomy, own.function)
        kept = len(cases) - own.hold_out
        if kept < 1:
            msg = f"--hold-out {own.hold_out} of {len(cases)} cases leaves none to train on; hold out fewer"
            raise OptionError(msg)
        if own.hold_out and (torn := in_both_parts([case["name"] for case in cases], kept)):
            names = f"{', '.join(torn[:3])}{' and more' if len(torn) > 3 else ''}"
            self.say.warning(
                f"--hold-out {own.hold_out}: cases of {names} are trained on and held out, so the figures say nothing "
                "of other persons; hold out whole persons"
            )
        options: dict[str, Any] = {
            "register": own.register,
            "plane": own.plane,
            "color_anatomy": own.color_anatomy,
            "cache": self.out / "prepared",
            "progress": self.say.progress,
        }
        if self.where.shared and not self.where.first:
            distributed.barrier()  # the first process prepares, the others find it done
        self.pairs = slices_of_pairs(cases[:kept], masks=own.masks, **options)
        self.held = slices_of_pairs(cases[kept:], **options) if own.hold_out else []
        if self.where.shared and self.where.first:
            distributed.barrier()


def _device_name(where: DistributedContext) -> str:
    if where.device.type == "cuda":
        return torch.cuda.get_device_name(where.device)
    return f"{where.device.type}, {torch.get_num_threads()} threads"
