"""Cases of a BIDS dataset: every PET with the T1w image of the same person, or the reason why it is not taken.

Raw datasets keep ``sub-01/[ses-02/]anat/*_T1w.nii.gz`` and ``sub-01/[ses-02/]pet/*_pet.nii.gz`` (BIDS 1.10, "PET").
PETPrep derivatives keep PET that is registered already, as ``space-T1w`` (with ``desc-preproc``, and ``pvc``, ``res``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coconet_med.batch.bids_images import BidsImage, NotTaken, images_of, name_of
from coconet_med.batch.case import Case, safe_id
from coconet_med.errors import OptionError, ReadError
from coconet_med.pair.roles import BIDS_ANATOMY
from coconet_med.readers.pet_json import PetFacts, facts_of

#: Entities that say how a PET was sampled; a raw image and its version on the T1w are equal in all others.
_SAMPLING = ("space", "res", "den")


def is_bids(folder: Path) -> bool:
    """Whether a folder is a BIDS dataset: by its description, or by subjects with ``anat`` or ``pet``."""
    if (folder / "dataset_description.json").is_file():
        return True
    return any(path.is_dir() for kind in ("anat", "pet") for path in folder.glob(f"sub-*/**/{kind}"))


def find_bids_cases(
    root: Path,
    *,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    derivatives: str | Sequence[str] = "auto",
) -> list[Case]:
    """One case for each PET; see :func:`coconet_med.batch.find_cases`.

    All entities of a name tell one PET from another.  The T1w is that of the same session, else the only one of the
    person; a PET without any is a case with a problem.  A PET that cannot be taken is a case with ``skip``.

    Raises:
        ReadError: the folder of derivatives is not there, or holds no participants.
        OptionError: a participant or session that the dataset does not have, or nothing to fuse.
    """
    people = _participants(root, participants)
    wanted = _sessions(root, people, sessions)
    processed = petprep_folders(root, derivatives)
    cases: list[Case] = []
    for person in people:
        found = _choose(root, person, processed)
        chosen = [image for image in found.taken if _in_sessions(image.entities, wanted)]
        mine = [_case(image, found.t1w_for(image), found.raw) for image in chosen]
        mine += [_skipped(other) for other in found.others if _in_sessions(_entities(other.name), wanted)]
        if not mine and participants:
            within = f" in session {', '.join(sorted(wanted))}" if wanted else ""
            mine = [_skipped(NotTaken(f"sub-{person}", f"sub-{person} has no PET{within}"))]
        cases += mine
    if not derivatives or "auto" in (derivatives, *derivatives):
        cases += [_skipped(other) for other in _other_derivatives(root, people)]
    skipped = [case for case in cases if case.skip]
    if skipped and len(skipped) == len(cases):
        more = f"; {len(skipped) - 1} more" if len(skipped) > 1 else ""
        raise OptionError(f"{root}: no PET to fuse: {skipped[0].id}: {skipped[0].skip}{more}")
    return cases


@dataclass
class _Choice:
    """Images of one person: PET to fuse, PET that is not taken, and T1w images by the root of their dataset."""

    taken: list[BidsImage] = field(default_factory=list)
    others: list[NotTaken] = field(default_factory=list)
    t1w: dict[Path, list[BidsImage]] = field(default_factory=dict)
    raw: list[BidsImage] = field(default_factory=list)
    root: Path = Path()

    def t1w_for(self, pet: BidsImage) -> list[BidsImage]:
        return self.t1w.get(pet.root) or self.t1w[self.root]


def _choose(root: Path, person: str, processed: Mapping[str, Path]) -> _Choice:
    """Each PET once: registered already where there is such a version, raw otherwise."""
    choice = _Choice(root=root)
    taken: dict[tuple[tuple[str, str], ...], BidsImage] = {}
    versions: dict[tuple[tuple[str, str], ...], BidsImage] = {}
    for dataset, folder in {**processed, "raw": root}.items():
        pets, strays = images_of(folder, person, "pet", "pet", dataset)
        choice.others += strays
        choice.raw = pets if folder == root else []
        choice.t1w[folder] = [image for image in images_of(folder, person, "anat", "T1w", dataset)[0] if _plain(image)]
        for image in sorted(pets, key=lambda i: not _in_t1w_space(i)):
            space = image.entities.get("space")
            better = versions.get(image.without(*_SAMPLING)) if space is None else None
            same = taken.get(image.without("space"))
            if space is None and folder != root:
                reason = (
                    "does not lie on the T1w (no space-T1w in its name); the raw PET, or its version there, is taken"
                )
                choice.others.append(NotTaken(image.name, reason))
            elif space not in (None, "T1w"):
                reason = f"lies in the space {space}, not on the T1w (space-T1w)"
                choice.others.append(NotTaken(image.name, reason))
            elif better and better.root != root:
                continue  # taken as what PETPrep made of it
            elif (other := same or better) is not None:
                where = other.name
                remedy = f"; give --derivatives {folder} to take this one" if folder != root else ""
                choice.others.append(NotTaken(image.name, f"{where} is taken, which is the same PET{remedy}"))
            else:
                taken[image.without("space")] = image
                if space:
                    versions[image.without(*_SAMPLING)] = image
    choice.taken = [taken[key] for key in sorted(taken)]
    return choice


def _case(pet: BidsImage, candidates: list[BidsImage], raw: list[BidsImage]) -> Case:
    own = dict(pet.without("space"))
    desc = f"{own.pop('desc')}Fused" if "desc" in own else "fused"
    folder = "/".join(f"{name}-{own[name]}" for name in ("sub", "ses") if name in own)
    target = f"{folder}/pet/{name_of(own | {'space': 'T1w', 'desc': desc})}_pet"
    t1w, note, problem = _t1w_for(pet, candidates)
    return Case(
        name_of(dict(pet.without("space"))),
        (t1w or pet).path,
        pet.path,
        target=target,
        register="never" if _in_t1w_space(pet) else None,
        pet=_facts(pet, raw),
        derived_from=((t1w or pet).uri, pet.uri),
        notes=(note,) if note else (),
        problem=problem,
    )


def _skipped(other: NotTaken) -> Case:
    path = Path(other.name)
    return Case(safe_id(other.name), path, path, target=safe_id(other.name), skip=other.reason)


def _entities(name: str) -> dict[str, str]:
    return {key: label for key, _, label in (word.partition("-") for word in Path(name).name.split("_"))}


def _in_sessions(entities: dict[str, str], wanted: set[str]) -> bool:
    return not wanted or entities.get("ses") in wanted


def _plain(t1w: BidsImage) -> bool:
    if t1w.entities.get("part", "mag") != "mag":  # the phase, or one part of a complex image
        return False
    return t1w.entities.get("desc", "preproc") == "preproc" and t1w.entities.get("space", "T1w") == "T1w"


def _other_anatomies(pet: BidsImage, subject: str) -> list[str]:
    """Names of a few other anatomical images of the subject (UNIT1, T2w, ...)."""
    home = next((folder for folder in pet.path.parents if folder.name == subject), None)
    found = sorted(home.glob("**/anat/*_*.nii*")) if home else []
    return [path.name for path in found if path.name.split(".")[0].split("_")[-1] in BIDS_ANATOMY][:3]


def _t1w_for(pet: BidsImage, candidates: list[BidsImage]) -> tuple[BidsImage | None, str, str | None]:
    """The T1w for a PET, what to tell the user about the choice, and what is wrong."""
    if not candidates:
        name = f"sub-{pet.entities['sub']}"
        problem = f"{name} has no T1w image for {pet.path.name}"
        if near := _other_anatomies(pet, name):
            return None, "", f"{problem}, but {', '.join(near)}; a CSV manifest takes any anatomy"
        return None, "", f"{problem}; add it, or use another source than BIDS"
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


def _in_t1w_space(image: BidsImage) -> bool:
    return image.entities.get("space") == "T1w"


def _participants(root: Path, wanted: Sequence[str]) -> list[str]:
    there = sorted(path.name.removeprefix("sub-") for path in root.glob("sub-*") if path.is_dir())
    labels = _labels(wanted, "sub-")
    _known(root, "participant", labels, there)
    return labels or there


def _sessions(root: Path, people: Sequence[str], wanted: Sequence[str]) -> set[str]:
    """Labels of sessions; each must be that of one of these people."""
    labels = _labels(wanted, "ses-")
    if labels:
        folders = (path for person in people for path in (root / f"sub-{person}").glob("ses-*") if path.is_dir())
        _known(root, "session", labels, sorted({path.name.removeprefix("ses-") for path in folders}))
    return set(labels)


def _labels(given: Sequence[str], prefix: str) -> list[str]:
    """Labels without prefix; several may be in one text, with commas or blanks between them.

    Raises:
        OptionError: something was given, but no label: an empty variable of a script is not the wish for everybody.
    """
    words = (word for text in given for word in text.replace(",", " ").split())
    labels = sorted({word.removeprefix(prefix) for word in words} - {""})
    if given and not labels:
        what = "participant" if prefix == "sub-" else "session"
        raise OptionError(f"--{what}-label: has no label; name one, or leave the option out for all")
    return labels


def _known(root: Path, what: str, labels: Sequence[str], there: Sequence[str]) -> None:
    missing = [label for label in labels if label not in there]
    if missing:
        some = ", ".join(there[:10]) + (", ..." if len(there) > 10 else "")
        verb = "is" if len(there) < 2 else "are"
        raise OptionError(f"{root}: no {what} {', '.join(missing)}; there {verb} {some or 'none'}")


def petprep_folders(root: Path, choice: str | Sequence[str]) -> dict[str, Path]:
    """The derivatives that PET is also taken from, by the names under which results link to them.

    Args:
        root: of the raw dataset.
        choice: ``"auto"``, ``"none"``, or folders, each as ``FOLDER`` or, as in other BIDS Apps, ``NAME=FOLDER``.

    Raises:
        ReadError: no such folder, or one without participants.
        OptionError: two folders of one name.
    """
    words = [choice] if isinstance(choice, str) else list(choice) or ["auto"]
    if words == ["none"]:
        return {}
    if words == ["auto"]:
        return {path.name: path for path in sorted((root / "derivatives").glob("petprep*")) if path.is_dir()}
    found: dict[str, Path] = {}
    for word in words:
        name, folder = _named(word)
        remedy = "give auto, none, or the folder of PETPrep's results"
        if not folder.is_dir():
            raise ReadError(f"--derivatives {word}: no such folder; {remedy}")
        if not any(folder.glob("sub-*/")):
            raise ReadError(f"--derivatives {word}: has no folders sub-...; {remedy}")
        if folder.resolve() == root.resolve():
            raise OptionError(f"--derivatives {word}: is the source dataset, whose PET is taken anyway; {remedy}")
        if name == "raw" or found.get(name, folder).resolve() != folder.resolve():
            known = found.get(name, root)
            raise OptionError(f"--derivatives {word}: {known} is called {name} too; name this one: NAME={folder}")
        found[name] = folder
    return found


def _named(word: str) -> tuple[str, Path]:
    name, sign, path = word.partition("=")
    if sign and re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name) and not Path(word).is_dir():
        return name, Path(path).expanduser()
    return Path(word).resolve().name, Path(word)


def _other_derivatives(root: Path, people: Sequence[str]) -> list[NotTaken]:
    """Derivatives with PET on the T1w that are not looked at unless asked for; one entry for each."""
    found = []
    for folder in sorted((root / "derivatives").glob("*/")):
        if folder.name.startswith("petprep") or _is_ours(folder):
            continue
        pets = (image for person in people for image in images_of(folder, person, "pet", "pet", folder.name)[0])
        count = sum(_in_t1w_space(image) for image in pets)
        if count:
            reason = f"holds {count} PET on the T1w; give --derivatives {folder} to take them"
            found.append(NotTaken(f"derivatives/{folder.name}", reason))
    return found


def _is_ours(folder: Path) -> bool:
    try:
        return "coconet-med" in (folder / "dataset_description.json").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _facts(pet: BidsImage, raw: list[BidsImage]) -> PetFacts:
    """What the JSON files of a PET tell; of a derivative, what they lack comes from those of the raw PET."""
    facts = facts_of(pet.path, pet.root)
    if pet.dataset == "raw":
        return facts
    of_it = [image for image in raw if image.entities.items() <= pet.entities.items()]
    if not of_it:
        return facts
    nearest = max(of_it, key=lambda image: len(image.entities))
    same_units = pet.entities.get("desc", "preproc") == "preproc"
    return facts.completed_by(facts_of(nearest.path, nearest.root), same_units=same_units)
