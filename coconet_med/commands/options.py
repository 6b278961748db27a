"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Register = Annotated[str, typer.Option(help="Registration of the functional image: auto, always or never.")]
Plane = Annotated[str, typer.Option(help="Slices that the network sees: auto, axial, coronal or sagittal.")]
WindowOption = Annotated[
    str | None,
    typer.Option(
        metavar="LOW HIGH|PRESET",
        help="Uptake shown as none and as full, in the units of the functional image; or suv:0-6, suvr:0-2.5, "
        "percent:0-70 (of the maximum), robust.",
    ),
]
AnatomyWindow = Annotated[
    str | None,
    typer.Option(
        metavar="LOW HIGH|PRESET",
        help="Anatomy shown as black and as white; of a CT also brain, soft-tissue, lung, bone, liver, auto.",
    ),
]
Lightness = Annotated[
    float,
    typer.Option(min=0, max=1, help="0 is the gray of the anatomy itself under the full color, 1 fused lightness."),
]
Threshold = Annotated[
    str | None,
    typer.Option(metavar="UPTAKE|PERCENT%", help="Show no uptake below this, in its units or % of its maximum."),
]
AnatomyKind = Annotated[
    str | None, typer.Option("--anatomy", metavar="MR|CT", help="Study: fuse over this; MR by default, CT without MR.")
]
FunctionKind = Annotated[
    str | None, typer.Option("--function", metavar="PT|NM|CT", help="Study: fuse this; PT or NM by default.")
]
Suv = Annotated[bool, typer.Option("--suv", help="Insist on SUV: refuse a functional image whose SUV is not known.")]
Colormap = Annotated[
    str,
    typer.Option(
        help="auto, uptake, ember (color blindness), diverging (both signs), ct, hot, hot-metal, pet, rainbow, gray."
    ),
]
ColorOption = Annotated[
    str,
    typer.Option("--color", help="map: colors by uptake; source: pictures keep their own colors, gray ones stay gray."),
]
Palette = Annotated[
    str | None,
    typer.Option(help="Palette of a pseudo-color functional picture: FILE.csv[#name], a name, or keep (its colors)."),
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
NamesOption = Annotated[
    str | None, typer.Option("--names", help="Names of the labels: freesurfer, a .tsv (index, name) or LUT.")
]
DicomLegend = Annotated[
    str,
    typer.Option(
        help="DICOM out, the legend: own (an image in its own series), series (in the fused one), margin, none."
    ),
]
SaveTransform = Annotated[
    bool,
    typer.Option(
        "--save-transform", help="Also write the transform: ITK .tfm, and of two DICOM series a Spatial Registration."
    ),
]

ContoursOption = Annotated[
    str | None,
    typer.Option(
        "--contours",
        metavar="LEVEL...",
        help="Draw lines of equal uptake instead of colors: in its units, or 40% of its maximum.",
    ),
]
ContoursOver = Annotated[str, typer.Option(help="What the lines lie on: anatomy (plain), or fused.")]
Timezone = Annotated[
    str | None, typer.Option(metavar="+HHMM|-HHMM", help="DICOM PET: offset from UTC of its times, if it states none.")
]

Force = Annotated[bool, typer.Option("--force", help="Accept a registration that is not plausible.")]
AnatomySeries = Annotated[str | None, typer.Option(help="DICOM study: Series Instance UID of the anatomy.")]
FunctionSeries = Annotated[str | None, typer.Option(help="DICOM study: Series Instance UID of the function.")]
AllowGaps = Annotated[bool, typer.Option("--allow-gaps", help="DICOM: resample missing, uneven or tilted slices.")]
Dynamic = Annotated[str, typer.Option(help="Dynamic PET: mean, or the number of one frame, from 0.")]

#: Options that take two numbers or one word.
_WINDOWS = ("--window", "--anatomy-window")


class WindowCommand(TyperCommand):
    """A command whose windows are two numbers (``--window 0 6``) or one word (``--window suv:0-6``)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        args = windows_joined(args)
        _check_windows(args)  # first: the second of two words that are no limits would be called an extra argument
        return super().parse_args(ctx, args)


def _check_windows(arguments: Sequence[str]) -> None:
    for number, word in enumerate(arguments):
        option, sign, value = word.partition("=")
        if option in _WINDOWS and (sign or number + 1 < len(arguments)):
            from coconet_med.windowing.presets import parse_window

            parse_window(option, value if sign else arguments[number + 1], anatomy=option == "--anatomy-window")


def windows_joined(arguments: Sequence[str]) -> list[str]:
    """Arguments in which two numbers behind an option for a window are one word, ``"0 6"``, and so are levels.

    Example:
        >>> windows_joined(["--window", "-1", "6", "a.nii"])
        ['--window', '-1 6', 'a.nii']
        >>> windows_joined(["--contours", "2.5", "5", "40%", "a.nii"])
        ['--contours', '2.5 5 40%', 'a.nii']
    """
    out: list[str] = []
    for word in arguments:
        option, value = (out[-2], out[-1]) if len(out) > 1 else ("", "")
        window = option in _WINDOWS and _number(value) and _number(word)
        levels = option == "--contours" and all(map(_level, [*value.split(), word]))
        if window or levels:
            out[-1] = f"{value} {word}"
        else:
            out.append(word)
    return out


def _level(word: str) -> bool:
    return _number(word.removesuffix("%"))


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def as_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a command as :class:`coconet_med.options.FuseOptions` takes them.

    Raises:
        OptionError: a window or a frame that cannot be.
    """
    from coconet_med.options import frame_number
    from coconet_med.windowing.presets import parse_window

    return {
        **given,
        "window": parse_window("--window", given.get("window")),
        "anatomy_window": parse_window("--anatomy-window", given.get("anatomy_window"), anatomy=True),
        "dynamic": frame_number(given["dynamic"]),
        "select": tuple(given["select"] or ()),
    }
