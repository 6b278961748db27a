"""Read two images as a pair, and refuse what is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.errors import OptionError
from coconet_med.pair import PairCheck, check_pair
from coconet_med.readers import read
from coconet_med.readers.files import is_dicom
from coconet_med.readers.limits import memory_limit
from coconet_med.readers.memory import from_memory
from coconet_med.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coconet_med.geometry import AffineChoice
    from coconet_med.options import FuseOptions
    from coconet_med.source import Role

#: Options that choose among the series of one study.
_OF_A_STUDY = ("anatomy_series", "function_series", "anatomy_kind", "function_kind")


def read_pair(
    anatomy: Any, function: Any, options: FuseOptions, *, dicom: Mapping[str, Any] | None = None
) -> tuple[Source, Source, PairCheck]:
    """Both images, and what was found when they were held against each other.

    Args:
        anatomy: see :func:`coconet_med.fuse`.
        function: likewise; ``None``: ``anatomy`` is the folder of a DICOM study.
        options: those of reading are taken.
        dicom: further options of :mod:`coconet_med.readers.dicom`.

    Raises:
        FusionError: an image cannot be read, or the two are no pair of one person.
    """
    with memory_limit(options.max_memory):
        first, second = _read_both(anatomy, function, options, dicom or {})
    found = check_pair(first, second, different_patients=options.different_patients, select=options.select or None)
    return first, second, found


def _read_both(anatomy: Any, function: Any, options: FuseOptions, dicom: Mapping[str, Any]) -> tuple[Source, Source]:
    chosen = options.for_readers() | dict(dicom)
    if isinstance(anatomy, str) and not anatomy and function is None:
        raise OptionError("the path of the study is empty, which would mean the current folder; give its name, or '.'")
    if function is None:
        if not isinstance(anatomy, (str, Path)) or _is_one_image(Path(anatomy)):
            msg = "only one image was given; pass the anatomical and the functional one, or the folder of a DICOM study"
            raise OptionError(msg)
        from coconet_med.readers.dicom import read_study

        return read_study(Path(anatomy), different_patients=options.different_patients, **chosen)
    if of_a_study := [name for name in _OF_A_STUDY if name in chosen]:
        named = " and ".join(f"--{name.removesuffix('_kind').replace('_', '-')}" for name in of_a_study)
        raise OptionError(f"{named}: choose in one study folder; leave out one input")
    if "select" in chosen:
        from coconet_med.dicom.select import selection_of

        chosen["select"] = selection_of(chosen["select"], lenient=True)
    if options.color == "source":
        first = _read_visible(anatomy, options.spacing)
    else:
        first = _read_one(anatomy, "anatomy", options.spacing, options.affine, chosen)
    return first, _read_one(function, "function", options.spacing, options.affine, chosen)


def _is_one_image(path: Path) -> bool:
    """Whether a path is a file that cannot hold a study."""
    try:
        return path.is_file() and not is_dicom(path)
    except OSError:
        return False  # the reader says what is wrong


def _read_one(
    data: Any, role: Role, spacing: Sequence[float] | None, affine: AffineChoice, chosen: Mapping[str, Any]
) -> Source:
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, Path)):
        return read(data, role, affine=affine, **chosen)
    return from_memory(data, role, spacing=spacing)


def _read_visible(data: Any, spacing: Sequence[float] | None) -> Source:
    """The first picture of two whose colors may be kept.

    Raises:
        OptionError: it is no picture.
    """
    if not isinstance(data, Source):
        # Readers let a functional picture be in color, and treat pictures of both roles alike otherwise.
        source = _read_one(data, "function", spacing, "auto", {})
        data = replace(source, name=source.name.replace("function (", "anatomy (", 1))
    if not data.planar:
        msg = f"{data.name}: --color source is for 2-D pictures; leave it out for volumes"
        raise OptionError(msg)
    return data
