"""Leave a process without taking the libraries in it apart, which takes a tenth of the time of fusing two pictures.

It is also safer: a library whose own threads are at work when it is taken apart ends the process by a signal.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading


def leave(code: int) -> None:
    """End this process, once all that was left to do at its end is done.

    In the order of Python itself: threads at work are waited for (until a Ctrl-C), functions that were registered with
    :mod:`atexit` are called, and what was printed is written out.  Where a profiler, a debugger or a measurement of
    coverage watches the process, which report at its end, it ends as any other.

    Args:
        code: what the process returns.

    Raises:
        SystemExit: the process is watched, or what was printed cannot be written.
    """
    if _watched():
        sys.exit(code)
    with contextlib.suppress(KeyboardInterrupt):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # whoever read it has gone, or it is closed: Python knows what to say
            sys.exit(code)
    os._exit(code)


def _watched() -> bool:
    """Whether the interpreter was asked to report what it runs (PEP 669 from Python 3.12 on), or to stay open."""
    monitoring = getattr(sys, "monitoring", None)
    tools = [monitoring.get_tool(number) for number in range(6)] if monitoring else []
    return bool(sys.gettrace() or sys.getprofile() or any(tools) or sys.flags.inspect)
