"""The digest is SHA-256 of the content, in the order given."""

from __future__ import annotations

import hashlib

from coconet_med.system.digest import sha256_of


def test_files_count_one_after_the_other_whatever_their_names(tmp_path) -> None:
    for name, content in (("a", b"abc"), ("b", b""), ("c", bytes(range(256)) * 5000)):
        (tmp_path / name).write_bytes(content)
    a, b, c = (tmp_path / name for name in "abc")
    assert (
        sha256_of(a) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-4, example "abc"
    assert sha256_of(a, b, c) == hashlib.sha256(b"abc" + bytes(range(256)) * 5000).hexdigest()
    assert sha256_of(c, a) != sha256_of(a, c)
