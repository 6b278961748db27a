"""What each image of a series is (magnitude or phase, which echo, corrected or not, ...), and whether all are alike.

A volume is made of images of one kind.  Where a series holds several, none is taken unasked: the message lists the
kinds and how to choose one (:mod:`coconet_med.dicom.select`).  Place and time are no kind: beds and acquisition times
differ within one volume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from coconet_med.dicom import headers
from coconet_med.dicom.patterns import LOOSE, with_patterns
from coconet_med.dicom.series import NM_CLASS, Instance, Series
from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from pydicom import Dataset

#: Attributes that make a kind, by the name under which they are shown and selected, with the keywords that hold them;
#: those of functional groups stand before those of classic headers.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "ImageType": ("FrameType", "ImageType"),
    "ComplexImageComponent": ("ComplexImageComponent",),
    "EchoTime": ("EffectiveEchoTime", "EchoTime"),
    "InversionTime": ("InversionTimes", "InversionTime"),
    "FlipAngle": ("FlipAngle",),
    "ScanningSequence": ("ScanningSequence",),
    "DiffusionBValue": ("DiffusionBValue",),
    "DiffusionDirectionality": ("DiffusionDirectionality",),
    "VelocityEncodingDirection": ("VelocityEncodingDirection",),
    "ContrastBolusAgent": ("ContrastBolusAgent",),
    "ContrastBolusAgentAdministered": ("ContrastBolusAgentAdministered",),
    "Units": ("Units",),
    "RescaleType": ("RescaleType",),
    "CorrectedImage": ("CorrectedImage",),
    "AttenuationCorrected": ("AttenuationCorrected",),
    "DecayCorrected": ("DecayCorrected",),
    "ScatterCorrected": ("ScatterCorrected",),
    "DecayCorrection": ("DecayCorrection",),
    "SeriesType": ("SeriesType",),
    "ReconstructionMethod": ("ReconstructionMethod", "ReconstructionAlgorithm"),
    "AttenuationCorrectionMethod": ("AttenuationCorrectionMethod",),
    "ScatterCorrectionMethod": ("ScatterCorrectionMethod",),
    "ConvolutionKernel": ("ConvolutionKernel",),
    "KVP": ("KVP",),
    "PhotometricInterpretation": ("PhotometricInterpretation",),
    "PatientPosition": ("PatientPosition",),
    "StackID": ("StackID",),
}
#: The same in private blocks: name, group, creator, element.
PRIVATE = (
    ("DiffusionBValue", 0x0019, "SIEMENS MR HEADER", 0x0C),
    ("DiffusionBValue", 0x0043, "GEMS_PARM_01", 0x39),
    ("DiffusionBValue", 0x2001, "Philips Imaging DD 001", 0x03),
    ("ComplexImageComponent", 0x0043, "GEMS_PARM_01", 0x2F),
    ("ComplexImageComponent", 0x2005, "Philips MR Imaging DD 001", 0x11),
)
#: Values of the last two (GE: raw data type; Philips: image type).
_COMPONENTS = {
    **{"0": "MAGNITUDE", "1": "PHASE", "2": "REAL", "3": "IMAGINARY"},
    **{"M": "MAGNITUDE", "P": "PHASE", "R": "REAL", "I": "IMAGINARY"},
}
#: Values of which the order means nothing.
UNORDERED = ("CorrectedImage",)
#: Vectors of NM objects (PS3.3 C.8.4.8) that part their frames into volumes.
VECTORS = (
    *("EnergyWindowVector", "DetectorVector", "PhaseVector", "RotationVector", "RRIntervalVector", "TimeSlotVector"),
    *("AngularViewVector", "TimeSliceVector"),
)
#: Further attributes that may tell copies of one place apart, for the advice only.
TELLING = (
    *("AcquisitionNumber", "TemporalPositionIdentifier", "TemporalPositionIndex", "TriggerTime"),
    *("EchoNumbers", "RepetitionTime"),
    *("NominalCardiacTriggerDelayTime", "AcquisitionTime", "FrameReferenceTime", "SeriesDescription"),
    "DiffusionGradientOrientation",
)
#: Groups that a message lists at most.
LISTED = 8

Kind = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Picture:
    """One frame of one file, before its place is known.

    Attributes:
        instance: the file.
        index: number of the frame in it, from 0.
        kind: pairs of an attribute's name and its values, for those that the header has.
        holders: where to look for further attributes, the nearest first.
        loose: attributes that may vary within a volume; see :mod:`coconet_med.dicom.patterns`.
    """

    instance: Instance
    index: int
    kind: Kind
    holders: tuple[Dataset, ...]
    loose: Kind = ()

    @cached_property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        return dict(self.kind)

    @cached_property
    def order(self) -> tuple:
        """What puts kinds in order: numbers by their size, words by the alphabet."""
        return tuple((name, in_order(values)) for name, values in self.kind)

    def values(self, keyword: str) -> tuple[str, ...]:
        """The values of an attribute as texts: one of the kind, else any keyword of the header; empty where absent."""
        if keyword in ATTRIBUTES or keyword in self.attributes:
            return self.attributes.get(keyword, ())
        return next((found for holder in self.holders if (found := headers.words(holder, keyword))), ())


def pictures_of(series: Series) -> list[Picture]:
    """All frames of a series with their kinds."""
    return with_patterns([picture for instance in series.instances for picture in _pictures(instance)])


def refuse_mixture(pictures: Sequence[Picture], series: Series) -> None:
    """Refuse frames of several kinds.

    Raises:
        ReadError: the kinds are listed with the options that choose one.
    """
    groups = grouped(pictures)
    if len(groups) > 1:
        listed, example = describe(groups)
        raise ReadError(
            f"series {series.describe()}: its images are of {len(groups)} kinds (echoes, contrasts, corrections, ...): "
            f"{listed}; choose one, for example with --select '{example}'"
        )


def grouped(pictures: Iterable[Picture]) -> list[list[Picture]]:
    """Frames of one kind together, the largest group first."""
    groups: dict[Kind, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(picture.kind, []).append(picture)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].order))


def describe(groups: Sequence[Sequence[Picture]]) -> tuple[str, str]:
    """The groups as ``EchoTime=90 (6 images), ...``, and how the largest that is no localizer is selected."""
    first = [group[0] for group in groups]
    names = [name for name in dict.fromkeys(n for p in first for n in p.attributes) if _varies(first, name)]
    called = [" ".join(f"{name}={_shortest(one, first, name)}" for name in names) for one in first]
    listed = [
        f"{name} ({len(group)} image{'s' if len(group) > 1 else ''})"
        for name, group in zip(called, groups, strict=True)
    ]
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    telling = next((n for n in names if len({p.attributes.get(n) for p in first}) == len(first)), None)
    chosen = [telling] if telling else names
    wanted = next((one for one in first if "LOCALIZER" not in one.attributes.get("ImageType", ())), first[0])
    example = "' --select '".join(f"{name}={_shortest(wanted, first, name)}" for name in chosen)
    return ", ".join(listed[:LISTED]) + more, example


def telling_copies(copies: Sequence[Sequence[Picture]]) -> str:
    """An attribute whose values tell the copies of every place apart, as ``KEYWORD=VALUE`` of the first; or ``""``."""
    for keyword in TELLING:
        values = [[picture.values(keyword) for picture in group] for group in copies]
        if all(len(set(v)) == len(v) and sorted(v) == sorted(values[0]) for v in values):
            return f"{keyword}={chr(92).join(sorted(values[0], key=in_order)[0])}"
    return ""


def in_order(values: Sequence[str]) -> tuple:
    """A key that sorts numbers by their size, before words."""
    return tuple((_number(value), value) for value in values)


def _varies(pictures: Sequence[Picture], name: str) -> bool:
    return len({picture.attributes.get(name) for picture in pictures}) > 1


def _shortest(one: Picture, others: Sequence[Picture], name: str) -> str:
    """The value of an attribute as a user would select it: one word where that is enough."""
    own = one.attributes.get(name, ())
    rest = [other.attributes.get(name, ()) for other in others if other.attributes.get(name, ()) != own]
    if len(own) > 1:
        for word in own:
            if not any(word in values for values in rest):
                return word
    return "\\".join(own) or "none"


def _pictures(instance: Instance) -> Iterator[Picture]:
    ds = instance.header
    groups = headers.items(ds, "PerFrameFunctionalGroupsSequence")
    if instance.sop_class == NM_CLASS:
        yield from _nm_pictures(instance)
    elif groups:
        shared = [i for group in headers.items(ds, "SharedFunctionalGroupsSequence")[:1] for i in _members(group)]
        for index, group in enumerate(groups):
            holders = (*_members(group), *shared, ds)
            yield Picture(instance, index, *_kind(holders))
    else:
        yield Picture(instance, 0, *_kind((ds,)))


def _members(group: Dataset) -> list[Dataset]:
    """The first item of each functional group of a frame."""
    return [items[0] for tag in group.keys() if (items := headers.items(group, tag))]  # noqa: SIM118


def _nm_pictures(instance: Instance) -> Iterator[Picture]:
    from coconet_med.dicom.frame import matrix

    ds = instance.header
    windows = [headers.text(item, "EnergyWindowName") for item in headers.items(ds, "EnergyWindowInformationSequence")]
    common, holders, loose = _kind((ds,))
    _, count = matrix(instance)
    vectors = {name: found for name in VECTORS if len(set(found := headers.numbers(ds, name) or ())) > 1}
    for index in range(count):
        own = {n: f"{vector[index]:g}" for n, vector in vectors.items() if index < len(vector)}
        window = int(float(own.get("EnergyWindowVector", "1"))) - 1
        if "EnergyWindowVector" in own or len(windows) == 1:
            own["EnergyWindowName"] = windows[window] if 0 <= window < len(windows) else ""
        kind = (*common, *((name, (value,)) for name, value in own.items() if value))
        yield Picture(instance, index, kind, holders, loose)


def _kind(holders: tuple[Dataset, ...]) -> tuple[Kind, tuple[Dataset, ...], Kind]:
    """The kind, the holders again, and the loose attributes."""
    index: dict[int, Dataset] = {}
    for holder in reversed(holders):
        for tag in holder.keys():  # noqa: SIM118  a Dataset yields elements, and converts them
            index[int(tag)] = holder
    found: dict[str, tuple[str, ...]] = {}
    for name, tags in _tags().items():
        for number in tags:
            if number in index and (values := _values(index[number], number, name)):
                found[name] = values
                break
    for name, group, creator, element in PRIVATE:
        if name not in found and (value := _private(holders[-1], group, creator, element)):
            found[name] = (_COMPONENTS.get(value, value) if name == "ComplexImageComponent" else value,)
    loose = tuple(
        (name, values)
        for name, tag in _loose_tags().items()
        if tag in index and (values := _values(index[tag], tag, name))
    )
    return tuple(found.items()), holders, loose


@cache
def _tags() -> dict[str, tuple[int, ...]]:
    from pydicom.datadict import tag_for_keyword

    return {name: tuple(int(tag_for_keyword(k) or 0) for k in keywords) for name, keywords in ATTRIBUTES.items()}


@cache
def _loose_tags() -> dict[str, int]:
    from pydicom.datadict import tag_for_keyword

    return {name: int(tag_for_keyword(name) or 0) for name in LOOSE}


def _values(holder: Dataset, tag: int, name: str) -> tuple[str, ...]:
    words = tuple(_plain(word.strip().upper()) for word in headers.words(holder, (tag >> 16, tag & 0xFFFF)))
    return tuple(sorted(set(words))) if name in UNORDERED else words


def _plain(word: str) -> str:
    """A number in its shortest form, so that 90 and 90.000 are one value."""
    number = _number(word)
    return word if math.isinf(number) else f"{number:.4g}"


def _number(word: str) -> float:
    """A text as a number, infinity where it is none."""
    try:
        number = float(word)
    except ValueError:
        return math.inf
    return number if math.isfinite(number) else math.inf


def _private(ds: Dataset, group: int, creator: str, element: int) -> str:
    if not any(tag.group == group for tag in ds.keys()):  # noqa: SIM118
        return ""
    try:
        block = ds.private_block(group, creator)
        raw: Any = block[element].value if element in block else None
    except Exception:  # no such block, or damaged
        return ""
    if isinstance(raw, bytes):
        raw = raw.decode("ascii", "replace")
    first: Callable[[object], str] = lambda v: str(v).split("\\")[0]  # noqa: E731
    text = first(raw[0] if hasattr(raw, "__getitem__") and not isinstance(raw, str) and len(raw) else raw)
    try:
        number = float(text)
    except ValueError:
        return text.strip().upper() if text.strip().upper() in _COMPONENTS else ""
    return f"{number % 1e9:.4g}"  # GE adds 1e9 to b-values of some sequences
