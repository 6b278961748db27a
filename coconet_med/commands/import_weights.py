"""``coconet-med import-weights``: the authors' released weights for this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coconet_med.commands.options import Overwrite
from coconet_med.errors import ModelError, installs
from coconet_med.system.printable import printable


def import_weights(
    weights: Annotated[Path, typer.Argument(help="Weights (.pth) of the authors' CoCoNet, infrared and visible.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The .pt file to write; NAME.coconet-med.pt by default.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn weights of the authors' public code into ones that fuse --model takes."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        msg = f"PyTorch is not installed; run the command again after {installs('monai')}"
        raise ModelError(msg) from error
    from coconet_med.training.published_weights import import_weights as run

    written = run(weights, output or weights.with_suffix(".coconet-med.pt"), overwrite=overwrite)
    typer.echo(printable(f"wrote {written}: fuse VISIBLE INFRARED --model {written.name} --color source"))
