"""A child process that talks in JSON lines, can be asked to stop, and can be killed with all its children."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

#: How long a canceled process may take before it is killed, in seconds.
GRACE_SECONDS = 0.9


class WorkerProcess:
    """One run of the worker.  Everything is delivered by :meth:`poll`, on the thread of the caller.

    Args:
        command: program and arguments.
        folder: of the job; the cancel file is made in it.
        environment: of the process.
        on_event: called with each JSON object that the process says.

    Attributes:
        code: exit code, ``None`` while the process runs.
        log: what it printed otherwise; the end of it helps with a crash.
    """

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
        self._lines: queue.Queue[tuple[str, str | None]] = queue.Queue()
        self._open = {"said", "log"}
        own_group = {"creationflags": 0x08000000} if os.name == "nt" else {"start_new_session": True}
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environment is None else dict(environment),
            text=True,
            encoding="utf-8",
            errors="replace",
            **own_group,
        )
        for name, stream in (("said", self.process.stdout), ("log", self.process.stderr)):
            threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def poll(self) -> bool:
        """Deliver what was said since the last call; False once the process is over and all was delivered."""
        while True:
            try:
                name, line = self._lines.get_nowait()
            except queue.Empty:
                break
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
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass

    def cancel(self) -> None:
        """Ask the process to stop; :meth:`poll` kills it when it does not."""
        if self._deadline is None:
            (self._folder / "cancel").touch()
            self._deadline = time.monotonic() + GRACE_SECONDS

    def kill(self) -> None:
        """End the process and all its children at once: PythonSlicer is a launcher, its child does the work."""
        self._deadline = None
        if os.name == "nt":
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(self.process.pid)], capture_output=True, check=False)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _read(self, name: str, stream: Any) -> None:
        for line in stream:
            self._lines.put((name, line.rstrip("\n")))
        self._lines.put((name, None))

    def _deliver(self, name: str, line: str | None) -> None:
        if line is None:
            self._open.discard(name)
            return
        if name == "said":
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                event = None
            if isinstance(event, dict) and "event" in event:
                self._on_event(event)
                return
        self.log.append(line)
        logging.debug("PETMRFusion worker: %s", line)

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                stream.close()
