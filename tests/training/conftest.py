"""Small generated data folders to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from their_weights import LAYERS, NORMED

from coconet_med.color.colormaps import COLORMAPS
from coconet_med.phantom import slice_pair
from coconet_med.training.data import SlicePair


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slices of the generated head laid out as the atlas: PET in pseudo-color, and the same as gray CT."""
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


@pytest.fixture(scope="module")
def theirs() -> dict[str, torch.Tensor]:
    """Seeded weights under their names, of a size that keeps features near 1 and energies in the range of a softmax."""
    g = torch.Generator().manual_seed(7)
    layers = dict(LAYERS)
    for width in (32, 64, 128, 256):
        layers |= {f"se_{width}.conv_{n}": (width, width) for n in (1, 2, 3)}
    state = {}
    for name, (inputs, outputs) in layers.items():
        side = 1 if name == "conv10" else 3
        scale = 1.3 / (inputs * side * side) ** 0.5 * (0.15 if name.endswith(("conv_1", "conv_2")) else 1)
        state[f"{name}.weight"] = scale * torch.randn(outputs, inputs, side, side, generator=g)
        state[f"{name}.bias"] = 0.05 * torch.randn(outputs, generator=g)
    for number in NORMED:
        width = LAYERS[f"conv{number}"][1]
        state[f"bn{number}.weight"] = 1 + 0.2 * torch.randn(width, generator=g)
        state[f"bn{number}.bias"] = 0.1 * torch.randn(width, generator=g)
        state[f"bn{number}.running_mean"] = 0.2 * torch.randn(width, generator=g)
        state[f"bn{number}.running_var"] = 0.5 + torch.rand(width, generator=g)
        state[f"bn{number}.num_batches_tracked"] = torch.tensor(3)
    for width, gamma in ((32, 0.2), (64, 0.7), (128, -0.5), (256, 0.9)):
        state[f"se_{width}.gamma"] = torch.tensor([gamma])
    return state
