"""Put released weights into the bundle: ``python bundles/tools/take_weights.py [light|full]``.

Copies ``NAME.pt``, ``NAME.onnx`` and the card ``NAME.json`` from the package (or ``--source``) to ``models/model.pt``,
``model.onnx`` and ``model.json``, after checking the sha256 that the card states, and names the network in the configs.
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
SUFFIXES = (".pt", ".onnx")


def take(name: str, source: Path, bundle: Path = BUNDLE) -> list[Path]:
    """Copy the weights called ``name`` from ``source`` into ``bundle``; returns what was written.

    Raises:
        SystemExit: a file is missing, or is not the one that the card describes.
    """
    card = source / f"{name}.json"
    if not card.is_file():
        sys.exit(f"{card}: no such card; release weights first (coconet_med.training.export.release)")
    stated = json.loads(card.read_text())["files"]
    models = bundle / "models"
    models.mkdir(exist_ok=True)
    written = []
    for suffix in SUFFIXES:
        weights = source / f"{name}{suffix}"
        if not weights.is_file():
            sys.exit(f"{weights}: no such weights")
        if hashlib.sha256(weights.read_bytes()).hexdigest() != stated[weights.name]["sha256"]:
            sys.exit(f"{weights}: is not the file that {card.name} describes; release it again")
        written.append(models / f"model{suffix}")
        shutil.copyfile(weights, written[-1])
    written.append(models / "model.json")
    shutil.copyfile(card, written[-1])
    _name_network(name, bundle)
    return written


def _name_network(name: str, bundle: Path) -> None:
    """Let the configs build the network that the weights belong to."""
    for config in ("inference.json", "train.json"):
        path = bundle / "configs" / config
        content = json.loads(path.read_text(encoding="utf-8"))
        content["model"] = name
        path.write_text(json.dumps(content, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="light", choices=("light", "full"))
    parser.add_argument("--source", type=Path, default=ROOT / "coconet_med" / "models")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    options = parser.parse_args()
    for path in take(options.name, options.source, options.bundle):
        print(path)
