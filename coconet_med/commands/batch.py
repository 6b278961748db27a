"""``coconet-med batch``: many cases, resumed and isolated, with a table and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coconet_med.commands.batch_words import key_values, list_cases, say_how_it_went
from coconet_med.commands.options import (
    Affine,
    AllowGaps,
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
    Lightness,
    MaxMemory,
    ModelOption,
    Palette,
    Plane,
    Quiet,
    Register,
    Select,
    Strength,
    Suv,
    Threshold,
    Timezone,
    TransformDirection,
    WindowOption,
    as_options,
)
from coconet_med.commands.running import StoppedError
from coconet_med.errors import OptionError
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from coconet_med.batch import BatchOptions, Case
    from coconet_med.batch.all_cases import BatchResult
    from coconet_med.source import Role

Labels = list[str] | None


def batch(
    source: Annotated[
        Path, typer.Argument(help="BIDS dataset, CSV manifest, folder of DICOM studies, or folder for the two globs.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder; made if it is not there.")],
    anatomy: Annotated[
        str | None,
        typer.Option(metavar="GLOB|MR|CT", help="Anatomical images, such as '*_mri.png'; of DICOM studies MR or CT."),
    ] = None,
    function: Annotated[
        str | None,
        typer.Option(metavar="GLOB|PT|NM|CT", help="Functional images, '*_pet.png'; of DICOM studies PT, NM or CT."),
    ] = None,
    participant_label: Annotated[Labels, typer.Option(help="BIDS: only these participants.")] = None,
    session_label: Annotated[Labels, typer.Option(help="BIDS: only these sessions.")] = None,
    derivatives: Annotated[
        Labels,
        typer.Option(
            help="BIDS: PET of PETPrep where there is some (auto), raw PET (none), or FOLDER or NAME=FOLDER ..."
        ),
    ] = None,
    skip_bids_validator: Annotated[
        bool, typer.Option("--skip-bids-validator", help="BIDS: as in other BIDS Apps; nothing is validated here.")
    ] = False,
    analysis_level: Annotated[
        str, typer.Option(help="all; participant: cases only; group: table and report of finished cases only.")
    ] = "all",
    part: Annotated[str | None, typer.Option(metavar="I/N", help="Only every N-th case, from the I-th.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each loads the model once.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="local, slurm, or the address of a Dask scheduler; --jobs is its workers.")
    ] = None,
    cluster_option: Annotated[
        Labels, typer.Option(metavar="KEY=VALUE", help="slurm: queue, account, walltime, memory, cores, ...")
    ] = None,
    case_timeout: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="End a case that takes longer than this.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cases (and the SLURM job) only.")] = False,
    form: Annotated[
        str, typer.Option("--format", help="auto, nii.gz, nii, nrrd, mha, png, jpg, tiff or dicom.")
    ] = "auto",
    luminance: Annotated[bool, typer.Option("--luminance", help="Also write the fused luminance.")] = False,
    uptake: Annotated[bool, typer.Option("--uptake", help="Also write the uptake on the anatomical grid.")] = False,
    register: Register = "auto",
    force: Force = False,
    transform: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Transform of each case instead of a registration: 'xfm/{id}.tfm'."),
    ] = None,
    transform_direction: TransformDirection = "stated",
    plane: Plane = "auto",
    window: WindowOption = None,
    common_window: Annotated[
        str | None,
        typer.Option(metavar="person|all", help="One window of uptake for all images of a person, or of the batch."),
    ] = None,
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
    allow_gaps: AllowGaps = False,
    dynamic: Dynamic = "mean",
    select: Select = None,
    timezone: Timezone = None,
    different_patients: DifferentPatients = False,
    dicom_form: Annotated[str, typer.Option(help="--format dicom: sc, enhanced, gray or navigation.")] = "sc",
    dicom_legend: DicomLegend = "own",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Do finished cases anew.")] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcomes as JSON on standard output.")] = False,
) -> None:
    """Fuse many cases: finished ones are kept, a bad one does not stop the others; writes summary.csv, report.html."""
    from coconet_med.batch import BatchOptions

    given = locals()
    if analysis_level not in ("all", "participant", "group"):
        raise OptionError(f"--analysis-level {analysis_level}: choose all, participant or group")
    anatomy_kind, anatomy = _kind("anatomy", anatomy)
    function_kind, function = _kind("function", function)
    kinds = {"anatomy_kind": anatomy_kind, "function_kind": function_kind}
    options = BatchOptions.taken_from(as_options(given) | kinds)
    if analysis_level == "group":
        result: BatchResult | None = _group(source, output)
    else:
        derivatives = derivatives or ["auto"]
        cases = _cases(source, anatomy, function, participant_label, session_label, derivatives, output)
        if common_window is not None:
            from coconet_med.batch.common_window import with_common_windows

            cases = with_common_windows(cases, options, common_window)
        cases = _part(cases, part)
        result = _all(
            source,
            output,
            cases,
            options,
            jobs=jobs,
            cluster=cluster,
            cluster_options=key_values(cluster_option),
            derivatives=derivatives,
            dry_run=dry_run,
            overwrite=overwrite,
            timeout=case_timeout,
            collect=analysis_level == "all" and not part,
            complete=not (part or participant_label or session_label),
            quiet=quiet or as_json,
        )
    if result is None:
        return
    if as_json:
        typer.echo(json.dumps([outcome.to_dict() for outcome in result.outcomes], indent=2))
    elif not quiet:
        say_how_it_went(result)
    if result.failures:
        raise typer.Exit(1)


def _kind(role: Role, given: str | None) -> tuple[str | None, str | None]:
    """What ``--anatomy`` and ``--function`` say: the kind of series in DICOM studies, or a glob."""
    from coconet_med.dicom.series_selection import KINDS

    return (given, None) if given in KINDS[role] else (None, given)


def _cases(
    source: Path,
    anatomy: str | None,
    function: str | None,
    participants: Labels,
    sessions: Labels,
    derivatives: list[str],
    output: Path,
) -> list[Case]:
    from coconet_med.batch.sources import find_cases

    return find_cases(
        source,
        anatomy=anatomy,
        function=function,
        participants=participants or (),
        sessions=sessions or (),
        derivatives=derivatives,
        output=output,
    )


def _part(cases: list[Case], part: str | None) -> list[Case]:
    from coconet_med.batch.sources import part_of

    if not part:
        return cases
    numbers = part.split("/")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise OptionError(f"--part {part}: give two numbers, for example 1/8")
    return part_of(cases, int(numbers[0]), int(numbers[1]))


def _all(
    source: Path,
    output: Path,
    cases: list[Case],
    options: BatchOptions,
    *,
    jobs: int,
    cluster: str | None,
    cluster_options: dict[str, str],
    derivatives: list[str],
    dry_run: bool,
    overwrite: bool,
    timeout: float | None,
    collect: bool,
    complete: bool,
    quiet: bool,
) -> BatchResult | None:
    from coconet_med.batch.all_cases import run_batch
    from coconet_med.batch.case import shared_notes
    from coconet_med.batch.check import check_options
    from coconet_med.batch.screen import Screen

    check_options(options, cases)
    for note in shared_notes(cases) if not quiet else ():
        typer.echo(printable(note), err=True)
    if cluster != "slurm" and cluster_options:
        raise OptionError("--cluster-option is for --cluster slurm; leave it out")
    derived = any(case.derived_from for case in cases)
    if derived:
        from coconet_med.batch.derivatives import check_place

        check_place(output, source)
    if dry_run:
        if cluster is None:  # else the weights may lie on its machines only
            from coconet_med.model import weights_file

            weights_file(options.model, options.engine)
        if list_cases(cases, options, cluster, jobs, cluster_options):
            raise typer.Exit(1)
        return None
    if cluster is None:
        from coconet_med.model import load_model

        load_model(options.model, engine=options.engine, device=options.device)  # better refused once than by each case
    if derived:
        from coconet_med.batch.bids import petprep_folders
        from coconet_med.batch.derivatives import write_dataset

        write_dataset(output, source, petprep_folders(source, derivatives))
    from coconet_med.writers import spare_inputs

    spare_inputs((output / "summary.csv", output / "report.html"), [source])
    try:
        with Screen(len(cases), quiet=quiet) as screen:
            return run_batch(
                cases,
                output,
                options,
                jobs=jobs,
                cluster=cluster,
                cluster_options=cluster_options,
                overwrite=overwrite,
                timeout=timeout,
                follow=screen.case,
                collect=collect,
                complete=complete,
            )
    except KeyboardInterrupt:
        msg = "interrupted; nothing was left half-written: the same command does the rest"
        raise StoppedError(msg) from None


def _group(source: Path, output: Path) -> BatchResult:
    from coconet_med.batch.all_cases import BatchResult, gather
    from coconet_med.batch.records import Records
    from coconet_med.batch.sources import still_of

    records, is_one = Records(output), still_of(source)
    outcomes = tuple(record for record in records.all() if is_one(record.id))
    if not outcomes:
        raise OptionError(f"{output}: no finished cases of {source}; run the participant level first")
    left = tuple(records.leftover(is_one))
    return BatchResult(outcomes, gather(outcomes, output, left), left)
