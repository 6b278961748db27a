"""``python -m coconet_med.training``: train, resume, validate and release a network with one command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from coconet_med.commands.running import run_app
from coconet_med.errors import OptionError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder of the training; an unfinished one in it is gone on with.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of slice pairs with train/, val/ and colour_tables.csv.")
    ] = None,
    anatomy: Annotated[Path | None, typer.Option(help="Your own cases: folder of anatomical images.")] = None,
    function: Annotated[Path | None, typer.Option(help="Your own cases: folder of functional images.")] = None,
    hold_out: Annotated[int, typer.Option(min=0, help="Own cases only to validate on, the last by name.")] = 0,
    register: Annotated[str, typer.Option(help="Own cases: auto, always or never.")] = "auto",
    plane: Annotated[str, typer.Option(help="Own cases: auto, axial, coronal or sagittal.")] = "auto",
    color_anatomy: Annotated[
        bool, typer.Option("--color-anatomy", help="The first images may be in color (visible beside infrared).")
    ] = False,
    masks: Annotated[
        Path | None, typer.Option(help="Own cases: folder of drawn masks of targets, for the contrast of stage 2.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="light, full, published-light or published.")] = None,
    start: Annotated[str | None, typer.Option(help="Weights to fine-tune: light, or a .pt file.")] = None,
    steps: Annotated[int | None, typer.Option(min=0, help="Optimizer steps of stage 1; 0 for stage 2 alone.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate of stage 1.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, draws and augmentation.")] = None,
    generated: Annotated[Path | None, typer.Option(help="Label slices that generated pairs are drawn on.")] = None,
    settings: Annotated[Path | None, typer.Option(help="JSON file of settings that differ from the defaults.")] = None,
    release: Annotated[Path | None, typer.Option(help="Write NAME.onnx, NAME.pt and the card NAME.json here.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the released files; the model's by default.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")] = "auto",
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints and figures.")] = 250,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Train CoCoNet, go on with an unfinished training, validate it on held-out slices, and release its weights.

    Several GPUs: torchrun --nproc-per-node N -m coconet_med.training ...
    """
    from coconet_med.commands.progress import Reporter
    from coconet_med.training.distributed import distributed_context, keep_memory, leave
    from coconet_med.training.session import Own, Session
    from coconet_med.training.settings import read_settings

    if masks is not None and anatomy is None:
        msg = "--masks goes with --anatomy and --function; leave it out"
        raise OptionError(msg)
    keep_memory()
    chosen = read_settings(
        settings,
        model=model,
        start=start,
        steps=steps,
        learning_rate=learning_rate,
        generated=str(generated) if generated else None,
        seed=seed,
    )
    chosen = replace(chosen, start=_weights(chosen.start))  # of a file of settings, too
    own_given = anatomy is not None and function is not None
    if (data is not None) + own_given != 1 and not (chosen.only_generated and data is anatomy is function is None):
        msg = "give either --data, or both --anatomy and --function, or --generated with generated_share 1 alone"
        raise OptionError(msg)
    where = distributed_context(device, precision)  # type: ignore[arg-type]
    own = Own(anatomy, function, hold_out, register, plane, color_anatomy, masks) if anatomy and function else None  # type: ignore[arg-type]
    command = "python -m coconet_med.training " + " ".join(_without_paths(sys.argv[1:]))
    try:
        with Reporter(quiet=quiet or not where.first) as say:
            session = Session(chosen, out, where, say)
            session.load(data, own)
            net = session.train(save_every=save_every)
            if where.first:
                table = session.validate(net)
                if release:
                    say.done(f"wrote {session.release(net, release, name or chosen.model, command)}")
                if table:
                    typer.echo(table)
    finally:
        leave()


def _weights(start: str | None) -> str | None:
    """The path of the weights to start from."""
    if start != "light":
        return start
    from coconet_med.model import WEIGHTS

    return str(WEIGHTS / f"{start}.pt")


def _without_paths(arguments: Sequence[str]) -> list[str]:
    """The command for the card: folders of this machine are nobody's business."""
    return [Path(a).name if "/" in a or "\\" in a else a for a in arguments]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; errors that a user can mend are one line and exit code 2."""
    run_app(
        app,
        lambda: sys.argv[1:] if arguments is None else arguments,
        interrupted="interrupted; run the same command to go on from the last checkpoint",
    )


if __name__ == "__main__":
    main()
