"""What goes into a DICOM result, checked, and what follows from it: grid, names, UIDs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from coconet_med._version import __version__
from coconet_med.dicom.record import DicomRecord
from coconet_med.dicom.remarks import burned_in, compressed_with_loss
from coconet_med.errors import WriteError
from coconet_med.pair.patients import DIFFERENT, are_different
from coconet_med.source import Source

if TYPE_CHECKING:
    import SimpleITK as sitk
    from pydicom import Dataset

#: Namespace of all UIDs that this package makes (a random UUID, fixed for good: changing it changes every UID).
NAMESPACE = uuid.UUID("6f0a5f0e-6a3d-4f0b-9d2e-2b5c1a7e8d94")

RESEARCH_ONLY = "Research use only. Not for diagnosis or treatment. Colors and contrast were made by a neural network."


@dataclass(frozen=True)
class FusedParts:
    """A fused volume and where it came from.

    Attributes:
        image: RGB ``uint8`` vector image (forms ``sc`` and ``enhanced``) or scalar luminance in [0, 1] (form ``gray``),
            on the anatomical grid.
        anatomy: source of the grid; it must come from DICOM, whose patient and study the result belongs to.
        function: the other source; from DICOM or not.
        provenance: plain JSON types.  Known keys: ``software``, ``version``, ``model``, ``model_sha256``, ``window``,
            ``transform`` (text: method and result), ``options`` (mapping).  All of it enters the UIDs.
        transform: maps anatomical to functional points (LPS mm) as the resampling did; ``None`` for the identity.
        created: moment of making; now by default.
        different_patients: the sources are of two patients, though their headers do not tell.
    """

    image: sitk.Image
    anatomy: Source
    function: Source
    provenance: Mapping[str, Any] = field(default_factory=dict)
    transform: sitk.Transform | None = None
    created: datetime = field(default_factory=datetime.now)
    different_patients: bool = False

    @cached_property
    def of_nobody(self) -> bool:
        """Whether the sources are of two patients, so that the result may not lie in the study of either."""
        return self.different_patients or are_different(self.anatomy, self.function)

    @property
    def record(self) -> DicomRecord:
        """Headers of the anatomy.

        Raises:
            WriteError: the anatomy was not read from DICOM.
        """
        if not isinstance(self.anatomy.dicom, DicomRecord):
            raise WriteError(
                f"{self.anatomy.name}: no DICOM headers, so a DICOM result would belong to nobody; write NIfTI, "
                "or give the anatomy as DICOM"
            )
        return self.anatomy.dicom

    @property
    def records(self) -> tuple[DicomRecord, ...]:
        """Headers of the anatomy, and of the function where it has some."""
        other = self.function.dicom
        return (self.record, other) if isinstance(other, DicomRecord) else (self.record,)

    @cached_property
    def lossy_source(self) -> Dataset | None:
        """Header of the first source object that was ever compressed with loss, if any."""
        for record in self.records:
            for instance in record.series.instances:
                if compressed_with_loss(instance):
                    return instance.header
        return None

    @cached_property
    def burned_in(self) -> bool:
        """Whether text that may identify the patient is in the pixels of a source, and so of the result."""
        return any(burned_in(record.series.instances) for record in self.records)

    @property
    def software(self) -> str:
        return str(self.provenance.get("software", "coconet-med"))[:64]

    @property
    def version(self) -> str:
        return str(self.provenance.get("version", __version__))[:64]

    @property
    def modalities(self) -> str:
        return f"{self.anatomy.modality or 'image'}+{self.function.modality or 'image'}"

    @cached_property
    def derivation(self) -> str:
        """Derivation Description (0008,2111): what was done to which images, at most 1024 characters (VR ST)."""
        model = self.provenance.get("model", "unnamed")
        digest = self.provenance.get("model_sha256", "unknown")
        window = self.provenance.get("window")
        parts = [
            f"{self.software} {self.version}: fusion of {self.modalities} by neural network, model {model}, "
            f"sha256 {digest}",
            *([f"{DIFFERENT}; the result belongs to none of them"] if self.of_nobody else []),
            "functional image resampled to the anatomical grid",
            f"registration: {self.provenance.get('transform') or 'none, same frame of reference assumed'}",
            f"functional values in {self.function.units}" + (f", window {window}" if window is not None else ""),
            "research use only, not for diagnosis",
        ]
        return _ascii("; ".join(parts))[:1024]

    def uid(self, *what: object) -> str:
        """UID that depends on the sources, the model, the settings and ``what``, and on nothing else.

        The same work done again gives the same UIDs, so that an archive replaces instead of collecting copies.
        PS3.5 B.2: "2.25." and the UUID as a decimal number.
        """
        name = json.dumps(
            [
                [source.sha256 for source in (self.anatomy, self.function)],
                [record.series.uid for record in self.records],
                self.software,
                self.version,
                {str(key): value for key, value in self.provenance.items()},
                [str(part) for part in what],
            ],
            sort_keys=True,
            default=str,
        )
        return f"2.25.{uuid.uuid5(NAMESPACE, name).int}"


def _ascii(text: str) -> str:
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())
