"""Sample data: the generated head of coconet-med, and a tiny one that needs nothing but numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from PETMRFusionLib.geometry import to_vtk
from PETMRFusionLib.jobs import JobFolder, Running
from PETMRFusionLib.runtime import Runtime
from PETMRFusionLib.volumes import place

CATEGORY = "PET-MR Fusion"

#: Names under which the module Sample Data offers them, and how the patient moved between the two scans.
SAMPLES: dict[str, Any] = {
    "PETMRFusionHead": None,
    "PETMRFusionMovedHead": ((0.0, 0.0, 10.0), (18.0, -9.0, 6.0)),
}

#: Voxel size of the generated MRI, mm.
SPACING = 1.0

Nodes = tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLScalarVolumeNode]


def start_head(runtime: Runtime, misalign: Any = None) -> Running[Nodes]:
    """Generate a head in the worker; the value is its MRI and its PET."""
    folder = JobFolder()
    folder.order("phantom", spacing=SPACING, misalign=misalign)

    def finish(results: JobFolder) -> Nodes:
        facts = results.facts()
        return tuple(
            add_volume(title, results.array(name), np.array(facts[name]))
            for name, title in (("mr", "Head MRI"), ("pet", "Head PET"))
        )

    return Running(runtime, folder, finish)


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
