"""How a command line ends: its exit code, and what is said of errors, in one line each."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence

import typer

from coconet_med.errors import FusionError
from coconet_med.system.printable import printable

#: What a command line is refused with; typer names only the leaves of these errors.
_USAGE: type[Exception] = typer.BadParameter.__mro__[2]

#: What the exit code of a command is that was interrupted: 128 and the number of the signal.
INTERRUPTED = 130

#: Errors of writing that name no file: of what is printed, where that goes to a full disk.
_NO_ROOM = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO") if hasattr(errno, name))


class StoppedError(Exception):
    """A command was interrupted, and has something of its own to say of it."""


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
        if code == INTERRUPTED:  # typer keeps Ctrl-C to itself
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except FusionError as error:
        _say(f"error: {error}")
        sys.exit(2)
    except _USAGE as error:
        _say_usage(error)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        _say(interrupted)
        sys.exit(INTERRUPTED)
    except StoppedError as error:
        _say(str(error))
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.filename is not None or error.errno not in _NO_ROOM:
            raise
        _leave_off_printing()
        _say(f"error: what is printed cannot be written ({error.strerror}); make room, or print to another place")
        sys.exit(2)
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


def _leave_off_printing() -> None:
    """Let what waits to be printed go where nothing fails, so that it is not tried again at the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _say(text: str) -> None:
    try:
        typer.echo(printable(text), err=True)
    except OSError:  # then the exit code has to say it
        _leave_off_printing()
