"""Find the DICOM image files below a path and group them into series; any layout, any file names."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.mapping_objects import attached
from coconet_med.dicom.series import (
    IMAGE_CLASSES,
    MODALITIES,
    MODALITY_OF_CLASS,
    OWN_MANUFACTURER,
    Instance,
    Series,
    name_files,
)
from coconet_med.errors import ReadError
from coconet_med.system.walk import files_below

if TYPE_CHECKING:
    from pydicom import Dataset

DEFLATED = "1.2.840.10008.1.2.1.99"
SUFFIXES = (".dcm", ".dicom", ".ima")
UID = re.compile(r"[0-9.]{1,64}")
DIRECTORY = "1.2.840.10008.1.3.10"  # DICOMDIR


@dataclass(frozen=True)
class Scan:
    """What a path holds.

    Attributes:
        root: the path scanned.
        series: image series of MR, CT, PT and NM, in the order of their UIDs.
        other: number of DICOM objects that are no such image (reports, RGB captures, presentation states, ...).
        kinds: what they are (``"Parametric Map of modality OT"``), with the number of each.
        damaged: files that begin as DICOM but cannot be read, each with the reason.
    """

    root: Path
    series: tuple[Series, ...]
    other: int
    damaged: tuple[tuple[Path, str], ...]
    kinds: tuple[tuple[str, int], ...] = ()

    def warnings(self) -> tuple[str, ...]:
        """What a user of any series of this path should know."""
        if not self.damaged:
            return ()
        named = name_files(path for path, _ in self.damaged)
        return (f"{len(self.damaged)} DICOM file(s) could not be used and were left out: {named}",)


def scan(path: Path | str) -> Scan:
    """Read the headers of all DICOM files below ``path`` (a folder, searched wholly, or one file).

    Files that are not DICOM are passed over; the same object met twice is kept once.

    Raises:
        ReadError: the path does not exist, or holds no DICOM file at all.
    """
    root = Path(path)
    if not root.exists():
        raise ReadError(f"{root}: no such file or folder")
    instances: list[Instance] = []
    others: list[Instance] = []
    damaged: list[tuple[Path, str]] = []
    files = files_below(root)
    for file in files:
        try:
            instance = read_header(file)
        except ReadError as error:
            damaged.append((file, str(error)))
            continue
        if instance is None:
            continue
        if _is_image(instance):
            instances.append(instance)
        else:
            others.append(instance)
    if not instances and not others:
        if damaged:
            raise ReadError(f"{root}: no DICOM file could be read; {damaged[0][1]}")
        raise ReadError(f"{root}: no DICOM files found{_instead(files)}")
    series = attached(_group(instances), others)
    damaged.extend(_strays(others, series))
    counted = tuple(sorted(Counter(_what(one) for one in others).items()))
    return Scan(root=root, series=series, other=len(others), damaged=tuple(damaged), kinds=counted)


def _what(instance: Instance) -> str:
    """What an object is that is no image here: by its class (PS3.4 B.5), or where that is not known by its modality."""
    from pydicom.uid import UID

    modality = headers.printable(headers.text(instance.header, "Modality").upper().strip(), 16)
    name = UID(instance.sop_class).name.removesuffix(" Storage")
    words = name if name != instance.sop_class else "object of another kind"
    own = " made by this program" if headers.text(instance.header, "Manufacturer").strip() == OWN_MANUFACTURER else ""
    return f"{words} of modality {modality or 'unknown'}{own}"


def _instead(files: list[Path]) -> str:
    """What is there instead of DICOM files, and what to do about it."""
    if not files:
        return ""
    if all(file.suffix.lower() in (".gz", ".zip", ".tar") and ".nii" not in file.suffixes for file in files):
        return f" among {name_files(files)}; unpack them first"
    return f" among {name_files(files)}"


def read_header(path: Path) -> Instance | None:
    """The header of one file, ``None`` for a file that is not DICOM.

    Raises:
        ReadError: the file begins as DICOM but cannot be understood.
    """
    import pydicom

    try:
        start = _start(path)
    except OSError as error:
        raise ReadError(f"{path.name}: cannot be opened ({error.strerror})") from error
    bare = _bare(start)
    name = headers.printable(path.name, limit=80)
    if start[128:132] != b"DICM" and not bare:
        if path.suffix.lower() in SUFFIXES:
            raise ReadError(f"{name}: is named like a DICOM file but does not begin as one")
        return None
    try:
        with headers.quiet() as notes:
            _refuse_bomb(path, start)
            header = pydicom.dcmread(path, stop_before_pixels=True, force=bare)
            meta = getattr(header, "file_meta", None)
            syntax = headers.text(meta, "TransferSyntaxUID") if meta else ""
            instance = Instance(path, header, syntax or _syntax_of(header), tuple(notes))
            if instance.sop_class in IMAGE_CLASSES and not (instance.uid and headers.text(header, "SeriesInstanceUID")):
                raise ReadError(f"{name}: has no SOP or Series Instance UID")
    except ReadError:
        raise
    except Exception as error:  # pydicom raises almost any kind of error on damaged files
        raise ReadError(f"{name}: damaged DICOM file ({type(error).__name__}: {headers.printable(error)})") from error
    if not instance.sop_class:
        if bare or (meta and headers.text(meta, "MediaStorageSOPClassUID") == DIRECTORY):
            return None
        raise ReadError(f"{name}: damaged DICOM file (it ends before its SOP Class UID)")
    return Instance(path, header, instance.transfer_syntax, tuple(notes))


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _bare(start: bytes) -> bool:
    """Whether the bytes look like a data set without the preamble of PS3.10 (old archives write such files)."""
    if start[128:132] == b"DICM" or len(start) < 16:
        return False
    group, element = int.from_bytes(start[:2], "little"), int.from_bytes(start[2:4], "little")
    if (group, element) not in {(0x0008, 0x0000), (0x0008, 0x0001), (0x0008, 0x0005), (0x0008, 0x0008), (0x0002, 0)}:
        return False
    return start[4:6].isalpha() or int.from_bytes(start[4:8], "little") < 256


def _syntax_of(header: Dataset) -> str:
    """Transfer syntax of a data set without file meta information, as pydicom guessed it."""
    implicit, little = header.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def _refuse_bomb(path: Path, start: bytes) -> None:
    """Inflate a deflated data set once, in pieces, and refuse it if it grows beyond what one image may take."""
    if DEFLATED.encode() not in start:
        return
    name = headers.printable(path.name, limit=80)
    if start[132:138] != b"\x02\x00\x00\x00UL":  # group length (0002,0000) says where the deflated part begins
        raise ReadError(f"{name}: deflated file without the length of its file meta information")
    from coconet_med.readers.limits import largest_growth

    most = largest_growth(path.stat().st_size)
    with path.open("rb") as file:
        file.seek(144 + int.from_bytes(start[140:144], "little"))
        inflate, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while piece := file.read(2**16):
            while piece:
                total += len(inflate.decompress(piece, 2**20))
                if total > most:
                    msg = f"{name}: its {path.stat().st_size} deflated bytes grow beyond {most / 2**30:.2g} GiB; "
                    raise ReadError(f"{msg}--max-memory GIB allows more")
                piece = inflate.unconsumed_tail


def _is_image(instance: Instance) -> bool:
    return (
        instance.sop_class in IMAGE_CLASSES and headers.text(instance.header, "Modality").upper().strip() in MODALITIES
    )


def _strays(others: list[Instance], series: tuple[Series, ...]) -> list[tuple[Path, str]]:
    """Objects that name an image series without being its images, or whose UIDs are damaged.

    A slice at the end of a stack that was lost so would not be missed by its place: the user has to be warned.
    """
    uids = {one.uid for one in series}
    found = []
    for other in others:
        named = headers.text(other.header, "SeriesInstanceUID")
        if named in uids or not UID.fullmatch(named) or not UID.fullmatch(other.sop_class):
            found.append((other.path, f"{other.name}: is no image of the series that it names"))
    return found


def _refuse_shared_uid(uid: str, members: list[Instance]) -> None:
    """Refuse a series of several modalities: de-identification may give one UID to all series of a study."""
    kinds: dict[str, list[Path]] = {}
    for member in members:
        if MODALITY_OF_CLASS[member.sop_class] == (said := headers.text(member.header, "Modality").upper().strip()):
            kinds.setdefault(said, []).append(member.path)  # of what contradicts itself the reader says more
    if len(kinds) > 1:
        listed = " and ".join(f"{kind} ({name_files(paths, 1)})" for kind, paths in sorted(kinds.items()))
        raise ReadError(
            f"files of {listed} share the Series Instance UID {headers.printable(uid)}, as if a de-identification had "
            "put one for all; mend the UIDs, or give the folder of each series alone"
        )


def _group(instances: list[Instance]) -> tuple[Series, ...]:
    """Series in the order of their UIDs, each object once (the first file met is kept)."""
    by_series: dict[str, dict[str, Instance]] = {}
    duplicates: dict[str, list[Instance]] = {}
    for instance in instances:
        uid = headers.text(instance.header, "SeriesInstanceUID")
        members = by_series.setdefault(uid, {})
        if instance.uid in members:
            duplicates.setdefault(uid, []).append(instance)
        else:
            members[instance.uid] = instance
    for uid, members in by_series.items():
        _refuse_shared_uid(uid, list(members.values()))
    return tuple(
        Series(uid, tuple(members[key] for key in sorted(members)), tuple(duplicates.get(uid, ())))
        for uid, members in sorted(by_series.items())
    )
