"""All that decides the outcome of a training, together with the data: one tree of values that JSON can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from coconet_med.errors import OptionError
from coconet_med.network import CONFIGURATIONS
from coconet_med.system.json_file import load_json
from coconet_med.training.augment import Augmentation
from coconet_med.training.preservation import PreservationWeights
from coconet_med.training.steadiness import Steadiness


@dataclass(frozen=True)
class Contrast:
    """Stage 2, which adds the coupled contrastive constraint to the losses of stage 1.

    Attributes:
        weight: lambda of the paper (there 1); 0 leaves stage 2 out, unless it is a control.
        steps: further optimizer steps.
        learning_rate: constant.
        space: name of the feature space, see :func:`coconet_med.training.space_choice.build_space`.
        space_path: its weights, where it needs a file.
        negatives: other pairs of the batch, of other persons, that serve as negatives.
        anchors: pairs of the batch that are fused and scored; the others serve as negatives only.  0 for all.
        published: the constraint as in the authors' code, see :class:`~coconet_med.training.contrast.CoupledContrast`.
        control: stage 2 without the contrast: the same steps, draws and rates, to compare with.
    """

    weight: float = 0.0
    steps: int = 500
    learning_rate: float = 1e-4
    space: str = "gabor"
    space_path: str | None = None
    negatives: int = 2
    anchors: int = 0
    published: bool = False
    control: bool = False


@dataclass(frozen=True)
class Settings:
    """What to train and how.

    Attributes:
        model: configuration of the network, a name in :data:`coconet_med.network.CONFIGURATIONS`.
        start: weights (``.pt``) to fine-tune; ``None`` starts from random ones.
        vgg19: ImageNet weights that the feature branch of a network of width 32 starts from: ``"download"`` (with its
            checksum) or the path of torchvision's file; ``None`` for random ones.
        freeze_features: leave the feature branch as it starts.
        steps: optimizer steps of stage 1; 0 for stage 2 alone, of given weights.
        batch: pairs a step, over all processes.
        sizes: side lengths of the square windows; each step draws one.
        learning_rate: peak; linear warm-up over the first 2 %, then a cosine down to 1 % of it.
        constant_rate: no warm-up and no cosine.
        weight_decay: of AdamW; 0 makes it Adam.
        clip: largest length of the gradient; 0 for any.
        published_loss: the base loss with the gradients, entropy and SSIM of the authors' code, see
            :class:`~coconet_med.training.losses.BaseLoss`.
        base: weight of the paper's stage-1 loss, divided by its factor 20: 20 is the loss as in the paper.
        preservation: weights of the preservation terms; all 0 for the paper's loss alone.
        contrast: stage 2.
        steadiness: across neighboring slices.
        augmentation: probabilities of the changes.
        frozen_norm: share of the steps of stage 1, at its end, and with any share all of stage 2, in which batch norm
            uses its running statistics as at inference.
        average: decay of the running mean of the weights, which is what is released.
        group_weights: how often each group of pairs is drawn.
        generated: file of label slices (:mod:`coconet_med.training.anatomies`) that generated pairs are drawn on.
        generated_share: share of the pairs that are generated; 1 for no others.
        findings: whether what the fusion adds for small findings is added before the losses are taken.
        seed: of the weights, the draws and the augmentation.
    """

    model: str = "light"
    start: str | None = None
    vgg19: str | None = None
    freeze_features: bool = False
    steps: int = 5_500
    batch: int = 4
    sizes: tuple[int, ...] = (256, 192, 160)
    learning_rate: float = 2e-3
    constant_rate: bool = False
    weight_decay: float = 1e-4
    clip: float = 1.0
    published_loss: bool = False
    base: float = 0.0
    preservation: PreservationWeights = field(default_factory=PreservationWeights)
    contrast: Contrast = field(default_factory=Contrast)
    steadiness: Steadiness = field(default_factory=Steadiness)
    augmentation: Augmentation = field(default_factory=Augmentation)
    frozen_norm: float = 0.25
    average: float = 0.998
    group_weights: dict[str, float] = field(default_factory=dict)
    generated: str | None = None
    generated_share: float = 0.5
    findings: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = None
        if self.model not in CONFIGURATIONS:
            wrong = f"model {self.model!r}: choose {', '.join(CONFIGURATIONS)}"
        elif min(self.steps, self.contrast.steps) < 0 or self.batch < 1 or self.all_steps < 1:
            wrong = f"steps {self.steps} and batch {self.batch}: give whole numbers from 1"
        elif self.steps == 0 and not self.start:
            wrong = "steps 0: is stage 2 alone, of weights that are there; give start"
        elif self.freeze_features and not (self.vgg19 or self.start):
            wrong = "freeze_features: would keep random features; give vgg19 (download, or a path), or start"
        elif self.vgg19 and CONFIGURATIONS[self.model]["width"] != 32:
            wrong = f"vgg19: its weights fit networks of width 32, not {self.model}; choose published"
        elif not 0 <= self.contrast.anchors <= self.batch:
            wrong = f"anchors {self.contrast.anchors}: give 0 for all, or a part of the batch of {self.batch}"
        elif not self.sizes or min(self.sizes) < 16:
            wrong = f"sizes {self.sizes}: give side lengths from 16 pixels"
        elif self.steadiness.length < 3 or self.steadiness.every < 1:
            wrong = f"steadiness {self.steadiness}: give a length from 3 and every from 1"
        elif not 0 <= self.generated_share <= 1:
            wrong = f"generated_share {self.generated_share}: give a share from 0 to 1"
        elif not 0 <= self.frozen_norm <= 1 or not 0 <= self.average < 1:
            wrong = f"frozen_norm {self.frozen_norm} and average {self.average}: give shares from 0 to 1"
        elif not self.base and not any(asdict(self.preservation).values()):
            wrong = "every loss of stage 1 has weight 0: give base or a preservation term a weight"
        if wrong:
            raise OptionError(wrong)

    @property
    def only_generated(self) -> bool:
        """Whether no real pair is trained on."""
        return self.generated is not None and self.generated_share == 1

    @property
    def all_steps(self) -> int:
        """Steps of both stages."""
        return self.steps + (self.contrast.steps if self.contrast.weight or self.contrast.control else 0)

    def to_json(self) -> str:
        """Every value, as text."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read_settings(path: Path | None, **given: Any) -> Settings:
    """Settings from a JSON file that names only what differs from the defaults, and from further values.

    Args:
        path: the file; ``None`` for the defaults.
        given: values of :class:`Settings` that go before those of the file; ``None`` does not count.

    Raises:
        OptionError: unreadable file, or an unknown name or impossible value in it.
    """
    stored: Any = {}
    if path is not None:
        try:
            stored = load_json(path)
            if not isinstance(stored, dict):
                raise ValueError("it holds no JSON object")
        except ValueError as error:
            msg = f'{path}: not readable settings ({error}); give a JSON file such as {{"steps": 1000}}'
            raise OptionError(msg) from error
    return _build(Settings, {**stored, **{k: v for k, v in given.items() if v is not None}}, str(path or "settings"))


def _build(kind: type, stored: Any, where: str) -> Any:
    """An instance of a dataclass from a mapping, branch by branch."""
    known = {f.name: f for f in fields(kind)}
    if not isinstance(stored, Mapping) or not set(stored) <= set(known):
        unknown = ", ".join(sorted(set(stored) - set(known))) if isinstance(stored, Mapping) else repr(stored)
        msg = f"{where}: {unknown} is not a setting; choose of {', '.join(known)}"
        raise OptionError(msg)
    default = kind()
    values = {}
    for name, value in stored.items():
        usual = getattr(default, name)
        if is_dataclass(usual):
            value = value if isinstance(value, type(usual)) else _build(type(usual), value, f"{where}: {name}")
        elif isinstance(usual, tuple) and isinstance(value, list):
            value = tuple(value)
        elif usual is not None and not isinstance(
            value, (type(usual), int) if isinstance(usual, float) else type(usual)
        ):
            msg = f"{where}: {name} is {value!r}; give a value such as {usual!r}"
            raise OptionError(msg)
        values[name] = value
    return kind(**values)
