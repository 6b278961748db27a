"""Decode what the usual decoder could not, by another one, in a process of its own: GDCM may end its process.

    python -m coconet_med.dicom.rescue FOLDER

``FOLDER/jobs.json`` lists the files; job ``n`` leaves ``n.npy`` (frame, row, column), or the reason in ``n.txt``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.decoders import dataset, decode

#: Seconds after which a decoder is given up.
PATIENCE = 600


@dataclass(frozen=True)
class Job:
    """Frames of one file that are still to be decoded."""

    path: Path
    syntax: str
    indices: tuple[int, ...]


def decode_apart(jobs: Mapping[int, Job], plugin: str) -> dict[int, list[np.ndarray] | str]:
    """What one decoder makes of each job: its planes, or the reason why there are none.

    Args:
        jobs: by any number.
        plugin: see :data:`coconet_med.dicom.decoders.DECODERS`.
    """
    with tempfile.TemporaryDirectory(prefix="coconet-") as folder:
        orders = {
            n: {"path": str(j.path.absolute()), "syntax": j.syntax, "indices": j.indices} for n, j in jobs.items()
        }
        Path(folder, "jobs.json").write_text(json.dumps({"plugin": plugin, "jobs": orders}), encoding="utf-8")
        command = [sys.executable, "-m", "coconet_med.dicom.rescue", folder]
        ended: int | str
        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE).returncode
        except subprocess.TimeoutExpired:
            ended = "took too long"
        return {number: _result(Path(folder), number, ended) for number in jobs}


def _result(folder: Path, number: int, ended: int | str) -> list[np.ndarray] | str:
    made, reason = folder / f"{number}.npy", folder / f"{number}.txt"
    if reason.exists():
        return reason.read_text(encoding="utf-8")
    if not made.exists():
        return f"the decoder ended its process ({ended})"
    return list(np.load(made, allow_pickle=False))


def main(arguments: Sequence[str]) -> None:
    """Do the jobs in the folder given, one after the other."""
    folder = Path(arguments[0])
    orders = json.loads((folder / "jobs.json").read_text(encoding="utf-8"))
    for number, job in orders["jobs"].items():
        part = folder / f"{number}.part.npy"
        try:
            with headers.quiet():
                planes = decode(dataset(Path(job["path"]), job["syntax"]), job["indices"], orders["plugin"])
            np.save(part, np.stack(planes))
            part.replace(folder / f"{number}.npy")
        except Exception as error:  # decoders raise almost any kind of error on damaged data
            text = f"{type(error).__name__}: {headers.printable(error)}"
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
