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
from coconet_med.color import compose
from coconet_med.inference import prepare
from coconet_med.model import Model, load_model
from coconet_med.options import FuseOptions, Progress
from coconet_med.readers.suffixes import PICTURE_SUFFIXES
from coconet_med.result import FusionResult
from coconet_med.source import Source
from coconet_med.steps.checked import CheckedWhilePainting, share_of
from coconet_med.steps.mix_again import mix_again
from coconet_med.steps.notes import above_all, clipped, signs_lost, unseen_anatomy
from coconet_med.steps.painting import Pictures, flat, paint
from coconet_med.steps.prepare import PreparedPair, prepare_pair

if TYPE_CHECKING:
    from coconet_med.align import Alignment, Guess

__all__ = ["fuse", "mix_again"]


def fuse(
    anatomy: Any,
    function: Any = None,
    *,
    model: str | Path | Model = "light",
    engine: str = "auto",
    device: str = "auto",
    progress: Progress | None = None,
    options: FuseOptions | None = None,
    accept: Callable[[PreparedPair], None] | None = None,
    **choices: Any,
) -> FusionResult:
    """Fuse an anatomical and a functional image of the same person.

    Args:
        anatomy: MRI (or CT): a path, a SimpleITK image, or a NumPy array, 2-D (rows, columns) or 3-D (k, j, i).  With
            ``function=None``, the folder of a DICOM study in which both series are found.
        function: PET, SPECT or CT, likewise.  Either may also be what :func:`coconet_med.readers.read` gave.
        model: ``"light"``, a path of weights, or what :func:`load_model` returned.
        engine: ``"auto"`` (the fastest that is installed; for two pictures that which is ready first), ``"onnx"``,
            ``"openvino"`` or ``"torch"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ...
        progress: called with (stage, done, total).
        options: all other options at once.
        accept: called with the pair as soon as it is read; what it raises ends the work before any is done.
        choices: or one by one (``register="never"``, ``window=(0, 8)``, ...): every option is explained in
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
    with ThreadPoolExecutor(2, "coconet-background") as executor:
        # The network is loaded while the images are read, and made ready for their size while they are aligned.
        loading = executor.submit(_loaded, model, engine, device, single=_picture(anatomy) and _picture(function))
        pair = prepare_pair(anatomy, function, options, progress=share_of(progress, "align"))
        if accept:
            accept(pair)
        if pair.anatomy.planar and not pair.kept:
            # The windows of pictures are known at once: the table of their colors is made while the network loads.
            compose(np.zeros(0), np.zeros(0), colormap=pair.colormap, strength=options.strength)
        loaded = loading.result()
        size = pair.slicing.stack(sitk.GetArrayViewFromImage(pair.anatomy.image)).shape
        ready = executor.submit(prepare, loaded.engine, *size, spacing=pair.spacing)
        limits = executor.submit(lambda: pair.windows)

        def painted(under: Alignment | Guess, step: Callable[[int, int], None] | None) -> Pictures:
            windows = limits.result()
            given = (pair.anatomy, pair.function, under, windows, pair.slicing, pair.look, pair.kept)
            return paint(*given, engine=loaded.engine, progress=step)

        alignment, pictures = CheckedWhilePainting(pair, painted, executor=executor, progress=progress).run()
        ready.result()
    result = _result(pair, alignment, pictures, loaded)
    if options.contours is None:
        return result
    from coconet_med.sheets.contours import with_contours

    return with_contours(result, options.contours, over=options.contours_over)


def _result(pair: PreparedPair, alignment: Alignment, pictures: Pictures, model: Model) -> FusionResult:
    first, second = pair.anatomy, pair.function
    return FusionResult(
        color=flat(pictures.color, first),
        kept_luminance=None if pictures.luminance is None else flat(pictures.luminance, first),
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
            *pair.warnings(alignment),
            *unseen_anatomy(pair.windows[0], pair.anatomy),
            *clipped(pair.windows[1], second, alignment),
            *above_all(pair.threshold, second, pair.windows[1]),
            *signs_lost(pair.windows[1], second),
        ),
    )


def _loaded(model: str | Path | Model, engine: str, device: str, *, single: bool) -> Model:
    return model if isinstance(model, Model) else load_model(model, engine=engine, device=device, single=single)


def _picture(image: Any) -> bool:
    """Whether an image is a single slice, as far as that is seen before it is read."""
    if isinstance(image, (str, Path)):
        return Path(image).suffix.lower() in PICTURE_SUFFIXES
    if isinstance(image, Source):
        return image.planar
    if isinstance(image, sitk.Image):
        return image.GetDimension() == 2
    shape: Any = getattr(image, "shape", ())  # of an array or a tensor; in color with a last axis of 3
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] == 3 and str(image.dtype).endswith("uint8"))


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
