"""A user's own cases as slice pairs: two folders of volumes or pictures, prepared as ``fuse`` prepares them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from coconet_med.errors import FusionError, ReadError
from coconet_med.readers.suffixes import ITK_SUFFIXES, NIFTI_SUFFIXES, PICTURE_SUFFIXES
from coconet_med.training.data import SlicePair
from coconet_med.windowing.levels import BODY

if TYPE_CHECKING:
    from coconet_med.choices import RegisterMode
    from coconet_med.source import Role

_SUFFIXES = (*NIFTI_SUFFIXES, *ITK_SUFFIXES, *PICTURE_SUFFIXES)

#: A slice teaches something where at least this share of it is brighter than the background in either source.
SHOWN = 0.03


def find_pairs(anatomy: Path, function: Path) -> list[dict[str, str]]:
    """Pair the images of two folders by their names.

    Names agree as a whole (``01.nii.gz`` and ``01.nii.gz``) or up to their last underscore (``sub-01_T1w.nii.gz`` and
    ``sub-01_pet.nii.gz``).

    Returns:
        ``{"anatomy": path, "function": path, "name": shared part}`` for each case, in order of names: what MONAI
        calls a data list.

    Raises:
        ReadError: a folder is missing or empty, or an image has no partner or more than one.
    """
    folders = [_images(folder) for folder in (anatomy, function)]
    whole, begun = ([{cut(path): path for path in paths} for paths in folders] for cut in (_stem, _study))
    named = whole if whole[0].keys() == whole[1].keys() else begun
    for folder, paths, names in zip((anatomy, function), folders, named, strict=True):
        if len(names) < len(paths):
            msg = f"{folder}: several images of one case ({', '.join(p.name for p in paths[:3])} ...); keep one of each"
            raise ReadError(msg)
    alone = sorted(named[0].keys() ^ named[1].keys())
    if alone:
        lonely = next(names[alone[0]] for names in named if alone[0] in names)
        msg = f"{lonely}: has no partner in the other folder; name both alike up to the last underscore, as "
        msg += "sub-01_T1w.nii.gz and sub-01_pet.nii.gz"
        raise ReadError(msg)
    return [{"anatomy": str(named[0][n]), "function": str(named[1][n]), "name": n} for n in sorted(named[0])]


def slices_of_pairs(
    cases: list[dict[str, str]],
    *,
    group: str = "own",
    register: RegisterMode = "auto",
    plane: str = "auto",
    color_anatomy: bool = False,
    masks: Path | None = None,
    cache: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[SlicePair]:
    """All slices that show something, by the chain of :func:`coconet_med.transforms.prepare`.

    Args:
        cases: from :func:`find_pairs`.
        group: name of the set for the sampler.
        register: as in :func:`coconet_med.fuse`.
        plane: likewise.
        color_anatomy: the first images may be in color, and their luminance is what is fused (visible pictures beside
            infrared ones).
        masks: folder of pictures with the names of the cases: white where the contrast of stage 2 takes the
            functional source.  Cases of 2-D pictures only.
        cache: keep what was prepared here (:class:`monai.data.PersistentDataset`): the next run starts at once.
        progress: called with (stage, done, total).

    Raises:
        FusionError: as for :func:`coconet_med.fuse`, with the name of the case.
    """
    from monai.data import Dataset, PersistentDataset

    from coconet_med.transforms import prepare

    roles: tuple[Role, Role] = ("function", "function") if color_anatomy else ("anatomy", "function")
    chain = prepare(register=register, plane=plane, roles=roles)
    data = (
        PersistentDataset(cases, chain, cache_dir=cache / _key(register, plane, roles))
        if cache
        else Dataset(cases, chain)
    )
    pairs: list[SlicePair] = []
    drawn = None if masks is None else _drawn(masks)
    if progress:
        progress("prepare", 0, len(cases))
    for number, case in enumerate(cases):
        pairs += _masked(_slices(_prepared(data, number, case), case["name"], group), drawn, case["name"])
        if progress:
            progress("prepare", number + 1, len(cases))
    if not pairs:
        msg = f"{len(cases)} cases, but no slice of them shows anything; check the images"
        raise ReadError(msg)
    return pairs


def in_both_parts(names: Sequence[str], kept: int) -> list[str]:
    """Persons of whom cases are among the first ``kept`` and among the others, by the rule of the bundle's split."""
    from coconet_med.bundle.datalist import persons

    people = persons(names)
    return sorted(set(people[:kept]) & set(people[kept:]))


def _prepared(data: torch.utils.data.Dataset, number: int, case: dict[str, str]) -> tuple[torch.Tensor, torch.Tensor]:
    try:
        ready = data[number]
    except RuntimeError as error:  # MONAI wraps what its transforms raise, once for each level of composition
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, FusionError):
            cause = cause.__cause__
        if cause is None:
            raise
        msg = f"case {case['name']}: {cause}"
        raise type(cause)(msg) from error
    anatomy, function = (torch.from_numpy(ready[key].numpy())[0] for key in ("anatomy", "function"))
    return anatomy, function


def _slices(stacks: tuple[torch.Tensor, torch.Tensor], name: str, group: str) -> list[SlicePair]:
    anatomy, function = (
        stack.half() for stack in stacks
    )  # 11 bits are more than the 8 of a display, in half the memory
    shown = (torch.maximum(anatomy, function) > BODY).float().mean(dim=(1, 2)) >= SHOWN
    person = name.split("_")[0]
    return [
        SlicePair(
            anatomy[n].contiguous(), function[n].contiguous(), None, group, person, f"{name} slice {n}", (name, n)
        )
        for n in shown.nonzero().flatten().tolist()
    ]


def _drawn(folder: Path) -> dict[str, Path]:
    """Masks by the name of their case, and by that up to the last underscore."""
    paths = _images(folder)
    return {_study(path): path for path in paths} | {_stem(path): path for path in paths}


def _masked(pairs: list[SlicePair], drawn: dict[str, Path] | None, name: str) -> list[SlicePair]:
    if drawn is None or not pairs:
        return pairs
    from coconet_med.readers import is_picture

    path = drawn.get(name)
    if path is None:
        msg = f"case {name}: no mask of this name; draw one, black where there is no target, or leave --masks out"
        raise ReadError(msg)
    if len(pairs) > 1 or not is_picture(path):
        msg = f"{path}: masks are pictures of cases of pictures; leave --masks out for volumes"
        raise ReadError(msg)
    from PIL import Image

    try:
        with Image.open(path) as file:
            mask = np.asarray(file.convert("L"), np.float32) / 255
    except OSError as error:
        msg = f"{path}: not a readable mask ({error}); export or copy it again"
        raise ReadError(msg) from error
    if mask.shape != tuple(pairs[0].anatomy.shape):
        msg = f"{path}: is {mask.shape} where its case is {tuple(pairs[0].anatomy.shape)}; draw it on the picture"
        raise ReadError(msg)
    return [replace(pairs[0], mask=torch.from_numpy(mask).half())]


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        msg = f"{folder}: no such folder; give a folder of NIfTI, NRRD, MHA or picture files"
        raise ReadError(msg)
    paths = sorted(p for p in folder.iterdir() if p.name.lower().endswith(_SUFFIXES) and not p.name.startswith("."))
    if not paths:
        msg = f"{folder}: no image there ({', '.join(_SUFFIXES)})"
        raise ReadError(msg)
    return paths


def _stem(path: Path) -> str:
    suffix = next(s for s in sorted(_SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s))
    return path.name[: -len(suffix)]


def _study(path: Path) -> str:
    return _stem(path).rpartition("_")[0] or _stem(path)


def _key(*parts: object) -> str:
    """A folder for each way of preparing: MONAI's cache knows the paths, not what was done with them."""
    return "-".join("+".join(p) if isinstance(p, tuple) else str(p) for p in parts)
