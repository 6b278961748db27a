"""What the JSON file beside a NIfTI PET tells (BIDS 1.10, "Positron Emission Tomography"; dcm2niix writes some of it).

In a BIDS dataset the inheritance principle holds: files higher up count too, those nearer to the image win.  A file
that cannot be read is named with its reason; nothing is guessed from the rest of it or from files that it may overrule.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coconet_med.readers.fetched import not_fetched
from coconet_med.system.json_file import load_json

#: Units of the side-car by their lower-case form, with the name used here and the factor to Bq/ml (0: no activity).
UNITS = {
    "bq/ml": ("Bq/ml", 1.0),
    "bqml": ("Bq/ml", 1.0),
    "kbq/ml": ("kBq/ml", 1e3),
    "mbq/ml": ("MBq/ml", 1e6),
    "nci/ml": ("nCi/ml", 37.0),
    "uci/ml": ("uCi/ml", 3.7e4),
    "g/ml": ("SUVbw", 0.0),
    "suvbw": ("SUVbw", 0.0),
    "suvbw(g/ml)": ("SUVbw", 0.0),
    "suvbw[g/ml]": ("SUVbw", 0.0),
}
#: What is said of values that have no unit, in lower case.
UNITLESS = (
    *("", "n/a", "none", "1", "arbitrary", "unitless", "relative", "ratio", "suvr", "dvr", "a.u.", "au"),
    *("counts", "cnts", "cps", "propcnts", "propcps"),
)
#: Keys of drafts of PET-BIDS, and what they are called since 1.6.
_FORMER = {"Unit": "Units", "InjectedRadioactivityUnit": "InjectedRadioactivityUnits"}
#: Names under which the body weight stands: in the JSON file, and as a column of participants.tsv or sessions.tsv.
WEIGHT_KEYS = ("BodyWeight", "PatientWeight", "Weight")
WEIGHT_COLUMNS = (
    "weight",
    "body_weight",
    "bodyweight",
    "weight_kg",
    "body_weight_kg",
    "patient_weight",
    "patientweight",
)
KILOGRAMS = {"kg": 1.0, "kilogram": 1.0, "kilograms": 1.0, "g": 1e-3, "gram": 1e-3, "grams": 1e-3, "lb": 0.45359237}
KILOGRAMS |= dict.fromkeys(("lbs", "pound", "pounds"), KILOGRAMS["lb"])
#: Names that are the image's own: a version of it in other units does not inherit them.
_OWN = ("Units",)


@dataclass(frozen=True)
class PetFacts:
    """What is known of a PET beside its voxels.

    Attributes:
        values: of the JSON files, merged.
        unreadable: files that could not be read, one sentence each.
        weight: body weight in kg and where it stands, where it is stated.
        no_weight: what stands in the place of a weight and is none, in words.
        other_weights: further weights that are stated of the same person, kg, and where they stand.
        own_frames: whether what is said of frames is said of this image; else of the one that it was made of.
    """

    values: dict[str, Any] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    weight: tuple[float, str] | None = None
    no_weight: str = ""
    other_weights: tuple[tuple[float, str], ...] = ()
    own_frames: bool = True

    @property
    def units(self) -> str | None:
        """``"Bq/ml"``, ``"kBq/ml"``, ``"MBq/ml"`` or ``"SUVbw"``, where the units are one of these."""
        return UNITS.get(self._units(), (None, 0.0))[0]

    @property
    def to_bqml(self) -> float:
        """Factor from the stored values to Bq/ml; 0 where they are no activity concentration."""
        return UNITS.get(self._units(), ("", 0.0))[1]

    @property
    def durations(self) -> tuple[float, ...]:
        """Frame Duration, s, of each frame; empty where not stated."""
        return self._numbers("FrameDuration")

    @property
    def starts(self) -> tuple[float, ...]:
        """Frame Times Start, s from time zero, of each frame; empty where not stated."""
        return self._numbers("FrameTimesStart")

    @property
    def decay_factors(self) -> tuple[float, ...]:
        """Decay Factor of each frame, by either of the names that dcm2niix has for it; empty where not stated."""
        return self._numbers("DecayFactor") or self._numbers("DecayCorrectionFactor")

    @property
    def decay_corrected(self) -> bool | None:
        """Image Decay Corrected, else by the Decay Correction of DICOM; ``None`` where neither is stated."""
        value = self.values.get("ImageDecayCorrected")
        if value is None:
            return {"START": True, "ADMIN": True, "NONE": False}.get(self.text("DecayCorrection").upper())
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        """A finite number, also one between quotation marks."""
        value = self.values.get(key)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return _number(value)

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""

    def completed_by(self, raw: PetFacts, *, same_units: bool) -> PetFacts:
        """These facts, and what they lack from those of the image that this one was made of.

        Where a file of this image cannot be read, nothing is lacking: it may say otherwise.
        """
        if self.unreadable:
            return self
        inherited = {k: v for k, v in raw.values.items() if same_units or k not in _OWN}
        return replace(
            self,
            values=inherited | self.values,
            unreadable=raw.unreadable,
            weight=self.weight or raw.weight,
            no_weight=self.no_weight or raw.no_weight,
            other_weights=self.other_weights if self.weight else raw.other_weights,
            own_frames=bool({"FrameDuration", "FrameTimesStart"} & self.values.keys()),
        )

    @property
    def unknown_units(self) -> str:
        """Units that are stated and not known here, or ``""``."""
        return self.text("Units") if self._units() not in (*UNITS, *UNITLESS) else ""

    def _units(self) -> str:
        plain = self.text("Units").lower().replace(" ", "").replace("μ", "u").replace("µ", "u")
        return re.sub(r"/(cc|cm3|cm\^3|cm³)$", "/ml", plain)

    def _numbers(self, key: str) -> tuple[float, ...]:
        values = self.values.get(key)
        numbers = [_number(value) for value in (values if isinstance(values, list) else [values])]
        return tuple(number for number in numbers if number is not None) if None not in numbers else ()


def facts_of(image: Path, root: Path | None = None) -> PetFacts:
    """The facts of a NIfTI PET.

    Args:
        image: its path.
        root: of its BIDS dataset; found from the path where it is not given.
    """
    root = root or dataset_of(image)
    values: dict[str, Any] = {}
    unreadable: list[str] = []
    for path in _files(image, root):
        try:
            found = read_json(path)
            values |= {new: found[old] for old, new in _FORMER.items() if old in found} | found
        except ValueError as error:
            values = {}  # it may overrule any of them
            unreadable.append(f"{path.name} cannot be read: {error}")
    return PetFacts(values, tuple(unreadable), *_weight(values, image, root))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: it cannot be read; the message says why and what to do.
    """
    missing = not_fetched(path)
    if missing:
        raise ValueError(missing)
    found = load_json(path)
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object; mend it")
    return found


def dataset_of(image: Path) -> Path | None:
    """The root of the BIDS dataset that an image lies in, ``None`` where it lies in none."""
    for folder in image.absolute().parents:
        if (folder / "dataset_description.json").is_file():
            return folder
    subject = next((folder for folder in image.absolute().parents if folder.name.startswith("sub-")), None)
    return subject.parent if subject else None


def _files(image: Path, root: Path | None) -> Iterable[Path]:
    """JSON files that speak of the image, the nearest last."""
    stem = image.name.split(".nii")[0]
    own = image.with_name(f"{stem}.json")
    if root is None or not image.absolute().is_relative_to(root.absolute()):
        return [own] if own.exists() or own.is_symlink() else []
    entities, suffix = set(stem.split("_")[:-1]), stem.rpartition("_")[2]
    found: list[Path] = []
    for folder in reversed([f for f in image.absolute().parents if f.is_relative_to(root.absolute())]):
        for path in sorted(folder.glob(f"*{suffix}.json"), key=lambda p: len(p.name)):
            words = path.name.removesuffix(".json").split("_")
            if words[-1] == suffix and set(words[:-1]) <= entities:
                found.append(path)
    return found


def _weight(
    values: dict[str, Any], image: Path, root: Path | None
) -> tuple[tuple[float, str] | None, str, tuple[tuple[float, str], ...]]:
    """Body weight by the JSON file, else by the session, else by the participant; what was no weight, in words; and
    the other weights that are stated."""
    problems: list[str] = []
    found: list[tuple[float, str]] = []
    for key in WEIGHT_KEYS:
        weight = _kilograms(values.get(key), values.get(f"{key}Units"), f"{key} of the JSON file", problems)
        if weight is not None:
            found.append((weight, f"{key} of the JSON file"))
    labels = {word.partition("-")[0]: word for word in image.name.split("_") if "-" in word}
    tables: list[tuple[Path, str, str]] = []
    if root is not None and "sub" in labels:
        tables = [(root / "participants.tsv", "participant_id", labels["sub"])]
        if "ses" in labels:
            name = f"{labels['sub']}_sessions.tsv"
            tables.insert(0, (root / labels["sub"] / name, "session_id", labels["ses"]))
    for table, key, label in tables:
        for value, units in _in_table(table, key, label, problems):
            weight = _kilograms(value, units, f"the weight in {table.name}", problems)
            if weight is not None:
                found.append((weight, table.name))
    return (found[0], "", tuple(found[1:])) if found else (None, "; ".join(problems), ())


def _kilograms(value: object, units: object, where: str, problems: list[str]) -> float | None:
    """A weight; what stands there and is none is added to the problems."""
    if value is None or str(value).strip().lower() in ("", "n/a", "none"):
        return None
    number, unit = _with_units(value, units or "kg")
    scale = KILOGRAMS.get(unit)
    if number is None or scale is None:
        shown = f"{value!r}" + (f" {units}" if units and number is not None else "")
        problems.append(f"{where} is {shown}, which is no number of kg, g or lb")
        return None
    return scale * number


def _in_table(table: Path, key: str, label: str, problems: list[str]) -> Iterator[tuple[str, object]]:
    """Cells about weight in the row of a label, with their units."""
    if not table.exists():
        return
    try:
        rows = list(csv.reader(table.read_text(encoding="utf-8-sig").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{table.name} cannot be read ({type(error).__name__}); save it as UTF-8 text with tabs")
        return
    described: dict[str, Any] = {}
    beside = table.with_suffix(".json")
    if beside.exists() or beside.is_symlink():
        try:
            described = read_json(beside)
        except ValueError as error:  # it may say that the weight is in pounds
            problems.append(f"{table.name} has no units, since {beside.name} cannot be read: {error}")
            return
    for row in rows[1:]:
        cells = list(zip(rows[0], row, strict=False))  # a column may be there twice: both weights count then
        if all(cell.strip().removeprefix(f"{label[:3]}-") != label[4:] for name, cell in cells if name == key):
            continue
        for column, cell in cells:
            if column.strip().lower().replace(" ", "_").replace("-", "_") in WEIGHT_COLUMNS:
                about = described.get(column)
                yield cell, about.get("Units") if isinstance(about, dict) else None


def _with_units(value: object, units: object) -> tuple[float | None, str]:
    """A number and its units, which may stand behind it: 70, ``"70"`` and ``"70 kg"``."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*([-+.\deE]+)\s*([A-Za-z]+)\s*", value)):
        value, units = match.groups()
    return _number(value), str(units).strip().lower()


def _number(value: object) -> float | None:
    """A finite number; many programs write numbers as texts."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
