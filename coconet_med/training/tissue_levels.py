"""How bright tissues are in the sequences of MRI, in CT, and under the tracers of PET and SPECT."""

from __future__ import annotations

import torch

from coconet_med.training.anatomies import TISSUES
from coconet_med.training.draws import cloud, log_uniform, uniform

#: Mean gray level of tissues, of 1, in the contrasts that the field knows.
CONTRASTS: dict[str, dict[str, float]] = {
    "t1": {"csf": 0.12, "cortex": 0.45, "white_matter": 0.7, "bone": 0.06, "marrow": 0.75, "skin": 0.85,
           "soft_tissue": 0.4},
    "t2": {"csf": 0.95, "cortex": 0.6, "white_matter": 0.4, "bone": 0.05, "marrow": 0.5, "skin": 0.6,
           "soft_tissue": 0.25},
    "flair": {"csf": 0.08, "cortex": 0.62, "white_matter": 0.5, "bone": 0.05, "marrow": 0.5, "skin": 0.6,
              "soft_tissue": 0.3},
    "pd": {"csf": 0.75, "cortex": 0.8, "white_matter": 0.6, "bone": 0.08, "marrow": 0.6, "skin": 0.6,
           "soft_tissue": 0.5},
    "ct": {"csf": 0.25, "cortex": 0.42, "white_matter": 0.37, "bone": 1.0, "marrow": 0.95, "skin": 0.1,
           "soft_tissue": 0.5},
}  # fmt: skip

#: Mean uptake of tissues, of 1, of the tracers that the field knows.
TRACERS: dict[str, dict[str, float]] = {
    "glucose": {"csf": 0.08, "cortex": 0.75, "white_matter": 0.3, "cerebellar_cortex": 0.65, "thalamus": 0.8,
                "caudate": 0.85, "putamen": 0.9, "bone": 0.05, "marrow": 0.1, "skin": 0.08, "soft_tissue": 0.18},
    "perfusion": {"csf": 0.05, "cortex": 0.8, "white_matter": 0.25, "cerebellar_cortex": 0.95, "thalamus": 0.7,
                  "bone": 0.03, "marrow": 0.05, "skin": 0.05, "soft_tissue": 0.12},
    "striatal": {"csf": 0.1, "cortex": 0.25, "white_matter": 0.2, "caudate": 0.95, "putamen": 0.9, "pallidum": 0.6,
                 "bone": 0.08, "skin": 0.1, "soft_tissue": 0.2},
    "white": {"csf": 0.1, "cortex": 0.35, "white_matter": 0.7, "brainstem": 0.8, "bone": 0.1, "skin": 0.1,
              "soft_tissue": 0.2},
    "ct": CONTRASTS["ct"],
}  # fmt: skip
#: Tissues that follow another one where a table does not name them.
LIKE = {
    "cerebellar_cortex": "cortex",
    "cerebellar_white_matter": "white_matter",
    "thalamus": "cortex",
    "caudate": "cortex",
    "putamen": "cortex",
    "hippocampus": "cortex",
    "other_nuclei": "cortex",
    "pallidum": "white_matter",
    "brainstem": "white_matter",
}


def levels(tables: dict[str, dict[str, float]], g: torch.Generator, name: str | None) -> torch.Tensor:
    """Mean level of each tissue: of a named table with some change; those that it does not name, or all, at random."""
    found = torch.rand(len(TISSUES), generator=g) * 0.9 + 0.03
    if name is not None:
        table = tables[name]
        for number, tissue in enumerate(TISSUES):
            level = table.get(tissue, table.get(LIKE.get(tissue, ""), None))
            if level is not None:
                found[number] = max(0.0, level * log_uniform(0.85, 1.18, g) + uniform(-0.03, 0.03, g))
    found[0] = 0.0
    return found


def painted(tissue: torch.Tensor, level: torch.Tensor, texture: float, g: torch.Generator) -> torch.Tensor:
    """Each tissue at its level, with a texture of up to ``texture`` of it."""
    size = tissue.shape[-1]
    return level[tissue] * (1 + uniform(0, texture, g) * (cloud(size, 5, g) + cloud(size, 14, g)))
