"""The main job: read, align, window, fuse, color; one voxel's way from two files to one picture."""

from __future__ import annotations

import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med._version import __version__
from coconet_med.color.look import Look
from coconet_med.errors import OptionError
from coconet_med.inference import prepare
from coconet_med.model import Model, load_model
from coconet_med.options import FuseOptions, Progress
from coconet_med.result import FusionResult
from coconet_med.slices import slicing_of
from coconet_med.steps.checked import CheckedWhilePainting, share_of
from coconet_med.steps.notes import clipped, signs_lost
from coconet_med.steps.painting import Pictures, paint
from coconet_med.steps.prepare import PreparedPair, prepare_pair, threshold_in_units
from coconet_med.windowing.window import Window, window_for

if TYPE_CHECKING:
    from coconet_med.align import Alignment, Guess
    from coconet_med.source import Source
    from coconet_med.windowing.presets import WindowChoice


def fuse(
    anatomy: Any,
    function: Any = None,
    *,
    model: str | Path | Model = "light",
    engine: str = "auto",
    device: str = "auto",
    progress: Progress | None = None,
    options: FuseOptions | None = None,
    **choices: Any,
) -> FusionResult:
    """Fuse an anatomical and a functional image of the same person.

    Args:
        anatomy: MRI (or CT): a path, a SimpleITK image, or a NumPy array, 2-D (rows, columns) or 3-D (k, j, i).  With
            ``function=None``, the folder of a DICOM study in which both series are found.
        function: PET, SPECT or CT, likewise.  Either may also be what :func:`coconet_med.readers.read` gave.
        model: ``"light"``, a path of weights, or what :func:`load_model` returned.
        engine: ``"auto"``, ``"onnx"``, ``"openvino"`` or ``"torch"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ...
        progress: called with (stage, done, total).
        options: all other options at once.
        choices: or one by one (``register="never"``, ``window=(0, 8)``, ...): every option is told in
            :class:`coconet_med.options.FuseOptions`.

    Returns:
        The result, on the grid of the anatomical image.

    Raises:
        FusionError: anything that makes a truthful result impossible; the message says what, where, and what to do.

    Example:
        >>> import coconet_med
        >>> from coconet_med.phantom import slice_pair
        >>> mri, pet = slice_pair(64)
        >>> coconet_med.fuse(mri, pet).color.GetSize()
        (64, 64)
    """
    options = (replace(options, **choices) if options else FuseOptions(**choices)).validate()
    with ThreadPoolExecutor(2, "coconet-aside") as aside:
        # The network is loaded while the images are read, and made ready for their size while they are aligned.
        loading = aside.submit(_loaded, model, engine, device)
        pair = prepare_pair(anatomy, function, options, progress=share_of(progress, "align"))
        loaded = loading.result()
        size = pair.slicing.stack(sitk.GetArrayViewFromImage(pair.anatomy.image)).shape
        ready = aside.submit(prepare, loaded.engine, *size, spacing=pair.spacing)
        limits = aside.submit(lambda: pair.windows)

        def painted(under: Alignment | Guess, step: Callable[[int, int], None] | None) -> Pictures:
            windows = limits.result()
            ready.result()
            given = (pair.anatomy, pair.function, under, windows, pair.slicing, pair.look, pair.kept)
            return paint(*given, engine=loaded.engine, progress=step)

        alignment, pictures = CheckedWhilePainting(pair, painted, aside=aside, progress=progress).run()
        limits.result()
    result = _result(pair, alignment, pictures, loaded)
    if options.contours is None:
        return result
    from coconet_med.sheets.contours import with_contours

    return with_contours(result, options.contours, over=options.contours_over)


def _result(pair: PreparedPair, alignment: Alignment, pictures: Pictures, model: Model) -> FusionResult:
    first, second = pair.anatomy, pair.function
    return FusionResult(
        color=_flat(pictures.color, first),
        luminance=_flat(pictures.luminance, first),
        uptake=_flat(alignment.function, first),
        anatomy=first,
        function=second,
        alignment=alignment,
        anatomy_window=pair.windows[0],
        window=pair.windows[1],
        colormap=None if pair.kept else pair.colormap,
        kept=pair.kept,
        strength=pair.options.strength,
        lightness=pair.options.lightness,
        threshold=pair.threshold,
        plane=pair.slicing.plane,
        field=pictures.field,
        provenance=_provenance(model) | {"patients": pair.check.patients},
        warnings=(
            *pair.check.warnings,
            *first.warnings,
            *second.warnings,
            *alignment.warnings,
            *clipped(pair.windows[1], second, alignment),
            *signs_lost(pair.windows[1], second),
        ),
    )


def mix_again(
    result: FusionResult,
    *,
    strength: float | None = None,
    colormap: str | None = None,
    lightness: float | None = None,
    threshold: float | str | None = None,
    window: WindowChoice = None,
    anatomy_window: WindowChoice = None,
) -> FusionResult:
    """The same fusion, weaker or stronger, in other colors or windows: from field and sources, without the network.

    Args:
        result: of :func:`fuse`, by a network that gives a field (all released ones do).
        strength: linear weight between anatomy alone (0) and the full fusion (1); as it was by default.
        colormap: as it was by default.
        lightness: of the lightness alone, see :func:`fuse`; as it was by default.
        threshold: see :func:`fuse`; as it was by default, and 0 for none.
        window: of the functional image, see :func:`fuse`; as it was by default.  Colors are those that fusing with it
            gives; lightness is mixed by the field that the network chose for the earlier window.
        anatomy_window: of the anatomical image, likewise.

    Raises:
        OptionError: the result has no field, or an option is wrong.
    """
    if result.field is None:
        msg = f"{result.anatomy.name}: was fused by a network without a field; fuse again with the wanted options"
        raise OptionError(msg)
    strength = result.strength if strength is None else strength
    colormap = colormap or result.colormap or "uptake"
    lightness = result.lightness if lightness is None else lightness
    FuseOptions(
        colormap=colormap,
        window=window,
        anatomy_window=anatomy_window,
        strength=strength,
        lightness=lightness,
        threshold=threshold,
    ).validate()
    first, second = result.anatomy, result.function
    slicing = slicing_of(first.image, plane=result.plane, slice_axis=first.slice_axis, planar=first.planar)
    kept = result.kept
    windows = _other_windows(result, window, anatomy_window)
    least = result.threshold if threshold is None else threshold_in_units(threshold, second, windows[1])
    if (colormap == "diverging") != result.window.signed and not kept:
        how = "diverging, the map of values of both signs" if result.window.signed else "any other map than diverging"
        raise OptionError(f"--colormap {colormap}: this fusion needs {how}; fuse again for another one")
    look = Look(colormap, strength, lightness).with_threshold(least, windows[1])
    made = paint(first, second, result.alignment, windows, slicing, look, kept, field=result.field)
    mixed = replace(
        result,
        color=_flat(made.color, first),
        luminance=_flat(made.luminance, first),
        anatomy_window=windows[0],
        window=windows[1],
        strength=strength,
        lightness=lightness,
        threshold=least,
        colormap=None if kept else colormap,
        field=made.field,
        contours=None,
    )
    if result.contours is None:
        return mixed
    from coconet_med.sheets.contours import with_contours

    return with_contours(mixed, result.contours.levels, over=result.contours.over)


def _other_windows(result: FusionResult, window: WindowChoice, anatomy_window: WindowChoice) -> tuple[Window, Window]:
    """The windows of the anatomical and the functional image of a result, those changed that are given."""
    anatomy, function = result.anatomy_window, result.window
    if anatomy_window is not None:
        values = sitk.GetArrayViewFromImage(result.anatomy.image)
        anatomy = window_for(result.anatomy, values, "anatomy", given=anatomy_window)
    if window is not None:
        values = sitk.GetArrayViewFromImage(result.function.image)
        function = window_for(result.function, values, "function", given=window, signed=function.signed)
    return anatomy, function


def _flat(image: sitk.Image, anatomy: Source) -> sitk.Image:
    """A picture comes back as the 2-D image that went in."""
    return image[:, :, 0] if anatomy.planar else image


def _loaded(model: str | Path | Model, engine: str, device: str) -> Model:
    return model if isinstance(model, Model) else load_model(model, engine=engine, device=device)


def _provenance(model: Model) -> dict[str, Any]:
    return {
        "software": {"name": "coconet-med", "version": __version__},
        "model": model.provenance(),
        "python": platform.python_version(),
        "libraries": {"numpy": np.__version__, "SimpleITK": sitk.Version.VersionString()},
    }


def _show_choices() -> None:
    """Let ``help(fuse)`` and editors list every option by name."""
    own = [each for each in signature(fuse).parameters.values() if each.kind != Parameter.VAR_KEYWORD]
    more = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(FuseOptions)
    ]
    fuse.__signature__ = signature(fuse).replace(parameters=[*own, *more])  # type: ignore[attr-defined]


_show_choices()
