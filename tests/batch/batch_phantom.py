"""Small studies made on the spot, and weights that are quick to load and run."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from coconet_med.batch.case import Case


def ball(seed: int, *, size: int = 32, spacing: float = 4.0) -> tuple[sitk.Image, sitk.Image]:
    """An MR of a textured ball and the uptake of its inner half, on one grid; another seed is another person."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, size)
    radius = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij")))
    anatomy = np.where(radius < 0.85, 400 + 80 * rng.normal(size=radius.shape), 5) + 200 * (abs(radius - 0.6) < 0.08)
    function = np.where(radius < 0.85, 1000 * (1.2 - radius), 0)
    function += 300 * np.exp(-((axis - 0.3) ** 2) / 0.02) * (radius < 0.7)
    images = [sitk.GetImageFromArray(np.maximum(a, 0).astype(np.float32)) for a in (anatomy, function)]
    for image in images:
        image.SetSpacing((spacing,) * 3)
        image.SetOrigin((-spacing * (size - 1) / 2,) * 3)
    return images[0], images[1]


def save_pair(folder: Path, name: str, seed: int, **how: float) -> tuple[Path, Path]:
    """``<name>_mri.nii.gz`` and ``<name>_pet.nii.gz``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}_mri.nii.gz", folder / f"{name}_pet.nii.gz"
    for image, path in zip(ball(seed, **how), paths, strict=True):
        sitk.WriteImage(image, str(path))
    return paths


def manifest(folder: Path, count: int, **how: float) -> Path:
    """A CSV manifest of ``count`` pairs."""
    rows = []
    for n in range(count):
        anatomy, function = save_pair(folder / "images", f"p{n}", n, **how)
        rows.append((f"p{n}", anatomy.relative_to(folder), function.relative_to(folder)))
    path = folder / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "anatomy", "function"))
        writer.writerows(rows)
    return path


def bids_image(root: Path, name: str, image: sitk.Image, sidecar: dict | None = None) -> Path:
    """Write ``sub-.../<kind>/<name>`` of a BIDS dataset, with its JSON file if there is one."""
    entities = dict(part.split("-", 1) for part in name.split("_")[:-1])
    kind = "pet" if name.split(".")[0].endswith("_pet") else "anat"
    folder = root / f"sub-{entities['sub']}"
    folder = folder / f"ses-{entities['ses']}" / kind if "ses" in entities else folder / kind
    folder.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(folder / name))
    if sidecar is not None:
        (folder / name).with_name(name.replace(".nii.gz", ".json")).write_text(json.dumps(sidecar), encoding="utf-8")
    return folder / name


def bids_dataset(root: Path, names: tuple[str, ...], **description: str) -> Path:
    """A BIDS dataset with the images of these names."""
    root.mkdir(parents=True, exist_ok=True)
    about = {"Name": "balls", "BIDSVersion": "1.10.0", "License": "CC0", **description}
    (root / "dataset_description.json").write_text(json.dumps(about), encoding="utf-8")
    for n, name in enumerate(names):
        pet = name.endswith("_pet.nii.gz")
        bids_image(root, name, ball(n)[pet], {"Units": "Bq/mL"} if pet else None)
    return root


def save_picture(path: Path, seed: int, size: int = 48) -> Path:
    """A gray picture of a textured disk."""
    rng = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, size)
    radius = np.hypot(*np.meshgrid(axis, axis))
    values = np.clip(np.where(radius < 0.8, 120 + 40 * rng.normal(size=radius.shape), 0), 0, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


def touch(path: Path) -> Path:
    """A file that is there; no image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def ids(cases: Iterable[Case]) -> list[str]:
    """The cases by name, in their order."""
    return [case.id for case in cases]


def start_command(*arguments: object) -> subprocess.Popen:
    """``coconet-med`` in a process group of its own, so that a signal to the group is like Ctrl-C in a terminal."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "coconet_med", *map(str, arguments)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )


def run_command(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``coconet-med``."""
    process = start_command(*arguments)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err
