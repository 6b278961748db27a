"""A PET with a JSON file beside it whose SUV is known by hand."""

from __future__ import annotations

import json

from coconet_med.readers.pet_json import facts_of
from coconet_med.readers.pet_suv import suv_of

STATED = {
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 200,
    "InjectedRadioactivityUnits": "MBq",
    "BodyWeight": 70,
    "TimeZero": "11:00:00",
    "ScanStart": 0,
    "InjectionStart": -2700,
    "FrameTimesStart": [0],
    "FrameDuration": [600],
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
}


#: 70 kg, 200 MBq, 45 min, F-18.
BY_HAND = 70000 / (2e8 * 2 ** (-2700 / 6586.2))


def write_json(pet, reported=STATED, **more):
    beside = pet.with_name("sub-01_pet.json")
    kept = {key: value for key, value in (reported | more).items() if value is not None}
    beside.write_text(json.dumps(kept), encoding="utf-8")
    return beside


def suv_by_it(pet):
    return suv_of(facts_of(pet))
