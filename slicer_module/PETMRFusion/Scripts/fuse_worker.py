"""The worker process: does one job of the PETMRFusion module, in a Python that has coconet-med.

    python fuse_worker.py JOB_FOLDER

``JOB_FOLDER/job.json`` says what to do (see :mod:`worker_tasks`).  What the worker says goes to standard output, one
JSON object a line with the key ``event``; whatever libraries print goes to standard error.  A file ``cancel`` in the
folder stops the work within a second.  Results appear in ``JOB_FOLDER/result`` all at once, when the work is done, or
not at all.  No Slicer module is imported here, and nothing heavy before it is needed.

Exit codes: 0 done, 1 failed (the last line says why), 3 canceled.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

DONE, FAILED, CANCELED = 0, 1, 3

#: How often the cancel file is looked for, and how long the work may take to stop by itself, in seconds.
WATCH_SECONDS, PATIENCE_SECONDS = 0.05, 0.5


class CanceledError(Exception):
    """The user does not want the result any more."""


class Job:
    """One job: its folder, its orders, and its output.

    Attributes:
        folder: where orders, inputs and results lie.
        orders: what ``job.json`` says.
        results: a folder to write into; it gets its final name when the job is done.
    """

    def __init__(self, folder: Path, stdout: TextIO) -> None:
        self.folder = folder
        self.orders: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self.results = folder / "result.part"
        self._stdout = stdout
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def say(self, event: str, **facts: Any) -> None:
        """Tell the parent something."""
        with self._lock:
            self._stdout.write(json.dumps({"event": event, **facts}) + "\n")
            self._stdout.flush()

    def progress(self, stage: str, done: float, total: float) -> None:
        """Tell how far the work is; stops it where it was canceled."""
        self.check()
        self.say("progress", stage=stage, done=done, total=total)

    def check(self) -> None:
        """Raise :class:`CanceledError` where the user does not want the result any more."""
        if self._stopped.is_set() or (self.folder / "cancel").exists():
            raise CanceledError

    def watch(self) -> None:
        """Look for the cancel file and for the parent; end the process where the work does not stop by itself."""
        parent = os.getppid()
        while True:
            time.sleep(WATCH_SECONDS)
            if os.name != "nt" and os.getppid() != parent:
                shutil.rmtree(self.folder, ignore_errors=True)
                self._leave()  # the parent crashed: nobody wants the result, and pixels must not stay
            if (self.folder / "cancel").exists():
                self._stopped.set()
                time.sleep(PATIENCE_SECONDS)
                self.say("canceled")
                self._leave()

    def _leave(self) -> None:
        shutil.rmtree(self.results, ignore_errors=True)
        os._exit(CANCELED)


def main(arguments: list[str]) -> int:
    """Do the job in the folder given."""
    stdout = _own_stdout()
    job = Job(Path(arguments[0]), stdout)
    threading.Thread(target=job.watch, daemon=True).start()
    try:
        import worker_tasks

        shutil.rmtree(job.results, ignore_errors=True)
        job.results.mkdir()
        check_version(job.orders.get("least_version", "0"))
        worker_tasks.run(job)
        job.check()
        os.replace(job.results, job.folder / "result")
    except CanceledError:
        shutil.rmtree(job.results, ignore_errors=True)
        job.say("canceled")
        return CANCELED
    except Exception as error:
        import traceback

        traceback.print_exc()
        shutil.rmtree(job.results, ignore_errors=True)
        missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
        job.say("failed", message=_words(error), kind=type(error).__name__, missing=missing or "")
        return FAILED
    job.say("done")
    return DONE


class OldVersionError(Exception):
    """This Python has a coconet-med that is too old for the module; the panel offers to update it by this name."""


def check_version(least: str) -> None:
    """Refuse a coconet-med that is older than the module needs.

    Raises:
        OldVersionError: it is.
    """
    from coconet_med import __version__

    there, needed = ([int(part) for part in re.findall(r"\d+", text)[:3]] for text in (__version__, least))
    if there < needed:
        msg = f"coconet-med {__version__} in {sys.executable} is too old: version {least} or later is needed"
        raise OldVersionError(msg)


def _own_stdout() -> TextIO:
    """Standard output for this program alone: libraries that print are led to standard error."""
    stdout = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return stdout


def _words(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"this Python ({sys.executable}) lacks {error.name}; install coconet-med in it, or choose another Python"
    from worker_words import panel_words

    return panel_words(str(error)) or type(error).__name__


if __name__ == "__main__":
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime would call its maker, whichever coconet-med is installed
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # not sys.exit: threads of inference libraries must not keep a finished worker alive
