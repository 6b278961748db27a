"""Choose the two series of a study on the server by their headers, before any pixel is fetched.

With a PET go the Real World Value Mapping objects that name its images (PS3.3 A.46), as they do in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coconet_med.dicom import headers
from coconet_med.dicom.identity import refuse_several_in_folder
from coconet_med.dicom.mapping_objects import MAPPING_MODALITY, attached
from coconet_med.dicom.scan import Scan
from coconet_med.dicom.series import IMAGE_CLASSES, OWN_MANUFACTURER, Instance, Series
from coconet_med.dicom.series_selection import NUCLEAR, choose, pair_kinds, rate
from coconet_med.errors import OptionError, ReadError
from coconet_med.pacs.errors import LimitError, ServerAwayError, ServerError
from coconet_med.pacs.server import FoundSeries, Server, check_uid

#: What a result may be made of.
USABLE = ("MR", "CT", *NUCLEAR)
#: What a search gives as modality that does not give it: only the headers say what such a series is.
UNSAID = ""
#: What changes a result.
SOURCES = (*USABLE, MAPPING_MODALITY, UNSAID)


@dataclass(frozen=True)
class Plan:
    """The two series to fetch.

    Attributes:
        study_uid: whose they are.
        anatomy: headers of the anatomical series, with those of the mapping objects that name its images.
        function: the same of the functional series.
        others: SOP Instance UIDs of objects that were met beside their images.
    """

    study_uid: str
    anatomy: Series
    function: Series
    others: frozenset[str] = frozenset()

    @property
    def parts(self) -> tuple[Series, ...]:
        """All objects to fetch, by the series that they are in on the server: images first, then mapping objects."""
        pair = (self.anatomy, self.function)
        images = [one for series in pair for one in series.instances]
        mappings = [one for series in pair for one in series.mappings]
        found: dict[str, dict[str, Instance]] = {}
        for one in (*images, *mappings):
            found.setdefault(headers.text(one.header, "SeriesInstanceUID"), {})[one.uid] = one
        return tuple(Series(uid, tuple(objects.values())) for uid, objects in found.items())


def make_plan(
    server: Server,
    study_uid: str,
    *,
    anatomy_series: str | None = None,
    function_series: str | None = None,
    anatomy_kind: str | None = None,
    function_kind: str | None = None,
    nuclear_only: bool = False,
    found: Sequence[FoundSeries] | None = None,
) -> Plan:
    """Choose anatomy and function by the same rules as for a folder (:mod:`coconet_med.dicom.series_selection`).

    Args:
        server: where the study is.
        study_uid: Study Instance UID.
        anatomy_series: Series Instance UID to take as anatomy.
        function_series: Series Instance UID to take as function.
        anatomy_kind: ``"MR"`` or ``"CT"``, as for a folder.
        function_kind: ``"PT"``, ``"NM"`` or ``"CT"``, as for a folder.
        nuclear_only: do not fall back on CT where there is neither PET nor SPECT.
        found: what :meth:`Server.series` said, if it was asked already.

    Raises:
        ReadError: no such study, no or several series fit, or they belong to different patients.
        OptionError: the two chosen series are one.
        ServerError: the server does not answer as it should.
    """
    found = server.series(study_uid) if found is None else found
    if not found:
        raise ReadError(f"study {check_uid(study_uid, 'study')}: {server.address.url} does not have it; check the UID")
    asked = {check_uid(uid, "series") for uid in (anatomy_series, function_series) if uid}
    wanted = [one for one in found if one.modality in (*USABLE, UNSAID) or one.uid in asked]
    kinds: dict[str, Any] = {"anatomy": anatomy_kind, "function": function_kind, "nuclear_only": nuclear_only}
    nuclear = any(one.modality in NUCLEAR for one in wanted)
    later: list[FoundSeries] = []
    if nuclear and function_series is None and "CT" not in (anatomy_kind, function_kind):
        # CT can be large: it is looked at only where no MR can be the anatomy.
        later = [one for one in wanted if one.modality == "CT" and one.uid not in asked]
        wanted = [one for one in wanted if one not in later]
    others: list[Instance] = []
    scan = _scan(server, study_uid, wanted, others)
    with headers.quiet():
        magnetic = any(s.modality == "MR" and not rate(s).excluded for s in scan.series)
        if later and anatomy_series is None and not magnetic:
            more = _scan(server, study_uid, later, others)
            scan = replace(scan, series=(*scan.series, *more.series))
        mine, yours = pair_kinds(scan, **kinds)
        anatomy = choose(scan, "anatomy", mine, anatomy_series).series
        function = choose(scan, "function", yours, function_series).series
    if anatomy.uid == function.uid:
        raise OptionError(f"series {anatomy.uid} cannot be anatomy and function at once; choose another")
    with headers.quiet():
        refuse_several_in_folder(scan, "a study has one patient, so correct it on the server first")
        if any(one.modality == "PT" for one in (anatomy, function)):
            beside = [one for one in found if one.modality == MAPPING_MODALITY and one.uid not in asked]
            others += [instance for one in beside for instance in _objects(server, study_uid, one)]
            anatomy, function = attached((anatomy, function), others)
    return Plan(study_uid, anatomy, function, frozenset(instance.uid for instance in others))


def refuse_grown(server: Server, plan: Plan) -> None:
    """Refuse a pair to which images were added since its headers were read: what was fused is a part of a scan.

    Raises:
        ServerAwayError: the server holds more of a series than was planned.
    """
    for series in (plan.anatomy, plan.function):
        known = {instance.uid for instance in series.instances}
        added = server.objects(plan.study_uid, series.uid, known) - known - plan.others
        if added:
            raise ServerAwayError(grown(series.uid, len(added), len(known)))


def grown(series_uid: str, added: int, known: int) -> str:
    """What to say of a series that still arrives."""
    more = f"{added} object{'s' if added > 1 else ''} arrived beside the {known} that were there"
    return (
        f"series {series_uid}: {more} when it was chosen; nothing was stored: run it again when the study is complete"
    )


def _scan(server: Server, study_uid: str, wanted: Sequence[FoundSeries], others: list[Instance]) -> Scan:
    """What a folder with these series would hold; objects that are no images are added to ``others``."""
    found = (_series(server, study_uid, one, others) for one in wanted)
    series = tuple(one for one in found if one is not None)
    return Scan(root=Path(f"study {study_uid}"), series=series, other=0, damaged=())


def fingerprint(found: Sequence[FoundSeries], own: Collection[str] = ()) -> str:
    """What a study holds that a result could be made of: changes when a source arrives, not when a result does.

    Args:
        found: the series of the study.
        own: UIDs of series that we stored, for servers that do not tell the manufacturer.
    """
    sources = sorted(
        f"{one.uid} {one.modality} {one.count}"
        for one in found
        if one.modality in SOURCES and one.manufacturer != OWN_MANUFACTURER and one.uid not in own
    )
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()


def _series(server: Server, study_uid: str, found: FoundSeries, others: list[Instance]) -> Series | None:
    """A series as the folder scanner would give it, without files; ``None`` where it holds no images of MR, PET, ..."""
    objects = _objects(server, study_uid, found)
    images = {instance.uid: instance for instance in objects if instance.uid and instance.sop_class in IMAGE_CLASSES}
    others += [instance for instance in objects if instance.sop_class not in IMAGE_CLASSES]
    return Series(found.uid, tuple(images[uid] for uid in sorted(images))) if images else None


def _objects(server: Server, study_uid: str, found: FoundSeries) -> list[Instance]:
    """The headers of all objects of a series."""
    if (found.count or 0) > server.limits.objects:
        raise LimitError(f"series {found.uid}: {found.count} objects, more than {server.limits.objects}; refused")
    instances: list[Instance] = []
    for ds in server.metadata(study_uid, found.uid, count=found.count):
        if headers.text(ds, "SeriesInstanceUID") != found.uid or headers.text(ds, "StudyInstanceUID") != study_uid:
            raise ServerError(f"series {found.uid}: the server sent headers of another series")
        syntax = headers.text(ds, "AvailableTransferSyntaxUID")
        instances.append(Instance(Path(f"object {len(instances) + 1}"), ds, syntax))
    return instances
