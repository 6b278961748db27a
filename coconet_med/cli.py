"""The command line ``coconet-med``.

Heavy libraries are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconet_med._version import __version__
from coconet_med.errors import FusionError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="coconet-med",
    help="Fuse an MRI with a PET, SPECT or CT of one person into one truthful image. Research use, not for diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Register = Annotated[str, typer.Option(help="Registration of the functional image: auto, always or never.")]
Plane = Annotated[str, typer.Option(help="Slices that the network sees: auto, axial, coronal or sagittal.")]
WindowOption = Annotated[
    tuple[float, float] | None,
    typer.Option(metavar="LOW HIGH", help="Uptake shown as none and as full, in the units of the functional image."),
]
Suv = Annotated[bool, typer.Option("--suv", help="Insist on SUV: refuse a functional image whose SUV is not known.")]
Colormap = Annotated[str, typer.Option(help="auto, uptake, ember (for color blindness), ct, hot, pet, ...")]
Palette = Annotated[
    str | None, typer.Option(help="Palette of a pseudo-color functional picture: FILE.csv[#name] or a map's name.")
]
ModelOption = Annotated[str, typer.Option(help="light, full, or the path of .onnx or .pt weights.")]
EngineOption = Annotated[str, typer.Option(help="auto, torch, onnx or openvino.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, ...")]
Strength = Annotated[float, typer.Option(min=0, max=1, help="0 is the anatomy alone, 1 the full fusion.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the side-car as JSON on standard output.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"coconet-med {__version__}")
        raise typer.Exit


@app.command()
def fuse(
    anatomy: Annotated[Path, typer.Argument(help="MRI (or the folder of a whole DICOM study).")],
    function: Annotated[Path | None, typer.Argument(help="PET, SPECT or CT of the same person.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="fused.nii.gz, .nrrd, .mha, .png, or a folder for DICOM.")
    ] = None,
    luminance: Annotated[bool, typer.Option("--luminance", help="Also write the fused luminance.")] = False,
    uptake: Annotated[bool, typer.Option("--uptake", help="Also write the uptake on the anatomical grid.")] = False,
    report: Annotated[Path | None, typer.Option(help="Also write a self-contained HTML report.")] = None,
    register: Register = "auto",
    force: Annotated[bool, typer.Option("--force", help="Accept a registration that is not plausible.")] = False,
    plane: Plane = "auto",
    window: WindowOption = None,
    suv: Suv = False,
    palette: Palette = None,
    colormap: Colormap = "auto",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    device: Device = "auto",
    strength: Strength = 1.0,
    anatomy_series: Annotated[str | None, typer.Option(help="DICOM: Series Instance UID of the anatomy.")] = None,
    function_series: Annotated[str | None, typer.Option(help="DICOM: Series Instance UID of the function.")] = None,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="DICOM: resample missing, uneven or tilted slices.")
    ] = False,
    dynamic: Annotated[str, typer.Option(help="DICOM: mean, or the number of one frame of a dynamic PET.")] = "mean",
    dicom_form: Annotated[str, typer.Option(help="DICOM out: sc, enhanced or gray.")] = "sc",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fuse one pair: MRI and PET, SPECT or CT, or the series of one DICOM study."""
    from coconet_med.progress import Reporter

    if output is None:
        raise FusionError("no output: say where the result goes with -o, for example -o fused.nii.gz")
    with Reporter(quiet=quiet or as_json) as say:
        from coconet_med.writers import check_target

        check_target(output, luminance=luminance, uptake=uptake, overwrite=overwrite)
        if report:
            check_target(report.with_suffix(".png"), overwrite=True)
        from coconet_med.fusion import fuse as fuse_pair

        dicom = _dicom_options(anatomy, function, anatomy_series, function_series, allow_gaps, dynamic)
        result = fuse_pair(
            anatomy,
            function,
            register=register,
            force=force,
            plane=plane,
            window=window,
            suv=suv,
            palette=palette,
            colormap=colormap,
            model=model,
            engine=engine,
            device=device,
            strength=strength,
            progress=say.progress,
            **dicom,
        )
        form = {"form": dicom_form} if not _has_suffix(output) else {}
        written = result.save(output, luminance=luminance, uptake=uptake, overwrite=overwrite, **form)
        if report:
            written.append(result.report(report, overwrite=overwrite))
        for warning in result.warnings:
            say.warning(warning)
        say.done(f"wrote {_summary(written)}")
    if as_json:
        typer.echo(json.dumps(result.sidecar(), indent=2))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo writes.")] = Path("coconet-demo"),
    spacing: Annotated[float, typer.Option(min=1, max=4, help="Voxel size of the generated MRI in mm.")] = 1.5,
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite/--keep", help="Replace the files of an earlier demo.")] = True,
    quiet: Quiet = False,
) -> None:
    """Run the main job on a generated head: inputs, fused volume, side-car and a picture in ./coconet-demo/."""
    from coconet_med.progress import Reporter

    with Reporter(quiet=quiet) as say:
        from coconet_med.demo import run_demo

        for path in run_demo(
            folder, spacing=spacing, model=model, engine=engine, overwrite=overwrite, progress=say.progress
        ):
            say.done(f"wrote {path}")


@app.command()
def evaluate(
    anatomy: Annotated[Path, typer.Argument(help="MRI picture or volume, or a folder of slice pairs (with --set).")],
    function: Annotated[Path | None, typer.Argument(help="PET, SPECT or CT, on the same grid.")] = None,
    fused: Annotated[Path | None, typer.Argument(help="Fused result on the same grid; fused here if left out.")] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Sets of the folder: mri-pet, mri-spect, mri-ct; all by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which part of the folder.")] = "val",
    function_as: Annotated[
        str, typer.Option(help="Folder: uptake (the known scalar), or luminance (as published tables do).")
    ] = "uptake",
    measures: Annotated[str, typer.Option(help="fidelity (fast), usual or all.")] = "fidelity",
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Compare with the classical methods.")
    ] = True,
    palette: Palette = None,
    colormap: Colormap = "uptake",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every row as CSV.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write rows and means as JSON.")] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Measure how much of both sources a fused image keeps, beside the classical baselines."""
    from coconet_med.progress import Reporter

    with Reporter(quiet=quiet) as say:
        from coconet_med.assess import assess_folder, assess_pair
        from coconet_med.quality.table import Table

        common: dict[str, Any] = {
            "measures": measures,
            "baselines": baselines,
            "colormap": colormap,
            "model": model,
            "engine": engine,
            "progress": say.progress,
        }
        if function is None:
            table: Table = assess_folder(anatomy, split=split, sets=sets, function_as=function_as, **common)
        else:
            table = assess_pair(anatomy, function, fused, palette=palette, **common)
        from coconet_med.writers.atomic import write_together

        jobs = [(p, w) for p, w in ((csv, table.to_csv), (json_path, table.to_json)) if p is not None]
        write_together(jobs, overwrite=overwrite)
    typer.echo(table.to_text())


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Say what is installed, which engine is used, and what is missing, with the remedy."""
    from coconet_med.doctor import examine, to_text

    findings = examine()
    typer.echo(json.dumps(findings, indent=2) if as_json else to_text(findings))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: one clear line and exit code 2 for every error a user can mend, 130 when interrupted."""
    try:
        app(args=None if arguments is None else list(arguments), standalone_mode=True)
    except FusionError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing was left half-written", err=True)
        sys.exit(130)
    except MemoryError:
        typer.echo("error: not enough memory for images of this size; close programs, or crop the images", err=True)
        sys.exit(2)


def _has_suffix(path: Path) -> bool:
    from coconet_med.writers import split_suffix

    return bool(split_suffix(path)[1])


def _summary(written: list[Path]) -> str:
    """The paths, those of a DICOM series as one folder."""
    slices = [path for path in written if path.suffix == ".dcm"]
    folder = [f"{slices[0].parent} ({len(slices)} DICOM files)"] if slices else []
    return ", ".join(folder + [str(path) for path in written if path.suffix != ".dcm"])


def _dicom_options(
    anatomy: Path,
    function: Path | None,
    anatomy_series: str | None,
    function_series: str | None,
    allow_gaps: bool,
    dynamic: str,
) -> dict[str, Any]:
    """The DICOM options that were given; those of another format are refused rather than ignored."""
    given: dict[str, Any] = {}
    if allow_gaps:
        given["allow_gaps"] = True
    if dynamic != "mean":
        if not dynamic.isdigit():
            raise FusionError(f"--dynamic {dynamic}: give mean, or the number of a frame, from 0")
        given["dynamic"] = int(dynamic)
    if function is None:
        given |= {k: v for k, v in (("anatomy_series", anatomy_series), ("function_series", function_series)) if v}
    elif anatomy_series or function_series:
        raise FusionError("--anatomy-series and --function-series choose in one study folder; leave out one input")
    if function is None and anatomy.is_file():
        raise FusionError(f"{anatomy}: give the functional image too, or the folder of a DICOM study")
    return given


if __name__ == "__main__":
    main()
