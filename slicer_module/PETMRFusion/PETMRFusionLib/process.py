"""A child process that talks in JSON lines, can be asked to stop, and can be killed with all its children."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import signal
import subprocess
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

#: How long a canceled process may take before it is killed, in seconds.
GRACE_SECONDS = 0.9

#: Windows: no console window for a program that has none.
NO_WINDOW = 0x08000000

#: Bytes read from a pipe at a time, and how many lines of what the process prints are kept.
_BYTES, _LOG_LINES = 1 << 16, 400


class WorkerProcess:
    """One run of the worker.  Everything is read and delivered by :meth:`poll`, on the thread of the caller.

    No thread of ours reads: Slicer's idle loop holds Python's lock, so it would read only now and then.

    Args:
        command: program and arguments.
        folder: of the job; the cancel file is made in it.
        environment: of the process.
        on_event: called with each JSON object that the process says.

    Attributes:
        code: exit code, ``None`` while the process runs.
        log: what it printed otherwise; the end of it helps with a crash.
    """

    _live: ClassVar[weakref.WeakSet[WorkerProcess]] = weakref.WeakSet()

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.code: int | None = None
        self.log: list[str] = []
        self._folder, self._on_event = folder, on_event or (lambda event: None)
        self._deadline: float | None = None
        own_group = {"creationflags": NO_WINDOW} if os.name == "nt" else {"start_new_session": True}
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environment is None else dict(environment),
            **own_group,
        )
        self._open = {"said": self.process.stdout.fileno(), "log": self.process.stderr.fileno()}
        self._rest = dict.fromkeys(self._open, b"")
        for pipe in self._open.values():
            os.set_blocking(pipe, False)  # on Windows since Python 3.12, which Slicer 5.12 has
        WorkerProcess._live.add(self)
        atexit.unregister(kill_all)
        atexit.register(kill_all)

    def poll(self) -> bool:
        """Deliver what was said since the last call; False once the process is over and all was delivered."""
        for name in list(self._open):
            for line in self._lines(name):
                self._deliver(name, line)
        if self._deadline is not None and time.monotonic() > self._deadline:
            self.kill()
        if self._open:
            return True
        self.code = self.process.wait()
        self._close()
        return False

    def send(self, message: dict[str, Any]) -> None:
        """Write one JSON line to the process; silently nothing where it is over."""
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write((json.dumps(message) + "\n").encode("utf-8"))
            self.process.stdin.flush()

    def cancel(self) -> None:
        """Ask the process to stop; :meth:`poll` kills it when it does not."""
        if self._deadline is None:
            (self._folder / "cancel").touch()
            self._deadline = time.monotonic() + GRACE_SECONDS

    def kill(self) -> None:
        """End the process and all its children at once: PythonSlicer is a launcher, its child does the work."""
        self._deadline = None
        if os.name == "nt":
            command = ["taskkill", "/T", "/F", "/PID", str(self.process.pid)]
            subprocess.run(command, capture_output=True, check=False, creationflags=NO_WINDOW)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _lines(self, name: str) -> list[str]:
        """Whole lines that came by one pipe since the last call."""
        came = self._rest[name]
        while name in self._open:
            try:
                more = os.read(self._open[name], _BYTES)
            except BlockingIOError:
                break
            except OSError:
                more = b""
            if not more:
                del self._open[name]
                came += b"\n" if came else b""
                break
            came += more
        *whole, self._rest[name] = came.split(b"\n")
        return [line.decode("utf-8", "replace").rstrip("\r") for line in whole]

    def _deliver(self, name: str, line: str) -> None:
        if name == "said":
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                event = None
            if isinstance(event, dict) and "event" in event:
                self._on_event(event)
                return
        self.log = [*self.log[1 - _LOG_LINES :], line]
        logging.debug("PETMRFusion worker: %s", line)

    def _close(self) -> None:
        WorkerProcess._live.discard(self)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                stream.close()


def kill_all() -> None:
    """End every worker that is left: Slicer ends."""
    for process in list(WorkerProcess._live):
        if process.process.poll() is None:
            process.kill()
