"""Images of a BIDS dataset by their names and folders, and PET files that are not where or what BIDS says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_NIFTI = (".nii.gz", ".nii")

#: Endings of files that hold an image but are not taken from a BIDS dataset.
_OTHER_IMAGES = (".img", ".hdr", ".img.gz", ".mgz", ".mgh", ".mnc", ".nrrd", ".mha", ".mhd", ".v", ".gii")

#: Order of entities in names (BIDS 1.10, "Entities"; ``pvc`` of PETPrep); others come before ``space``.
_ORDER = ("sub", "ses", "sample", "task", "acq", "ce", "trc", "stain", "rec", "dir", "run", "mod", "echo", "pvc")
_LAST = ("space", "res", "den", "label", "desc")


@dataclass(frozen=True)
class BidsImage:
    """An image of a BIDS dataset.

    Attributes:
        path: where it lies.
        root: of its dataset.
        entities: label by key, such as ``{"sub": "01", "trc": "FDG"}``; a word without hyphen is a key with no label.
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

    @property
    def name(self) -> str:
        """Its path below the dataset; for derivatives with their name in front."""
        path = self.path.relative_to(self.root).as_posix()
        return path if self.dataset == "raw" else f"{self.dataset}/{path}"

    def without(self, *keys: str) -> tuple[tuple[str, str], ...]:
        """Its entities but these (and the plain ``desc-preproc``), in order: equal for versions of one image."""
        kept = {k: v for k, v in self.entities.items() if k not in keys and (k, v) != ("desc", "preproc")}
        return tuple(sorted(kept.items()))


@dataclass(frozen=True)
class NotTaken:
    """A PET that makes no case.

    Attributes:
        name: path below the dataset.
        reason: why, and what to do.
    """

    name: str
    reason: str


def name_of(entities: dict[str, str]) -> str:
    """Entities as BIDS writes them in a file name.

    Example:
        >>> name_of({"desc": "fused", "trc": "FDG", "sub": "01", "acq": "late"})
        'sub-01_acq-late_trc-FDG_desc-fused'
    """

    def place(key: str) -> tuple[int, str]:
        if key in _ORDER:
            return _ORDER.index(key), ""
        return (len(_ORDER) + 1 + _LAST.index(key), "") if key in _LAST else (len(_ORDER), key)

    return "_".join(f"{key}-{entities[key]}" if entities[key] else key for key in sorted(entities, key=place))


def images_of(root: Path, person: str, kind: str, suffix: str, dataset: str) -> tuple[list[BidsImage], list[NotTaken]]:
    """Images ``sub-<person>/[ses-*/]<kind>/*_<suffix>.nii[.gz]``, and files with that suffix that are none.

    Args:
        root: of the dataset.
        person: label of the participant.
        kind: ``"anat"`` or ``"pet"``.
        suffix: ``"T1w"`` or ``"pet"``.
        dataset: see :class:`BidsImage`.
    """
    home = root / f"sub-{person}"
    images: dict[str, BidsImage] = {}
    others: list[NotTaken] = []
    proper = [path / kind for path in (home, *sorted(home.glob("ses-*"))) if (path / kind).is_dir()]
    files = {path for folder in proper for path in folder.iterdir()}
    for pattern in {f"*_{suffix}.*", f"*_{suffix.upper()}.*", *(["*_spect.*"] if kind == "pet" else [])}:
        files |= {path for path in home.rglob(pattern) if path.parent not in proper}
    for path in sorted(files, key=lambda p: (p.as_posix().removesuffix(".gz"), len(p.name))):
        stem, ending = _split(path.name)
        word = stem.rpartition("_")[2]
        if not ending or path.name.startswith("."):
            continue
        name = BidsImage(path, root, {}, dataset).name
        if word.lower() != suffix.lower():
            reason = _unnamed(word, dataset) if kind == "pet" else ""
            others += [NotTaken(name, reason)] if reason else []
            continue
        words = stem.split("_")[:-1]
        entities = {key: label for key, _, label in (word.partition("-") for word in words)}
        problem = _problem(path, home, kind, suffix, words, entities, ending)
        twin = images.get(f"{path.parent}/{stem}")
        if twin:
            problem = f"has the same name as {twin.path.name}, which is taken; rename one of them, or remove it"
        if problem:
            others.append(NotTaken(name, problem))
        else:
            images[f"{path.parent}/{stem}"] = BidsImage(path, root, entities, dataset)
    return list(images.values()), others


def _unnamed(word: str, dataset: str) -> str:
    """Why an image of a folder ``pet`` whose name ends with another ``word`` is none, where it may be meant as one."""
    if word.lower() == "spect":
        return "is SPECT, which BIDS does not know; use a CSV manifest"
    if dataset == "raw" or "-" in word:  # derivatives have masks and references there
        return "its name does not end with _pet; if it is PET, rename it"
    return ""


def _split(name: str) -> tuple[str, str]:
    """Name without the ending of an image file, and that ending; the ending is empty for other files."""
    for ending in (*_NIFTI, *sorted(_OTHER_IMAGES, key=len, reverse=True)):
        if name.lower().endswith(ending):
            return name[: -len(ending)], ending
    return name, ""


def _problem(
    path: Path, home: Path, kind: str, suffix: str, words: list[str], entities: dict[str, str], ending: str
) -> str:
    session = path.parent.parent.name.removeprefix("ses-") if path.parent.parent != home else None
    if path.parent.name != kind or path.parent.parent.parent != (home if session is not None else home.parent):
        return f"does not lie in a folder {kind} of the participant or of a session; move it there"
    if entities.get("sub") != home.name.removeprefix("sub-"):
        return f"lies in {home.name}, but its name does not begin with {home.name}_; rename it"
    if entities.get("ses") != session:
        said, there = entities.get("ses"), session
        return (
            f"its name says {f'ses-{said}' if said else 'no session'}, its folder {f'ses-{there}' if there else 'none'}"
            "; rename or move it"
        )
    twice = [key for key, count in Counter(word.partition("-")[0] for word in words).items() if count > 1]
    if twice:
        return f"has {twice[0]} twice in its name; rename it"
    if not path.name[: -len(ending)].endswith(f"_{suffix}"):
        return f"BIDS writes _{suffix}; rename it"
    return "" if ending in _NIFTI else f"is not NIfTI (.nii or .nii.gz, but {ending}); convert it"
