"""From two inputs to a pair that can be shown: read, checked, in its units, sliced, and with its windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from coconet_med.color.look import Look
from coconet_med.color.pseudocolor import levels_of
from coconet_med.errors import OptionError
from coconet_med.options import parse_threshold
from coconet_med.readers.pet_suv import insist_on_suv
from coconet_med.slices import Slicing, slicing_of_source
from coconet_med.steps.alignment import aligned
from coconet_med.steps.reading import read_pair
from coconet_med.steps.windows import windows_of
from coconet_med.transform_files import read_transform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coconet_med.align import Alignment
    from coconet_med.align.alignment import Examined
    from coconet_med.align.registration import Progress as Share
    from coconet_med.options import FuseOptions
    from coconet_med.pair import PairCheck
    from coconet_med.result import Kept
    from coconet_med.source import Source
    from coconet_med.transform_files import StoredTransform
    from coconet_med.transform_files.points import Landmarks
    from coconet_med.windowing.window import Window


@dataclass(frozen=True)
class PreparedPair:
    """What is known of a pair before its images lie on each other.

    Attributes:
        anatomy: as read.
        function: in the units that were asked for, its pseudo-color turned into levels.
        options: that it was prepared by.
        check: patients, and what the user should know of the two as a pair.
        kept: whose colors the result has, if not those of a map.
        slicing: the slices that the network sees.
        stored: a transform that was given, or points to begin with.
        settled: how they lie, where that had to be known first (for a ratio to a region).
    """

    anatomy: Source
    function: Source
    options: FuseOptions
    check: PairCheck
    kept: Kept | None
    slicing: Slicing
    stored: StoredTransform | Landmarks | None = None
    settled: Alignment | None = None

    @cached_property
    def windows(self) -> tuple[Window, Window]:
        """Of anatomy and function; each of the whole image as it was read."""
        return windows_of(self.anatomy, self.function, self.options)

    @property
    def colormap(self) -> str:
        """The color map, ``"auto"`` settled."""
        return colormap_for(self.options.colormap, self.function, self.windows[1])

    @property
    def threshold(self) -> float | None:
        """In the units of the functional image."""
        return threshold_in_units(self.options.threshold, self.function, self.windows[1])

    @property
    def look(self) -> Look:
        """How it is shown."""
        look = Look(self.colormap, self.options.strength, self.options.lightness)
        return look.with_threshold(self.threshold, self.windows[1])

    @property
    def spacing(self) -> tuple[float, float, float] | None:
        """Distance in mm between slices, rows and columns; ``None`` for pictures."""
        return None if self.anatomy.planar else self.slicing.spacing(self.anatomy.image)

    def align(self, *, progress: Share | None = None, examined: Examined | None = None) -> Alignment:
        """Bring the functional image onto the anatomical grid; arguments and errors are those of :func:`aligned`."""
        if self.settled is not None:
            return self.settled
        how = {"stored": self.stored, "register": self.options.register, "force": self.options.force}
        return aligned(self.anatomy, self.function, **how, progress=progress, examined=examined)  # type: ignore[arg-type]

    def warnings(self, alignment: Alignment) -> tuple[str, ...]:
        """What the user should know of the two images as they lie; of their windows :mod:`coconet_med.steps.notes`."""
        return (*self.check.warnings, *self.anatomy.warnings, *self.function.warnings, *alignment.warnings)


def prepare_pair(
    anatomy: Any,
    function: Any,
    options: FuseOptions,
    *,
    dicom: Mapping[str, Any] | None = None,
    progress: Share | None = None,
) -> PreparedPair:
    """Read two images, check that they are a pair, bring the uptake into the units asked for, and find the slices.

    Args:
        anatomy: see :func:`coconet_med.fuse`.
        function: likewise.
        options: validated ones.
        dicom: further options of :mod:`coconet_med.readers.dicom`, which a fusion does not have.
        progress: called with (share, message) by a registration that a ratio to a region needs.

    Raises:
        FusionError: see :func:`coconet_med.fuse`.
    """
    first, second, check = read_pair(anatomy, function, options, dicom=dicom)
    stored: StoredTransform | Landmarks | None = None
    if options.landmarks is not None:
        stored = _landmarks(first, second, options)
    if options.transform is not None:
        reverse = options.transform_direction == "reverse"
        stored = read_transform(options.transform, first, second, images=options.transform_images, reverse=reverse)
    second = in_wanted_units(second, options)
    if options.contours is not None:
        from coconet_med.sheets.contours import refuse_unknown_uptake

        refuse_unknown_uptake(second)
    if options.color == "source" and first.color is not None and second.color is not None:
        note = f"{second.name}: is in color; its luminance was fused, and the colors are those of {first.name}"
        second = replace(second, color=None, warnings=(*second.warnings[:-1], note))
    kept = _kept(first, second, options.color)
    settled = None
    if options.reference is not None:
        from coconet_med.measure.ratio import as_ratio

        register, force = options.register, options.force
        settled = aligned(first, second, stored=stored, register=register, force=force, progress=progress)
        whose: dict[str, Any] = {"anatomy": first, "different_patients": options.different_patients}
        second, settled = as_ratio(second, settled, options.reference, options.labels, names=options.names, **whose)
    slicing = slicing_of_source(first, options.plane)
    threshold_in_units(options.threshold, second)
    return PreparedPair(first, second, options, check, kept, slicing, stored, settled)


def in_wanted_units(function: Source, options: FuseOptions) -> Source:
    """The functional image as SUV where that was asked for, and pseudo-color as the levels of its palette.

    Raises:
        OptionError: its SUV is not known, or a palette was given for an image without colors.
        ReadError: it was painted with another palette.
    """
    return levels_of(insist_on_suv(function) if options.suv else function, options.palette)


def _landmarks(anatomy: Source, function: Source, options: FuseOptions) -> Landmarks:
    """The points that were given, from where registration begins; they are taken as they are where it is off."""
    if anatomy.planar or function.planar:
        raise OptionError(
            f"{anatomy.name}: --landmarks is for volumes; pictures are matched pixel by pixel, so leave it out"
        )
    assert options.landmarks is not None
    from coconet_med.transform_files.points import read_landmarks

    return read_landmarks(*options.landmarks, refine=options.register != "never")


def colormap_for(colormap: str, function: Source, window: Window) -> str:
    """The name of a color map, ``"auto"`` settled by what is shown: signed maps, CT, all else."""
    if colormap != "auto":
        return colormap
    return "diverging" if window.signed else "ct" if function.modality == "CT" else "uptake"


def threshold_in_units(threshold: float | str | None, function: Source, window: Window | None = None) -> float | None:
    """A threshold in the units of the functional image; percents of a signed map are of its value farthest from 0.

    Raises:
        OptionError: the colors of the functional image are of an unknown palette, so that its uptake is not known.
    """
    if threshold is None:
        return None
    if function.color is not None:
        raise OptionError(f"--threshold: the palette of {function.name} is not known, nor its uptake; give --palette")
    value, percent = parse_threshold(threshold)
    if not percent:
        return value
    values = sitk.GetArrayViewFromImage(function.image)
    farthest = max(float(values.max()), -float(values.min()) if window and window.signed else 0.0)
    return value * farthest / 100


def _kept(anatomy: Source, function: Source, color: str) -> Kept | None:
    """Whose colors the result has, if not those of a map."""
    if color == "source" and anatomy.color is not None:
        return "anatomy"
    if function.color is not None:
        return "function"
    return "gray" if color == "source" else None
