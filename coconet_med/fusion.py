"""The main job: read, align, scale, fuse, color; one voxel's way from two files to one picture."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from coconet_med._version import __version__
from coconet_med.align import AffinesLeftError, Guess, align, align_as_given, worth_guessing
from coconet_med.color import compose, luma, ycbcr_compose
from coconet_med.color.look import Look, beyond_field_of_view, hatched
from coconet_med.color.pseudocolor import levels_of
from coconet_med.errors import OptionError
from coconet_med.inference import Fusion, prepare
from coconet_med.model import Model, load_model
from coconet_med.options import check_choices, one_of, parse_threshold
from coconet_med.pair import check_pair
from coconet_med.readers import read
from coconet_med.readers.limits import memory_limit
from coconet_med.readers.memory import from_memory
from coconet_med.readers.pet_suv import insist_on_suv
from coconet_med.result import FusionResult
from coconet_med.slices import slicing_of
from coconet_med.source import Source, writable
from coconet_med.transform_files import check_transform, read_transform
from coconet_med.windowing.presets import WindowChoice
from coconet_med.windowing.signed import why_signed
from coconet_med.windowing.window import Window, window_for

if TYPE_CHECKING:
    from coconet_med.align import Alignment, RegisterMode
    from coconet_med.blending.field import Field
    from coconet_med.engines import Engine
    from coconet_med.geometry import AffineChoice
    from coconet_med.result import Kept
    from coconet_med.slices import Slicing
    from coconet_med.source import Role
    from coconet_med.transform_files import StoredTransform
    from coconet_med.transform_files.points import Landmarks

#: Called with the name of the stage, the finished part and the whole; may raise to stop the work.
Progress = Callable[[str, int, int], None]

#: Color, luminance, and the field that they were mixed by.
Pictures = tuple[sitk.Image, sitk.Image, "Field | None"]

#: Makes them of the images as an alignment has them; told of finished slices and their total.
Painter = Callable[["Alignment | Guess", Callable[[int, int], None] | None], Pictures]


def fuse(
    anatomy: Any,
    function: Any = None,
    *,
    spacing: Sequence[float] | None = None,
    register: RegisterMode = "auto",
    force: bool = False,
    transform: str | Path | None = None,
    transform_images: tuple[str | Path, str | Path] | None = None,
    transform_direction: str = "stated",
    landmarks: tuple[str | Path, str | Path] | None = None,
    reference: str | Path | None = None,
    labels: str | Path | None = None,
    plane: str = "auto",
    window: WindowChoice = None,
    anatomy_window: WindowChoice = None,
    suv: bool = False,
    palette: str | Path | None = None,
    colormap: str = "auto",
    color: str = "map",
    strength: float = 1.0,
    lightness: float = 1.0,
    threshold: float | str | None = None,
    contours: str | float | Sequence[float | str] | None = None,
    contours_over: str = "anatomy",
    model: str | Path | Model = "light",
    engine: str = "auto",
    device: str = "auto",
    affine: AffineChoice = "auto",
    max_memory: float | None = None,
    progress: Progress | None = None,
    different_patients: bool = False,
    **dicom_options: Any,
) -> FusionResult:
    """Fuse an anatomical and a functional image of the same person.

    Args:
        anatomy: MRI (or CT): a path, a SimpleITK image, or a NumPy array, 2-D (rows, columns) or 3-D (k, j, i).  With
            ``function=None``, the folder of a DICOM study in which both series are found.
        function: PET, SPECT or CT, likewise.  Either may also be what :func:`coconet_med.readers.read` gave.
        spacing: voxel size (i, j, k) in mm of 3-D arrays.
        register: ``"auto"`` (only where nobody vouches for the alignment, or it is implausible), ``"always"``, or
            ``"never"``.
        force: accept a registration, or a given transform, that is not plausible.
        transform: file of a linear transform between the two images, taken instead of a registration
            (:mod:`coconet_med.transform_files`).
        transform_images: the NIfTI files that were ``-in`` and ``-ref`` of an FSL FLIRT matrix, where they are not the
            function and the anatomy themselves.
        transform_direction: ``"stated"`` (as the format has it) or ``"reverse"``.
        landmarks: files of points in the anatomical and in the functional image, matched by name, where registration
            begins (:mod:`coconet_med.transform_files.points`); with ``register="never"`` they are taken as they are.
        reference: region whose mean uptake becomes 1 (SUVR): a mask, or labels of ``labels``, separated by commas.
        labels: segmentation in the world of the anatomy (:mod:`coconet_med.measure`).
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
        model: ``"light"``, a path of weights, or what :func:`load_model` returned.
        engine: ``"auto"``, ``"onnx"``, ``"openvino"`` or ``"torch"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ...
        affine: of NIfTI whose sform and qform disagree: ``"auto"`` takes the sform with a warning and refuses mirrored
            ones; ``"sform"`` or ``"qform"`` takes the one named.
        max_memory: GiB that one input may take in memory; 4 unless the environment's ``COCONET_MAX_MEMORY`` says more.
        progress: called with (stage, done, total).
        different_patients: accept DICOM images of two patients; the result says so and belongs to neither.
        dicom_options: for DICOM inputs (``select``, ``dynamic``, ``allow_gaps``, ...), see
            :mod:`coconet_med.readers.dicom`.

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
    check_choices(
        register=register,
        plane=plane,
        colormap=colormap,
        window=window,
        anatomy_window=anatomy_window,
        strength=strength,
        lightness=lightness,
        threshold=threshold,
        palette=palette,
    )
    one_of("--color", color, ("map", "source"))
    if contours is not None:
        from coconet_med.sheets.contours import check_contours, refuse_unknown_uptake, with_contours

        check_contours(contours, contours_over)
    if transform is not None and landmarks is not None:
        raise OptionError("--transform and --landmarks: give one of the two")
    if transform is not None:
        check_transform(transform, transform_images, transform_direction, register)
    with ThreadPoolExecutor(2, "coconet-aside") as aside:
        # The network is loaded while the images are read, and made ready for their size while they are aligned.
        loading = aside.submit(_loaded, model, engine, device)
        with memory_limit(max_memory):
            first, second = _read_pair(
                anatomy, function, spacing, affine, different_patients, dicom_options, colored=color == "source"
            )
        select = dicom_options.get("select")
        pair = check_pair(first, second, different_patients=different_patients, select=select)
        loaded = loading.result()
        stored: StoredTransform | Landmarks | None = None
        if landmarks is not None:
            stored = _landmarks(landmarks, first, second, refine=register != "never")
        if transform is not None:
            stored = read_transform(
                transform, first, second, images=transform_images, reverse=transform_direction == "reverse"
            )
        second = insist_on_suv(second) if suv else second
        second = levels_of(second, palette)
        if contours is not None:
            refuse_unknown_uptake(second)
        if color == "source" and first.color is not None and second.color is not None:
            note = f"{second.name}: is in color; its luminance was fused, and the colors are those of {first.name}"
            second = replace(second, color=None, warnings=(*second.warnings[:-1], note))
        kept = _kept(first, second, color)
        settled = None
        if reference is not None:
            from coconet_med.measure.together import aligned, as_ratio

            told = _share(progress, "align")
            settled = aligned(first, second, stored, register=register, force=force, progress=told)
            second, settled = as_ratio(second, settled, reference, labels)
        slicing = slicing_of(first.image, plane=plane, slice_axis=first.slice_axis, planar=first.planar)
        stack = slicing.stack(sitk.GetArrayViewFromImage(first.image)).shape
        spacing_of_stack = None if first.planar else slicing.spacing(first.image)
        ready = aside.submit(prepare, loaded.engine, *stack, spacing=spacing_of_stack)
        threshold_in_units(threshold, second)
        limits = aside.submit(_windows, first, second, anatomy_window, window, colormap, colored=bool(kept))

        def paint(under: Alignment | Guess, told: Callable[[int, int], None] | None) -> Pictures:
            windows = limits.result()
            ready.result()
            look = Look(colormap_for(colormap, second, windows[1]), strength, lightness)
            shown = look.with_threshold(threshold_in_units(threshold, second, windows[1]), windows[1])
            return _pictures(first, second, under, windows, slicing, shown, kept, engine=loaded.engine, progress=told)

        alignment, (colored, luminance, field) = _aligned(
            first, second, register, force, aside, paint, progress, stored, settled
        )
        windows = limits.result()
    colormap = colormap_for(colormap, second, windows[1])
    result = FusionResult(
        color=_flat(colored, first),
        luminance=_flat(luminance, first),
        uptake=_flat(alignment.function, first),
        anatomy=first,
        function=second,
        alignment=alignment,
        anatomy_window=windows[0],
        window=windows[1],
        colormap=None if kept else colormap,
        kept=kept,
        strength=strength,
        lightness=lightness,
        threshold=threshold_in_units(threshold, second, windows[1]),
        plane=slicing.plane,
        field=field,
        provenance=_provenance(loaded) | {"patients": pair.patients},
        warnings=(
            *pair.warnings,
            *first.warnings,
            *second.warnings,
            *alignment.warnings,
            *_clipping(windows[1], second, alignment),
            *_signs(windows[1], second),
        ),
    )
    return result if contours is None else with_contours(result, contours, over=contours_over)


def _landmarks(files: tuple[str | Path, str | Path], anatomy: Source, function: Source, *, refine: bool) -> Landmarks:
    if anatomy.planar or function.planar:
        raise OptionError(
            f"{anatomy.name}: --landmarks is for volumes; pictures are laid pixel on pixel, so leave it out"
        )
    from coconet_med.transform_files.points import read_landmarks

    return read_landmarks(*files, refine=refine)


def _aligned(
    anatomy: Source,
    function: Source,
    register: RegisterMode,
    force: bool,
    aside: Executor,
    paint: Painter,
    progress: Progress | None,
    stored: StoredTransform | Landmarks | None = None,
    settled: Alignment | None = None,
) -> tuple[Alignment, Pictures]:
    """How the two images lie, and what was painted of them as they lie.

    Where the affines may be kept, and mostly they are, painting begins while they are checked.  If it turns out that
    the images have to be registered, it stops and begins again with what the registration found.
    """
    if settled is not None:
        return settled, paint(settled, _stage(progress, "fuse"))
    if stored is not None:
        alignment = align_as_given(anatomy, function, stored, force=force, progress=_share(progress, "align"))
        return alignment, paint(alignment, _stage(progress, "fuse"))
    examined = None
    if worth_guessing(anatomy, function, register):
        if progress:
            progress("align", 0, 100)
        guess = Guess(anatomy, function, register=register, force=force, aside=aside)
        try:
            return _guessed(guess, paint, progress)
        except AffinesLeftError as left:
            examined = left.examined
    told = _share(progress, "align")
    alignment = align(anatomy, function, register=register, force=force, progress=told, examined=examined)
    return alignment, paint(alignment, _stage(progress, "fuse"))


def _guessed(guess: Guess, paint: Painter, progress: Progress | None) -> tuple[Alignment, Pictures]:
    """As :func:`_aligned`, if the affines are kept.

    Raises:
        AffinesLeftError: they are not; it is raised between two batches.
    """
    tell = progress or (lambda stage, done, total: None)
    held: tuple[int, int] | None = None  # nothing is told of the fusion before it is known to count
    kept = False

    def told(done: int, total: int) -> None:
        nonlocal held
        held = done, total
        if guess.settled:
            settle()
        else:
            tell("align", 0, 100)  # nothing new, but it may stop the work

    def settle() -> Alignment:
        nonlocal held, kept
        alignment = guess.confirmed()
        if not kept:
            tell("align", 100, 100)
        if held:
            tell("fuse", *held)
        held, kept = None, True
        return alignment

    pictures = paint(guess, told)
    return settle(), pictures


def _windows(
    anatomy: Source,
    function: Source,
    of_anatomy: WindowChoice,
    of_function: WindowChoice,
    colormap: str,
    *,
    colored: bool,
) -> tuple[Window, Window]:
    # A map that was named decides: only a diverging one shows both signs.
    signed = False if colored else None if colormap == "auto" else colormap == "diverging"
    return (
        window_for(anatomy, sitk.GetArrayViewFromImage(anatomy.image), "anatomy", given=of_anatomy),
        window_for(function, sitk.GetArrayViewFromImage(function.image), "function", given=of_function, signed=signed),
    )


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


def _read_pair(
    anatomy: Any,
    function: Any,
    spacing: Sequence[float] | None,
    affine: AffineChoice,
    different_patients: bool,
    dicom_options: dict[str, Any],
    *,
    colored: bool,
) -> tuple[Source, Source]:
    if function is None:
        if not isinstance(anatomy, (str, Path)):
            msg = "only one image was given; pass the anatomical and the functional one, or the folder of a DICOM study"
            raise OptionError(msg)
        from coconet_med.readers.dicom import read_study

        return read_study(Path(anatomy), different_patients=different_patients, **dicom_options)
    if dicom_options.get("select"):
        from coconet_med.dicom.select import selection_of

        dicom_options = dicom_options | {"select": selection_of(dicom_options["select"], lenient=True)}
    return (
        _read_visible(anatomy, spacing) if colored else _read_one(anatomy, "anatomy", spacing, affine, dicom_options),
        _read_one(function, "function", spacing, affine, dicom_options),
    )


def _read_one(
    data: Any, role: Role, spacing: Sequence[float] | None, affine: AffineChoice, dicom_options: dict[str, Any]
) -> Source:
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, Path)):
        return read(data, role, affine=affine, **dicom_options)
    return from_memory(data, role, spacing=spacing)


def _read_visible(data: Any, spacing: Sequence[float] | None) -> Source:
    """The first picture of two whose colors may be kept.

    Raises:
        OptionError: it is no picture.
    """
    if not isinstance(data, Source):
        # Readers let a functional picture be in color, and treat pictures of both roles alike otherwise.
        source = _read_one(data, "function", spacing, "auto", {})
        data = replace(source, name=source.name.replace("function (", "anatomy (", 1))
    if not data.planar:
        msg = f"{data.name}: --color source is for 2-D pictures; leave it out for volumes"
        raise OptionError(msg)
    return data


def _kept(anatomy: Source, function: Source, color: str) -> Kept | None:
    """Whose colors the result has, if not those of a map."""
    if color == "source" and anatomy.color is not None:
        return "anatomy"
    if function.color is not None:
        return "function"
    return "gray" if color == "source" else None


def _pictures(
    anatomy: Source,
    function: Source,
    alignment: Alignment | Guess,
    windows: tuple[Window, Window],
    slicing: Slicing,
    look: Look,
    kept: Kept | None,
    *,
    engine: Engine | None = None,
    field: Field | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Color and luminance on the anatomical grid, made batch by batch of slices, by the network or by its field."""
    color, luminance = (_new(anatomy, *kind) for kind in ((sitk.sitkVectorUInt8, 3), (sitk.sitkFloat32, 1)))
    colors, lights = (slicing.stack(writable(image)) for image in (color, luminance))
    picture = slicing.stack(_picture(anatomy, function, alignment, look.strength, kept)) if kept else None
    planar = anatomy.planar or function.planar
    beyond = None if planar else beyond_field_of_view(function.image, anatomy.image, alignment.transform)
    unknown = None if beyond is None else slicing.stack(beyond)
    fusion = Fusion(
        *(sitk.GetArrayViewFromImage(image) for image in (anatomy.image, alignment.function)),
        slicing=slicing,
        engine=engine,
        spacing=None if anatomy.planar else slicing.spacing(anatomy.image),
        windows=windows,
        field=field,
    )
    with closing(fusion.batches(progress)) as batches:
        for batch in batches:
            light, uptake = look.light(batch.anatomy, batch.fused, batch.function), look.uptake(batch.function)
            if unknown is not None and (no_data := unknown[batch.where]).any():
                # Beyond the functional field of view nothing is known: what stands there is not "no uptake".
                light = np.where(no_data, hatched(batch.anatomy, no_data), light)
                uptake = np.where(no_data, np.float32(0), uptake)
            lights[batch.where] = light
            if picture is None:
                colors[batch.where] = compose(light, uptake, colormap=look.colormap, strength=look.strength)
            else:
                colors[batch.where] = ycbcr_compose(light, picture[batch.where])
    return color, luminance, fusion.field


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
    check_choices(
        register="auto",
        plane="auto",
        colormap=colormap,
        window=window,
        anatomy_window=anatomy_window,
        strength=strength,
        lightness=lightness,
        threshold=threshold,
    )
    first, second = result.anatomy, result.function
    slicing = slicing_of(first.image, plane=result.plane, slice_axis=first.slice_axis, planar=first.planar)
    kept = result.kept
    windows = _other_windows(result, window, anatomy_window)
    least = result.threshold if threshold is None else threshold_in_units(threshold, second, windows[1])
    if (colormap == "diverging") != result.window.signed and not kept:
        how = "diverging, the map of values of both signs" if result.window.signed else "any other map than diverging"
        raise OptionError(f"--colormap {colormap}: this fusion needs {how}; fuse again for another one")
    look = Look(colormap, strength, lightness).with_threshold(least, windows[1])
    color, luminance, field = _pictures(
        first, second, result.alignment, windows, slicing, look, kept, field=result.field
    )
    mixed = replace(
        result,
        color=_flat(color, first),
        luminance=_flat(luminance, first),
        anatomy_window=windows[0],
        window=windows[1],
        strength=strength,
        lightness=lightness,
        threshold=least,
        colormap=None if kept else colormap,
        field=field,
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


def _picture(
    anatomy: Source, function: Source, alignment: Alignment | Guess, strength: float, kept: Kept
) -> np.ndarray:
    """The picture whose colors are kept, on the anatomical grid, (k, j, i, 3); all black for gray."""
    if kept == "gray":
        return np.zeros((*anatomy.image.GetSize()[::-1], 3), np.uint8)
    own = anatomy.color if kept == "anatomy" else function.color
    assert own is not None  # or its colors were not kept
    if kept == "anatomy":
        return sitk.GetArrayFromImage(own)
    brought = sitk.Resample(own, anatomy.image, alignment.transform, sitk.sitkLinear, 0)
    picture = sitk.GetArrayFromImage(brought if not anatomy.planar else own)
    if strength == 1:
        return picture
    # Chroma fades with the strength as in compose.
    gray = np.rint(luma(picture))[..., None]
    return np.clip(np.rint(gray + strength * (picture - gray)), 0, 255).astype(np.uint8)


def _new(anatomy: Source, pixel: int, components: int) -> sitk.Image:
    image = sitk.Image(anatomy.image.GetSize(), pixel, components)
    image.CopyInformation(anatomy.image)
    return image


def _flat(image: sitk.Image, anatomy: Source) -> sitk.Image:
    """A picture comes back as the 2-D image that went in."""
    return image[:, :, 0] if anatomy.planar else image


def _clipping(window: Window, function: Source, alignment: Alignment) -> tuple[str, ...]:
    """A warning where uptake differs above the window, so that its order cannot be seen there."""
    if window.chosen.startswith("robust"):
        return ()
    values = sitk.GetArrayViewFromImage(alignment.function)
    found = []
    sides = [("above", window.high, values > window.high)]
    sides += [("below", window.low, values < window.low)] if window.signed else []
    for name, limit, beyond in sides:
        if (share := float(np.mean(beyond))) > 0:
            words = f"{100 * share:.2g} % of the voxels are {name} the window ({limit:g} {window.units})"
            found.append(f"{function.name}: {words} and look alike")
    return tuple(found)


def _signs(window: Window, function: Source) -> tuple[str, ...]:
    """A warning where values below 0 that mean something are shown as if there was nothing."""
    if window.signed or function.color is not None:
        return ()
    values = sitk.GetArrayViewFromImage(function.image)
    why = why_signed(function, values)
    if why is None or window.low < 0:
        return ()
    return (
        f"{function.name}: {100 * float(np.mean(values < 0)):.2g} % of its values are below 0 ({why}) and are shown as "
        "0; leave out --window and --colormap, or give --colormap diverging, to see both signs",
    )


def _loaded(model: str | Path | Model, engine: str, device: str) -> Model:
    return model if isinstance(model, Model) else load_model(model, engine=engine, device=device)


def _provenance(model: Model) -> dict[str, Any]:
    return {
        "software": {"name": "coconet-med", "version": __version__},
        "model": model.provenance(),
        "python": platform.python_version(),
        "libraries": {"numpy": np.__version__, "SimpleITK": sitk.Version.VersionString()},
    }


def _share(progress: Progress | None, name: str) -> Callable[[float, str], None] | None:
    if progress is None:
        return None
    return lambda share, _: progress(name, round(100 * share), 100)


def _stage(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
