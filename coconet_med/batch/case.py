"""What a batch is made of: a case to do, the options that all cases share, and what became of a case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast, get_args

from coconet_med.options import FuseOptions
from coconet_med.readers.pet_json import PetFacts, facts_of

if TYPE_CHECKING:
    from coconet_med.choices import DicomForm, LegendPlace, RegisterMode

#: How the result of a case is written; ``"auto"`` is PNG for pictures and NIfTI for volumes.
Form = Literal["auto", "nii.gz", "nii", "nrrd", "mha", "png", "jpg", "tiff", "dicom"]
FORMS: tuple[Form, ...] = get_args(Form)

#: ``"done"`` now, ``"kept"`` from an earlier run, ``"failed"`` with a reason, ``"lost"`` with the process that did it,
#: ``"busy"``: another run is at it, ``"missing"``: not done yet, ``"skipped"``: not taken, for the reason in ``error``,
#: ``"timeout"``: took too long, and its process was ended, ``"leftover"``: of an earlier run alone.
Status = Literal["done", "kept", "failed", "lost", "busy", "missing", "skipped", "timeout", "leftover"]

#: Statuses of cases whose result is there and belongs to the inputs and options.
FINISHED: tuple[Status, ...] = ("done", "kept")


@dataclass(frozen=True)
class Case:
    """One pair to be fused.

    Attributes:
        id: unique in the batch, and fit for a file name.
        anatomy: file, or the folder of a DICOM study where ``function`` is ``None``.
        function: file or DICOM series folder.
        target: path of the result below the output folder, without suffix.
        model: weights of this case alone, instead of those of the batch.
        register: registration of this case alone.
        transform: file of a transform of this case, taken instead of a registration.
        pet: what the JSON files beside a functional image of a BIDS dataset tell; see :meth:`facts`.
        derived_from: BIDS URIs of anatomy and function, for the side-car of a BIDS derivative.
        notes: what the user should know of how this case was found.
        problem: why the case cannot be done, known before trying: it fails.
        skip: why this image is not taken, though it is there: it is listed, and no failure.
        window: preset of a window that this case shares with others.
    """

    id: str
    anatomy: Path
    function: Path | None
    target: str
    model: str | None = None
    register: str | None = None
    transform: Path | None = None
    pet: PetFacts | None = None
    derived_from: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None
    skip: str | None = None
    window: str | None = None

    def facts(self) -> PetFacts | None:
        """What is stated beside a functional image in NIfTI; ``None`` for others."""
        if self.pet or self.function is None or not self.function.name.lower().endswith((".nii", ".nii.gz")):
            return self.pet
        return facts_of(self.function)

    @property
    def units(self) -> str | None:
        """Of the functional image, where a file beside it tells."""
        return self.pet.units if self.pet else None


def shared_notes(cases: Sequence[Case]) -> tuple[str, ...]:
    """Notes that all cases have: what concerns the whole batch."""
    return tuple(
        note for note in dict.fromkeys(n for c in cases[:1] for n in c.notes) if all(note in c.notes for c in cases)
    )


@dataclass(frozen=True, kw_only=True)
class BatchOptions(FuseOptions):
    """What all cases share: how each is fused, by what, and what is written.

    Attributes:
        model: as in :func:`coconet_med.fuse`.
        engine: likewise.
        device: likewise.
        form: format of the results.
        luminance: also write the fused luminance.
        uptake: also write the functional image on the anatomical grid.
        dicom_form: ``"sc"``, ``"enhanced"``, ``"gray"`` or ``"navigation"``, for the form ``"dicom"``.
        dicom_legend: ``"own"``, ``"series"``, ``"margin"`` or ``"none"``, likewise.

    ``transform`` is of each case: ``{id}`` stands for its id, and a case's own goes first.
    """

    model: str = "light"
    engine: str = "auto"
    device: str = "auto"
    form: Form = "auto"
    luminance: bool = False
    uptake: bool = False
    dicom_form: DicomForm = "sc"
    dicom_legend: LegendPlace = "own"

    def validate(self) -> Self:
        """As of one pair; the file of a transform is looked for case by case."""
        replace(FuseOptions.taken_from(vars(self)), transform=None).validate()
        return self

    def transform_of(self, case: Case) -> Path | None:
        """The file of the transform of a case, if it has one."""
        if case.transform or not self.transform:
            return case.transform
        return Path(str(self.transform).replace("{id}", case.id))

    def of_case(self, case: Case) -> FuseOptions:
        """How one case is fused: by what it says itself where the batch leaves that open."""
        chosen = replace(FuseOptions.taken_from(vars(self)), transform=self.transform_of(case))
        if self.register == "auto" and case.register:
            chosen = replace(chosen, register=cast("RegisterMode", case.register))
        if case.window:
            chosen = replace(chosen, window=case.window)
        if case.function is not None:
            chosen = replace(chosen, anatomy_kind=None, function_kind=None)
        if not case.anatomy.is_dir() and not (case.function and case.function.is_dir()):
            chosen = replace(chosen, dynamic="mean")  # a file was brought to one frame before
        return chosen


@dataclass
class Outcome:
    """What became of a case: one line of ``summary.csv``, and what the next run needs in order to resume.

    Attributes:
        id: of the case.
        status: see :data:`Status`.
        error: why it failed, in one line.
        seconds: time that the case took.
        finished: when, ISO 8601 in UTC.
        fingerprint: what went in (:func:`coconet_med.batch.fingerprint.fingerprint_of`).
        outputs: size in bytes and sha256 of each file, by its path below the output folder.
        facts: of the result: registration, window, units, measures; plain JSON types.
        warnings: of the result.
    """

    id: str
    status: Status
    error: str = ""
    seconds: float = 0.0
    finished: str = ""
    fingerprint: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def safe_id(text: str) -> str:
    """A name that any file system takes: letters, digits, dot, underscore and hyphen; everything else a hyphen.

    Example:
        >>> safe_id("Case 7/ä")
        'Case-7-ä'
    """
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "case"
