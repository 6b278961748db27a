"""Do two images make a pair?  Asked once, in one place, by every way in, as soon as both are read.

:mod:`patients` and :mod:`bodies` ask whether they are of one person, :mod:`same` whether they are one image,
:mod:`results` whether one was fused already, :mod:`roles` whether they are the right way round, :mod:`spaces` whether
they lie in one space, :mod:`values` whether their values can be images.  What is certain is refused; what is only
likely is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coconet_med.pair.bodies import body_warnings
from coconet_med.pair.patients import check_patients
from coconet_med.pair.results import result_warnings
from coconet_med.pair.roles import refuse_swapped, swapped_warnings
from coconet_med.pair.same import refuse_same_files, refuse_same_voxels
from coconet_med.pair.spaces import space_warnings
from coconet_med.pair.values import (
    anatomy_warnings,
    inverted_warnings,
    refuse_constant,
    values_warnings,
    wrapped_warnings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coconet_med.source import Role, Source


@dataclass(frozen=True)
class PairCheck:
    """What was found short of a refusal.

    Attributes:
        patients: for the side-car: verdict, and which attributes agree, differ or are unknown (never their values).
        warnings: what the user should know.
    """

    patients: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def check_pair(anatomy: Source, function: Source, *, different_patients: bool = False, select: Any = None) -> PairCheck:
    """Refuse two images that are no pair.

    Args:
        anatomy: as read.
        function: as read.
        different_patients: accept images of two patients, and say so.
        select: what was chosen of mixed DICOM series; each choice must have concerned one of the two.

    Raises:
        PairError: two patients, one image given twice, or PET and MR the wrong way round.
        ReadError: one of them is constant.
        OptionError: a choice of ``select`` that concerned neither image.
    """
    if select:
        from coconet_med.dicom.select import refuse_idle, selection_of

        met: dict[Role, Sequence[str]] = {
            "anatomy": anatomy.details.get("select", ()),
            "function": function.details.get("select", ()),
        }
        refuse_idle(selection_of(select), met)
    refuse_same_files(anatomy, function)
    refuse_swapped(anatomy, function)
    patients, warnings = check_patients(anatomy, function, accepted=different_patients)
    refuse_constant(anatomy)
    refuse_constant(function)
    refuse_same_voxels(anatomy, function)
    notes = (
        *body_warnings(anatomy, function),
        *swapped_warnings(anatomy, function),
        *space_warnings(anatomy, function),
        *inverted_warnings(anatomy, function),
        *wrapped_warnings(anatomy, function),
        *result_warnings(anatomy, function),
    )
    return PairCheck(patients, (*warnings, *notes, *anatomy_warnings(anatomy), *values_warnings(function)))
