"""``coconet-med evaluate``: how much of both sources a fused image keeps."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconet_med.commands.options import (
    Affine,
    Colormap,
    DifferentPatients,
    EngineOption,
    ModelOption,
    Overwrite,
    Palette,
    Quiet,
    Select,
    Timezone,
)
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from coconet_med.quality.table import Table


def evaluate(
    anatomy: Annotated[Path, typer.Argument(help="MRI picture or volume, or a folder of slice pairs (with --set).")],
    function: Annotated[Path | None, typer.Argument(help="PET, SPECT or CT; brought onto the grid of the MRI.")] = None,
    fused: Annotated[
        Path | None,
        typer.Argument(help="Fused result on the grid of the MRI (file, or DICOM folder); fused here if left out."),
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Sets of the folder: mri-pet, mri-spect, mri-ct; all by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which part of the folder.")] = "val",
    function_as: Annotated[
        str, typer.Option(help="Folder: uptake (the known scalar), or luminance (as published tables do).")
    ] = "uptake",
    measures: Annotated[
        str, typer.Option(help="fidelity (with findings), findings (small foci alone), standard or all.")
    ] = "fidelity",
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Compare with the classical methods.")
    ] = True,
    palette: Palette = None,
    colormap: Colormap = "auto",
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    select: Select = None,
    timezone: Timezone = None,
    different_patients: DifferentPatients = False,
    affine: Affine = "auto",
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every row as CSV.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write rows and means as JSON.")] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Measure how much of both sources a fused image keeps, beside the classical baselines."""
    from coconet_med.commands.progress import Reporter

    with Reporter(quiet=quiet) as say:
        from coconet_med.quality.evaluate import evaluate_files, evaluate_folder
        from coconet_med.writers import check_file, spare_inputs

        for path in (csv, json_path):
            if path:
                check_file(path, overwrite=overwrite)
        spare_inputs((csv, json_path), (anatomy, function, fused, palette))

        common: dict[str, Any] = {
            "measures": measures,
            "baselines": baselines,
            "colormap": colormap,
            "model": model,
            "engine": engine,
            "progress": say.progress,
        }
        if function is None:
            common["function_as"] = function_as
            table: Table = evaluate_folder(anatomy, split=split, sets=sets, **common)
        else:
            given: dict[str, Any] = {
                "palette": palette,
                "different_patients": different_patients,
                "select": select,
                "timezone": timezone,
                "affine": affine,
            }
            table = evaluate_files(anatomy, function, fused, **given, **common)
        from coconet_med.writers.atomic import write_together

        jobs = [(p, w) for p, w in ((csv, table.to_csv), (json_path, table.to_json)) if p is not None]
        write_together(jobs, overwrite=overwrite)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    typer.echo(printable(table.to_text(width=width), keep="\n"))
    if measures != "standard":
        say.done("what the columns mean: docs/quality.md; H joins rho_lp, Q_MRI_in and rho_MRI_cold, 1 is best")
