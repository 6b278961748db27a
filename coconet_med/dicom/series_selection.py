"""Choose the anatomical and the functional series of a study by a stated score; what is ambiguous is an error, never a
guess.

The tables below are the whole rule: each line gives its points to a series whose header fulfills it.  The best series
wins if it leads by at least :data:`MARGIN` points; otherwise the candidates are listed and the user chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from coconet_med.choices import AnatomyKind, FunctionKind, one_of
from coconet_med.dicom import headers
from coconet_med.dicom.injection import injection_words, other_injection
from coconet_med.dicom.scaling import ATTENUATION_UNITS
from coconet_med.dicom.scan import Scan
from coconet_med.dicom.series import NM_CLASS, OWN_MANUFACTURER, Series, is_reprojection
from coconet_med.errors import OptionError, ReadError
from coconet_med.source import Role

#: Lead in points below which two series are too close to call.
MARGIN = 10
#: A reason of so many points makes a series an unlikely choice.
UNLIKELY = -40
OPTION: dict[Role, str] = {"anatomy": "--anatomy-series", "function": "--function-series"}

#: What can be asked for by kind, and the two modalities that show uptake.
KINDS: dict[Role, tuple[str, ...]] = {"anatomy": get_args(AnatomyKind), "function": get_args(FunctionKind)}
NUCLEAR = ("PT", "NM")

Rule = tuple[int, str, Callable[[Series], bool]]


@dataclass(frozen=True)
class Candidate:
    """A series with its score and the reasons for it; ``excluded`` says why it cannot be chosen unasked."""

    series: Series
    score: int
    reasons: tuple[str, ...]
    excluded: str = ""

    def describe(self) -> str:
        return f"{self.series.describe()} score {self.score}"

    @property
    def unlikely(self) -> str:
        """What is to be said of a series that was taken because there is none that is better, or ``""``."""
        against = [why for points, _, why in (reason.partition(" ") for reason in self.reasons) if _weighs(points, why)]
        if not against or (self.score >= 0 and self.series.modality != "PT"):
            return ""
        return f"{self.series.describe()} was taken since no better series is here, but it is: {', '.join(against)}"


def _weighs(points: str, why: str) -> bool:
    """Whether a reason speaks against what a series shows, not only against how much of it there is."""
    return points.lstrip("+-").isdigit() and int(points) <= UNLIKELY and not why.startswith("fewer than")


def _named(pattern: str) -> Callable[[Series], bool]:
    """Whether description, protocol or sequence name match ``pattern`` as whole words (underscores part words)."""
    expression = re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", re.IGNORECASE)

    def rule(series: Series) -> bool:
        tags = ("SeriesDescription", "ProtocolName", "SequenceName")
        return any(expression.search(headers.text(series.header, tag).replace("_", " ")) for tag in tags)

    return rule


def _typed(*words: str) -> Callable[[Series], bool]:
    return lambda series: bool(series.words() & set(words))


def _frames(series: Series) -> int:
    counts = [headers.whole(i.header, "NumberOfFrames") or 1 for i in series.instances]
    return sum(counts)


def _corrected(series: Series) -> bool:
    enhanced = headers.text(series.facts, "AttenuationCorrected").strip().upper() == "YES"
    return enhanced or "ATTN" in {w.upper() for w in headers.words(series.facts, "CorrectedImage")}


def _dynamic(series: Series) -> bool:
    kind = {w.upper() for w in headers.words(series.facts, "SeriesType")}
    return bool(kind & {"DYNAMIC", "GATED"})


T1 = r"t1w?|mp ?rage|mprage\w*|bravo|spgr|ir-?fspgr|vibe|tfe|3d ?t1\w*|t1 ?3d|space t1|tfl3d\w*"
MAPS = (
    r"t[12] ?maps?|t1 images|r[12] ?maps?|adc|dwi|dti|trace\w*|fa|colfa|tensor|cbf|cbv|mtt|asl|pcasl|perf\w*|bold|fmri|"
    r"epi|swi|swan|phase|mip|minip|tof|mra"
)
ATTENUATION = r"mrac|umap|mu-?map|dixon|ute|zte|attn? ?map|in ?phase|opp? ?phase|water(?! ?ex)|fat(?! ?sat)"

#: Names of series and of kernels (GE, Siemens B60 and above, Philips) that show lung or bone at the price of noise.
SHARP = r"lung|bone|sharp|edge|hr ?ct|inner ?ear"
_SHARP_KERNEL = re.compile(r"lung|bone|edge|detail|sharp|^[bhq]r?[6-9]\d|^yb$|^yc$|^l$|^fc(5|8)\d", re.IGNORECASE)


def _sharp(series: Series) -> bool:
    return any(_SHARP_KERNEL.search(word) for word in headers.words(series.facts, "ConvolutionKernel"))


RULES: dict[str, tuple[Rule, ...]] = {
    "MR": (
        (20, "3-D acquisition", lambda s: headers.text(s.header, "MRAcquisitionType").strip() == "3D"),
        (20, "T1-weighted by name", _named(T1)),
        (5, "T2, FLAIR or PD by name", _named(r"t2w?|flair\w*|pdw?|proton")),
        (10, "60 slices or more", lambda s: _frames(s) >= 60),
        (5, "original image", _typed("ORIGINAL")),
        (-5, "after contrast medium by name", _named(r"gad\w*|gd|post|km|\+ ?c|ce|contrast")),
        (-20, "reformatted", _typed("MPR", "REFORMATTED", "PROJECTION IMAGE", "MIP", "MIN_IP")),
        (-60, "map, diffusion, perfusion or angiography by name", _named(MAPS)),
        (-60, "diffusion, perfusion or phase by type", _typed("DIFFUSION", "ADC", "PERFUSION", "P", "PHASE", "FMRI")),
        (-40, "attenuation or fat-water image by name", _named(ATTENUATION)),
        (-60, "fewer than 10 slices", lambda s: _frames(s) < 10),
    ),
    "CT": (
        (10, "60 slices or more", lambda s: _frames(s) >= 60),
        (5, "original image", _typed("ORIGINAL")),
        (-15, "sharp kernel (lung or bone) by name", lambda s: _named(SHARP)(s) or _sharp(s)),
        (-20, "reformatted", _typed("REFORMATTED", "MPR", "PROJECTION IMAGE", "MIP")),
        (-60, "fewer than 10 slices", lambda s: _frames(s) < 10),
    ),
    "PT": (
        (30, "attenuation corrected", _corrected),
        (20, "in Bq/ml or SUV", lambda s: headers.units(s.facts) in ("BQML", "GML")),
        (10, "static", lambda s: not _dynamic(s)),
        (5, "original image", _typed("ORIGINAL")),
        (-40, "not attenuation corrected by name", _named(r"nac|no ?ac|non ?ac|uncorrected|un-?corr\w*")),
        (-40, "projection or map", _typed("MIP", "PROJECTION IMAGE", "REFORMATTED", "PARAMETRIC")),
        (
            -40,
            "parametric map by name",
            _named(r"patlak|parametric|ki|k1|mrglu\w*|mr ?fdg|dv|dvr|bp ?nd|vt|logan|srtm2?|suvr"),
        ),
        (-40, "projection by name", _named(r"mip|fused|fusion|statistics|dose report")),
    ),
    "NM": (
        (30, "attenuation corrected", _corrected),
        (20, "attenuation corrected by name", _named(r"ac|irac\w*|ctac|mrac|attenuation corrected")),
        (5, "original image", _typed("ORIGINAL")),
        (-40, "not attenuation corrected by name", _named(r"nac|no ?ac|non ?ac|irnc\w*|uncorrected")),
    ),
}


def rate(series: Series) -> Candidate:
    """Score of one series after :data:`RULES`."""
    reasons = [(points, why) for points, why, holds in RULES.get(series.modality, ()) if holds(series)]
    return Candidate(
        series,
        sum(points for points, _ in reasons),
        tuple(f"{points:+d} {why}" for points, why in reasons),
        _exclusion(series),
    )


def pair_kinds(
    scan: Scan, *, anatomy: str | None = None, function: str | None = None, nuclear_only: bool = False
) -> tuple[list[str], list[str]]:
    """The modalities among which the anatomy and the function of a study are chosen.

    The function is PET or SPECT where the study has some, else CT over MR.  The anatomy is MR where a usable series is
    there (not only localizers), since it shows soft tissue best; else, under PET or SPECT, CT.  So a study of PET, CT
    and MR is fused over the MR; a kind that was asked for comes before this rule.

    Args:
        scan: what the study holds.
        anatomy: ``"MR"`` or ``"CT"`` where asked for.
        function: ``"PT"``, ``"NM"`` or ``"CT"`` where asked for.
        nuclear_only: do not fall back on CT as function.

    Raises:
        OptionError: an unknown kind, or CT for both.
    """
    check_kinds(anatomy, function)
    nuclear = nuclear_only or any(series.modality in NUCLEAR for series in scan.series)
    if function is None and not nuclear and anatomy == "CT":
        raise ReadError(f"{scan.root}: no PT or NM series to fuse over the CT; there are: {_all(scan)}")
    present = {series.modality for series in scan.series}
    # Where nothing fits, all that would fit is named.
    fallback = ["CT"] if "CT" in present else [*NUCLEAR, "CT"]
    kinds = [function] if function else [*NUCLEAR] if nuclear else fallback
    if anatomy:
        return [anatomy], kinds
    usable = {series.modality for series in scan.series if not _exclusion(series)}
    if "MR" in usable or kinds == ["CT"]:
        return ["MR"], kinds
    return ["CT"] if "CT" in usable else ["MR", "CT"], kinds


def check_kinds(anatomy: str | None, function: str | None) -> None:
    """Refuse kinds that no study can be fused by.

    Raises:
        OptionError: an unknown kind, or CT for both.
    """
    asked: dict[Role, str | None] = {"anatomy": anatomy, "function": function}
    for role, kind in asked.items():
        if kind is not None:
            one_of(f"--{role}", kind, KINDS[role])
    if anatomy == function == "CT":
        raise OptionError("--anatomy CT --function CT: one CT cannot be both; choose MR for the anatomy, or PT or NM")


def choose(scan: Scan, role: Role, modalities: Sequence[str], series_uid: str | None = None) -> Candidate:
    """The series of ``scan`` for ``role`` among ``modalities``.

    Args:
        scan: what the folder holds.
        role: ``"anatomy"`` or ``"function"``; names the option in messages.
        modalities: those that qualify.
        series_uid: a Series Instance UID that the user chose; it wins, whatever its modality and score.

    Raises:
        ReadError: no candidate, no such series, or a tie or an ambiguous choice; the message lists the series.
    """
    option = OPTION[role]
    if series_uid is not None:
        for series in scan.series:
            if series.uid == series_uid.strip():
                return Candidate(series, rate(series).score, ("chosen by the user",))
        raise ReadError(f"{scan.root}: no series {headers.printable(series_uid)}; there are: {_all(scan)}")
    rated = [rate(series) for series in scan.series if series.modality in modalities]
    usable = sorted((c for c in rated if not c.excluded), key=lambda c: (-c.score, c.series.uid))
    wanted = " or ".join(modalities)
    if not usable:
        excluded = "; ".join(f"{c.series.describe()} left out: {c.excluded}" for c in rated)
        if role == "anatomy" and {series.modality for series in scan.series} == {"CT"}:
            wanted = "MR, PT or NM series beside the CT; no MR"
        raise ReadError(f"{scan.root}: no {wanted} series for the {role}; {excluded or 'there are: ' + _all(scan)}")
    kinds = sorted({c.series.modality for c in usable})
    if len(kinds) > 1:
        listed = "; ".join(c.describe() for c in usable)
        raise ReadError(
            f"{scan.root}: both {' and '.join(kinds)} series are here; choose with --{role} {' or '.join(kinds)}, or "
            f"with {option} UID: {listed}"
        )
    if len(usable) > 1 and usable[0].score - usable[1].score < MARGIN:
        close = [c for c in usable if usable[0].score - c.score < MARGIN]
        listed = "; ".join(c.describe() for c in close)
        raise ReadError(f"{scan.root}: several {wanted} series fit the {role}; choose with {option} UID: {listed}")
    if others := [c for c in usable[1:] if c.score >= 0 and other_injection(usable[0].series, c.series)]:
        listed = "; ".join(f"{c.describe()} ({injection_words(c.series)})" for c in (usable[0], *others))
        raise ReadError(
            f"{scan.root}: {wanted} series of several injections are here, which show different things; choose with "
            f"{option} UID: {listed}"
        )
    return usable[0]


def _exclusion(series: Series) -> str:
    """Why a series is never chosen unasked; ``""`` where it may be."""
    if headers.text(series.header, "Manufacturer").strip() == OWN_MANUFACTURER:
        return "a result of this program"
    for word, why in (("LOCALIZER", "localizer"), ("MOSAIC", "Siemens mosaic"), ("SCREEN SAVE", "screen capture")):
        if word in series.words():
            return why
    if series.instances[0].sop_class == NM_CLASS:
        kinds = {i.image_type[2] if len(i.image_type) > 2 else "unknown" for i in series.instances}
        if not kinds & {"RECON TOMO", "RECON GATED TOMO"}:
            return f"planar or projection data ({', '.join(sorted(kinds))})"
        if all("TRANSMISSION" in i.image_type for i in series.instances):
            return "attenuation, not uptake (TRANSMISSION)"
    if series.modality == "PT" and headers.units(series.facts) == ATTENUATION_UNITS:
        return "attenuation, not uptake (Units 1CM)"
    if is_reprojection(series):
        return "projections (REPROJECTION)"
    if _frames(series) < 2:
        return "a single image"
    return ""


def _all(scan: Scan) -> str:
    if scan.series:
        return "; ".join(series.describe() for series in scan.series)
    others = ", ".join(f"{count} {kind}" for kind, count in scan.kinds)
    instead = f" but {others}, of which none is read here" if others else ""
    return f"no MR, CT, PT or NM series{instead}"
