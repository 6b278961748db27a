"""``coconet-med fuse``: one pair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from coconet_med.commands.options import (
    Affine,
    AllowGaps,
    AnatomyKind,
    AnatomySeries,
    AnatomyWindow,
    Colormap,
    ColorOption,
    ContoursOption,
    ContoursOver,
    Device,
    DicomLegend,
    DifferentPatients,
    Dynamic,
    EngineOption,
    Force,
    FunctionKind,
    FunctionSeries,
    LabelsOption,
    Lightness,
    MaxMemory,
    ModelOption,
    NamesOption,
    Overwrite,
    Palette,
    Plane,
    Quiet,
    Reference,
    Register,
    SaveTransform,
    Select,
    Strength,
    Suv,
    Threshold,
    Timezone,
    Transform,
    TransformDirection,
    TransformImages,
    WindowOption,
    as_options,
)
from coconet_med.errors import FusionError


def fuse(
    anatomy: Annotated[Path, typer.Argument(help="MRI (or the folder of a whole DICOM study).")],
    function: Annotated[Path | None, typer.Argument(help="PET, SPECT or CT of the same person.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="fused.nii.gz, .nrrd, .mha, .png, .jpg, .tiff, or a folder for DICOM."),
    ] = None,
    luminance: Annotated[bool, typer.Option("--luminance", help="Also write the fused luminance.")] = False,
    uptake: Annotated[bool, typer.Option("--uptake", help="Also write the uptake on the anatomical grid.")] = False,
    report: Annotated[Path | None, typer.Option(help="Also write a self-contained HTML report.")] = None,
    mosaic: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a mosaic of slices: .png, .jpg, .tiff or .pdf.")
    ] = None,
    mosaic_plane: Annotated[str, typer.Option(help="Its plane: auto, axial, coronal or sagittal.")] = "auto",
    mosaic_slices: Annotated[int, typer.Option(min=1, max=1000, help="How many slices it shows.")] = 24,
    rotation: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the turning maximum projection: .gif, or .mp4 by ffmpeg."),
    ] = None,
    register: Register = "auto",
    force: Force = False,
    transform: Transform = None,
    transform_images: TransformImages = None,
    transform_direction: TransformDirection = "stated",
    landmarks: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="ANATOMY FUNCTION", help="Points of the same names in both images: registration begins there."
        ),
    ] = None,
    save_transform: SaveTransform = False,
    reference: Reference = None,
    labels: LabelsOption = None,
    names: NamesOption = None,
    plane: Plane = "auto",
    window: WindowOption = None,
    anatomy_window: AnatomyWindow = None,
    threshold: Threshold = None,
    contours: ContoursOption = None,
    contours_over: ContoursOver = "anatomy",
    suv: Suv = False,
    palette: Palette = None,
    colormap: Colormap = "auto",
    color: ColorOption = "map",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    device: Device = "auto",
    strength: Strength = 1.0,
    lightness: Lightness = 1.0,
    affine: Affine = "auto",
    max_memory: MaxMemory = None,
    anatomy_kind: AnatomyKind = None,
    function_kind: FunctionKind = None,
    anatomy_series: AnatomySeries = None,
    function_series: FunctionSeries = None,
    allow_gaps: AllowGaps = False,
    dynamic: Dynamic = "mean",
    select: Select = None,
    timezone: Timezone = None,
    different_patients: DifferentPatients = False,
    dicom_form: Annotated[str, typer.Option(help="DICOM out: sc, enhanced, gray or navigation.")] = "sc",
    dicom_legend: DicomLegend = "own",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the side-car as JSON on standard output.")] = False,
) -> None:
    """Fuse one pair: MRI and PET, SPECT or CT, or the series of one DICOM study."""
    from coconet_med.commands.progress import Reporter

    given = locals()
    if output is None:
        raise FusionError("no output: say where the result goes with -o, for example -o fused.nii.gz")
    with Reporter(quiet=quiet or as_json) as say:
        from coconet_med.choices import PlaneChoice, one_of
        from coconet_med.writers import check_file, check_target, left_beside, legend_apart, spare_inputs, targets
        from coconet_med.writers.pictures import check_moving, check_pages

        extras: dict[str, Any] = {"luminance": luminance, "uptake": uptake, "transform": save_transform}
        check_target(output, overwrite=overwrite, legend=legend_apart(dicom_form, dicom_legend), **extras)
        for path, check in ((report, None), (mosaic, check_pages), (rotation, check_moving)):
            if path:
                check_file(path, overwrite=overwrite)
            if path and check:
                check(path)
        made = targets(output, legend=legend_apart(dicom_form, dicom_legend), **extras).values()
        used = (labels, names, reference, palette, model, transform, *(transform_images or ()), *(landmarks or ()))
        spare_inputs((*made, report, mosaic, rotation), (anatomy, function, *used), renewed=True)
        one_of("--mosaic-plane", mosaic_plane, get_args(PlaneChoice))
        from coconet_med.fusion import fuse as fuse_pair
        from coconet_med.options import FuseOptions, check_dicom_output
        from coconet_med.readers.files import is_dicomdir

        check_dicom_output(
            anatomy, dicom_form, dicom=not _has_suffix(output), target=f"-o {output}", legend=dicom_legend
        )
        options = FuseOptions.taken_from(as_options(given)).validate()
        if function is None and anatomy.is_file() and not is_dicomdir(anatomy):
            raise FusionError(f"{anatomy}: give the functional image too, or the folder of a DICOM study")
        say.begin("read")
        accept = None
        if not _has_suffix(output):
            from coconet_med.writers.dicom.form import accepts

            accept = accepts(dicom_form)
        network = {"model": model, "engine": engine, "device": device}
        result = fuse_pair(anatomy, function, **network, progress=say.progress, options=options, accept=accept)
        form: dict[str, Any] = {"form": dicom_form, "legend": dicom_legend} if not _has_suffix(output) else {}
        say.begin("write")
        written = result.save(output, overwrite=overwrite, **extras, **form)
        if report:
            written.append(result.report(report, overwrite=overwrite))
        if mosaic:
            written.append(result.mosaic(mosaic, plane=mosaic_plane, slices=mosaic_slices, overwrite=overwrite))
        if rotation:
            written.append(result.rotation(rotation, overwrite=overwrite))
        for warning in result.warnings:
            say.warning(warning)
        if earlier := left_beside(output, written):
            say.warning(f"{', '.join(file.name for file in earlier)}: not written now, so of an earlier result")
        say.done(f"wrote {_summary(written)}")
    if as_json:
        typer.echo(json.dumps(result.sidecar(targets(output, **extras)), indent=2))


def _has_suffix(path: Path) -> bool:
    from coconet_med.writers import split_suffix

    return bool(split_suffix(path)[1])


def _summary(written: list[Path]) -> str:
    """The paths, those of a DICOM series as one folder."""
    first = written[0] if written[0].suffix == ".dcm" else None  # those of the series come first
    slices = [path for path in written if first and path.parent == first.parent]
    folder = [f"{slices[0].parent} ({len(slices)} DICOM files)"] if slices else []
    return ", ".join(folder + [str(path) for path in written if path not in set(slices)])
