"""Which files the result of a case consists of."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from coconet_med.batch.case import BatchOptions, Case
from coconet_med.readers import is_picture
from coconet_med.writers import legend_apart, targets

#: The part of ``desc`` in the target of a BIDS derivative that names the image.
_FUSED = re.compile(r"(?<=_desc-)(\w*?)(f|F)used(?=_pet$)")


def files_of(case: Case, options: BatchOptions) -> dict[str, Path]:
    """Paths below the output folder by what they hold: ``color`` (for DICOM ``folder``), ``sidecar``, ...

    BIDS derivatives differ only in ``desc``; elsewhere the names are those of :func:`coconet_med.writers.targets`.
    """
    if options.form == "dicom":
        apart = legend_apart(options.dicom_form, options.dicom_legend)
        more = {"luminance": options.luminance, "uptake": options.uptake, "legend": apart}
        return targets(Path(case.target), **more, folder=True)
    if case.derived_from:
        kinds = ["color", *(kind for kind in ("luminance", "uptake") if getattr(options, kind))]
        stems = {kind: _FUSED.sub(partial(_desc, kind=kind), case.target) for kind in kinds}
        images = {kind: Path(f"{stem}.nii.gz") for kind, stem in stems.items()}
        beside = {f"{kind}_sidecar": Path(f"{stem}.json") for kind, stem in stems.items() if kind != "color"}
        return images | beside | {"sidecar": Path(f"{case.target}.json")}
    form = options.form if options.form != "auto" else "png" if is_picture(case.anatomy) else "nii.gz"
    return targets(Path(f"{case.target}.{form}"), luminance=options.luminance, uptake=options.uptake)


def _desc(match: re.Match[str], kind: str) -> str:
    """``desc`` of one image; that of its source (``desc-smooth``), if any, stays in front (``smoothUptake``)."""
    before, capital = match.groups()
    word = "fused" if kind == "color" else kind
    return before + (word.capitalize() if capital == "F" else word)
