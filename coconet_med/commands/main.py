"""The command line ``coconet-med``: its commands, and what becomes of errors.

Heavy libraries are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from coconet_med._version import __version__
from coconet_med.commands.batch import batch
from coconet_med.commands.bids_app import as_batch
from coconet_med.commands.demo import demo
from coconet_med.commands.doctor import doctor
from coconet_med.commands.evaluate import evaluate
from coconet_med.commands.fuse import fuse
from coconet_med.commands.import_weights import import_weights
from coconet_med.commands.measure import measure, read
from coconet_med.commands.options import WindowCommand, windows_joined
from coconet_med.commands.pacs import app as pacs
from coconet_med.commands.running import run_app
from coconet_med.commands.view import view
from coconet_med.errors import OptionError
from coconet_med.system.leaving import leave

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
#: What the list of commands says of each, in what 80 columns leave for it.
SHORT = {
    fuse: "Fuse one MRI with one PET, SPECT or CT, or one study.",
    batch: "Fuse many cases: BIDS, CSV, globs, DICOM folders.",
    view: "Look at a fusion in the browser.",
    evaluate: "Measure what a fusion keeps, beside other methods.",
    measure: "Measure uptake and MRI in the regions of a labels map.",
    read: "Read uptake back from the colors of a fused image.",
    demo: "Fuse a generated head: no data needed.",
    doctor: "Say what is installed, and what is missing.",
    import_weights: "Convert weights of the authors' public code.",
}
for command in (fuse, batch, view):
    app.command(cls=WindowCommand, short_help=SHORT[command])(command)
for plain in (evaluate, measure, read, demo, doctor, import_weights):
    app.command(short_help=SHORT[plain])(plain)
app.add_typer(pacs, short_help="Fuse studies on a DICOMweb server (PACS).")


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"coconet-med {__version__}")
        raise typer.Exit


def _arity_of_batch() -> dict[str, int]:
    """How many values follow each option of ``batch``."""
    parameters = typer.main.get_command(app).commands["batch"].params  # type: ignore[attr-defined]
    return {name: 0 if p.is_flag else p.nargs for p in parameters if hasattr(p, "is_flag") for name in p.opts}


def none_empty(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments, none of which is empty: as a path that means the current folder, whatever images lie there.

    Raises:
        OptionError: one is empty, as where a script gives a variable that is not set.
    """
    if "" in arguments:
        at = list(arguments).index("")
        after = f"behind {arguments[at - 1]}" if at else "the first one"
        raise OptionError(f"an argument is empty ({after}); is a variable of the shell not set?")
    return arguments


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: one clear line and exit code 2 for every error a user can mend, 130 when interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    run_app(app, lambda: as_batch(windows_joined(none_empty(given)), _arity_of_batch))


def process() -> None:
    """``coconet-med`` as a process of its own."""
    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        leave(end.code)


if __name__ == "__main__":
    process()
