"""``coconet-med evaluate``: fuse, or take what was fused, and measure it beside the classical baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
import SimpleITK as sitk

from coconet_med.color import decode
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.color.known_palettes import KEEP
from coconet_med.color.readback import of_another, without_margin
from coconet_med.dicom.fused import read_fused
from coconet_med.errors import GeometryError, OptionError, PairError, ReadError
from coconet_med.fusion import fuse
from coconet_med.model import load_model
from coconet_med.options import FuseOptions
from coconet_med.quality import MeasureSet, Row, Table, evaluate_pair, evaluate_volume
from coconet_med.quality.atlas import ATLAS_SETS, AtlasPair, read_atlas
from coconet_med.quality.baselines import BASELINES, fuse_classically
from coconet_med.quality.pixels import luminance
from coconet_med.readers import read
from coconet_med.readers.memory import from_memory
from coconet_med.slices import slicing_of_source
from coconet_med.steps.alignment import resampled_by
from coconet_med.steps.prepare import colormap_for, prepare_pair
from coconet_med.system.json_file import load_json
from coconet_med.windowing.window import Window

if TYPE_CHECKING:
    from coconet_med.color.colormaps import ColormapChoice
    from coconet_med.geometry import AffineChoice
    from coconet_med.options import Progress
    from coconet_med.source import Source

#: What stands for the functional image: its true uptake, or the luminance of its pseudo-color picture.
FunctionAs = Literal["uptake", "luminance"]


def evaluate_folder(
    root: Path,
    *,
    split: str = "val",
    sets: list[str] | None = None,
    function_as: FunctionAs = "uptake",
    measures: MeasureSet = "fidelity",
    baselines: bool = True,
    colormap: ColormapChoice = "auto",
    model: str = "light",
    engine: str = "auto",
    progress: Progress | None = None,
) -> Table:
    """Fuse and measure every pair of a folder of slice pairs (layout: :mod:`coconet_med.quality.atlas`).

    Args:
        root: the folder with ``train/``, ``val/`` and ``colour_tables.csv``.
        split: ``"val"`` or ``"train"``.
        sets: which sets; all by default.
        function_as: ``"uptake"`` fuses and measures the scalar behind the colors; ``"luminance"`` fuses the
            pseudo-color picture as if its palette were unknown and measures its BT.601 Y, as the published tables do.
        measures: ``"fidelity"``, ``"findings"``, ``"standard"`` or ``"all"``.
        baselines: add the classical methods and copies of the sources.
        colormap: as in :func:`coconet_med.fuse`.
        model: as in :func:`coconet_med.fuse`.
        engine: as in :func:`coconet_med.fuse`.
        progress: as in :func:`coconet_med.fuse`.

    Raises:
        OptionError: unknown set, or ``function_as`` is neither of the two words.
        ReadError: the folder is not laid out so.
    """
    unknown = sorted(set(sets or ()) - set(ATLAS_SETS))
    if unknown or function_as not in get_args(FunctionAs) or measures not in get_args(MeasureSet):
        msg = f"{', '.join(unknown) or function_as + ' / ' + measures}: choose of the sets {', '.join(ATLAS_SETS)}, of "
        msg += f"{', '.join(get_args(FunctionAs))}, and of the measures {', '.join(get_args(MeasureSet))}"
        raise OptionError(msg)
    pairs = list(read_atlas(root, split=split, sets=tuple(s for s in ATLAS_SETS if s in (sets or ATLAS_SETS))))
    loaded = load_model(model, engine=engine)
    colormap = "uptake" if colormap == "auto" else colormap
    rows: list[Row] = []
    for number, pair in enumerate(pairs, 1):
        ours = (loaded.name, partial(_fused, pair, function_as, colormap, loaded))
        for method, make in (ours, *(_classical(pair, function_as) if baselines else ())):
            values = _measure(pair, function_as, make(), colormap if method == loaded.name else None, measures)
            rows.append(Row(pair.case, values, method=method, group=pair.group, person=pair.person))
        if progress:
            progress("measure", number, len(pairs))
    return Table(rows)


def _fused(pair: AtlasPair, function_as: FunctionAs, colormap: str, model: Any) -> np.ndarray:
    if function_as == "uptake":
        result = fuse(pair.anatomy, pair.uptake, window=(0, 1), model=model, colormap=colormap)
    else:
        result = fuse(pair.anatomy, pair.function, model=model, colormap=colormap, palette=KEEP)
    return sitk.GetArrayFromImage(result.color)


def _classical(pair: AtlasPair, function_as: FunctionAs) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    function = _measured_function(pair, function_as)
    for name in BASELINES:
        yield name, partial(fuse_classically, name, pair.anatomy, function)


def _measured_function(pair: AtlasPair, function_as: FunctionAs) -> np.ndarray:
    return pair.uptake * 255 if function_as == "uptake" else luminance(pair.function)


def _measure(
    pair: AtlasPair, function_as: FunctionAs, fused: np.ndarray, colormap: str | None, measures: MeasureSet
) -> dict[str, float]:
    function = pair.uptake * 255 if function_as == "uptake" else pair.function
    readable = function_as == "uptake"
    read_back = partial(decode, colormap=colormap) if readable and colormap and fused.ndim == 3 else None
    uptake = pair.uptake if readable else None
    return evaluate_pair(
        pair.anatomy,
        function,
        fused,
        uptake=uptake,
        decode=read_back,
        measures=measures,
        ct=pair.group == "mri-ct",
        scaled=True,
    )


def evaluate_files(
    anatomy: Path,
    function: Path,
    fused: Path | None,
    *,
    palette: str | None = None,
    measures: MeasureSet = "fidelity",
    baselines: bool = True,
    colormap: ColormapChoice = "auto",
    model: str = "light",
    engine: str = "auto",
    different_patients: bool = False,
    select: list[str] | None = None,
    timezone: str | None = None,
    affine: AffineChoice = "auto",
    progress: Progress | None = None,
) -> Table:
    """Measure one fused picture or volume against its sources.

    Args:
        anatomy: the anatomical image.
        function: the functional image.
        fused: the result; its side-car, where there is one, tells window, color map and registration.  ``None`` fuses
            the two here.
        palette: as in :func:`coconet_med.fuse`.
        measures: ``"fidelity"``, ``"findings"``, ``"standard"`` or ``"all"``.
        baselines: add the classical methods.
        colormap: the color map of the result, where no side-car tells it.
        model: used where ``fused`` is ``None``.
        engine: likewise.
        different_patients: as in :func:`coconet_med.fuse`.
        select: likewise.
        timezone: likewise.
        affine: likewise.
        progress: likewise.

    Raises:
        FusionError: as for :func:`coconet_med.fuse`; a result that is not on the anatomical grid, or whose side-car
            names other units than the functional image is read in.
    """
    if fused is None:
        result = fuse(
            anatomy,
            function,
            palette=palette,
            colormap=colormap,
            model=model,
            engine=engine,
            different_patients=different_patients,
            affine=affine,
            progress=progress,
            select=select or (),
            timezone=timezone,
        )
        ct = result.function.modality == "CT"
        first, light = result.anatomy, result.anatomy_window.apply(_array(result.anatomy.image))
        uptake = result.window.apply(_array(result.uptake)).reshape(light.shape)
        rgb = _array(result.color).reshape(*light.shape, 3)
        colors = result.colormap or "gray"
    else:
        options = FuseOptions(
            palette=palette,
            colormap=colormap,
            different_patients=different_patients,
            affine=affine,
            select=select or (),
            timezone=timezone,
            register="never",
        )
        first, light, uptake, rgb, colors, ct = _read_result(anatomy, function, fused, options)
    slicing = slicing_of_source(first)
    # Lightness shows the size of values of both signs, color their sign as well.
    stacks = [slicing.stack(a) for a in (255 * light, 255 * np.abs(uptake), rgb)]
    truth = slicing.stack(uptake)
    spacing = 1.0 if first.planar else slicing.spacing(first.image)[1:]
    rows = []
    for method in ("fused", *(BASELINES if baselines else ())):
        made = stacks[2] if method == "fused" else fuse_classically(method, stacks[0], stacks[1])
        read_back = partial(decode, colormap=colors) if method == "fused" and colors != "gray" else None
        values = evaluate_volume(
            stacks[0], stacks[1], made, uptake=truth, decode=read_back, measures=measures, spacing=spacing, ct=ct
        )
        rows.append(Row(first.name, values, method=method))
        if progress:
            progress("measure", len(rows), 1 + len(BASELINES))
    return Table(rows)


def _read_result(
    anatomy: Path, function: Path, fused: Path, options: FuseOptions
) -> tuple[Source, np.ndarray, np.ndarray, np.ndarray, str, bool]:
    """Anatomical source, scaled anatomy and uptake, RGB result, all (k, j, i) on one grid, color map, whether CT."""
    recorded = _sidecar(fused)
    pair = prepare_pair(anatomy, function, _as_recorded(options, recorded).validate())
    first, second = pair.anatomy, pair.function
    shown = recorded.get("sources", {}).get("function", {}).get("units", second.units)
    if shown != second.units:
        msg = f"{fused}: shows {shown}, but {function} is now read in units {second.units}; give the file and the "
        raise PairError(f"{msg}options (such as --timezone) that it was fused with")
    result = _colors(fused, recorded, first, options)
    if result.image.GetSize() != first.image.GetSize():
        msg = (
            f"{fused}: has {result.image.GetSize()} voxels and {anatomy} has {first.image.GetSize()}; give the result "
        )
        msg += "that was made on this anatomical grid"
        raise GeometryError(msg)
    if result.color is not None and (odd := of_another(fused, result.color, recorded, "color")):
        raise PairError(f"{odd[0]}; give the file that it describes, or move it away")
    if "alignment" in recorded and not first.planar:
        moved = resampled_by(first, second, np.array(recorded["alignment"]["matrix_lps_anatomy_to_function"]))
    else:
        moved = pair.align().function
    window = pair.windows[1]
    if "window" in recorded:
        limits = recorded["window"]
        window = Window(limits["low"], limits["high"], second.units, "given", signed=limits.get("signed", False))
    light = pair.windows[0].apply(_array(first.image))
    rgb = _array(result.color) if result.color is not None else np.repeat(_array(result.image)[..., None], 3, -1)
    colors = "gray" if result.color is None else colormap_for(pair.options.colormap, second, window)
    return first, light, window.apply(_array(moved)), rgb.astype(np.uint8), colors, second.modality == "CT"


def _colors(fused: Path, recorded: dict[str, Any], anatomy: Source, options: FuseOptions) -> Source:
    """The result as read; the slices of a fused DICOM series in the order of those of the anatomy."""
    if not fused.is_dir() and fused.suffix.lower() != ".dcm":
        return read(fused, "function", affine=options.affine)
    image = without_margin(read_fused(fused), recorded)
    if image.GetSize() == anatomy.image.GetSize():
        image = sitk.Resample(image, anatomy.image, sitk.Transform(), sitk.sitkNearestNeighbor)
    return from_memory(image, "function")


def _as_recorded(options: FuseOptions, recorded: dict[str, Any]) -> FuseOptions:
    """The options with the color map of the side-car, and its palette where none was given."""
    if not recorded:
        return options
    named = recorded.get("colormap", options.colormap)
    colormap = named if named in ("auto", *COLORMAPS) else "gray"  # colors that were kept, or none
    of_function = recorded.get("sources", {}).get("function", {}).get("details", {})
    palette = options.palette
    if palette is None and "sources" in recorded:
        palette = of_function.get("palette", KEEP)
    return replace(options, colormap=cast("ColormapChoice", colormap), palette=palette)


def _sidecar(fused: Path) -> dict[str, Any]:
    from coconet_med.writers import split_suffix

    stem = fused.name if fused.is_dir() or fused.suffix.lower() == ".dcm" else split_suffix(fused)[0]
    path = fused.with_name(f"{stem}.json")
    if not path.is_file():
        return {}
    try:
        return load_json(path)
    except ValueError as error:
        msg = f"{path}: the side-car of the result is damaged ({error}); remove it, or fuse again"
        raise ReadError(msg) from error


def _array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)
