"""What each color map keeps of uptake and of anatomy, on slice pairs whose true uptake is known.

Usage::

    python benchmarks/color_maps.py FOLDER

FOLDER holds ``colour_tables.csv``, ``manifest.csv`` and ``val/`` (layout of ``aanlib``).  Prints Markdown tables:

* ``rho_uptake``, ``uptake_mae`` (percent of the window): uptake decoded from the colored picture against the truth,
  over ``pos`` (head, above 10 of 255, upper 40 percent of the head); ``hottest``: the same error over the hottest
  2 percent of ``pos``; ``mae JPEG``: ``uptake_mae`` after saving as JPEG (quality 90, no chroma subsampling).
* ``rho_Y``: Spearman of the picture's BT.601 Y against the fused luminance, over the head.
* ``Q_in``: Xydeas-Petrovic edge preservation of the MRI in Y, over ``pos``; ``Q_in L``: in the uncolored luminance.
* ``whole table``: ``uptake_mae`` over all 256 x 256 pairs of luminance and uptake, that of the worst luminance, and the
  worst single pair.
* ``alike``: the largest difference of uptake (percent of the window) between two colors over the same anatomy that are
  closer than 0.02 in the (a, b) plane of OKLab (lightness is the anatomy's), at three luminances;
  for normal sight and full protanopia and deuteranopia (Machado et al. 2009).
* ``order``: Spearman of uptake and the blue-to-yellow axis (b of OKLab), the only color axis of those readers.

Means per image, then per person, then over persons.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.stats import spearmanr

from coconet_med.color import compose, decode, luma
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.palettes import load_palette, scalar_from_palette
from coconet_med.quality.oklab import JUST_NOTICEABLE, oklab
from coconet_med.quality.regions import head_of

SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def pairs(folder: Path, name: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Person, MRI and scalar uptake (both 0 to 255, float) of each val pair of a set."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name and row["split"] == "val"]
    for row in rows:
        mri = np.asarray(Image.open(folder / row["mri"]).convert("L"), float)
        function = Image.open(folder / row["functional"])
        if row["colour_table"] in ("", "none", "gray", "grey"):
            uptake = np.asarray(function.convert("L"), float)
        else:
            palette = load_palette(f"{folder / 'colour_tables.csv'}#{row['colour_table']}")
            uptake = 255.0 * scalar_from_palette(np.asarray(function.convert("RGB")), palette, tolerance=0)
        yield row["subject"], mri, uptake


def low_band(image: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter(image, 3)


def gate(mri: np.ndarray, uptake: np.ndarray) -> np.ndarray:
    """The "gate" baseline: low band of the uptake where it is high, of the MRI elsewhere; high band of the MRI."""
    lp, lm = low_band(uptake), low_band(mri)
    threshold = np.percentile(lp[lp > 5], 40)
    weight = 1 / (1 + np.exp(-(lp - threshold) / 8))
    return np.clip(weight * lp + (1 - weight) * lm + (mri - lm), 0, 255)


def edges_kept(source: np.ndarray, fused: np.ndarray, mask: np.ndarray) -> float:
    """Xydeas and Petrovic, "Objective image fusion performance measure" (2000), one source, weighted by its edges."""
    strength, angle = zip(*(_sobel(image) for image in (source, fused)), strict=True)
    largest = np.maximum(*strength)
    ratio = np.divide(np.minimum(*strength), largest, out=np.zeros_like(largest), where=largest > 0)
    turn = 1 - np.abs(angle[0] - angle[1]) / (np.pi / 2)
    kept = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + np.exp(-22 * (turn - 0.8)))
    return float((kept * strength[0])[mask].sum() / strength[0][mask].sum())


def _sobel(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = ndimage.sobel(image, 1), ndimage.sobel(image, 0)
    return np.hypot(x, y), np.where(x == 0, np.pi / 2, np.arctan(y / np.where(x == 0, 1, x)))


def through_jpeg(rgb: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=90, subsampling=0)
    return np.asarray(Image.open(file))


def measure(mri: np.ndarray, uptake: np.ndarray, luminance: np.ndarray, colormap: str) -> list[float]:
    head = head_of(mri, uptake)
    pos = head & (uptake > 10) & (uptake >= np.percentile(uptake[head], 60))
    hottest = pos & (uptake >= np.percentile(uptake[pos], 98))
    rgb = compose(luminance / 255, uptake / 255, colormap=colormap)
    y = luma(rgb)
    read = [np.nan] * 4
    if COLORMAPS[colormap].kind != "gray":
        found, lossy = (255 * decode(picture, colormap=colormap) for picture in (rgb, through_jpeg(rgb)))
        error, lossy_error = (np.abs(image - uptake) / 2.55 for image in (found, lossy))
        varied = min(np.ptp(uptake[pos]), np.ptp(found[pos])) > 0  # on windowed CT all bone may be 255
        rank = spearmanr(found[pos], uptake[pos])[0] if varied else np.nan
        read = [rank, error[pos].mean(), error[hottest].mean(), lossy_error[pos].mean()]
    order = spearmanr(y[head], luminance[head])[0]
    return [*read, order, edges_kept(mri, y, pos), edges_kept(mri, luminance, pos)]


def over_persons(folder: Path, name: str, colormap: str, kind: str) -> np.ndarray:
    persons = defaultdict(list)
    for person, mri, uptake in pairs(folder, name):
        luminance = gate(mri, uptake) if kind == "gate" else mri
        persons[person].append(measure(mri, uptake, luminance, colormap))
    return np.mean([np.mean(values, axis=0) for values in persons.values()], axis=0)


def seen(colormap: str, light: float, sight: np.ndarray) -> np.ndarray:
    """The (a, b) of OKLab that a reader sees at 256 steps of uptake over anatomy of one lightness: (256, 2)."""
    uptake = np.linspace(0, 1, 256)
    encoded = compose(np.full(256, light), uptake, colormap=colormap) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return oklab(np.clip(linear @ sight.T, 0, 1))[:, 1:]


def alike(colormap: str, light: float, sight: np.ndarray) -> float:
    """Largest difference of uptake, in percent, between colors that look alike over anatomy of one lightness."""
    plane, uptake = seen(colormap, light, sight), np.linspace(0, 1, 256)
    near = np.linalg.norm(plane[:, None] - plane[None], axis=-1) < JUST_NOTICEABLE
    return 100 * np.abs(uptake[:, None] - uptake[None])[near].max()


def print_sight(colormaps: list[str]) -> None:
    lights = (0.25, 0.5, 0.75)
    columns = [f"alike, {name}" for name in SIGHT] + [f"order, {name}" for name in list(SIGHT)[1:]]
    print("over anatomy of luminance 0.25 / 0.5 / 0.75\n\n| map |", " | ".join(columns), "|\n" + "|---" * 6 + "|")
    for colormap in colormaps:
        if COLORMAPS[colormap].kind == "gray":
            continue
        cells = [" / ".join(f"{alike(colormap, light, sight):.0f}" for light in lights) for sight in SIGHT.values()]
        for sight in list(SIGHT.values())[1:]:
            orders = (spearmanr(seen(colormap, light, sight)[:, 1], np.arange(256))[0] for light in lights)
            cells.append(" / ".join(f"{order:.2f}" for order in orders))
        print("|", " | ".join([colormap, *cells]), "|")


def print_whole_table(colormaps: list[str]) -> None:
    luminance, uptake = np.meshgrid(np.linspace(0, 1, 256), np.linspace(0, 1, 256), indexing="ij")
    print("\nwhole table\n\n| map | uptake_mae | worst luminance | worst pair |\n|---|---|---|---|")
    for colormap in colormaps:
        if COLORMAPS[colormap].kind == "gray":
            continue
        error = 100 * np.abs(decode(compose(luminance, uptake, colormap=colormap), colormap=colormap) - uptake)
        print(f"| {colormap} | {error.mean():.2f} | {error.mean(axis=1).max():.2f} | {error.max():.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with colour_tables.csv, manifest.csv and val/")
    parser.add_argument("--maps", nargs="*", default=list(COLORMAPS), choices=COLORMAPS, help="only these color maps")
    options = parser.parse_args()
    print_sight(options.maps)
    print_whole_table(options.maps)
    head = "| map | rho_uptake | uptake_mae | hottest | mae JPEG | rho_Y | Q_in | Q_in L |"
    rule = "|---|---|---|---|---|---|---|---|"
    runs = [(name, kind) for name in ("mri-pet", "mri-spect") for kind in ("gate", "MRI")] + [("mri-ct", "gate")]
    for name, kind in runs:
        print(f"\n{name}, luminance: {kind}\n\n{head}\n{rule}")
        for colormap in options.maps:
            row = over_persons(options.folder, name, colormap, kind)
            cells = [f"{value:.{digits}f}" for value, digits in zip(row, (4, 2, 2, 2, 4, 3, 3), strict=True)]
            print("|", " | ".join([colormap, *cells]).replace("nan", "-"), "|", flush=True)


if __name__ == "__main__":
    main()
