"""Packed voxels are held against their checksums, which other readers do not look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from coconet_med.errors import ReadError
from coconet_med.readers.headers import read_header
from coconet_med.readers.limits import Packing


def check_intact(path: Path) -> None:
    """Refuse a damaged file of one image, before another library reads it: NIfTI, NRRD, MetaImage.

    Raises:
        ReadError: damaged, or cut.
    """
    name = path.name.lower()
    if not path.is_file():
        return
    if name.endswith(".gz"):
        check_packed(path, [(path, 0)], "gzip")
    elif name.endswith((".nrrd", ".nhdr", ".mha", ".mhd")) and (header := read_header(path)):
        check_packed(path, [(file, header.start) for file in header.files or (path,)], header.packing)


def check_packed(path: Path, parts: Sequence[tuple[Path, int]], packing: Packing) -> None:
    """Refuse packed voxels whose checksum does not fit them.

    nibabel stops before the checksum of gzip, and ITK takes what zlib could unpack of a MetaImage: one wrong bit
    changes thousands of voxels, and nothing is said.

    Args:
        path: named in messages.
        parts: see :func:`check_promise`.
        packing: how they are packed; only gzip and zlib are looked at here, bzip2 is by its reader.

    Raises:
        ReadError: damaged, or cut.
    """
    if packing not in ("gzip", "zlib"):
        return
    for part, start in parts:
        try:
            with part.open("rb") as file:
                file.seek(start)
                _unpack(file, 31 if packing == "gzip" else 15)
        except Exception as error:  # isal has its own kinds
            raise ReadError(f"{path}: its compressed voxels are damaged ({error}); copy the file again") from error


def _unpack(file: BinaryIO, form: int) -> None:
    """Inflate to the end, checksums included; gzip may have several members, and what follows them does not count."""
    from isal import isal_zlib

    inflate, piece = isal_zlib.decompressobj(form), file.read(2**18)
    while piece:
        unpacked = inflate.decompress(piece, 2**22)
        piece = inflate.unconsumed_tail or file.read(2**18)
        while unpacked and not piece:  # all is taken, but something may be left inside
            unpacked = inflate.decompress(b"", 2**22)
        if inflate.eof:
            piece = inflate.unused_data + piece
            piece += file.read(2) if len(piece) < 2 else b""
            if form != 31 or piece[:2] != b"\x1f\x8b":
                return
            inflate = isal_zlib.decompressobj(form)
        elif not piece:
            raise EOFError("they end too early")
