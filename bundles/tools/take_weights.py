"""Put released weights into the bundle: ``python bundles/tools/take_weights.py``.

``light.pt``, ``light.onnx`` and the card ``light.json`` of the package (or ``--source``) become ``models/model.pt``,
``model.onnx`` and ``model.json``.  The sha256 that the card states is checked first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "bundles" / "coconet_fusion"
#: What each network is called in the bundle, and in which forms it is there.
PLACES = {"light": ("model", (".pt", ".onnx"))}


def take(name: str, source: Path, bundle: Path = BUNDLE) -> list[Path]:
    """Copy the weights called ``name`` from ``source`` into ``bundle``; returns what was written.

    Raises:
        SystemExit: a file is missing, or is not the one that the card describes.
    """
    card = source / f"{name}.json"
    if not card.is_file():
        sys.exit(f"{card}: no such card; release weights first (coconet_med.training.export.release)")
    stated = json.loads(card.read_text(encoding="utf-8"))["files"]
    models = bundle / "models"
    models.mkdir(exist_ok=True)
    stem, suffixes = PLACES[name]
    written = []
    for suffix in suffixes:
        weights = source / f"{name}{suffix}"
        if not weights.is_file():
            sys.exit(f"{weights}: no such weights")
        if hashlib.sha256(weights.read_bytes()).hexdigest() != stated[weights.name]["sha256"]:
            sys.exit(f"{weights}: is not the file that {card.name} describes; release it again")
        written.append(models / f"{stem}{suffix}")
        shutil.copyfile(weights, written[-1])
    written.append(models / f"{stem}.json")
    shutil.copyfile(card, written[-1])
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="light", choices=sorted(PLACES))
    parser.add_argument("--source", type=Path, default=ROOT / "coconet_med" / "models")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    options = parser.parse_args()
    for path in take(options.name, options.source, options.bundle):
        print(path)
