"""Weights of the authors' released implementation, renamed to those of :class:`~coconet_med.network.CoCoNet`.

Their names are facts of github.com/runjia0124/CoCoNet (commit fae29b4); no code of it is used.  Their network is called
with the visible picture first although it is declared the other way round, so what they call ``vis`` is the infrared
picture: our ``published`` network has the same order, and most tensors are taken over as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from coconet_med.errors import ModelError, WriteError
from coconet_med.network import build_network

#: Their convolutions of the trunk, with the batch norm behind them (``conv`` and ``bn`` of one number), and ours.
_TRUNK = {
    "1_1": "encode1.0", "1_2": "encode1.1", "2_1": "encode2.0", "2_2": "encode2.1", "3_1": "encode3.0",
    "3_2": "encode3.1", "4_1": "encode4", "4_2": "bottom", "7_1": "decode3.join.0", "7_2": "decode3.join.1",
    "8_1": "decode2.join.0", "8_2": "decode2.join.1", "9_1": "decode1.join.0", "9_2": "decode1.join.1",
}  # fmt: skip

#: Their other layers and ours.
_LAYERS = {
    "deconv4": "ensemble4.merge", "att_deconv7": "ensemble3.merge", "att_deconv8": "ensemble2.merge",
    "deconv6": "decode3.halve", "deconv7": "decode2.halve", "deconv8": "decode1.halve", "conv10": "out",
    "vgg19.slice1.0": "features.conv1_1", "vgg19.slice1.3": "features.conv1_2", "vgg19.slice2.6": "features.conv2_1",
    "vgg19.slice2.8": "features.conv2_2", "vgg19.slice3.11": "features.conv3_1", "vgg19.slice3.13": "features.conv3_2",
    "vgg19.slice3.15": "features.conv3_3", "vgg19.slice3.17": "features.conv3_4",
}  # fmt: skip

_ATTENTION = {"conv_1": "query", "conv_2": "key", "conv_3": "value"}
_LEVELS = {64: "ensemble2", 128: "ensemble3", 256: "ensemble4"}
_STATISTICS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

#: Layers that their network has and never uses.
UNUSED = ("se_32.", "att_deconv9.")


def published_names() -> dict[str, str]:
    """Name of each tensor of theirs that is used, and of ours that it becomes."""
    layers = {
        **{f"conv{number}": f"{ours}.0" for number, ours in _TRUNK.items()},
        **_LAYERS,
        **{
            f"se_{width}.{theirs}": f"{level}.attention.{ours}"
            for width, level in _LEVELS.items()
            for theirs, ours in _ATTENTION.items()
        },
    }
    names = {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in layers.items() for kind in ("weight", "bias")}
    for number, ours in _TRUNK.items():
        if number != "9_2":  # has no batch norm
            names |= {f"bn{number}.{kind}": f"{ours}.2.{kind}" for kind in _STATISTICS}
    return names | {f"se_{width}.gamma": f"{level}.attention.gamma" for width, level in _LEVELS.items()}


def import_state(state: Mapping[str, torch.Tensor], name: str = "the state dict") -> dict[str, torch.Tensor]:
    """The state of our ``published`` network with the authors' weights.

    Args:
        state: state dict of their ``Unet_resize_conv``, or their checkpoint with one in it; ``module.`` in front of
            names, as of several GPUs, is left out.
        name: what to call it in messages.

    Returns:
        What :func:`coconet_med.network.network_of` takes.

    Raises:
        ModelError: tensors are missing, unknown, of another shape, or not finite.

    Example:
        >>> import_state(torch.load("latest.pth", weights_only=True))  # doctest: +SKIP
    """
    theirs = _unwrapped(state)
    wanted = build_network("published").state_dict()
    names = published_names()
    missing = [key for key in names if key not in theirs and not key.endswith("num_batches_tracked")]
    unknown = [key for key in theirs if key not in names and not key.startswith(UNUSED)]
    if missing or unknown:
        what = f"{missing[0]} is missing" if missing else f"{unknown[0]} is no part of it"
        raise ModelError(f"{name}: not weights of the authors' CoCoNet ({what}); give their .pth checkpoint")
    for key, ours in names.items():
        if key not in theirs:
            continue
        value = theirs[key]
        same = value.numel() == 1 if wanted[ours].ndim == 0 else value.shape == wanted[ours].shape
        if not same:
            shapes = f"{tuple(value.shape)} where {tuple(wanted[ours].shape)} is wanted"
            raise ModelError(f"{name}: {key} has the shape {shapes}; give weights of the published width")
        if not torch.isfinite(value).all():
            raise ModelError(f"{name}: {key} holds numbers that are not finite; get the file again")
        wanted[ours] = value.detach().cpu().to(wanted[ours].dtype).reshape(wanted[ours].shape).clone()
    return wanted


def import_weights(path: str | Path, out: str | Path, *, overwrite: bool = False) -> Path:
    """Turn a file of the authors' weights into one that ``--model`` takes.

    Args:
        path: their ``.pth`` file.
        out: ``.pt`` file to write.
        overwrite: replace what is there.

    Raises:
        ModelError: the file is missing, damaged, or not of their network.
        WriteError: ``out`` is not a ``.pt`` file, is there already, or cannot be written.
    """
    from coconet_med.training.spaces import read_state
    from coconet_med.writers.atomic import write_together
    from coconet_med.writers.inputs import spare_inputs

    path, out = Path(path), Path(out)
    if out.suffix != ".pt":
        raise WriteError(f"{out}: weights for the torch engine are .pt files; end the name in .pt")
    if not path.is_file():
        raise ModelError(f"{path}: no such file; give the authors' .pth checkpoint")
    spare_inputs([out], [path])
    state = import_state(read_state(path), str(path))
    write_together([(out, lambda part: torch.save(state, part))], overwrite=overwrite)
    return out


def _unwrapped(state: Any) -> dict[str, torch.Tensor]:
    while isinstance(state, Mapping):
        inner = next((state[key] for key in ("state_dict", "model_state_dict", "model") if key in state), None)
        if inner is None:
            break
        state = inner
    held = state.items() if isinstance(state, Mapping) else ()
    return {str(k).removeprefix("module."): v for k, v in held if isinstance(v, torch.Tensor)}
