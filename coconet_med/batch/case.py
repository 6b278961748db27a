"""What a batch is made of: a case to do, the options that all cases share, and what became of a case."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from coconet_med.readers.pet_json import PetFacts, facts_of
from coconet_med.windowing.presets import WindowChoice

if TYPE_CHECKING:
    from coconet_med.geometry import AffineChoice
    from coconet_med.writers.dicom import Form as DicomForm
    from coconet_med.writers.dicom import LegendPlace

#: How the result of a case is written; ``"auto"`` is PNG for pictures and NIfTI for volumes.
Form = Literal["auto", "nii.gz", "nii", "nrrd", "mha", "png", "jpg", "tiff", "dicom"]
FORMS: tuple[Form, ...] = ("auto", "nii.gz", "nii", "nrrd", "mha", "png", "jpg", "tiff", "dicom")

#: ``"done"`` now, ``"kept"`` from an earlier run, ``"failed"`` with a reason, ``"lost"`` with the process that did it,
#: ``"busy"``: another run is at it, ``"missing"``: not done yet, ``"skipped"``: not taken, for the reason in ``error``,
#: ``"timeout"``: took too long, and its process was ended.
Status = Literal["done", "kept", "failed", "lost", "busy", "missing", "skipped", "timeout"]

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

    def facts(self) -> PetFacts | None:
        """What is told beside a functional image in NIfTI; ``None`` for others."""
        if self.pet or self.function is None or not self.function.name.lower().endswith((".nii", ".nii.gz")):
            return self.pet
        return facts_of(self.function)

    @property
    def units(self) -> str | None:
        """Of the functional image, where a file beside it tells."""
        return self.pet.units if self.pet else None

    @property
    def frame_seconds(self) -> tuple[float, ...]:
        """Of a 4-D functional image the duration of each frame, where a file beside it tells."""
        return self.pet.durations if self.pet else ()


@dataclass(frozen=True)
class BatchOptions:
    """What all cases share; names and meaning as in :func:`coconet_med.fuse`.

    Attributes:
        transform: file of a transform for each case, ``{id}`` standing for its id; a case's own goes first.
        transform_direction: ``"stated"`` (as the format has it) or ``"reverse"``.
        form: format of the results.
        luminance: also write the fused luminance.
        uptake: also write the functional image on the anatomical grid.
        allow_gaps: DICOM: resample missing, uneven or tilted slices.
        dynamic: ``"mean"``, or the number of one frame of a dynamic image, from 0.
        select: DICOM: which images of a mixed series are taken.
        different_patients: DICOM: fuse images of two patients.
        anatomy_kind: of a DICOM study take this as anatomy, ``"MR"`` or ``"CT"``.
        function_kind: of a DICOM study take this as function, ``"PT"``, ``"NM"`` or ``"CT"``.
        dicom_form: ``"sc"``, ``"enhanced"``, ``"gray"`` or ``"navigation"``, for the form ``"dicom"``.
        dicom_legend: ``"own"``, ``"series"``, ``"margin"`` or ``"none"``, likewise.
    """

    register: str = "auto"
    force: bool = False
    transform: str | None = None
    transform_direction: str = "stated"
    plane: str = "auto"
    window: WindowChoice = None
    anatomy_window: WindowChoice = None
    threshold: str | None = None
    contours: str | None = None
    contours_over: str = "anatomy"
    color: str = "map"
    suv: bool = False
    palette: str | None = None
    colormap: str = "auto"
    strength: float = 1.0
    lightness: float = 1.0
    affine: AffineChoice = "auto"
    max_memory: float | None = None
    model: str = "light"
    engine: str = "auto"
    device: str = "auto"
    form: Form = "auto"
    luminance: bool = False
    uptake: bool = False
    allow_gaps: bool = False
    dynamic: str | int = "mean"
    select: tuple[str, ...] = ()
    different_patients: bool = False
    dicom_form: DicomForm = "sc"
    dicom_legend: LegendPlace = "own"
    anatomy_kind: str | None = None
    function_kind: str | None = None

    def transform_of(self, case: Case) -> Path | None:
        """The file of the transform of a case, if it has one."""
        if case.transform or not self.transform:
            return case.transform
        return Path(self.transform.replace("{id}", case.id))

    def for_fuse(self, case: Case) -> dict[str, Any]:
        """Keyword arguments of :func:`coconet_med.fuse` for one case, all but the model."""
        names: tuple[str, ...] = ("force", "plane", "window", "suv", "palette", "colormap", "strength")
        names += ("different_patients", "affine", "max_memory", "anatomy_window", "threshold", "lightness")
        names += ("contours", "contours_over", "color")
        chosen = {name: getattr(self, name) for name in names}
        chosen["register"] = self.register if self.register != "auto" else case.register or "auto"
        if given := self.transform_of(case):
            chosen |= {"transform": given, "transform_direction": self.transform_direction}
        dicom: dict[str, Any] = {"allow_gaps": True} if self.allow_gaps else {}
        if case.function is None:
            kinds = {"anatomy_kind": self.anatomy_kind, "function_kind": self.function_kind}
            dicom |= {name: kind for name, kind in kinds.items() if kind}
        if self.select:
            dicom["select"] = list(self.select)
        if self.dynamic != "mean" and (case.anatomy.is_dir() or (case.function and case.function.is_dir())):
            dicom["dynamic"] = self.dynamic
        return chosen | dicom


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
