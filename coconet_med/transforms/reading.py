"""The transform that reads: paths become the images of a pair as ``fuse`` takes it, in the form of MONAI."""

from __future__ import annotations

import logging
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai.config import KeysCollection
from monai.transforms import MapTransform

from coconet_med.dicom.select import selection_of
from coconet_med.errors import OptionError
from coconet_med.options import FuseOptions
from coconet_med.readers import read
from coconet_med.readers.files import is_dicomdir
from coconet_med.steps.prepare import prepare_pair
from coconet_med.transforms.metatensor import to_tensor

if TYPE_CHECKING:
    from coconet_med.geometry import AffineChoice
    from coconet_med.source import Role, Source

PAIR: tuple[Role, Role] = ("anatomy", "function")

Data = dict[Hashable, Any]

_log = logging.getLogger(__name__)


class ReadSourced(MapTransform):
    """Read paths as ``fuse`` does: any format, and a pair with the same checks and in the same units.

    Anatomy and function with one and the same path are the two series of a DICOM study folder.  What a side-car would
    warn of is logged.

    Args:
        keys: what to read.
        roles: the role of each key.
        affine: as in :func:`coconet_med.fuse`.
        different_patients: accept DICOM images of two patients.
        allow_missing_keys: as everywhere in MONAI.
        dicom_options: for DICOM inputs, see :mod:`coconet_med.readers.dicom`; for a pair also any other option of
            reading in :class:`coconet_med.options.FuseOptions`, such as ``palette``.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        roles: Sequence[Role] = PAIR,
        affine: AffineChoice = "auto",
        different_patients: bool = False,
        allow_missing_keys: bool = False,
        **dicom_options: Any,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.roles, self.affine = tuple(roles), affine
        self.different_patients, self.dicom_options = different_patients, dicom_options

    def __call__(self, data: Mapping[Hashable, Any]) -> Data:
        d = dict(data)
        wanted = list(self.key_iterator(d, self.roles))
        paths, roles = [_path(key, d[key]) for key, _ in wanted], [role for _, role in wanted]
        if len(wanted) == 2:
            sources, warnings = self._pair(paths, roles)
        else:
            sources = [
                read(path, role, affine=self.affine, **self.dicom_options)
                for path, role in zip(paths, roles, strict=True)
            ]
            warnings = tuple(warning for source in sources for warning in source.warnings)
        log_all(warnings)
        for (key, _), source in zip(wanted, sources, strict=True):
            d[key] = to_tensor(source)
        return d

    def _pair(self, paths: Sequence[Path], roles: Sequence[Role]) -> tuple[list[Source], tuple[str, ...]]:
        """Both images, and what the user should know of them."""
        # Some options only readers know: suv="never", and the Series Instance UID of two folders.
        known = {each.name for each in fields(FuseOptions)} - {"suv"}
        dicom = {name: value for name, value in self.dicom_options.items() if name not in known}
        options = FuseOptions.taken_from({name: self.dicom_options[name] for name in self.dicom_options.keys() & known})
        options = replace(options, affine=self.affine, different_patients=self.different_patients).validate()
        given: list[Any] = list(paths)
        if tuple(roles) != PAIR:  # of two images that may both be in color each is read alone
            chosen = options.for_readers() | dicom
            chosen |= {"select": selection_of(options.select, lenient=True)} if options.select else {}
            given = [read(path, role, affine=self.affine, **chosen) for path, role in zip(paths, roles, strict=True)]
        elif paths[0] == paths[1] and (paths[0].is_dir() or is_dicomdir(paths[0])):
            given[1] = None  # a study; one image twice is refused as such
        pair = prepare_pair(given[0], given[1], options, dicom=dicom)
        first, second = pair.anatomy, pair.function
        return [first, second], (*pair.check.warnings, *first.warnings, *second.warnings)


def _path(key: Hashable, given: Any) -> Path:
    """The path that is to be read.

    Raises:
        OptionError: something else, such as an image that was read before.
    """
    if not isinstance(given, (str, os.PathLike)):
        msg = f"{key}: is a {type(given).__name__} and no path; leave out LoadImaged before, since units are read with "
        raise OptionError(f"{msg}the voxels, or give images in memory to the steps after ReadSourced alone")
    return Path(given)


def log_all(warnings: Sequence[str]) -> None:
    """Say warnings in the log: a pipeline has no side-car that could say them."""
    for warning in warnings:
        _log.warning("%s", warning)
