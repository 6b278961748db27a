"""Run the tests of the Slicer module on a version of the real MRML core, in an environment of its own.

    python tests/slicer/run.py 5.12.4.0 [pytest arguments]

The environment ``.venv-slicer-VERSION-pyXY`` is made where it is missing, with the Python that runs this file
(Slicer 5.12 has Python 3.12), and brought up to date where the requirements changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: The VTK that each version of slicer-core is built for.
VTK = {"5.12.4.0": "9.6.0", "5.13.31053.0": "9.6.2"}


def main(arguments: list[str]) -> int:
    """Run pytest in the environment of a version; returns its exit code."""
    if not arguments or arguments[0] not in VTK:
        print(f"usage: python tests/slicer/run.py {{{'|'.join(VTK)}}} [pytest arguments]", file=sys.stderr)
        return 2
    python = environment(arguments[0])
    command = [str(python), "-m", "pytest", "-c", "tests/slicer/pytest.ini", "--confcutdir=tests/slicer"]
    # tests/ must not be on the path: its folder "slicer" would be taken for a part of the package.
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    chosen = arguments[1:]
    return subprocess.call([*command, *(chosen or ["-q"]), "tests/slicer"], cwd=ROOT, env=clean)


def environment(version: str) -> Path:
    """The Python of the environment; made or updated where needed."""
    folder = ROOT / f".venv-slicer-{version}-py{sys.version_info.major}{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        f"slicer-core=={version}",
        f"vtk=={VTK[version]}",
        "PySide6-Essentials<6.12",  # 6.12.0 loses a reference to None in each call: a long test ends the interpreter
        "pytest>=8.3",
        "pytest-timeout>=2.3",
        *project["dependencies"],
    ]
    stamp, mark = folder / "installed.sha256", hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == mark:
        return python
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=True)
    stamp.write_text(mark, encoding="utf-8")
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
