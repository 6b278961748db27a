"""Which of the two affines of a NIfTI header is taken, and what is said where they disagree.

The sform and the qform may say different places, and programs differ in which they take: nibabel (5.4) takes the sform
wherever its code is set; ITK (SimpleITK 2.5.7) and with it 3D Slicer take the qform unless the sform's code is 1 or the
qform's 0.  A result that carries both as its MRI does lies on the MRI in either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coconet_med.errors import GeometryError, OptionError
from coconet_med.geometry import (
    SHEAR_TOLERANCE,
    AffineChoice,
    NiftiForms,
    corner_distance,
    mirrored,
    shear_of,
    squared_up,
    unusable,
    voxel_size,
)

#: Sizes of a voxel that differ by no more than this part are one, rounded.
SAME_PIXDIM = 0.01
CHOICES = ("auto", "sform", "qform")


@dataclass
class Form:
    """The affine that was taken.

    Attributes:
        affine: voxel to RAS, mm.
        forms: what a result on this grid should carry.
        warnings: what the user should know.
        details: for the side-car; empty where there was nothing to choose.
        advice: what to do if it turns out to be sheared.
    """

    affine: np.ndarray
    forms: NiftiForms
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    advice: str | None = None

    def alone(self, taken: str, codes: tuple[int, int]) -> NiftiForms:
        """The form that was taken, in the place of both."""
        code = codes[0] if taken == "sform" else codes[1]
        return NiftiForms(self.affine, self.affine, code, code)


def choose_form(
    header: Any, size: tuple[int, int, int], name: str, choice: AffineChoice = "auto", *, factor: float, role: str
) -> Form:
    """Take one of the forms of a header.

    Args:
        header: of nibabel.
        size: voxels along i, j, k.
        name: what to call the image in messages.
        choice: ``"auto"`` takes the sform where both are coded, and refuses mirrored ones; ``"sform"`` and ``"qform"``
            take the one named where both are coded.
        factor: millimeters in the file's unit of length.
        role: of the image; only the anatomy hands its forms on.

    Raises:
        GeometryError: the two are mirrored, and nothing was chosen.
        OptionError: another choice.
    """
    if choice not in CHOICES:
        msg = f"affine is {choice!r}; choose auto, sform or qform"
        raise OptionError(msg)
    scale = np.diag((factor, factor, factor, 1.0))
    sform, qform = _coded(header.get_sform), _coded(header.get_qform)
    stated = (("sform", sform), ("qform", qform))
    broken = [n for n, f in stated if f is not None and unusable(f)]
    if len(broken) == 1 and sform is not None and qform is not None:
        sform, qform = (None, qform) if broken == ["sform"] else (sform, None)
    codes = int(header["sform_code"]), int(header["qform_code"])
    if sform is None or qform is None:
        given = sform if sform is not None else qform
        with np.errstate(invalid="ignore"):  # of numbers that are not finite: refused by geometry_from_affine
            affine = scale @ (header.get_best_affine() if given is None else given)
        code = 0 if given is None else codes[0] if sform is not None else codes[1]
        affine, bent = squared_up(affine, size, name)
        form = Form(affine, NiftiForms(affine, affine, code, code), list(bent))
        if len(broken) == 1 and given is not None and not unusable(given):
            other = "qform" if broken == ["sform"] else "sform"
            why = unusable(next(f for n, f in stated if f is not None and n == broken[0]))
            form.warnings.append(f"{name}: its {broken[0]} {why}; the {other} was taken")
        if sform is not None:
            form.warnings += _other_pixdim(header, affine, size, name, factor)
        if given is None:
            form.warnings.append(
                f"{name}: the NIfTI header gives no orientation (sform and qform codes are 0); left and right are a "
                "guess, and programs guess differently"
            )
        return form
    with np.errstate(invalid="ignore"):
        (sform, bent), qform = squared_up(scale @ sform, size, name), scale @ qform
    taken = "qform" if choice == "qform" else "sform"
    affine = qform if choice == "qform" else sform
    form = Form(affine, NiftiForms(sform, qform, *codes), list(bent) if taken == "sform" else [])
    if _sheared(sform) and not _sheared(qform):
        form.advice = "take the qform with --affine qform, or resample it on a rectangular grid first"
    apart = corner_distance(sform, qform, size)
    half = voxel_size(affine).min() / 2
    if not apart > half:
        return form
    itk = "sform" if codes[0] == 1 else "qform"
    where = f"{name}: sform (code {codes[0]}) and qform (code {codes[1]})"
    who = _who(itk)
    form.details |= {"taken": taken, "apart_mm": round(apart, 3), "sform_code": codes[0], "qform_code": codes[1]}
    if mirrored(sform, qform):
        if choice == "auto":
            msg = f"{where} are mirror images, so that left is right in one of them ({who}); look which side is left, "
            msg += "and say --affine sform or --affine qform"
            raise GeometryError(msg)
        form.forms = form.alone(taken, codes)
        words = f"{where} are mirror images; the {taken} was taken, as asked for ({who})"
        if role == "anatomy":
            words += f": the result carries the {taken} alone, and lies mirrored to this image in programs that take "
            words += "the other"
        form.warnings.append(words)
        return form
    asked = ", as asked for" if choice != "auto" else ""
    words = f"{where} lie up to {apart:.3g} mm apart; the {taken} was taken{asked} ({who})"
    if choice == "auto":
        words += "; --affine qform takes the other"
    if _sheared(sform) and taken == "qform":
        form.forms = form.alone(taken, codes)
        words += "; the sform is sheared: a result carries the qform alone, and lies elsewhere where the sform is taken"
    elif role == "anatomy":
        words += f"; a NIfTI result carries both and lies on it in either, NRRD, MHA and DICOM carry the {taken} alone"
    form.warnings.append(words)
    return form


def _coded(get: Any) -> np.ndarray | None:
    """A form in the file's own unit, ``None`` where its code is 0 or it is no affine (a quaternion out of bounds)."""
    try:
        return get(coded=True)[0]
    except Exception:  # nibabel: HeaderDataError, ValueError on damaged quaternions
        return None


def _other_pixdim(
    header: Any, affine: np.ndarray, size: tuple[int, int, int], name: str, factor: float
) -> tuple[str, ...]:
    """A warning where the sizes of a voxel beside an sform that stands alone (pixdim) are not those of the sform, or
    none at all."""
    with np.errstate(all="ignore"):
        own, stated = voxel_size(affine), np.abs(np.asarray(header["pixdim"][1:4], float)) * factor
    if not np.isfinite(stated).all():
        return (f"{name}: its pixdim holds sizes of voxels that are no finite numbers; those of the sform were taken",)
    if not (np.isfinite(own).all() and stated.all() and own.all()):
        return ()
    far = np.abs(own - stated) * np.maximum(np.array(size) - 1, 1)  # at the other end of the image
    if not (far > own / 2).any() or np.abs(stated / own - 1).max() <= SAME_PIXDIM:
        return ()
    words = [" x ".join(f"{mm:.4g}" for mm in sizes) for sizes in (stated, own)]
    return (
        f"{name}: its voxels are {words[0]} mm by pixdim and {words[1]} mm by the sform, which was taken; programs "
        "that go by pixdim (FSL) see another size, and one of the two is wrong",
    )


def _sheared(affine: np.ndarray) -> bool:
    with np.errstate(all="ignore"):  # of a singular one nothing is said here
        return shear_of(affine) > SHEAR_TOLERANCE


def _who(itk: str) -> str:
    if itk == "sform":
        return "nibabel, ITK and 3D Slicer take the sform"
    return "nibabel takes the sform, ITK and 3D Slicer the qform"
