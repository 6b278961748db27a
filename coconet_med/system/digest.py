"""SHA-256 of files, by which results name what they were made of."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(*paths: Path) -> str:
    """Hex digest of the content of files, one after the other in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)  # goes on with the digest that is there
    return digest.hexdigest()
