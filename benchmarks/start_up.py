"""How long one waits before anything happens: ``--help``, the import, one slice from a cold start (PNG to PNG).

Each figure is the median over fresh processes, which take turns.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --repeat 5 --json start.json
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import in_turn, report


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def main(given: argparse.Namespace) -> None:
    from coconet_med.phantom import slice_pair
    from coconet_med.writers.pictures import write_picture

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("mri.png", "pet.png", "fused.png")]
        for picture, path in zip(slice_pair(given.side), paths, strict=False):
            write_picture(np.repeat(picture[..., None], 3, axis=-1), Path(path))
        command = [sys.executable, "-m", "coconet_med"]
        commands = {
            "python alone": python("pass"),
            "coconet-med --help": [*command, "--help"],
            "import coconet_med": python("import coconet_med"),
        }
        for engine in given.engines:
            options = ["-o", paths[2], "--overwrite", "--quiet", "--engine", engine]
            commands[f"coconet-med fuse, one slice, {engine}"] = [*command, "fuse", *paths[:2], *options]
        runs = {
            name: lambda command=command: subprocess.run(command, check=True, capture_output=True)
            for name, command in commands.items()
        }
        seconds = in_turn(runs, repeat=given.repeat)
    report(("what", "s"), list(seconds.items()), given.json, side=given.side, repeat=given.repeat)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=["onnx", "openvino"])
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    main(parser.parse_args())
