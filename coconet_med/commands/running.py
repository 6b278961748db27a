"""How a command line ends: its exit code, and what is said of errors, in one line each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from coconet_med.errors import FusionError
from coconet_med.system.printable import printable

#: What a command line is refused with; typer names only the leaves of these errors.
_USAGE: type[Exception] = typer.BadParameter.__mro__[2]


def run_app(
    app: typer.Typer,
    arguments: Callable[[], Sequence[str]],
    *,
    interrupted: str = "interrupted; nothing was left half-written",
) -> None:
    """Run a command line to its exit: code 2 and one line for every error a user can mend, 130 when interrupted.

    Args:
        app: what is run.
        arguments: gives its arguments; may refuse them.
        interrupted: what is said after Ctrl-C.

    Raises:
        SystemExit: always.
    """
    try:
        code = app(args=list(arguments()), standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except FusionError as error:
        _say(f"error: {error}")
        sys.exit(2)
    except _USAGE as error:
        _say_usage(error)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        _say(interrupted)
        sys.exit(130)
    except UnicodeEncodeError as error:
        name = error.object
        _say(f"error: {name}: this system's encoding ({error.encoding}) has no such characters; set PYTHONUTF8=1")
        sys.exit(2)
    except MemoryError:
        _say("error: not enough memory for images of this size; close programs, or crop the images")
        sys.exit(2)


def _say_usage(error: Exception) -> None:
    """One line, like every error; the help that a command without arguments gives stays as it is."""
    text, context = error.format_message(), getattr(error, "ctx", None)  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(text, err=True)
        return
    more = f"; {context.command_path} --help tells more" if context is not None else ""
    _say(f"error: {text.rstrip('.')}{more}")


def _say(text: str) -> None:
    typer.echo(printable(text), err=True)
