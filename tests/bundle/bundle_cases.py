"""What the tests of the bundle share: a copy of it with weights, and data that try its geometry."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "bundles" / "coconet_fusion"


@dataclass(frozen=True)
class Place:
    """Folders of one test run.

    Attributes:
        bundle: a copy of the bundle with weights drawn at random (of the released shape).
        data: two pairs of a generated head; in the second one the MRI is sagittal, turned, and both hold a NaN voxel.
        work: where commands run and write.
    """

    bundle: Path
    data: Path
    work: Path

    def run(
        self,
        command: str,
        *more: str,
        environment: dict[str, str] | None = None,
        without: Sequence[str] = (),
        paths: Sequence[Path] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the README from a foreign folder, with its capitals replaced by paths.

        Args:
            command: as it stands there.
            more: words behind it.
            environment: further variables.
            without: variables that it must not see.
            paths: folders in which Python looks for modules first.
        """
        for word, path in (("BUNDLE", self.bundle), ("DATA", self.data), ("OUT", self.work / "out")):
            command = re.sub(rf"\b{word}\b", path.as_posix(), command)
        words = shlex.split(command)
        starts = {"python": [sys.executable], "torchrun": [sys.executable, "-m", "torch.distributed.run"]}
        own = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "CUDA_VISIBLE_DEVICES": ""}
        own |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", **(environment or {})}
        kept = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        own["PYTHONPATH"] = os.pathsep.join([*map(str, paths), str(ROOT), *kept])
        return subprocess.run(
            [*starts[words[0]], *words[1:], *more],
            cwd=self.work,
            env={name: value for name, value in os.environ.items() if name not in without} | own,
            encoding="utf-8",
            errors="replace",
            timeout=280,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


def readme_commands() -> dict[str, str]:
    """The commands of the bundle's README by their heading; a second one of a heading has ``(2)`` behind it."""
    commands: dict[str, str] = {}
    heading = ""
    for line in (BUNDLE / "docs" / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("#* ")
        elif line.startswith(("python -m monai.bundle", "torchrun ")):
            commands[heading if heading not in commands else f"{heading} (2)"] = line
    return commands


def make_place(folder: Path) -> Place:
    """Everything that the commands need, below ``folder``."""
    place = Place(folder / "bundles" / BUNDLE.name, folder / "data", folder / "work")
    ignored = shutil.ignore_patterns("__pycache__", "*.pt", "*.onnx", "eval")
    shutil.copytree(BUNDLE, place.bundle, ignore=ignored)
    place.work.mkdir()
    (place.bundle / "models").mkdir(exist_ok=True)
    write_weights(place.bundle / "models" / "model.pt")
    write_pairs(place.data)
    return place


def write_weights(path: Path) -> None:
    """Weights of the light network, random, but with statistics of batch norm and attention that do something."""
    import torch

    from coconet_med.network import build_network

    torch.manual_seed(0)
    net = build_network("light")
    for ensemble in (net.ensemble2, net.ensemble3, net.ensemble4):
        torch.nn.init.constant_(ensemble.attention.gamma, 0.3)
    with torch.no_grad():
        for _ in range(10):
            net(torch.rand(4, 2, 64, 64))
    torch.save(net.eval().state_dict(), path)


def write_pairs(folder: Path) -> None:
    """``case-1.0`` and ``case-1.1``: names that differ only behind the dot."""
    import nibabel as nib
    import SimpleITK as sitk

    from coconet_med.phantom import head_phantom
    from coconet_med.writers.volumes import affine_of, write_volume

    head = head_phantom(spacing=5.0, pet_spacing=6.0, noise=0.5)
    for case in ("case-1.0", "case-1.1"):
        (folder / case).mkdir(parents=True)
    write_volume(head.t1, folder / "case-1.0" / "mri.nii.gz")
    write_volume(head.pet, folder / "case-1.0" / "pet.nii.gz")
    for image, name, turned in ((head.t1, "mri", True), (head.pet, "pet", False)):
        file = nib.Nifti1Image(sitk.GetArrayFromImage(image).T.copy(), affine_of(image))
        if turned:
            file = file.as_reoriented(nib.orientations.axcodes2ornt(("I", "A", "R")))
            file = file.slicer[:, :, ::2]
        values = np.asarray(file.dataobj).copy()
        values[5, 6, 7] = np.nan
        nib.save(nib.Nifti1Image(values, file.affine), folder / "case-1.1" / f"{name}.nii.gz")
