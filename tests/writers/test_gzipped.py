"""Compressed on several threads: one ordinary gzip file, the same each time."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import numpy as np
import pytest

from coconet_med.writers.gzipped import BLOCK, GzipWriter

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 7])
def test_what_was_written_is_read_back(tmp_path: Path, size: int) -> None:
    data = RNG.integers(0, 9, size, np.uint8).tobytes()
    path = tmp_path / "a.gz"
    with GzipWriter(path) as stream:
        for start in range(0, size, 300_001):
            stream.write(data[start : start + 300_001])
    assert gzip.decompress(path.read_bytes()) == data


def test_it_is_a_single_member_for_readers_that_know_no_more(tmp_path: Path) -> None:
    with GzipWriter(tmp_path / "a.gz") as stream:
        stream.write(bytes(3 * BLOCK))
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert len(reader.decompress((tmp_path / "a.gz").read_bytes())) == 3 * BLOCK
    assert reader.eof
    assert reader.unused_data == b""


def test_the_same_bytes_give_the_same_file(tmp_path: Path) -> None:
    data = RNG.integers(0, 9, 3 * BLOCK, np.uint8).tobytes()
    for name, step in (("a", 1000), ("b", len(data))):
        with GzipWriter(tmp_path / name) as stream:
            for start in range(0, len(data), step):
                stream.write(data[start : start + step])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_seeking_forward_writes_zeros_and_backward_is_refused(tmp_path: Path) -> None:
    with GzipWriter(tmp_path / "a.gz") as stream:
        stream.write(b"ab")
        stream.seek(5)
        assert stream.tell() == 5
        with pytest.raises(io.UnsupportedOperation):
            stream.seek(1)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"ab\0\0\0"
