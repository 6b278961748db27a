"""Uptake read back from the colors of a fused file alone, by its side-car or by what its legend says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from coconet_med.color import decode, foreign_colors, uptake_spread
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.look import scaled_threshold, unfaded
from coconet_med.errors import OptionError, ReadError
from coconet_med.system.json_file import load_json
from coconet_med.windowing.window import Window


@dataclass(frozen=True)
class ReadBack:
    """Uptake as a reader with the legend can know it.

    Attributes:
        uptake: ``float32`` image on the grid of the fused one (2-D for pictures), in ``units``.
        units: of the uptake.
        error_mean: how far the true value may lie from the one read, at most, averaged over the colored voxels: the
            steps of the legend; in units.
        error_max: the same for the worst of them.
        foreign: share of the voxels whose color the legend does not hold (resampled, JPEG); they take the nearest one.
        foreign_distance: largest distance of such a color to the legend, in RGB levels.
        topped: share of the colored voxels at the top of the window: there uptake is at least that.  Of a signed map at
            either end of it.
        threshold: of the fusion, in units; ``None`` if it had none.
        hidden: share of the colored voxels that lie below the threshold, where no uptake is shown: what they take is
            no measure of it, and the errors above are not of them.
        warnings: what the user should know: the side-car may be of another file.
    """

    uptake: sitk.Image
    units: str
    error_mean: float
    error_max: float
    foreign: float
    foreign_distance: float
    topped: float
    threshold: float | None = None
    hidden: float = 0.0
    warnings: tuple[str, ...] = ()

    def words(self) -> str:
        text = f"error of reading: {self.error_mean:.3g} on average, {self.error_max:.3g} at most ({self.units})"
        text += f"; {self.topped:.2%} of the colored voxels are at the end of the window or beyond"
        if self.threshold is not None:
            text += f"; {self.hidden:.2%} are below the threshold of {self.threshold:.5g}: no uptake is shown there,"
            text += " and what is read is no measure of it"
        if self.foreign:
            text += (
                f"; {self.foreign:.2%} have colors that the legend does not hold, up to {self.foreign_distance:.0f} off"
            )
        return text


def read_back(
    path: str | Path,
    *,
    colormap: str | None = None,
    window: tuple[float, float] | None = None,
    strength: float | None = None,
    units: str | None = None,
) -> ReadBack:
    """Uptake from the colors of a fused volume or picture.

    Args:
        path: ``fused.nii.gz``, ``.nrrd``, ``.mha``, the ``.png``, ``.tiff`` or ``.jpg`` of a picture, or the folder (or
            the one file) of a fused DICOM series in color.
        colormap: of the legend; by default what the side-car beside the file says, as with all that follows.
        window: uptake at the two ends of the legend.
        strength: of the fusion.
        units: of the uptake.

    Raises:
        ReadError: no such file, no color in it, a montage, or neither a side-car nor ``colormap`` and ``window``.
        OptionError: uptake cannot be read from its colors.
    """
    path = Path(path)
    facts = facts_beside(path)
    if facts.get("contours"):
        raise OptionError(f"{path}: shows contour lines, between which uptake cannot be read; fuse without")
    colormap = colormap or facts.get("colormap")
    low_high = window or ((facts["window"]["low"], facts["window"]["high"]) if facts else None)
    if colormap is None or low_high is None:
        raise ReadError(
            f"{path}: has no side-car beside it; say what its legend says with --colormap NAME and --window LOW HIGH"
        )
    if colormap.startswith("colors of"):
        raise OptionError(
            f"{path}: keeps the colors of an unknown palette, from which uptake cannot be read; fuse with --palette"
        )
    strength = float(facts.get("strength", 1.0)) if strength is None else strength
    units = units or str(facts.get("units", "relative"))
    image = _image(path, facts)
    rgb = sitk.GetArrayFromImage(image)
    low, high = (float(v) for v in low_high)
    scale = _scale(low, high, units, colormap)
    share = decode(rgb, colormap=colormap, strength=strength)
    threshold = facts.get("threshold") or None
    if threshold:  # near a threshold the color is that of a lower uptake, as the legend has it
        share = unfaded(share, scaled_threshold(threshold, scale))
    uptake = sitk.GetImageFromArray(scale.restore(share).astype(np.float32))
    uptake.CopyInformation(image)
    colored = rgb.max(axis=-1) > 0
    shown = colored & (share != 0) if threshold else colored
    per_share = float(scale.restore(np.array(1.0)) - scale.restore(np.array(0.0)))
    spread = uptake_spread(rgb, colormap=colormap, strength=strength)[shown] * per_share
    off = foreign_colors(rgb, colormap=colormap, strength=strength)
    return ReadBack(
        uptake,
        units,
        float(spread.mean()) if spread.size else 0.0,
        float(spread.max()) if spread.size else 0.0,
        float((off > 0).mean()),
        float(off.max()),
        float((np.abs(share[colored]) >= 1).mean()) if colored.any() else 0.0,
        threshold,
        float((share[colored] == 0).mean()) if threshold and colored.any() else 0.0,
        of_another(path, image, facts, "color") if window is None else (),
    )


def _scale(low: float, high: float, units: str, colormap: str) -> Window:
    signed = get_colormap(colormap).kind == "diverging"
    if signed and low != -high:
        raise OptionError(f"--window {low:g} {high:g}: the legend of {colormap} is symmetric; give {-high:g} {high:g}")
    return Window(low, high, units, "given", signed=signed)


def sidecar_of(path: Path) -> Path:
    """The JSON side-car that lies beside a fused file."""
    from coconet_med.writers import split_suffix

    if path.is_dir():  # of a fused series
        return path.with_name(f"{path.name}.json")
    if path.suffix.lower() == ".dcm":  # the one file of an enhanced series, in its folder
        return path.parent.with_name(f"{path.parent.name}.json")
    return path.with_name(f"{split_suffix(path)[0]}.json")


def facts_beside(path: Path) -> dict[str, Any]:
    """What the side-car of a fused file says; empty where there is none.

    Raises:
        ReadError: no such file, or its side-car cannot be read.
    """
    if not path.exists():
        raise ReadError(f"{path}: no such file; give a fused volume or picture")
    beside = sidecar_of(path)
    if not beside.is_file():
        return {}
    try:
        facts = load_json(beside)
        return facts if "colormap" in facts and "window" in facts else {}
    except (ValueError, TypeError) as error:
        msg = f"{beside}: is no readable side-car ({error}); give --colormap and --window, and move it away"
        raise ReadError(msg) from error


def of_another(path: Path, image: sitk.Image, facts: dict[str, Any], what: str) -> tuple[str, ...]:
    """A warning where a file does not hold the voxels that its side-car names.

    Args:
        path: of the file.
        image: as read from it.
        facts: of the side-car.
        what: ``"color"``, ``"luminance"`` or ``"uptake"``.
    """
    from coconet_med.writers.sidecar import keeps_voxels, voxels_sha256

    named = facts.get("voxels")
    if not isinstance(named, dict):
        return ()
    if named.get(what) == (voxels_sha256(image) if keeps_voxels(path) else None):  # of JPEG and DICOM none are named
        return ()
    return (
        f"{path.name}: its voxels are not those that the side-car beside it names: it was changed since, or the "
        "side-car is that of another result, whose window, colors and units are not those of this file",
    )


def without_margin(image: sitk.Image, facts: dict[str, Any]) -> sitk.Image:
    """The slices alone, where a legend was put beside them (``--dicom-legend margin``)."""
    if image.GetDimension() != 3:  # a picture has its legend in a file of its own
        return image
    size = facts.get("sources", {}).get("anatomy", {}).get("size", [])
    wide = len(size) == 3 and size[2] == image.GetSize()[2] and image.GetSize()[0] > size[0]
    return image[: size[0], : size[1], :] if wide else image


def _image(path: Path, facts: dict[str, Any]) -> sitk.Image:
    from coconet_med.readers.intact import check_intact
    from coconet_med.writers import PICTURE_SUFFIXES

    if path.is_dir() or path.suffix.lower() == ".dcm":
        from coconet_med.dicom.fused import read_fused

        return without_margin(read_fused(path), facts)
    check_intact(path)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read; give a fused .nii.gz, .nrrd, .mha or .png") from error
    flat = path.suffix.lower() in PICTURE_SUFFIXES
    anatomy = facts.get("sources", {}).get("anatomy", {})
    if flat and anatomy and list(image.GetSize()) != anatomy.get("size", [])[:2]:
        raise ReadError(f"{path}: is an overview of a volume, not its voxels; give the fused .nii.gz, .nrrd or .mha")
    if image.GetNumberOfComponentsPerPixel() != 3 or "8-bit unsigned" not in image.GetPixelIDTypeAsString():
        raise ReadError(f"{path}: is not in color (8-bit RGB), so it holds no uptake to read; give the fused file")
    return image
