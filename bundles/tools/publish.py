"""Build what is handed in: the model-zoo form or the Hugging Face form of the bundle.  Nothing is uploaded.

    python bundles/tools/publish.py zoo --out DIR --weights-url URL
    python bundles/tools/publish.py huggingface --out DIR

``docs/lab/bundle.md`` says what to do with the result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parents[1] / "coconet_fusion"
UNIT_TESTS = Path(__file__).resolve().parent / "unit_tests"

#: Largest file that the model zoo takes into git.
SIZE_LIMIT = 25 * 1024 * 1024
WEIGHTS = ("models/model.pt", "models/model.onnx")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "eval", "data", ".*")
_PERSONAL = re.compile(r"/home/|/Users/|/root/|[A-Z]:\\Users")

_FRONT_MATTER = """---
license: apache-2.0
library_name: monai
pipeline_tag: image-to-image
tags:
- monai
- medical
- image-fusion
- mri
- pet
- spect
- neuroimaging
---
"""


def build_zoo(out: Path, weights_url: str, bundle: Path = BUNDLE) -> Path:
    """The folder for ``models/`` of the model zoo: without weights, which ``large_files.yml`` names with their sha256.

    The unit tests for ``ci/unit_tests`` of the zoo come beside it.

    Args:
        out: gets the folders ``coconet_fusion`` and ``unit_tests``.
        weights_url: where the weights will be: an https address under which their file names are appended.
        bundle: what to build from.
    """
    checked(bundle)
    if not weights_url.startswith("https://"):
        sys.exit(f"{weights_url}: give an https address for --weights-url")
    target = _copied(bundle, out, shutil.ignore_patterns("*.pt", "*.onnx", "*.ts"))
    lines = ["large_files:"]
    for path in WEIGHTS:
        lines += [
            f"- path: {path}",
            f"  url: {weights_url.rstrip('/')}/{Path(path).name}",
            f"  hash_val: {_sha256(bundle / path)}",
            "  hash_type: sha256",
        ]
    (target / "large_files.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copytree(UNIT_TESTS, out / "unit_tests", ignore=_LEFT_OUT, dirs_exist_ok=True)
    return target


def build_huggingface(out: Path, bundle: Path = BUNDLE) -> Path:
    """The content of a Hugging Face repository: the whole bundle, and its README with front matter at the root."""
    checked(bundle)
    target = _copied(bundle, out, shutil.ignore_patterns())
    readme = (bundle / "docs" / "README.md").read_text(encoding="utf-8")
    (target / "README.md").write_text(_FRONT_MATTER + readme, encoding="utf-8")
    attributes = [f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in (".pt", ".onnx", ".ts")]
    (target / ".gitattributes").write_text("".join(attributes), encoding="utf-8")
    return target


def checked(bundle: Path) -> dict[str, Any]:
    """The metadata of a bundle that is fit to be published.

    Raises:
        SystemExit: files are missing or too large, the version is not in the changelog or differs from the package's,
            JSON is not formatted as the zoo formats it, or a text holds somebody's path.
    """
    needed = ("LICENSE", "configs/metadata.json", "configs/inference.json", "docs/README.md", *WEIGHTS)
    missing = [path for path in needed if not (bundle / path).is_file()]
    if missing:
        sys.exit(f"{bundle}: {', '.join(missing)} missing; bundles/tools/take_weights.py brings the weights")
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    if metadata["version"] not in metadata["changelog"]:
        sys.exit(f"metadata.json: version {metadata['version']} is not in its changelog; add what changed")
    for path in (path for path in bundle.rglob("*") if path.is_file()):
        if path.stat().st_size > SIZE_LIMIT and path.relative_to(bundle).as_posix() not in WEIGHTS:
            sys.exit(f"{path}: larger than 25 MB")
        if path.suffix in (".json", ".md", ".txt", ".conf"):
            _check_text(path)
    return metadata


def _check_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if _PERSONAL.search(text):
        sys.exit(f"{path}: holds somebody's path")
    if path.parent.name == "configs" and path.suffix == ".json":
        pretty = json.dumps(json.loads(text), indent=4, ensure_ascii=False) + "\n"
        if text != pretty:
            sys.exit(f"{path}: is not formatted with an indent of 4 and a final newline")


def _copied(bundle: Path, out: Path, further: Any) -> Path:
    target = out / bundle.name
    if target.exists():
        sys.exit(f"{target}: exists already; give another --out")
    shutil.copytree(bundle, target, ignore=lambda folder, names: _LEFT_OUT(folder, names) | further(folder, names))
    return target


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=("zoo", "huggingface"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights-url", default="", help="zoo: https address of the folder with the weights")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.form == "zoo":
        print(build_zoo(options.out, options.weights_url, options.bundle))
    else:
        print(build_huggingface(options.out, options.bundle))
