"""What there is to view: a fusion that was just made, or a fused file with or without its sources beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med.color.readback import of_another, without_margin
from coconet_med.dicom.fused import read_fused
from coconet_med.errors import FusionError, ReadError
from coconet_med.readers.files import is_dicomdir
from coconet_med.readers.intact import check_intact
from coconet_med.system.json_file import load_json
from coconet_med.system.printable import printable
from coconet_med.viewer.content import Content, checks, content_of, described, document_of

if TYPE_CHECKING:
    from coconet_med.model import Model
    from coconet_med.options import Progress
    from coconet_med.result import FusionResult


@dataclass(frozen=True)
class View:
    """Something to look at.

    Attributes:
        content: of the page.
        color: voxels of the fused file (k, j, i, 3).
        foci: looks for the foci; ``None`` where the sources are not known.
        notes: what was found out on the way, for the user.
    """

    content: Content
    color: np.ndarray
    foci: Callable[[], Sequence[dict[str, Any]]] | None = None
    notes: tuple[str, ...] = ()


def view_of(result: FusionResult, *, name: str = "fused") -> View:
    """The view of a fusion."""
    from coconet_med.viewer.foci import list_foci

    content = content_of(result, name=name)
    return View(content, _voxels(result.color), lambda: list_foci(result))


def view_of_file(
    path: str | Path, *, model: str | Path | Model = "light", engine: str = "auto", progress: Progress | None = None
) -> View:
    """The view of a fused file.

    Where the sources that its side-car names lie beside it, unchanged, they are fused again as the side-car says, and
    the voxels are compared: if they are the same, everything in the page is live.

    Args:
        path: fused volume or picture, or the folder of a fused DICOM series.
        model: weights that it was fused with.
        engine: as in :func:`coconet_med.fuse`; ``"auto"`` is the one that it was fused with, where that is installed.
        progress: called with (stage, done, total).

    Raises:
        ReadError: no such file, or no fused one.
    """
    path = Path(path)
    facts = _sidecar(path)
    image = without_margin(read_color(path), facts)  # a legend in the margin is no part of the patient
    color = _voxels(image)
    sources = _sources(path, facts)
    if sources is None:
        return _alone(
            path, image, facts, "Its sources were not found beside it: only what the file itself holds is shown."
        )
    try:
        result = _again(sources, facts, model, engine, progress)
    except FusionError as error:
        return _alone(path, image, facts, f"Its sources cannot be fused again: {printable(error)}")
    new = _voxels(result.color)
    if new.shape == color.shape and np.array_equal(new, color):
        # What its side-car warns of: the limits are given now, and would be warned of where they had been found.
        warnings = tuple(str(each) for each in facts.get("warnings", result.warnings))
        return view_of(replace(result, warnings=warnings), name=path.name)
    why = "Fusing its sources again gives other voxels: only what the file holds is shown."
    return _alone(path, image, facts, " ".join((why, *of_another(path, image, facts, "color"))))


def read_color(path: Path) -> sitk.Image:
    """The voxels of a fused file, RGB ``uint8``.

    Raises:
        ReadError: no such file, or it is not in color.
    """
    if not path.exists():
        raise ReadError(f"{path}: no such file; give a fused volume, or ANATOMY FUNCTION")
    check_intact(path)
    try:
        image = read_fused(path) if path.is_dir() else sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read; give a fused .nii.gz, .nrrd, .mha, .png or DICOM series") from error
    if image.GetNumberOfComponentsPerPixel() != 3 or image.GetPixelID() != sitk.sitkVectorUInt8:
        raise ReadError(f"{path}: is not in color (8-bit RGB), so it is no fused image; give ANATOMY FUNCTION to fuse")
    return image


def is_fused(path: Path) -> bool:
    """Whether one path means a fused image: any file, or a folder with the side-car of a fused series beside it."""
    if path.is_dir():
        return sidecar_path(path).is_file()
    return not is_dicomdir(path)


def sidecar_path(path: Path) -> Path:
    """Where the side-car of a fused file or folder lies."""
    from coconet_med.writers import split_suffix

    return path.with_name(f"{path.name if path.is_dir() else split_suffix(path)[0]}.json")


def _sidecar(path: Path) -> dict[str, Any]:
    try:
        beside = sidecar_path(path)
    except FusionError:  # no name of a fused volume
        return {}
    if not beside.is_file():
        return {}
    try:
        facts = load_json(beside)
    except ValueError as error:
        raise ReadError(f"{beside}: is no readable side-car ({error}); or move it away") from error
    return facts if isinstance(facts, dict) and {"window", "sources", "colormap"} <= set(facts) else {}


def _sources(path: Path, facts: dict[str, Any]) -> tuple[Path, Path] | None:
    """The two files that a side-car names, if they lie in the folder of the result with the content that it says."""
    from coconet_med.system.digest import sha256_of

    found = []
    for role in ("anatomy", "function"):
        recorded = facts.get("sources", {}).get(role, {})
        name = str(recorded.get("name", ""))
        file = path.parent / Path(name).name
        if not name or not file.is_file() or sha256_of(file) != recorded.get("sha256"):
            return None
        found.append(file)
    return found[0], found[1]


def _again(
    sources: tuple[Path, Path],
    facts: dict[str, Any],
    model: str | Path | Model,
    engine: str,
    progress: Progress | None,
) -> FusionResult:
    from coconet_med.fusion import fuse

    limits = [tuple(float(facts[name][end]) for end in ("low", "high")) for name in ("window", "anatomy_window")]
    return fuse(
        *sources,
        window=limits[0],
        anatomy_window=limits[1],
        colormap=facts["colormap"],
        strength=float(facts.get("strength", 1.0)),
        lightness=float(facts.get("lightness", 1.0)),
        threshold=facts.get("threshold"),
        plane=facts.get("plane", "auto"),
        register="auto" if facts.get("alignment", {}).get("registered") else "never",
        model=model,
        engine=_engine_of(facts, model) if engine == "auto" else engine,
        progress=progress,
    )


def _engine_of(facts: dict[str, Any], model: str | Path | Model) -> str:
    """The engine that a side-car names, if it is there and loads these weights.

    Others give gray levels that differ by one here and there.
    """
    from coconet_med.model import Model, installed_engines, weights_file

    named = str(facts.get("model", {}).get("engine", ""))
    if isinstance(model, Model) or not installed_engines().get(named):
        return "auto"
    try:
        return weights_file(model, named)[1]
    except FusionError:
        return "auto"


def _alone(path: Path, image: sitk.Image, facts: dict[str, Any], why: str) -> View:
    """The colors of a file, with what its side-car says of them."""
    from coconet_med.color.colormaps import COLORMAPS
    from coconet_med.report.units import figure

    color = _voxels(image)
    if facts.get("contours"):
        levels = ", ".join(figure(float(level)) for level in facts["contours"]["levels"])
        units = facts["window"].get("units", "relative")
        why = f"Lines of equal uptake at {levels}{'' if units == 'relative' else f' {printable(units)}'}. {why}"
    known = facts.get("colormap") in COLORMAPS and not facts.get("contours")
    window = facts.get("window", {}) if known else {}
    document = {
        **document_of(image, planar=image.GetDimension() == 2 or path.suffix.lower() == ".png", name=path.name),
        "fixed": why,
        "window": [float(window["low"]), float(window["high"])] if window else [0.0, 1.0],
        "units": "" if window.get("units") == "relative" else printable(window.get("units", "")),
        "look": {
            "colormap": facts.get("colormap") if known else None,
            "strength": float(facts.get("strength", 1.0)),
            "lightness": float(facts.get("lightness", 1.0)),
            "threshold": facts.get("threshold"),
        },
        "warnings": [printable(warning) for warning in facts.get("warnings", [])],
        "crc": checks(color),
    }
    parts = {"color": color}
    return View(Content(document | {"parts": described(parts)}, parts), color, notes=(f"{path.name}: {why}",))


def _voxels(image: sitk.Image) -> np.ndarray:
    """RGB (k, j, i, 3) of a 2-D or 3-D image."""
    color = sitk.GetArrayFromImage(image)  # a copy: a view does not outlive its image
    return color if color.ndim == 4 else color[None]
