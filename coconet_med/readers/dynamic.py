"""A functional image in NIfTI with what is stated beside it; a dynamic (4-D) one becomes static."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.errors import OptionError
from coconet_med.readers.frames import static_image
from coconet_med.readers.nifti import read_nifti
from coconet_med.readers.pet_json import PetFacts, facts_of
from coconet_med.readers.pet_suv import described
from coconet_med.system.digest import sha256_of
from coconet_med.system.scratch import scratch_folder

if TYPE_CHECKING:
    from coconet_med.geometry import AffineChoice
    from coconet_med.source import Source


def read_functional(
    path: Path, *, affine: AffineChoice = "auto", dynamic: str | int = "mean", facts: PetFacts | None = None
) -> Source:
    """The static image, its units and what is known for SUV.

    Args:
        path: NIfTI file, 3-D or 4-D (i, j, k, time).
        affine: see :func:`coconet_med.readers.read`.
        dynamic: of a 4-D image ``"mean"``, weighted by the durations of the frames, or the number of one, from 0.
        facts: what is stated beside it.  By default what JSON files there say; without any, a 4-D image is only taken
            for a dynamic PET where one frame is asked for.

    Raises:
        ReadError: see :func:`coconet_med.readers.read` and :func:`coconet_med.readers.frames.static_image`.
        OptionError: there is no such frame, or the image is static.
    """
    given = facts is not None
    facts = facts if facts is not None else facts_of(path)
    known = given or dynamic != "mean" or facts.values or facts.unreadable
    with scratch_folder() as folder:
        static = static_image(path, folder, dynamic=dynamic, facts=facts) if known else None
        source = read_nifti(static.path if static else path, "function", affine=affine)
    if not static:
        if dynamic not in ("mean", 0):
            raise OptionError(
                f"--dynamic {dynamic}: {path.name} is one volume without frames in time; leave the option out"
            )
        note = _of_many(path.name, facts)
        return described(replace(source, warnings=(*source.warnings, *note)), facts)
    warnings = (*source.warnings, static.warning) if static.warning else source.warnings
    details = {**source.details, "frames": static.note}
    source = replace(source, files=(path,), sha256=sha256_of(path), details=details, warnings=warnings)
    return described(source, facts, frame=None if dynamic == "mean" else int(dynamic))


def _of_many(name: str, facts: PetFacts) -> tuple[str, ...]:
    """What to say of one volume whose own JSON file tells of several frames, as one that was cut out of a 4-D image or
    averaged, and got a copy of its file."""
    count = max(len(facts.starts), len(facts.durations))
    if count < 2 or not facts.own_frames:
        return ()
    return (
        f"{name}: is one volume, but its JSON file tells of {count} frames; whether it is their mean, their sum or one "
        "of them is not known, and a sum is no concentration",
    )
