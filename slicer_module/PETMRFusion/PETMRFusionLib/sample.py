"""Sample data: a generated head that travels with the module, and a tiny one made on the spot."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from PETMRFusionLib.geometry import to_vtk
from PETMRFusionLib.volumes import place

CATEGORY = "PET-MR Fusion"

#: Names in the module Sample Data, and the files and nodes of each; tests/slicer/samples.py makes the files.
SAMPLES: dict[str, dict[str, str]] = {
    "Head: MRI and PET": {"head-mri.nrrd": "Head MRI", "head-pet.nrrd": "Head PET"},
    "Head: patient moved": {"head-mri.nrrd": "Head MRI", "moved-head-pet.nrrd": "Moved head PET"},
}

#: Thumbnails of the samples, in their order.
THUMBNAILS = ("HeadThumbnail.png", "MovedHeadThumbnail.png")

Nodes = tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLScalarVolumeNode]


def register(sample_data: Any, resources: str) -> None:
    """Offer the samples by plain files: downloaders of our own are honored by buttons, but not by ``downloadSample``.

    Args:
        sample_data: Slicer's ``SampleDataLogic``.
        resources: folder of the resources of the module.
    """
    if hasattr(sample_data, "registerCustomSampleDataCategory"):
        sample_data.registerCustomSampleDataCategory(CATEGORY, title=CATEGORY)
    for (name, files), picture in zip(SAMPLES.items(), THUMBNAILS, strict=True):
        paths = [Path(resources) / "SampleData" / file for file in files]
        sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        sample_data.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=[path.as_uri() for path in paths],
            # Slicer keeps them in its cache by name: a later version of the module must not get the old ones.
            fileNames=[f"PETMRFusion-{sum_[:8]}-{path.name}" for path, sum_ in zip(paths, sums, strict=True)],
            nodeNames=list(files.values()),
            checksums=[f"SHA256:{sum_}" for sum_ in sums],
            thumbnailFileName=str(Path(resources) / "Icons" / picture),
        )


def add_volume(name: str, array: np.ndarray, matrix: np.ndarray) -> slicer.vtkMRMLScalarVolumeNode:
    """A scalar volume in the scene: voxels (k, j, i), voxel to RAS."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    place(node, array.astype(np.float32), to_vtk(matrix), None)
    return node


def tiny_pair() -> Nodes:
    """An ellipsoid with a dark center as MRI, with a hot spot as PET, on two different grids."""
    grids = {"MRI": ((20, 24, 22), 4.0), "PET": ((14, 16, 15), 6.0)}
    nodes = []
    for name, (shape, step) in grids.items():
        matrix = np.diag([step, step, step, 1.0])
        matrix[:3, 3] = [-step * (n - 1) / 2 for n in shape[::-1]]
        k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
        x, y, z = (step * axis + matrix[row, 3] for row, axis in enumerate((i, j, k)))
        head = np.clip(1.2 - np.sqrt((x / 36) ** 2 + (y / 40) ** 2 + (z / 34) ** 2), 0, 1)
        spot = np.exp(-((x - 12) ** 2 + (y - 8) ** 2 + (z + 4) ** 2) / (2 * 7.0**2))
        values = 800 * head * (1 - 0.5 * np.exp(-(x**2 + y**2 + z**2) / 200)) if name == "MRI" else 2 * head + 6 * spot
        nodes.append(add_volume(f"Tiny {name}", values, matrix))
    return nodes[0], nodes[1]
