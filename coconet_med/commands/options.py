"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Register = Annotated[str, typer.Option(help="Registration of the functional image: auto, always or never.")]
Plane = Annotated[str, typer.Option(help="Slices that the network sees: auto, axial, coronal or sagittal.")]
WindowOption = Annotated[
    tuple[float, float] | None,
    typer.Option(metavar="LOW HIGH", help="Uptake shown as none and as full, in the units of the functional image."),
]
Suv = Annotated[bool, typer.Option("--suv", help="Insist on SUV: refuse a functional image whose SUV is not known.")]
Colormap = Annotated[
    str, typer.Option(help="auto, uptake, ember (color blindness), ct, hot, hot-metal, pet, rainbow, gray.")
]
Palette = Annotated[
    str | None, typer.Option(help="Palette of a pseudo-color functional picture: FILE.csv[#name] or a map's name.")
]
ModelOption = Annotated[str, typer.Option(help="light, or the path of .onnx or .pt weights.")]
EngineOption = Annotated[str, typer.Option(help="auto, torch, onnx or openvino.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, ...")]
Strength = Annotated[float, typer.Option(min=0, max=1, help="0 is the anatomy alone, 1 the full fusion.")]
Affine = Annotated[str, typer.Option(help="NIfTI whose sform and qform disagree: auto (the sform), sform or qform.")]
MaxMemory = Annotated[float | None, typer.Option(metavar="GIB", help="Memory that one input may take.  [default: 4]")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
DifferentPatients = Annotated[
    bool,
    typer.Option("--different-patients", help="DICOM: fuse images of two patients; the result belongs to neither."),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="KEY=VALUE",
        help="DICOM: of a mixed series take these images: EchoTime=90, ImageType=M, frame=3, function:Units=BQML; "
        "repeatable.",
    ),
]
Transform = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Transform to take instead of a registration: ITK or Slicer .tfm, .h5, .mat, FreeSurfer .lta, FSL FLIRT "
        "matrix, DICOM Spatial Registration.",
    ),
]
TransformImages = Annotated[
    tuple[Path, Path] | None,
    typer.Option(metavar="IN REF", help="NIfTI files that FLIRT had as -in and -ref, if they are not the pair itself."),
]
TransformDirection = Annotated[str, typer.Option(help="stated (as the format has it) or reverse.")]
Reference = Annotated[
    str | None,
    typer.Option(metavar="MASK|LABEL", help="Region whose mean uptake is 1 (SUVR): a mask, or labels (8,47)."),
]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", help="Segmentation in the world of the MRI: label map, mask or DICOM SEG.")
]
SaveTransform = Annotated[
    bool,
    typer.Option(
        "--save-transform", help="Also write the transform: ITK .tfm, and of two DICOM series a Spatial Registration."
    ),
]
