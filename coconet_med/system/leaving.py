"""Leave a process without taking the libraries in it apart, which takes a tenth of the time of fusing two pictures."""

from __future__ import annotations

import atexit
import os
import sys
import threading


def leave(code: int) -> None:
    """End this process, once all that was left to do at its end is done.

    Functions that were registered with :mod:`atexit` are called, and what was printed is written out.  Where another
    thread is still at work, the process ends as any other.

    Args:
        code: what the process returns.

    Raises:
        SystemExit: a thread is still at work, or what was printed cannot be written.
    """
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # whoever read it has gone, or it is closed: Python knows what to say
            sys.exit(code)
    os._exit(code)
