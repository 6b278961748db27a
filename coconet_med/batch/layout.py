"""Which files the result of a case consists of."""

from __future__ import annotations

from pathlib import Path

from coconet_med.batch.case import BatchOptions, Case
from coconet_med.readers import is_picture
from coconet_med.writers import targets

#: What a BIDS derivative calls each image.
_DESC = {"color": "fused", "luminance": "luminance", "uptake": "uptake"}


def files_of(case: Case, options: BatchOptions) -> dict[str, Path]:
    """Paths below the output folder by what they hold: ``color`` (for DICOM ``folder``), ``sidecar``, ...

    BIDS derivatives differ only in ``desc``; elsewhere the names are those of :func:`coconet_med.writers.targets`.
    """
    if options.form == "dicom":
        return targets(Path(case.target), luminance=options.luminance, uptake=options.uptake)
    if case.derived_from:
        kinds = ["color", *(kind for kind in ("luminance", "uptake") if getattr(options, kind))]
        stems = {kind: case.target.replace("_desc-fused", f"_desc-{_DESC[kind]}") for kind in kinds}
        images = {kind: Path(f"{stem}.nii.gz") for kind, stem in stems.items()}
        beside = {f"{kind}_sidecar": Path(f"{stem}.json") for kind, stem in stems.items() if kind != "color"}
        return images | beside | {"sidecar": Path(f"{case.target}.json")}
    form = options.form if options.form != "auto" else "png" if is_picture(case.anatomy) else "nii.gz"
    return targets(Path(f"{case.target}.{form}"), luminance=options.luminance, uptake=options.uptake)
