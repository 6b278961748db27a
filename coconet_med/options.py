"""The options of a fusion, declared and checked in one place, however the fusion is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

from coconet_med.choices import (
    AnatomyKind,
    ColorChoice,
    ContoursOver,
    DicomForm,
    Direction,
    FunctionKind,
    LegendPlace,
    PlaneChoice,
    RegisterMode,
    one_of,
)
from coconet_med.color.colormaps import ColormapChoice, get_colormap
from coconet_med.errors import OptionError
from coconet_med.geometry import AffineChoice
from coconet_med.windowing.presets import WindowChoice, parse_window

Dynamic = Literal["mean"] | int

#: Called with the name of the stage, the finished part and the whole; may raise to stop the work.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """How a pair is fused: the options of :func:`coconet_med.fuse`, of ``batch``, ``pacs`` and the command line.

    Attributes:
        spacing: voxel size (i, j, k) in mm of 3-D arrays.
        register: ``"auto"`` (only where the headers do not say that the images are aligned, or that is implausible),
            ``"always"``, or ``"never"``.
        force: accept a registration, or a given transform, that is not plausible.
        transform: file of a linear transform between the two images, taken instead of a registration
            (:mod:`coconet_med.transform_files`).
        transform_images: the NIfTI files that were ``-in`` and ``-ref`` of an FSL FLIRT matrix, where they are not the
            function and the anatomy themselves.
        transform_direction: ``"stated"`` (as the format has it) or ``"reverse"``.
        landmarks: files of points in the anatomical and in the functional image, matched by name, where registration
            begins (:mod:`coconet_med.transform_files.points`); with ``register="never"`` they are taken as they are.
        reference: region whose mean uptake becomes 1 (SUVR): a mask, or labels of ``labels``, separated by commas.
        labels: segmentation in the world of the anatomy (:mod:`coconet_med.measure`) that ``reference`` is a part of.
        names: of its labels (:func:`coconet_med.measure.names.names_for`).
        plane: which slices the network sees: ``"auto"`` (the acquired ones), ``"axial"``, ``"coronal"`` or
            ``"sagittal"``.
        window: values of the functional image shown as no and as full uptake, in its own units; or a preset,
            ``"suv:0-6"``, ``"suvr:0-2.5"``, ``"percent:0-70"`` (of the maximum) or ``"robust"``, the default.
        anatomy_window: values of the anatomical image shown as black and white; or of a CT a name in
            :data:`coconet_med.windowing.ct.CT_WINDOWS`, or ``"auto"``, the default: what suits its content and its body
            part.
        suv: insist on SUV: bring a NIfTI PET to SUVbw by the JSON file beside it, and refuse a functional image
            whose SUV is not known.
        palette: palette of a pseudo-color functional picture: a CSV file (columns index, r, g, b), or a name in
            :func:`coconet_med.color.known_palettes.known_palettes`.  Without it known palettes are recognized; of any
            other picture only the luminance is known, and its colors are kept as they are, as of all with ``"keep"``.
        colormap: a name in :data:`coconet_med.color.colormaps.COLORMAPS`; ``"auto"`` takes ``"ct"`` for CT,
            ``"diverging"`` for maps of both signs (:mod:`coconet_med.windowing.signed`), ``"uptake"`` for all else.
        color: ``"map"`` colors by the uptake; ``"source"`` keeps the Cb and Cr of the picture that is in color under
            the fused luminance, as the paper does with visible and infrared pictures, and is gray where neither is.
        strength: linear weight between anatomy alone (0) and the full fusion (1).
        lightness: the same of lightness alone: 0 is the gray of the anatomy itself under the full color.
        threshold: uptake below which only the anatomy is shown, in the units of the functional image, or ``"40%"`` of
            its maximum; the color fades out from there to 80 % of it.
        contours: uptakes of lines of equal uptake, in the units of the functional image or as ``"40%"`` of its maximum;
            they are drawn instead of the colors (:mod:`coconet_med.sheets.contours`).
        contours_over: ``"anatomy"``: the lines lie on the plain anatomy; ``"fused"``: on the fusion.
        affine: of NIfTI whose sform and qform disagree: ``"auto"`` takes the sform with a warning and refuses mirrored
            ones; ``"sform"`` or ``"qform"`` takes the one named.
        max_memory: GiB that one input may take in memory; 4 unless the environment's ``COCONET_MAX_MEMORY`` says more.
        different_patients: accept DICOM images of two patients; the result says so and belongs to neither.
        anatomy_series: DICOM study: Series Instance UID of the anatomy.
        function_series: DICOM study: Series Instance UID of the function.
        anatomy_kind: DICOM study: take this as anatomy, ``"MR"`` or ``"CT"``.
        function_kind: DICOM study: take this as function, ``"PT"``, ``"NM"`` or ``"CT"``.
        allow_gaps: DICOM: resample missing, uneven or tilted slices.
        dynamic: ``"mean"``, or the number of one frame of a dynamic image, from 0.
        select: DICOM: which images of a mixed series are taken (:mod:`coconet_med.dicom.select`).
        timezone: DICOM: offset from UTC of the times of a PET, such as ``"+0100"``, where its header states none.
    """

    spacing: Sequence[float] | None = None
    register: RegisterMode = "auto"
    force: bool = False
    transform: str | Path | None = None
    transform_images: tuple[str | Path, str | Path] | None = None
    transform_direction: Direction = "stated"
    landmarks: tuple[str | Path, str | Path] | None = None
    reference: str | Path | None = None
    labels: str | Path | None = None
    names: str | Path | None = None
    plane: PlaneChoice = "auto"
    window: WindowChoice = None
    anatomy_window: WindowChoice = None
    suv: bool = False
    palette: str | Path | None = None
    colormap: ColormapChoice = "auto"
    color: ColorChoice = "map"
    strength: float = 1.0
    lightness: float = 1.0
    threshold: float | str | None = None
    contours: str | float | Sequence[float | str] | None = None
    contours_over: ContoursOver = "anatomy"
    affine: AffineChoice = "auto"
    max_memory: float | None = None
    different_patients: bool = False
    anatomy_series: str | None = None
    function_series: str | None = None
    anatomy_kind: AnatomyKind | None = None
    function_kind: FunctionKind | None = None
    allow_gaps: bool = False
    dynamic: Dynamic = "mean"
    select: Any = ()
    timezone: str | None = None

    @classmethod
    def taken_from(cls, given: Mapping[str, Any]) -> Self:
        """The options among the values of a command, an exchange or other options, by name; defaults for the rest."""
        return cls(**{each.name: given[each.name] for each in fields(cls) if each.name in given})

    def validate(self) -> Self:
        """Refuse, before any image is read, what no pair can take.

        Raises:
            OptionError: an unknown name, a window that does not rise, a number outside its range, or options that
                exclude each other.
            ReadError: the file of a transform or of a palette is missing or cannot be read.
        """
        one_of("--register", self.register, get_args(RegisterMode))
        one_of("--plane", self.plane, get_args(PlaneChoice))
        one_of("--contours-over", self.contours_over, get_args(ContoursOver))
        one_of("--transform-direction", self.transform_direction, get_args(Direction))
        if self.colormap != "auto":
            get_colormap(self.colormap)
        parse_window("--window", self.window)
        parse_window("--anatomy-window", self.anatomy_window, anatomy=True)
        parse_threshold(self.threshold if self.threshold is not None else 0)
        if not 0 <= self.strength <= 1:
            raise OptionError(f"strength {self.strength:g}: give a number from 0 (anatomy alone) to 1 (full fusion)")
        if not 0 <= self.lightness <= 1:
            raise OptionError(
                f"--lightness {self.lightness:g}: give a number from 0 (the gray of the anatomy) to 1 (fused lightness)"
            )
        if self.labels is not None and self.reference is None:
            raise OptionError(f"--labels {self.labels}: is where --reference finds its region; give both, or neither")
        if self.names is not None and self.labels is None:
            raise OptionError(f"--names {self.names}: are those of a segmentation; give it with --labels")
        if self.palette is not None:
            _check_palette(self.palette)
        one_of("--color", self.color, get_args(ColorChoice))
        if self.contours is not None:
            from coconet_med.sheets.contours import parse_levels

            parse_levels(self.contours)
        one_of("--affine", self.affine, get_args(AffineChoice))
        if self.max_memory is not None and not (math.isfinite(self.max_memory) and self.max_memory > 0):
            raise OptionError(f"--max-memory {self.max_memory:g}: give a positive number of GiB")
        if self.transform is not None and self.landmarks is not None:
            raise OptionError("--transform and --landmarks: give one of the two")
        if self.transform is not None:
            from coconet_med.transform_files import check_transform

            check_transform(self.transform, self.transform_images, self.transform_direction, self.register)
        self._check_dicom()
        return self

    def _check_dicom(self) -> None:
        if self.dynamic != "mean" and (isinstance(self.dynamic, bool) or not isinstance(self.dynamic, int)):
            raise OptionError(f"--dynamic {self.dynamic}: give mean, or the number of a frame, from 0")
        if self.anatomy_kind or self.function_kind:
            from coconet_med.dicom.series_selection import check_kinds

            check_kinds(self.anatomy_kind, self.function_kind)
        if self.select:
            from coconet_med.dicom.select import selection_of

            selection_of(self.select)
        if self.timezone is not None:
            from coconet_med.dicom.times import given_offset

            given_offset(self.timezone)

    def chosen(self) -> list[str]:
        """The names of the options that are not at their defaults."""
        return [each.name for each in fields(self) if getattr(self, each.name) != each.default]

    def for_readers(self) -> dict[str, Any]:
        """The DICOM options that were given, as :mod:`coconet_med.readers.dicom` takes them."""
        names = (
            "anatomy_series",
            "function_series",
            "anatomy_kind",
            "function_kind",
            "allow_gaps",
            "select",
            "timezone",
        )
        given = {name: value for name in names if (value := getattr(self, name))}
        return given | ({"dynamic": self.dynamic} if self.dynamic != "mean" else {})


def frame_number(text: str) -> Dynamic:
    """What ``--dynamic`` says.

    Raises:
        OptionError: neither ``mean`` nor a number.
    """
    if text == "mean":
        return "mean"
    if not (text.isascii() and text.isdigit()):
        raise OptionError(f"--dynamic {text}: give mean, or the number of a frame, from 0")
    return int(text)


def _check_palette(palette: str | Path) -> None:
    from coconet_med.color.known_palettes import KEEP
    from coconet_med.color.palettes import load_palette

    if palette != KEEP:
        load_palette(palette)


def parse_threshold(threshold: float | str) -> tuple[float, bool]:
    """The number of a threshold, and whether it is in percent of the maximum.

    Raises:
        OptionError: it is no number, negative, or over 100 %.
    """
    text = str(threshold).strip()
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0) or (percent and value > 100):
        raise OptionError(f"--threshold {text}: give uptake in the units of the image, or 0% to 100% of its maximum")
    return value, percent


def check_dicom_output(anatomy: Path, dicom_form: str, *, dicom: bool, target: str, legend: str = "own") -> None:
    """Refuse a DICOM result of an anatomy without DICOM headers, and a DICOM form of another result.

    Args:
        anatomy: file or folder.
        dicom_form: what ``--dicom-form`` says.
        dicom: whether the result is to be DICOM.
        target: what asks for DICOM, for the message.
        legend: what ``--dicom-legend`` says.

    Raises:
        OptionError: the two do not go together.
    """
    one_of("--dicom-form", dicom_form, get_args(DicomForm))
    one_of("--dicom-legend", legend, get_args(LegendPlace))
    if not dicom and legend != "own":
        raise OptionError(f"--dicom-legend {legend}: is for DICOM results, {target} is none; leave it out")
    if not dicom and dicom_form != "sc":
        raise OptionError(f"--dicom-form {dicom_form}: is for DICOM results, {target} is none; leave it out")
    if dicom and anatomy.is_file():
        from coconet_med.readers.files import is_dicom, is_dicomdir

        if not is_dicom(anatomy) and not is_dicomdir(anatomy) and anatomy.suffix.lower() not in (".dcm", ".ima"):
            msg = (
                f"{target}: asks for DICOM, but {anatomy} has no DICOM headers to go on from; end the name in .nii.gz, "
            )
            raise OptionError(f"{msg}.nrrd, .mha, .png, .jpg or .tiff, or give the DICOM series of the anatomy")
