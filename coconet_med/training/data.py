"""Slice pairs to train on, held in memory, and the rule by which a training step chooses its batch."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from coconet_med.errors import ReadError


@dataclass(frozen=True)
class SlicePair:
    """One anatomical and one functional slice on one grid.

    Attributes:
        anatomy: (H, W) float32 in [0, 1].
        function: (H, W) float32 in [0, 1], the scalar uptake.
        grey: for a pseudo-color source its BT.601 luminance (H, W) in [0, 1]: what a network meets when the palette of
            a picture is unknown.  ``None`` for scalar sources.
        group: which set the pair belongs to (``"mri-pet"``, ...); batches mix the groups.
        person: whom it shows; the persons of a group are drawn equally often, however many slices each has.
        name: for messages.
    """

    anatomy: torch.Tensor
    function: torch.Tensor
    grey: torch.Tensor | None
    group: str
    person: str
    name: str


def read_manifest(root: Path, split: str) -> list[SlicePair]:
    """Read the slice pairs of a folder with a ``manifest.csv``.

    Its columns are set, split, subject, slice, mri, functional and colour_table; paths are relative to the folder.
    Pseudo-color pictures are inverted exactly through ``colour_tables.csv`` (columns table, index, r, g, b; level =
    index / (n - 1)).

    Raises:
        ReadError: no manifest, no pair of this split, or a color that its table does not hold.
    """
    manifest = root / "manifest.csv"
    if not manifest.is_file():
        msg = f"{root}: no manifest.csv there; point --data at a folder of slice pairs with a manifest"
        raise ReadError(msg)
    tables = _read_tables(root / "colour_tables.csv")
    with manifest.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    if not rows:
        msg = f"{manifest}: no pair whose split is {split!r}"
        raise ReadError(msg)
    return [_read_pair(root, row, tables) for row in rows]


def _read_tables(path: Path) -> dict[str, dict[int, float]]:
    """Each palette as a mapping from packed RGB to its level in [0, 1]."""
    if not path.is_file():
        return {}
    colors: dict[str, list[int]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            colors.setdefault(row["table"], []).append(int(row["r"]) << 16 | int(row["g"]) << 8 | int(row["b"]))
    return {name: {c: i / (len(table) - 1) for i, c in enumerate(table)} for name, table in colors.items()}


def _read_pair(root: Path, row: dict[str, str], tables: dict[str, dict[int, float]]) -> SlicePair:
    anatomy = np.asarray(Image.open(root / row["mri"]).convert("L"), np.float32) / 255
    picture = Image.open(root / row["functional"])
    grey = None
    if picture.mode == "RGB" and row["colour_table"] in tables:
        rgb = np.asarray(picture, np.int64)
        levels = tables[row["colour_table"]]
        codes, where = np.unique(rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2], return_inverse=True)
        if any(int(code) not in levels for code in codes):
            msg = f"{root / row['functional']}: has colors that the table {row['colour_table']} does not hold"
            raise ReadError(msg)
        function = np.array([levels[int(code)] for code in codes], np.float32)[where].reshape(rgb.shape[:2])
        grey = torch.from_numpy(np.asarray(picture.convert("L"), np.float32) / 255)
    else:
        function = np.asarray(picture.convert("L"), np.float32) / 255
    return SlicePair(
        torch.from_numpy(anatomy),
        torch.from_numpy(function),
        grey,
        row["set"],
        row["subject"],
        Path(row["mri"]).name.removesuffix("_mri.png"),
    )


class BalancedSampler:
    """Draws the pairs of a step: groups by weight, then persons equally, then slices equally.

    The draw depends on the seed and the number of the step alone, so that a resumed training goes on as if it had never
    stopped.

    Args:
        pairs: what to draw from.
        weights: weight of each group; groups that are not named have weight 1.
    """

    def __init__(self, pairs: list[SlicePair], *, weights: dict[str, float] | None = None) -> None:
        self.tree: dict[str, dict[str, list[SlicePair]]] = {}
        for pair in pairs:
            self.tree.setdefault(pair.group, {}).setdefault(pair.person, []).append(pair)
        self.groups = sorted(self.tree)
        self.weights = torch.tensor([(weights or {}).get(g, 1.0) for g in self.groups])

    def draw(self, count: int, generator: torch.Generator) -> list[SlicePair]:
        """``count`` pairs, with replacement."""
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        return [self._one(self.tree[self.groups[int(g)]], generator) for g in chosen]

    @staticmethod
    def _one(persons: dict[str, list[SlicePair]], generator: torch.Generator) -> SlicePair:
        person = persons[sorted(persons)[_below(len(persons), generator)]]
        return person[_below(len(person), generator)]


def _below(limit: int, generator: torch.Generator) -> int:
    return int(torch.randint(limit, (1,), generator=generator))
