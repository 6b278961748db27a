"""Small generated data folders to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from coconet_med.color.colormaps import COLORMAPS
from coconet_med.phantom import slice_pair
from coconet_med.training.data import SlicePair


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slices of the generated head laid out as the atlas: PET in pseudo-color, and the same as grey CT."""
    root = tmp_path_factory.mktemp("atlas")
    table = np.unique(COLORMAPS["hot"].palette(), axis=0)
    table = table[np.argsort(table.astype(int).sum(axis=1))]
    lines = [f"hot,{n},{r},{g},{b}" for n, (r, g, b) in enumerate(table)]
    (root / "colour_tables.csv").write_text("table,index,r,g,b\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for split, seeds in (("train", (1, 2)), ("val", (3,))):
        for seed in seeds:
            for number, plane in enumerate(("axial", "coronal")):
                mri, pet = slice_pair(64, plane, seed=seed)
                colored = table[np.rint(pet / 255 * (len(table) - 1)).astype(int)]
                for group, picture in (("mri-pet", colored), ("mri-ct", pet)):
                    folder = root / split / group
                    folder.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(mri).save(folder / f"{seed}_{number:03}_mri.png")
                    Image.fromarray(picture).save(folder / f"{seed}_{number:03}_{group[4:]}.png")
    return root


@pytest.fixture(scope="session")
def pairs() -> list[SlicePair]:
    """Four slices of two persons, 32 x 32."""
    out = []
    for seed in (1, 2):
        for plane in ("axial", "sagittal"):
            mri, pet = (torch.from_numpy(x / 255.0).float() for x in slice_pair(32, plane, seed=seed))
            out.append(SlicePair(mri, pet, None, "head", str(seed), f"{seed} {plane}"))
    return out
