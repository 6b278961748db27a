"""How well uptake is read from pseudo-color pictures that are off their palette, on pictures whose levels are known.

Usage::

    python benchmarks/palettes.py FOLDER

FOLDER holds ``colour_tables.csv`` and ``val/`` (layout of ``aanlib``).  Each picture is made worse in several ways and
read by its palette.  Prints a Markdown table: mean absolute error in percent of the window where there is uptake, its
99th percentile, and the mean distance of the colors to the palette (of 441); and which palette is recognized without.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from coconet_med.color.known_palettes import recognize
from coconet_med.color.palettes import load_palette
from coconet_med.color.unpainted import unpaint
from coconet_med.errors import ReadError

SETS = (("pet128", "mri-pet/41_07*_pet.png"), ("spect72", "mri-spect/40_02*_spect.png"))


def jpeg(rgb: np.ndarray, quality: int, subsampling: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(stream).convert("RGB"))


def worse(rgb: np.ndarray, level: np.ndarray, table: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, picture and true level of each kind of damage."""
    rng = np.random.default_rng(0)
    moved = table.astype(int)
    for entry in moved[1:]:
        entry[rng.permutation(3)[:2]] += rng.choice([-1, 1], 2)
    yield "off by 1.4", np.clip(moved, 0, 255).astype(np.uint8)[np.rint(level * (len(table) - 1)).astype(int)], level
    for count in (64, 100, 256):
        at = np.linspace(0, len(table) - 1, count)
        other = np.stack([np.interp(at, np.arange(len(table)), c) for c in table.T], -1).round().astype(np.uint8)
        index = np.rint(level * (count - 1)).astype(int)
        yield f"{count} steps", other[index], index / (count - 1)
    for quality in (95, 90, 75, 50):
        for subsampling, name in ((0, ""), (2, ", halved color")):
            yield f"JPEG {quality}{name}", jpeg(rgb, quality, subsampling), level
    truth = Image.fromarray(level.astype(np.float32))
    for factor in (0.5, 0.77, 1.37, 2.0):
        size = tuple(round(n * factor) for n in rgb.shape[1::-1])
        picture = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))
        yield f"scaled to {factor:.0%}", picture, np.asarray(truth.resize(size, Image.Resampling.BILINEAR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, pattern in SETS:
        table = load_palette(f"{folder / 'colour_tables.csv'}#{name}")
        rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        refused, known = Counter[str](), Counter[str]()
        for path in sorted((folder / "val").glob(pattern))[:6]:
            rgb = np.asarray(Image.open(path).convert("RGB"))
            level = unpaint(rgb, table).level
            for kind, picture, truth in worse(rgb, level, table):
                seen = recognize(picture)
                known[seen.name if seen else "none"] += 1
                try:
                    found = unpaint(picture, table)
                except ReadError:
                    refused[kind] += 1
                    continue
                error = 100 * np.abs(found.level - truth)[truth > 0.02]
                rows[kind].append((error.mean(), np.percentile(error, 99), found.mean_off))
        print(f"\n**{name}** (recognized without a palette: {dict(known)}; refused: {dict(refused)})\n")
        print("| | error | 99th percentile | mean distance |\n|---|---|---|---|")
        for kind, values in rows.items():
            error, high, off = np.mean(values, axis=0)
            print(f"| {kind} | {error:.2f} | {high:.1f} | {off:.1f} |")


if __name__ == "__main__":
    main()
