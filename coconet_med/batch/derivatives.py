"""The files that make an output folder a BIDS derivative dataset."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from coconet_med._version import __version__
from coconet_med.batch.case import Case
from coconet_med.batch.records import FOLDER, Records
from coconet_med.errors import OptionError
from coconet_med.writers.atomic import write_together

_README = """\
# Fused MRI and PET

Made by coconet-med. Each `*_space-T1w_desc-fused_pet.nii.gz` is an RGB image on the grid of the T1w image; the JSON
file beside it holds sources with their sha256, options, window, units, registration and warnings. `summary.csv` and
`report.html` tell about all cases.

Research use, not for diagnosis.
"""

_DESCRIPTIONS = {
    "color": "Fusion of T1w and PET by a neural network, RGB; uptake is coded in the color (see window and colormap)",
    "luminance": "Luminance of the fusion of T1w and PET by a neural network, 0 to 1",
    "uptake": "PET resampled on the grid of the T1w image",
}

#: Folders at the root of a dataset that hold other things than one derivative (BIDS 1.10, "Directories").
_SHARED = ("derivatives", "sourcedata", "code", "stimuli", "phenotype")

#: What the validator need not look at; the records of the batch and its table and report are no BIDS files.
_IGNORED = f"{FOLDER}/\nsummary.csv\nreport.html\n"


def write_dataset(out: Path, source: Path, processed: Mapping[str, Path] | None = None) -> None:
    """Write ``dataset_description.json``, ``README.md`` and ``.bidsignore`` where they are not there or are ours.

    Args:
        out: output folder; made if it is not there.
        source: the BIDS dataset that the cases come from.
        processed: derivatives of it that cases come from as well, by name.

    Raises:
        OptionError: see :func:`check_place`.
        WriteError: the disk does not let us.
    """
    check_place(out, source)
    description = out / "dataset_description.json"
    out.mkdir(parents=True, exist_ok=True)
    link = _link(out, source)
    links = {"raw": link}
    links |= {name: _link(out, folder) for name, folder in (processed or {}).items()}
    document = {
        "Name": "Fused MRI and PET (coconet-med)",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "License": "see the source dataset",
        "GeneratedBy": [{"Name": "coconet-med", "Version": __version__}],
        "SourceDatasets": [{"URL": link}],
        "DatasetLinks": links,
    }
    texts = {
        description: json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        out / "README.md": _README,
        out / ".bidsignore": _IGNORED,
    }
    jobs: list[tuple[Path, Callable[[Path], Any]]]
    jobs = [(path, partial(Path.write_text, data=text, encoding="utf-8")) for path, text in texts.items()]
    with Records(out).alone(list(texts)):
        write_together(jobs, overwrite=True)


def check_place(out: Path, source: Path) -> None:
    """Refuse output folders that belong to another dataset.

    Raises:
        OptionError: the folder is the dataset itself or one that BIDS reserves in it (``derivatives``), lies among the
            files of a participant, or holds another dataset.
    """
    place, root = out.resolve(), source.resolve()
    if place == root:
        raise OptionError(f"{out}: is the source dataset; give another folder, such as {out}/derivatives/coconet_med")
    if place.is_relative_to(root) and place.relative_to(root).parts[0].startswith("sub-"):
        msg = f"{out}: lies among the files of a participant; give another folder"
        raise OptionError(f"{msg}, such as {source}/derivatives/coconet_med")
    if place.name in _SHARED and (place.parent == root or (place.parent / "dataset_description.json").is_file()):
        msg = f"{out}: is the folder that a dataset keeps for several; give one of its own below it"
        raise OptionError(f"{msg}, such as {out / 'coconet_med'}")
    description = out / "dataset_description.json"
    if description.exists() and "coconet-med" not in description.read_text(encoding="utf-8", errors="replace"):
        raise OptionError(f"{out}: holds another BIDS dataset; give a folder of its own, such as {out}/coconet_med")
    if not description.exists() and not (out / FOLDER).exists() and any(out.glob("sub-*/")):
        raise OptionError(f"{out}: holds participants of another dataset; give a folder of its own")


def image_metadata(case: Case, kind: str, units: str) -> dict[str, Any]:
    """What BIDS asks of the side-car of one image of a case, and what is useful beside it.

    Args:
        case: of a BIDS dataset.
        kind: ``"color"``, ``"luminance"`` or ``"uptake"``.
        units: of the functional image.
    """
    known = {"Units": {"Bq/ml": "Bq/mL", "SUVbw": "g/mL"}.get(units, units)} if kind == "uptake" else {}
    return {
        "Description": f"{_DESCRIPTIONS[kind]}; research use, not for diagnosis",
        "Sources": list(case.derived_from),
        "SpatialReference": case.derived_from[0],
        "SkullStripped": False,
        **known,
    }


def _link(out: Path, source: Path) -> str:
    """A relative link where the derivatives lie inside the dataset, so that both can be moved; a file URI elsewhere."""
    out, source = out.resolve(), source.resolve()
    if out.is_relative_to(source) or out.is_relative_to(source.parent):
        return Path(os.path.relpath(source, out)).as_posix()
    return source.as_uri()
