"""Can a lesion be found in the fused picture as well as in the better of its sources?  Area under the ROC curve.

    python benchmarks/detectability.py --model light [--model PATH ...] [--lightness 0.5 0.7] [--out runs/detectability]

Generated heads with lesions of known place, in the MRI only, in the PET only or in both, brighter or darker than their
surroundings, 4 to 12 mm wide, in three contrasts from hardly visible to plain; a channelized Hotelling observer
(``coconet_med/quality/detectability.py``), trained on half of the heads and tested on the other half, and the other way
round.  Several lesions share a slice, well apart; every slice is fused with and without them, in the same noise.
Colored methods carry the uptake in the default map over their lightness.  Heads are kept in ``--out``, and so is what
was seen with each method; a network is looked at again where it draws another picture of the first slice.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from timing import report  # beside this file

from coconet_med import load_model
from coconet_med.color import compose
from coconet_med.inference import fuse_pictures
from coconet_med.phantom.lesions import Background, Insert, background, scan
from coconet_med.quality.baselines import fuse_classically
from coconet_med.quality.detectability import Observer, channels

#: Signs of the lesion in MRI and in PET.
KINDS: dict[str, tuple[int, int]] = {
    "MRI, bright": (1, 0),
    "MRI, dark": (-1, 0),
    "PET, hot": (0, 1),
    "PET, cold": (0, -1),
    "both, bright and hot": (1, 1),
    "both, dark and cold": (-1, -1),
    "both, dark and hot": (-1, 1),
}
DIAMETERS = (4.0, 8.0, 12.0)  # mm
#: Contrast in the MRI (share of white matter) and in the PET (share of gray matter, before blur), faint to plain.
CONTRASTS = {"faint": (0.05, 0.2), "middling": (0.12, 0.45), "plain": (0.3, 0.9)}
LEVELS = (12.0, 44.0)  # mm; with little of the built-in lesions
BLENDS = ("average", "maximum", "gate")
#: Shows a pair ``uint8`` by one or several methods: pictures by name, gray or colored, several where side by side.
Show = Callable[[np.ndarray, np.ndarray], dict[str, list[np.ndarray]]]


@dataclass(frozen=True)
class Look:
    """One slice seen with and without lesions: head, background, noise, and the condition at each place."""

    head: int
    ground: int
    noise: int
    conditions: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", help="light or a path of weights; may be repeated")
    parser.add_argument("--out", type=Path, default=Path("runs/detectability"))
    parser.add_argument("--heads", type=int, default=8, help="number of heads, even")
    parser.add_argument("--looks", type=int, default=24, help="noise realizations of each slice")
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--lightness", type=float, nargs="*", default=[0.5], help="further shares of it to look at")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = arguments.out / f"{arguments.heads}x{arguments.looks}_{arguments.size}"
    folder.mkdir(parents=True, exist_ok=True)
    grounds = backgrounds(folder, arguments.heads, arguments.size)
    looks = plan(grounds, arguments.looks)
    scans = [(scan(grounds[x.ground], seed=x.noise), scan(grounds[x.ground], inserts(x, grounds), seed=x.noise))
             for x in looks]  # fmt: skip
    places = [grounds[look.ground].places for look in looks]
    seen: dict[str, dict[str, np.ndarray]] = {}
    for name, show in methods(arguments.model or ["light"], arguments.lightness).items():
        seen |= remembered(folder, name, show, scans, places)
    rows = table(seen, looks)
    report(("lesion", *seen, "ours / better source"), rows, arguments.json, looks=len(looks))


def backgrounds(folder: Path, heads: int, size: int) -> list[Background]:
    """Slices of all heads, drawn once."""
    out = []
    for seed in range(heads):
        for level in LEVELS:
            path = folder / f"head_{seed}_{level:g}.npz"
            if not path.exists():
                made = background(200 + seed, level=level, size=size)
                _write(path, **asdict(made))
            with np.load(path) as kept:
                out.append(Background(kept["t1"], kept["uptake"], kept["places"], float(kept["pixel"])))
    return out


def plan(grounds: list[Background], looks: int) -> list[Look]:
    """Which condition is put where: every condition about equally often in each half of the heads."""
    count = len(KINDS) * len(DIAMETERS) * len(CONTRASTS)
    out = []
    for half in range(2):
        rng, left = np.random.default_rng([7, half]), np.empty(0, int)
        for n in range(looks):
            for ground, one in enumerate(grounds):
                head = ground // len(LEVELS)
                if head % 2 != half:
                    continue
                while len(left) < len(one.places):
                    left = np.concatenate([left, rng.permutation(count)])
                out.append(Look(head, ground, 1000 * ground + n, left[: len(one.places)]))
                left = left[len(one.places) :]
    return out


def condition(number: int) -> tuple[str, float, str]:
    """Kind, diameter and contrast of a condition."""
    kind, rest = divmod(int(number), len(DIAMETERS) * len(CONTRASTS))
    diameter, contrast = divmod(rest, len(CONTRASTS))
    return list(KINDS)[kind], DIAMETERS[diameter], list(CONTRASTS)[contrast]


def inserts(look: Look, grounds: list[Background]) -> list[Insert]:
    """The lesions of a look."""
    out = []
    for place, number in zip(grounds[look.ground].places, look.conditions, strict=True):
        kind, diameter, contrast = condition(number)
        mri, pet = np.multiply(KINDS[kind], CONTRASTS[contrast])
        out.append(Insert((int(place[0]), int(place[1])), diameter, float(mri), float(pet)))
    return out


def methods(models: list[str], shares: Sequence[float] = ()) -> dict[str, Show]:
    """How each method shows a pair; the last one is ours, with all and with ``shares`` of its lightness."""

    def sources(m: np.ndarray, p: np.ndarray) -> dict[str, list[np.ndarray]]:
        return {"MRI": [m], "PET": [p], "side by side": [m, p], "MRI, colored": [_colored(m / 255, p)]}

    def lightness(name: str, light: np.ndarray, p: np.ndarray) -> dict[str, list[np.ndarray]]:
        return {f"{name}, gray": [np.round(255 * light)], name: [_colored(light, p)]}

    out: dict[str, Show] = {"sources": sources}
    for name in BLENDS:
        out[name] = lambda m, p, name=name: lightness(name, fuse_classically(name, m, p) / 255, p)
    for name in models:
        model = load_model(name)

        def ours(m: np.ndarray, p: np.ndarray, name=name, model=model) -> dict[str, list[np.ndarray]]:
            pair = np.stack([m, p])[None].astype(np.float32) / 255
            light = fuse_pictures(pair, model.engine)[0, 0]
            less = {
                f"{name}, lightness {share:g}": [_colored(share * light + (1 - share) * m / 255, p)] for share in shares
            }
            return lightness(name, light, p) | less

        out[name] = ours
    return out


def _colored(light: np.ndarray, p: np.ndarray) -> np.ndarray:
    return compose(np.clip(light, 0, 1), p / 255)


def see(show: Show, scans: list[tuple], places: list[np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Channels of every place of every look without and with lesion, by method."""
    out: dict[str, dict[str, list[np.ndarray]]] = {}
    for pairs, where in zip(scans, places, strict=True):
        for state, pair in zip(("absent", "present"), pairs, strict=True):
            for name, pictures in show(*pair).items():
                out.setdefault(name, {"absent": [], "present": []})[state].append(channels(pictures, where))
    return {name: {state: np.concatenate(found) for state, found in states.items()} for name, states in out.items()}


def remembered(
    folder: Path, name: str, show: Show, scans: list[tuple], places: list[np.ndarray]
) -> dict[str, dict[str, np.ndarray]]:
    """:func:`see`, from the folder where these pictures were looked at before."""
    drawn = b"".join(picture.tobytes() for pictures in show(*scans[0][1]).values() for picture in pictures)
    plain = "".join(c if c.isalnum() else "-" for c in name)[-60:]
    path = folder / f"seen_{plain}_{hashlib.sha256(drawn).hexdigest()[:12]}.npz"
    if not path.exists():
        found = see(show, scans, places)
        _write(path, **{f"{method}|{state}": x for method, states in found.items() for state, x in states.items()})
    out: dict[str, dict[str, np.ndarray]] = {}
    with np.load(path) as kept:
        for key in kept.files:
            method, state = key.split("|")
            out.setdefault(method, {})[state] = kept[key]
    return out


def _write(path: Path, **arrays: np.ndarray) -> None:
    """Whole or not at all: a run may be stopped at any time."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(path)


def areas(seen: dict[str, np.ndarray], looks: list[Look]) -> np.ndarray:
    """Area under the ROC curve ``(kind, diameter, contrast)``, the mean of both halves of the heads."""
    conditions = np.concatenate([look.conditions for look in looks])
    half = np.concatenate([np.full(len(look.conditions), look.head % 2) for look in looks])
    shape = (len(KINDS), len(DIAMETERS), len(CONTRASTS))
    out = np.zeros(shape)
    task = conditions // len(CONTRASTS)  # one observer for each kind and diameter: it knows what it looks for
    for trained in range(2):
        for number in range(len(KINDS) * len(DIAMETERS)):
            mine = (task == number) & (half == trained)
            observer = Observer(seen["absent"][mine], seen["present"][mine])
            without = seen["absent"][(task == number) & (half != trained)]
            for contrast in range(len(CONTRASTS)):
                there = (conditions == number * len(CONTRASTS) + contrast) & (half != trained)
                place = np.unravel_index(number, shape[:2])
                out[(*place, contrast)] += observer.area(without, seen["present"][there]) / 2
    return out


def table(seen: dict[str, dict[str, np.ndarray]], looks: list[Look]) -> list[tuple]:
    """Means over diameters and contrasts of each kind, over kinds and contrasts of each diameter, and so on."""
    found = {name: areas(channels_seen, looks) for name, channels_seen in seen.items()}
    cuts: dict[str, tuple] = {kind: np.s_[n] for n, kind in enumerate(KINDS)}
    cuts |= {f"{diameter:g} mm": np.s_[:, n] for n, diameter in enumerate(DIAMETERS)}
    cuts |= {contrast: np.s_[:, :, n] for n, contrast in enumerate(CONTRASTS)}
    cuts["all"] = np.s_[:]
    ours = list(found)[-1]
    better = np.maximum(found["MRI"], found["PET"])
    return [
        (
            name,
            *(float(area[cut].mean()) for area in found.values()),
            float(found[ours][cut].mean() / better[cut].mean()),
        )
        for name, cut in cuts.items()
    ]


if __name__ == "__main__":
    main()
