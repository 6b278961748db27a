"""Are the images the right way round: the MRI or CT as anatomy, the PET or SPECT as function?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import SimpleITK as sitk

from coconet_med.errors import PairError
from coconet_med.pair.sharpness import SWAPPED, blur_ratio, looks_like_ct
from coconet_med.windowing.signed import why_signed

if TYPE_CHECKING:
    from coconet_med.source import Source

NUCLEAR = ("PT", "NM")
ANATOMICAL = ("MR", "CT")
#: BIDS suffixes of images that show uptake, and of those that show anatomy.
_BIDS_FUNCTION = ("pet",)
BIDS_ANATOMY = ("T1w", "T2w", "PDw", "FLAIR", "T1map", "T2map", "T2star", "T2starw", "inplaneT1", "UNIT1", "ct")


def refuse_swapped(anatomy: Source, function: Source) -> None:
    """Refuse DICOM images whose modalities say that they are swapped.

    Raises:
        PairError: PET or SPECT as anatomy, and MR or CT as function.
    """
    if anatomy.modality in NUCLEAR and function.modality in ANATOMICAL:
        raise PairError(
            f"anatomy and function are swapped: '{anatomy.name}' is {anatomy.modality} and '{function.name}' is "
            f"{function.modality}; give the {function.modality} first and the {anatomy.modality} second"
        )


def swapped_warnings(anatomy: Source, function: Source) -> tuple[str, ...]:
    """A warning where file names, one modality, or the images themselves say that the two are swapped."""
    if anatomy.modality is not None and function.modality is not None:
        return ()
    clues = []
    suffixes = _suffix(anatomy), _suffix(function)
    if suffixes[0] in _BIDS_FUNCTION or suffixes[1] in BIDS_ANATOMY:
        named = [f"{s.name}" for s, bad in zip((anatomy, function), suffixes, strict=True) if bad]
        clues.append(f"by their names ({', '.join(named)})")
    if anatomy.modality in NUCLEAR or function.modality == "MR":
        clues.append(f"by the DICOM modality ({anatomy.modality or function.modality})")
    if _can_be_looked_at(anatomy, function):
        ratio = blur_ratio(anatomy.image, function.image)
        if ratio is not None and ratio > SWAPPED:
            clues.append(f"by what they show (the anatomy is {ratio:.1f} times as smooth as the function)")
    if not clues:
        return ()
    return (f"anatomy and function may be swapped, {' and '.join(clues)}: the MRI (or CT) belongs first",)


def _can_be_looked_at(anatomy: Source, function: Source) -> bool:
    """Whether both are volumes of which sharpness tells something: CT and statistics may be sharper than any MRI."""
    if anatomy.planar or function.planar or function.modality == "CT" or function.color is not None:
        return False
    return not (looks_like_ct(function.image) or why_signed(function, sitk.GetArrayViewFromImage(function.image)))


def _suffix(source: Source) -> str:
    """BIDS suffix of the only file of a source; ``""`` where there is none."""
    names = {path.name for path in source.files}
    if len(names) != 1:
        return ""
    stem = names.pop().partition(".")[0]
    return stem.rpartition("_")[2] if "_" in stem else ""
