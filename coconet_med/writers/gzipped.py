"""Gzip files compressed on several cores: one member as every reader expects it, the same bytes on every machine."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

#: Bytes compressed at a time, each block on its own; the file gets some hundredths of a percent larger for it.
BLOCK = 1 << 20

#: That of nibabel, fast.
LEVEL = 1

#: Threads at most: compressing is soon faster than the disk.
MOST_THREADS = 4

# RFC 1952: magic, deflate, no flags, no time (the same voxels give the same file), fastest, unknown system.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"


class GzipWriter(io.RawIOBase):
    """A file to write to; what is written is compressed (RFC 1951) block by block, on threads, in the order it came.

    Seeking forward writes zeros, as :class:`gzip.GzipFile` does; it closes as a context manager.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(_HEADER)
        self._pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "coconet-gzip")
        self._jobs: deque[Future[bytes]] = deque()
        self._rest = bytearray()
        self._crc, self._size = 0, 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence != os.SEEK_SET or offset < self._size:
            msg = "only forward, in a file that is being written"
            raise io.UnsupportedOperation(msg)
        self.write(bytes(offset - self._size))
        return offset

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        data = memoryview(data).cast("B")
        self._crc, self._size = zlib.crc32(data, self._crc), self._size + len(data)
        self._rest += data
        while len(self._rest) >= BLOCK:
            self._start(bytes(self._rest[:BLOCK]))
            del self._rest[:BLOCK]
        return len(data)

    def close(self) -> None:
        if self.closed:
            return
        try:
            self._start(bytes(self._rest), last=True)
            self._rest.clear()
            self._collect(0)
            self._file.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
        finally:
            super().close()
            self._pool.shutdown(cancel_futures=True)
            self._file.close()

    def _start(self, block: bytes, *, last: bool = False) -> None:
        self._jobs.append(self._pool.submit(_deflated, block, last))
        self._collect(2 * MOST_THREADS)

    def _collect(self, most: int) -> None:
        """Write finished blocks until at most so many are left, so that memory stays bounded."""
        while len(self._jobs) > most:
            self._file.write(self._jobs.popleft().result())


def _deflated(block: bytes, last: bool) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(block) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
