"""RGB and scalar volumes: NIfTI (RGB24) through nibabel, NRRD and MetaImage through SimpleITK."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import WriteError
from coconet_med.geometry import NiftiForms, affine_of

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Of ISA-L: three times as fast as the fastest of zlib, files a tenth larger.
GZIP_LEVEL = 2

_RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def encode(result: FusionResult, what: str) -> Callable[[Path], None]:
    """What writes one image of a result (``"color"``, ``"luminance"``, ``"uptake"``, ``"legend"``) to a given path."""
    if what == "legend":
        from coconet_med.writers.pictures import encode as picture

        return picture(result, what)
    image: sitk.Image = getattr(result, what)
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    return lambda path: write_volume(image, path, forms=result.anatomy.forms)


def write_volume(image: sitk.Image, path: Path, *, forms: NiftiForms | None = None) -> None:
    """Write a 3-D scalar or RGB image as NIfTI, NRRD or MetaImage, by the suffix of the path.

    RGB becomes datatype 128 (RGB24) in NIfTI and ``kinds: RGB-color`` in NRRD: what 3D Slicer and ITK-SNAP show in
    color.  Lengths are millimeters, and every format says so.

    Args:
        image: LPS mm.
        path: its suffix decides.
        forms: sform and qform of the NIfTI file whose grid this is, with their codes: programs that place the two
            files by the same rule place them alike.  Without them, and where they are not those of the image, NIfTI
            gets an equal sform and qform (code 1, scanner).
    """
    if path.name.lower().endswith((".nii", ".nii.gz")):
        _write_nifti(image, path, forms)
        return
    sitk.WriteImage(image, str(path), useCompression=True)
    _complete_header(path, color=image.GetNumberOfComponentsPerPixel() == 3)


def _write_nifti(image: sitk.Image, path: Path, forms: NiftiForms | None) -> None:
    import nibabel as nib

    array = sitk.GetArrayViewFromImage(image)
    if image.GetNumberOfComponentsPerPixel() == 3:
        array = np.ascontiguousarray(array).view(_RGB24)[..., 0]
    affine = affine_of(image)
    file = nib.Nifti1Image(array.T, affine)
    if forms is None or not forms.fits(image):
        forms = NiftiForms(affine, affine, 1, 1)
    file.set_qform(forms.qform, code=forms.qform_code)
    file.set_sform(forms.sform, code=forms.sform_code)
    file.header.set_xyzt_units("mm")
    file.header["descrip"] = b"coconet-med; research use, not for diagnosis"
    if path.suffix.lower() != ".gz":
        nib.save(file, path)
        return
    from isal import igzip

    # Neither name nor time in it: the same voxels give the same file.
    with path.open("wb") as whole, igzip.IGzipFile("", "wb", GZIP_LEVEL, whole, mtime=0) as stream:
        file.to_stream(stream)


def _complete_header(path: Path, *, color: bool) -> None:
    """Say what SimpleITK leaves out of the header: millimeters, and in NRRD that the first axis is color."""
    if path.suffix.lower() == ".nrrd":
        changes = [(b"\nspace directions:", b'\nspace units: "mm" "mm" "mm"\nspace directions:')]
        changes += [(b"kinds: vector ", b"kinds: RGB-color ")] if color else []
        end = b"\n\n"
    else:
        changes, end = [(b"\nElementSpacing =", b"\nDistanceUnits = mm\nElementSpacing =")], b"\nElementDataFile ="
    content = path.read_bytes()
    at = content.find(end)
    header = content[:at]
    if at < 0 or any(header.count(old) != 1 for old, _ in changes):
        msg = f"{path}: its header is not as expected of SimpleITK; write .nii.gz instead"
        raise WriteError(msg)
    for old, new in changes:
        header = header.replace(old, new)
    path.write_bytes(header + content[at:])
