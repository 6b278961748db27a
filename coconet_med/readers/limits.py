"""How much memory one image may take, and whether the bytes are there that its header promises.

Both are asked before anything of the image's size is allocated: memory follows the file, not its promise.  The limit
is ``max_memory`` (``--max-memory``), else the environment variable ``COCONET_MAX_MEMORY``, else 4 GiB.
"""

from __future__ import annotations

import bz2
import math
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Literal

from coconet_med.errors import OptionError, ReadError

#: Names a number of GiB for programs that cannot be given an option.
VARIABLE = "COCONET_MAX_MEMORY"
#: What one image may take without being asked, in GiB: its stored values and the float32 image made of them.
DEFAULT_GIB = 4.0
#: Compressed images larger than this may not grow more than so many fold, unless a limit is given: MRI and PET shrink
#: to a half or a tenth, masks to a hundredth, and a bomb to a thousandth.
FREE_BYTES, LARGEST_GROWTH = 2**28, 100
#: Images that grow more than so many fold, and beyond so many bytes, are inflated once only to be counted.
COUNTED_GROWTH, COUNTED_BYTES = 20, 2**24

#: How voxels are packed in their file.
Packing = Literal["raw", "gzip", "bzip2", "zlib", "other"]

_given: ContextVar[float | None] = ContextVar("max_memory", default=None)


@contextmanager
def memory_limit(gib: float | None) -> Iterator[None]:
    """Let images read inside take up to ``gib`` GiB each; ``None`` keeps the limit that holds.

    Raises:
        OptionError: not a positive number.
    """
    if gib is None:
        yield
        return
    if not (math.isfinite(gib) and gib > 0):
        msg = f"max_memory is {gib:g}; give a positive number of GiB"
        raise OptionError(msg)
    token = _given.set(gib)
    try:
        yield
    finally:
        _given.reset(token)


def limit_bytes() -> tuple[int, bool]:
    """The limit, and whether somebody set it.

    Raises:
        OptionError: the environment variable is no positive number.
    """
    given: float | None = _given.get()
    text = os.environ.get(VARIABLE, "").strip()
    if given is None and text:
        try:
            given = float(text)
        except ValueError:
            given = math.nan
        if not (math.isfinite(given) and given > 0):
            msg = f"{VARIABLE} is {text!r}; set it to a positive number of GiB, or unset it"
            raise OptionError(msg)
    return int((DEFAULT_GIB if given is None else given) * 2**30), given is not None


def largest_growth(packed: int) -> int:
    """Bytes that a compressed file of ``packed`` bytes may grow to."""
    limit, chosen = limit_bytes()
    return limit if chosen else min(limit, max(FREE_BYTES, LARGEST_GROWTH * packed))


def check_promise(
    path: Path,
    shape: Sequence[int],
    voxel_bytes: int,
    there: int,
    *,
    packing: Packing = "raw",
    parts: Sequence[tuple[Path, int]] = (),
    offset: int = 0,
) -> None:
    """Refuse an image whose header promises more than its file holds, or more than may be held in memory.

    Args:
        path: named in messages.
        shape: voxels along each axis.
        voxel_bytes: stored bytes of one voxel.
        there: bytes of voxels on disk, as they are packed.
        packing: how they are packed; ``"other"`` cannot be counted by inflating it once.
        parts: files that hold the packed voxels, read one after the other, each from a byte on.
        offset: unpacked bytes before the first voxel.

    Raises:
        ReadError: no voxels, more than the limit, or more than there are.
    """
    stated = " x ".join(str(int(n)) for n in shape)
    voxels = math.prod(int(n) for n in shape)
    if voxels < 1:
        msg = f"{path}: the header states {stated} voxels; export it again"
        raise ReadError(msg)
    need, memory = voxels * voxel_bytes, voxels * (voxel_bytes + 4)
    limit = limit_bytes()[0]
    if memory > limit:
        msg = f"{path}: the header states {stated} voxels, which take {_size(memory)} of memory; up to {_size(limit)} "
        msg += f"can be read: --max-memory {_enough(memory)} allows it"
        raise ReadError(msg)
    if packing == "raw":
        if there < need:
            msg = f"{path}: the header states {stated} voxels ({need} bytes), but only {max(there, 0)} bytes of them "
            msg += "are there; copy or export it again"
            raise ReadError(msg)
        return
    growth = largest_growth(there)
    if need > COUNTED_BYTES and need > COUNTED_GROWTH * there and packing != "other":
        enough = min(need, growth)
        found = _inflated(parts or ((path, 0),), enough + offset, packing) - offset
        if found < enough:
            msg = f"{path}: the header states {stated} voxels ({need} bytes), but its compressed data hold only "
            msg += f"{max(found, 0)} bytes of them; copy or export it again"
            raise ReadError(msg)
    if need > growth:
        msg = f"{path}: would grow from {_size(there)} to {_size(need)}, more than {LARGEST_GROWTH} times; if that is "
        msg += f"meant, --max-memory {_enough(memory)} allows it"
        raise ReadError(msg)


def _inflated(parts: Sequence[tuple[Path, int]], enough: int, packing: Packing) -> int:
    """Bytes that files inflate to from a byte on, counted up to ``enough``, none kept."""
    total = 0
    for path, start in parts:
        with path.open("rb") as file:
            file.seek(start)
            try:
                for size in _pieces(file, packing):
                    total += size
                    if total >= enough:
                        return total
            except Exception:  # bz2, zlib and isal raise almost anything on damaged data; what came before counts
                continue
    return total


def _pieces(file: BinaryIO, packing: Packing) -> Iterator[int]:
    if packing == "zlib":
        inflate = zlib.decompressobj()
        while piece := file.read(2**16):
            while piece:
                yield len(inflate.decompress(piece, 2**17))
                piece = inflate.unconsumed_tail
        return
    from isal import igzip

    with bz2.open(file) if packing == "bzip2" else igzip.open(file) as stream:
        while piece := stream.read(2**17):
            yield len(piece)


def _enough(memory: int) -> str:
    return f"{math.ceil(10 * memory / 2**30) / 10:g}"


def _size(count: int) -> str:
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
