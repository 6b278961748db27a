"""``coconet-med demo``: the main job on a generated head."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coconet_med.commands.options import EngineOption, ModelOption, Quiet


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo writes.")] = Path("coconet-demo"),
    spacing: Annotated[float, typer.Option(min=1, max=4, help="Voxel size of the generated MRI in mm.")] = 1.5,
    model: ModelOption = "light",
    engine: EngineOption = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite/--keep", help="Replace the files of an earlier demo.")] = True,
    quiet: Quiet = False,
) -> None:
    """Run the main job on a generated head: inputs, fused volume, side-car and a picture in ./coconet-demo/."""
    from coconet_med.commands.progress import Reporter

    with Reporter(quiet=quiet) as say:
        from coconet_med.commands.run_demo import run_demo

        for path in run_demo(
            folder, spacing=spacing, model=model, engine=engine, overwrite=overwrite, progress=say.progress
        ):
            say.done(f"wrote {path}")
