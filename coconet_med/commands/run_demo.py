"""The main job on a generated head: what ``coconet-med demo`` runs, and an example of the Python interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.errors import WriteError

if TYPE_CHECKING:
    from coconet_med.options import Progress

FILES = ("T1.nii.gz", "PET.nii.gz", "fused.nii.gz", "fused.json", "fused_legend.png", "picture.png")


def run_demo(
    folder: Path,
    *,
    spacing: float = 1.5,
    model: str = "light",
    engine: str = "auto",
    overwrite: bool = True,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a generated MRI and PET, fuse them from these files, and draw MRI, PET and fusion in three planes.

    Args:
        folder: where to write; made if it is missing.
        spacing: voxel size of the MRI in mm.
        model: as in :func:`coconet_med.fuse`.
        engine: as in :func:`coconet_med.fuse`.
        overwrite: replace the files of an earlier demo; other files are never touched.
        progress: as in :func:`coconet_med.fuse`.

    Returns:
        The paths written: T1, PET, fused volume, side-car, picture.

    Raises:
        WriteError: the folder cannot be made or written.
    """
    from coconet_med.fusion import fuse
    from coconet_med.phantom import head_phantom
    from coconet_med.writers.atomic import write_together
    from coconet_med.writers.pictures import write_picture
    from coconet_med.writers.volumes import write_volume

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror}); choose another folder with --folder"
        raise WriteError(msg) from error
    t1, pet, fused, sidecar, _, picture = (folder / name for name in FILES)
    if progress:
        progress("phantom", 0, 1)
    head = head_phantom(spacing=spacing)
    if progress:
        progress("phantom", 1, 1)
    jobs = [(t1, lambda part: write_volume(head.t1, part)), (pet, lambda part: write_volume(head.pet, part))]
    write_together(jobs, overwrite=overwrite)
    result = fuse(t1, pet, model=model, engine=engine, progress=progress)
    result.save(fused, overwrite=overwrite)
    write_together([(picture, lambda part: write_picture(result.picture(), part))], overwrite=overwrite)
    return [t1, pet, fused, sidecar, picture]
