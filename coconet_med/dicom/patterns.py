"""Attributes that may vary within one volume, and make kinds of images only where they part a series clearly.

Repetition Time follows the heart in triggered scans, and some scanners write a name or an option for each slice.  A
series of two sequences mixed slice by slice looks otherwise: few values, each on many slices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from coconet_med.dicom.kinds import Picture

#: Names under which such attributes are shown and selected.
LOOSE = (
    "RepetitionTime",
    "SequenceName",
    "PulseSequenceName",
    "SequenceVariant",
    "ScanOptions",
    "EchoTrainLength",
    "NumberOfAverages",
    "PixelBandwidth",
    "MRAcquisitionType",
    "RandomsCorrectionMethod",
    "CountsSource",
    "EnergyWindowLowerLimit",
    "EchoNumbers",
    "AcquisitionContrast",
    "ImagedNucleus",
    "MagneticFieldStrength",
    "PhaseContrast",
    "FilterType",
    "AcquisitionType",
    "ReconstructionDiameter",
    "SliceThickness",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
)
#: Numbers of points in time.  They make kinds where every place is held once; volumes that are whole at each point are
#: parted, or in PET and SPECT averaged, as repetitions (:mod:`coconet_med.dicom.dynamic`).
POINTS_IN_TIME = ("TemporalPositionIdentifier", "TemporalPositionIndex")
#: A clear pattern has at most so many values, each on at least this share of the images (and on two of them).
FEW, SHARE = 4, 0.2
#: Numbers that differ by less than this part are one value: scanners round, and triggers jitter.
NEAR = 0.01


def with_patterns(pictures: Sequence[Picture]) -> list[Picture]:
    """The images with what parts them clearly added to their kinds."""
    out = list(pictures)
    loose = [dict(picture.loose) for picture in pictures]
    once = _every_place_once(pictures)
    for name in LOOSE:
        if name in POINTS_IN_TIME and not once:
            continue
        written = [own.get(name, ()) for own in loose]
        values = written if name in POINTS_IN_TIME else _unified(written)  # points 100 and 101 are two
        counts = Counter(values)  # an attribute that some lack, such as the option of fat saturation, parts them too
        if 2 <= len(counts) <= FEW and min(counts.values()) >= max(2, SHARE * len(pictures)):
            out = [replace(p, kind=(*p.kind, (name, v))) if v else p for p, v in zip(out, values, strict=True)]
    return out


def _every_place_once(pictures: Sequence[Picture]) -> bool:
    """Whether these are images of MRI or CT of which no two lie at one place; PET numbers its beds, too."""
    if any(headers.text(picture.instance.header, "Modality").strip().upper() in ("PT", "NM") for picture in pictures):
        return False
    places = [picture.values("ImagePositionPatient") for picture in pictures]
    return all(places) and len(set(places)) == len(places)


def _unified(values: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Single numbers that lie near each other as one of them, in ascending chains; all else as it is."""
    numbers: dict[tuple[str, ...], float] = {
        value: float(value[0]) for value in set(values) if len(value) == 1 and _is_number(value[0])
    }
    named: dict[tuple[str, ...], tuple[str, ...]] = {}
    last: tuple[str, ...] | None = None
    for value in sorted(numbers, key=lambda v: numbers[v]):
        near = last is not None and abs(numbers[value] - numbers[last]) <= NEAR * abs(numbers[value])
        named[value] = named[last] if near and last is not None else (f"{numbers[value]:.4g}",)
        last = value
    return [named.get(value, value) for value in values]


def _is_number(word: str) -> bool:
    try:
        return abs(float(word)) < float("inf")
    except ValueError:
        return False
