"""How niivue.min.js.gz was taken: ``python take.py`` fetches NiiVue (``npm pack``) and packs it anew.

The published ``build/index.min.js`` of 0.69.0 is not the module itself: it exports it as one URL-encoded text, which
is decoded here and otherwise left as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote

PACKAGE, VERSION = "@niivue/niivue", "0.69.0"

#: Of the archive that npm gives, and of the module in it.
ARCHIVE_SHA256 = "6e9a6a471b428eb3b258a0086beca9187d95e43a781a39e8a519c6da246af485"
MODULE_SHA256 = "bcb456b66a26e20126b7257c2b6071f48b347b7f910f99bca26721a71a96cbed"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True)
        archive = next(folder.glob("*.tgz"))
        expect(archive.read_bytes(), ARCHIVE_SHA256, archive.name)
        with tarfile.open(archive) as files:
            files.extract("package/build/index.min.js", folder, filter="data")
        published = (folder / "package/build/index.min.js").read_text(encoding="ascii")
    module = unquote(re.sub(r'^export const esm = "|";?\s*$', "", published)).encode("utf-8")
    expect(module, MODULE_SHA256, "the module")
    Path(__file__).with_name("niivue.min.js.gz").write_bytes(gzip.compress(module, 9, mtime=0))


def expect(content: bytes, sha256: str, name: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f"{name}: sha256 is {found}, not {sha256}")


if __name__ == "__main__":
    main()
