"""A dynamic functional image (4-D NIfTI, as BIDS keeps PET) becomes the static one that can be fused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.nifti import check_size, check_slope, check_whole, refuse_sizeless
from coconet_med.readers.nifti_open import open_nifti
from coconet_med.readers.pet_json import PetFacts
from coconet_med.readers.time_spans import overlapping, paused


@dataclass(frozen=True)
class Static:
    """A static image made of a dynamic one.

    Attributes:
        path: NIfTI file with the static image, named like the dynamic one.
        note: what was done, for the side-car.
        warning: what the user should know, or empty.
    """

    path: Path
    note: str
    warning: str = ""


def static_image(path: Path, folder: Path, *, dynamic: str | int, facts: PetFacts | None = None) -> Static | None:
    """The mean over time, weighted by the duration of the frames, or one frame; ``None`` for an image that is not 4-D.

    Frames are read one by one, so memory holds two of them.

    Args:
        path: NIfTI file, (i, j, k, time).
        folder: where the static image is written.
        dynamic: ``"mean"``, or the number of a frame, from 0.
        facts: what is stated beside it.  Without durations all frames count alike, and a warning says so.

    Raises:
        OptionError: there is no such frame.
        ReadError: the number of durations is not that of the frames, the frames have no mean (they are not decay
            corrected, or what tells so cannot be read), or the file cannot be read.
    """
    import nibabel as nib

    if not path.name.lower().endswith((".nii", ".nii.gz")) or not path.is_file():
        return None
    try:
        file = open_nifti((path,))
    except Exception:  # the reader says what is wrong with it
        return None
    if len(file.shape) != 4 or file.shape[3] == 1:
        return None
    count = file.shape[3]
    if dynamic == "mean":
        _refuse_mean(path.name, count, facts)
    weights, note, warning = _weights(path.name, count, dynamic, facts.durations if facts else ())
    if facts and dynamic == "mean":
        warning = "; ".join(filter(None, (warning, _apart(path.name, facts))))
    refuse_sizeless(path, path, file.header, "auto")  # the static image will have the mended header
    check_slope(path, path, "function")
    check_size(path, file, path, shape=file.shape[:3])
    check_whole(path, (path,))
    mean = np.zeros(file.shape[:3], np.float64)
    try:
        for frame in np.flatnonzero(weights):
            mean += weights[frame] * np.asarray(file.dataobj[..., int(frame)], np.float64)
    except Exception as error:  # truncated or corrupt data
        msg = f"{path}: the frames cannot be read ({error}); copy the file again"
        raise ReadError(msg) from error
    target = folder / path.name
    nib.save(_like(file, mean.astype(np.float32)), target)
    return Static(target, note, warning)


def _like(file: Any, array: np.ndarray) -> Any:
    """A volume with the header of a time series: both affines, their codes, and the unit of length."""
    header = file.header.copy()
    header.set_data_shape(array.shape)
    header.set_data_dtype(array.dtype)
    header.set_slope_inter(None, None)
    return type(file)(array, None, header)


def _refuse_mean(name: str, count: int, facts: PetFacts | None) -> None:
    """Frames that each hold the activity of their own time have no mean, and who knows which those are."""
    remedy = "or take one frame with --dynamic N"
    if facts and facts.unreadable:
        raise ReadError(f"{name}: its {count} frames cannot be averaged, since {facts.unreadable[0]}, {remedy}")
    if facts and facts.decay_corrected is False:
        msg = f"{name}: its {count} frames are not decay corrected (ImageDecayCorrected is false), so they have no mean"
        raise ReadError(f"{msg}; correct them for decay, {remedy}")


def _apart(name: str, facts: PetFacts) -> str:
    """What to say where the frames do not follow each other: long pauses, or times that overlap (wrong, or in ms)."""
    spans = list(zip(facts.starts, facts.durations, strict=False))
    said = overlapping(spans) or paused(spans)
    return f"{name}: by its JSON file {said}" if said else ""


def _weights(name: str, count: int, dynamic: str | int, seconds: tuple[float, ...]) -> tuple[np.ndarray, str, str]:
    if dynamic != "mean":
        if not 0 <= int(dynamic) < count:
            msg = f"{name}: has {count} frames; --dynamic {dynamic} is none of 0 to {count - 1}"
            raise OptionError(msg)
        return np.eye(count)[int(dynamic)], f"frame {dynamic} of {count}", ""
    if not seconds:
        note = f"mean of {count} frames"
        return np.full(count, 1 / count), note, f"{name}: {note}, all counted alike: their durations are not known"
    if min(seconds) <= 0:
        msg = f"{name}: FrameDuration in its JSON file holds {min(seconds):g} s, and no frame is that short; mend it"
        raise ReadError(msg)
    if len(seconds) != count:
        msg = f"{name}: has {count} frames but {len(seconds)} durations; mend FrameDuration in its JSON file"
        raise ReadError(msg)
    return np.array(seconds) / sum(seconds), f"mean of {count} frames weighted by duration ({sum(seconds):g} s)", ""
