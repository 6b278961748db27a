"""Cases of a BIDS dataset: every PET with the T1w image of the same person.

Raw datasets keep ``sub-01/[ses-02/]anat/*_T1w.nii.gz`` and ``sub-01/[ses-02/]pet/*_pet.nii.gz`` (BIDS 1.10, "PET").
PETPrep derivatives keep PET that is registered already, as ``space-T1w`` (with ``desc-preproc``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coconet_med.batch.case import Case
from coconet_med.errors import OptionError, ReadError

_SUFFIXES = (".nii.gz", ".nii")
#: Entities that tell one PET of a person from another, in the order of BIDS file names.
_PET_KEY = ("sub", "ses", "task", "trc", "rec", "run")
#: Entities of processed images; a raw image and its derivatives are equal in all others.
_DERIVED = ("space", "desc", "res", "den", "label")


@dataclass(frozen=True)
class BidsImage:
    """An image of a BIDS dataset.

    Attributes:
        path: where it lies.
        root: of its dataset.
        entities: label by key, such as ``{"sub": "01", "trc": "FDG"}``.
        dataset: what BIDS URIs call its dataset; ``"raw"`` or the name of the derivatives.
    """

    path: Path
    root: Path
    entities: dict[str, str]
    dataset: str

    @property
    def uri(self) -> str:
        """BIDS URI, such as ``bids:raw:sub-01/anat/sub-01_T1w.nii.gz``."""
        return f"bids:{self.dataset}:{self.path.relative_to(self.root).as_posix()}"


def is_bids(folder: Path) -> bool:
    """Whether a folder is a BIDS dataset: by its description, or by subjects with ``anat`` or ``pet``."""
    if (folder / "dataset_description.json").is_file():
        return True
    return any(path.is_dir() for kind in ("anat", "pet") for path in folder.glob(f"sub-*/**/{kind}"))


def find_bids_cases(
    root: Path, *, participants: Sequence[str] = (), sessions: Sequence[str] = (), derivatives: str = "auto"
) -> list[Case]:
    """One case for each PET; see :func:`coconet_med.batch.find_cases`.

    The T1w is that of the same session, else the only one of the person; a PET without any is a case with a problem.

    Raises:
        ReadError: the folder of derivatives is not there.
        OptionError: a participant label that the dataset does not have.
    """
    people = _participants(root, participants)
    wanted = {label.removeprefix("ses-") for label in sessions}
    processed = petprep_folders(root, derivatives)
    cases = []
    for person in people:
        t1w, raw = (_images(root, person, kind, suffix, "raw") for kind, suffix in (("anat", "T1w"), ("pet", "pet")))
        better = [i for d in processed for i in _images(d, person, "pet", "pet", d.name) if _in_t1w_space(i)]
        better_t1w = [image for d in processed for image in _images(d, person, "anat", "T1w", d.name)]
        for image in _preferred(raw, better):
            if not wanted or image.entities.get("ses") in wanted:
                own = [i for i in better_t1w if i.root == image.root] if image in better else []
                cases.append(_case(image, own or t1w))
    return cases


def _case(pet: BidsImage, candidates: list[BidsImage]) -> Case:
    key = "_".join(f"{name}-{pet.entities[name]}" for name in _PET_KEY if name in pet.entities)
    folder = "/".join(f"{name}-{pet.entities[name]}" for name in ("sub", "ses") if name in pet.entities)
    target = f"{folder}/pet/{key}_space-T1w_desc-fused_pet"
    t1w, note, problem = _t1w_for(pet, candidates)
    sidecar = _sidecar(pet)
    return Case(
        key,
        (t1w or pet).path,
        pet.path,
        target=target,
        register="never" if _in_t1w_space(pet) else None,
        units={"bq/ml": "Bq/ml", "kbq/ml": "kBq/ml", "g/ml": "SUVbw"}.get(str(sidecar.get("Units", "")).lower()),
        frame_seconds=_durations(sidecar),
        derived_from=((t1w or pet).uri, pet.uri),
        notes=(note,) if note else (),
        problem=problem,
    )


def _t1w_for(pet: BidsImage, candidates: list[BidsImage]) -> tuple[BidsImage | None, str, str | None]:
    """The T1w for a PET, what to tell the user about the choice, and what is wrong."""
    if not candidates:
        name = f"sub-{pet.entities['sub']}"
        return None, "", f"{name} has no T1w image for {pet.path.name}; add it, or use another source than BIDS"
    session = pet.entities.get("ses")
    same = [image for image in candidates if image.entities.get("ses") == session]
    pool = same or candidates
    if not same and len({image.entities.get("ses") for image in pool}) > 1:
        names = ", ".join(image.path.name for image in pool)
        problem = f"{pet.path.name} has no T1w in its session and several elsewhere ({names}); use a CSV manifest"
        return None, "", problem
    best = min(pool, key=_plainness)
    note = "" if same else f"the T1w is of another session ({best.path.name})"
    if len(pool) > 1:
        others = ", ".join(image.path.name for image in pool if image is not best)
        note = f"{note}; " * bool(note) + f"of several T1w images {best.path.name} was taken, not {others}"
    return best, note, None


def _plainness(image: BidsImage) -> tuple[bool, bool, int, int, str]:
    """Preprocessed first, then without contrast medium, the fewest special entities, the first run."""
    run = image.entities.get("run", "0")
    return (
        image.entities.get("desc") != "preproc",
        "ce" in image.entities,
        len(image.entities.keys() - {"run"}),
        int(run) if run.isdigit() else 0,
        image.path.name,
    )


def _preferred(raw: list[BidsImage], processed: list[BidsImage]) -> list[BidsImage]:
    """Each PET once, registered already where there is such a version, raw otherwise."""

    def key(image: BidsImage) -> tuple[str, ...]:
        return tuple(image.entities.get(name, "") for name in _PET_KEY)

    best: dict[tuple[str, ...], BidsImage] = {}
    for image in sorted(raw, key=lambda i: _in_t1w_space(i)):
        best[key(image)] = image
    for image in processed:
        best[key(image)] = image
    return [best[name] for name in sorted(best)]


def _images(root: Path, person: str, kind: str, suffix: str, dataset: str) -> list[BidsImage]:
    found = []
    for folder in (root / f"sub-{person}" / kind, *sorted((root / f"sub-{person}").glob(f"ses-*/{kind}"))):
        names = sorted(folder.glob(f"*_{suffix}.nii*")) if folder.is_dir() else []
        for path in names:
            stem = next((path.name[: -len(end)] for end in _SUFFIXES if path.name.endswith(end)), None)
            if stem is None:
                continue
            entities = dict(part.split("-", 1) for part in stem.split("_")[:-1] if "-" in part)
            plain = entities.get("desc", "preproc") == "preproc" and entities.get("space", "T1w") == "T1w"
            if plain and entities.get("sub") == person:
                found.append(BidsImage(path, root, entities, dataset))
    return found


def _in_t1w_space(image: BidsImage) -> bool:
    return image.entities.get("space") == "T1w"


def _participants(root: Path, wanted: Sequence[str]) -> list[str]:
    there = sorted(path.name.removeprefix("sub-") for path in root.glob("sub-*") if path.is_dir())
    labels = [label.removeprefix("sub-") for label in wanted]
    missing = [label for label in labels if label not in there]
    if missing:
        some = ", ".join(there[:10]) + (", ..." if len(there) > 10 else "")
        raise OptionError(f"{root}: no participant {', '.join(missing)}; there are {some or 'none'}")
    return sorted(set(labels)) or there


def petprep_folders(root: Path, choice: str) -> list[Path]:
    """The derivatives that PET is also taken from; ``choice`` as ``derivatives`` of :func:`find_bids_cases`."""
    if choice == "none":
        return []
    if choice == "auto":
        return sorted(path for path in (root / "derivatives").glob("petprep*") if path.is_dir())
    if not Path(choice).is_dir():
        raise ReadError(f"--derivatives {choice}: no such folder; give auto, none, or the folder of PETPrep's results")
    return [Path(choice)]


def _sidecar(image: BidsImage) -> dict[str, Any]:
    """JSON metadata by the inheritance principle: a file nearer to the image wins."""
    stem = image.path.name.split(".nii")[0]
    entities = set(stem.split("_")[:-1])
    suffix = stem.rpartition("_")[2]
    merged: dict[str, Any] = {}
    inner = [folder for folder in image.path.parents if folder.is_relative_to(image.root)]
    for folder in reversed(inner):
        for path in sorted(folder.glob(f"*{suffix}.json"), key=lambda p: len(p.name)):
            words = path.name.removesuffix(".json").split("_")
            if words[-1] == suffix and set(words[:-1]) <= entities:
                try:
                    merged |= json.loads(path.read_text(encoding="utf-8"))
                except (ValueError, OSError, TypeError):
                    continue  # a damaged side-car must not stop a readable image
    return merged


def _durations(sidecar: dict[str, Any]) -> tuple[float, ...]:
    values = sidecar.get("FrameDuration")
    if isinstance(values, list) and all(isinstance(v, (int, float)) for v in values):
        return tuple(float(v) for v in values)
    return ()
