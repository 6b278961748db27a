"""Small hot and cold foci of both sources: how many a fused picture loses or reverses, in lightness and in color.

    python benchmarks/foci.py DATA --model light [--pictures runs/foci]

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``).  Counts are over all foci of a set, whoever shows
them (``coconet-med evaluate`` averages over persons).  Every method is colored by the default map of its set, so that
the colors of all carry the same uptake.  ``opposed`` are foci whose place stands out the other way in the other source,
as fluid that is bright in T2 and dark in CT: no lightness can show both.  ``--pictures`` writes one picture of each
slice with a lost focus: MRI, function, and the result of the first model in gray and in color, lost foci marked.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw

from coconet_med import fuse, load_model
from coconet_med.color import compose
from coconet_med.quality.atlas import AtlasPair, read_atlas
from coconet_med.quality.baselines import BASELINES, fuse_classically
from coconet_med.quality.foci import LOST, Focus, foci_of, measure
from coconet_med.quality.spots import spots_of

KINDS = ("function, hot", "function, cold", "function, opposed", "MRI, hot", "MRI, cold", "plain spots")
SHOWN = ("foci", "lost", "reversed", "kept", "lost_oklab", "seen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", help="light or a path; may be repeated")
    parser.add_argument("--split", default="val")
    parser.add_argument("--set", action="append", dest="sets", help="mri-pet, mri-spect, mri-ct; all by default")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what is lost")
    arguments = parser.parse_args()
    models = {name: load_model(name) for name in arguments.model or ["light"]}
    sets = tuple(arguments.sets or ("mri-pet", "mri-spect", "mri-ct"))
    print(f"| set | foci of | method | {' | '.join(SHOWN)} |\n|{'---|' * (len(SHOWN) + 3)}")
    for group in sets:
        measured: dict[tuple[str, str], list[dict[str, float]]] = {}
        for pair in read_atlas(arguments.data, split=arguments.split, sets=[group]):
            kinds = _kinds(pair)
            for number, (method, light, rgb) in enumerate(_results(pair, models, not arguments.no_baselines)):
                for kind, foci in kinds.items():
                    measured.setdefault((kind, method), []).append(measure(foci, light, rgb))
                if number == 0 and arguments.pictures:
                    _picture(arguments.pictures, pair, kinds, light, rgb)
        for kind in KINDS:
            for (of, method), rows in measured.items():
                if of == kind and sum(row["foci"] for row in rows):
                    mark = "**" if method in models else ""
                    cells = [f"{mark}{value}{mark}" for value in (method, *_pooled(rows))]
                    print(f"| {group} | {kind} | {' | '.join(cells)} |", flush=True)


def _kinds(pair: AtlasPair) -> dict[str, list[Focus]]:
    ct, function, anatomy = pair.group == "mri-ct", 255 * pair.uptake, pair.anatomy.astype(float)
    found = foci_of(anatomy, function, ct=ct)
    out: dict[str, list[Focus]] = {kind: [] for kind in KINDS}
    for focus in found:
        kind = "function" if focus.source == "function" else "MRI"
        out[f"{kind}, {'hot' if focus.hot else 'cold'}"].append(focus)
        other = float(focus.contrast_in(anatomy if kind == "function" else function))
        if kind == "function" and other * np.sign(focus.contrast) < -LOST:
            out["function, opposed"].append(focus)
    out["plain spots"] = spots_of(anatomy, function, ct=ct)
    return out


def _results(pair: AtlasPair, models: dict, baselines: bool) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Method, luminance 0..255 and colors."""
    colormap = "ct" if pair.group == "mri-ct" else "uptake"
    for name, model in models.items():
        result = fuse(pair.anatomy, pair.uptake, window=(0, 1), model=model, colormap=colormap)
        light, rgb = (sitk.GetArrayFromImage(image).reshape(*pair.uptake.shape, -1) for image in (
            result.luminance, result.color))  # fmt: skip
        yield name, 255.0 * light[..., 0], rgb
    for name in BASELINES if baselines else ():
        light = fuse_classically(name, pair.anatomy, 255 * pair.uptake)
        yield name, light, compose(light / 255, pair.uptake, colormap=colormap)


def _pooled(rows: list[dict[str, float]]) -> list[str]:
    known = [row for row in rows if row["foci"]]
    count = sum(row["foci"] for row in known)
    means = [sum(row[name] * row["foci"] for row in known) / count for name in SHOWN[1:]]
    return [f"{count:.0f}", *(f"{value:.2f}" for value in means[:-1]), f"{means[-1]:.1f}"]


def _picture(folder: Path, pair: AtlasPair, kinds: dict[str, list[Focus]], light: np.ndarray, rgb: np.ndarray) -> None:
    lost = [f for f in {id(f): f for foci in kinds.values() for f in foci}.values() if measure([f], light)["lost"]]
    if not lost:
        return
    folder.mkdir(parents=True, exist_ok=True)
    tiles = [_marked(x, lost) for x in (pair.anatomy, 255 * pair.uptake, light, rgb)]
    sheet = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    Image.fromarray(sheet).save(folder / f"{pair.group}_{pair.case}.png")


def _marked(picture: np.ndarray, foci: list[Focus], *, scale: int = 3) -> np.ndarray:
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).convert("RGB")
    image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    for focus in foci:
        row, column = focus.center
        reach = focus.radius + 2.5
        box = [scale * (x + 0.5) for x in (column - reach, row - reach, column + reach, row + reach)]
        draw.ellipse(box, outline=(255, 70, 50) if focus.hot else (60, 160, 255))
    return np.asarray(image)


if __name__ == "__main__":
    main()
