"""A PET whose maximum is an SUV of 4, and the ways of scanners to say so."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from dicom_phantom import classic
from pet_times import mean_time

from coconet_med.readers.dicom import read_series

WEIGHT, HEIGHT, DOSE, HALF_LIFE = 70.0, 1.75, 368.08e6, 6586.2


SERIES, INJECTED = datetime(2025, 1, 1, 11, 0), datetime(2025, 1, 1, 10, 0)


SUV = np.ones((6, 10, 12))
SUV[:, 2:4], SUV[:, 6:8] = 0.2, 4.0


def made_pet(
    folder, edit=lambda ds, k: None, *, per_suv=None, at=SERIES, half_life=HALF_LIFE, given=INJECTED, slopes=None
):
    """A series with a slope such that 1000 stored are SUV 1; ``per_suv`` is the value of SUV 1 (Bq/ml by default)."""
    left = DOSE * 2 ** (-(at - given).total_seconds() / half_life)
    value = left / (1000 * WEIGHT) if per_suv is None else per_suv
    shares = np.ones(6) if slopes is None else np.asarray(slopes)

    def header(ds, k):
        ds.PatientSize, ds.PatientWeight, ds.PatientSex = str(HEIGHT), str(WEIGHT), "O"
        ds.SeriesDate = ds.AcquisitionDate = SERIES.strftime("%Y%m%d")
        ds.SeriesTime = ds.AcquisitionTime = SERIES.strftime("%H%M%S")
        ds.ActualFrameDuration, ds.FrameReferenceTime, ds.DecayFactor = "603000", "0", "1.0"
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = str(DOSE), str(half_life)
        drug.RadiopharmaceuticalStartDateTime = given.strftime("%Y%m%d%H%M%S")
        drug.RadiopharmaceuticalStartTime = given.strftime("%H%M%S")
        edit(ds, k)

    stored = np.rint(SUV * 1000 / shares[:, None, None]).astype(int)
    classic(folder, "PT", values=stored, slopes=value / 1000 * shares, edit=header)
    return read_series(folder, "function")


def drug_of(ds):
    return ds.RadiopharmaceuticalInformationSequence[0]


def setting(**attributes):
    return lambda ds, k: [setattr(ds, keyword, found) for keyword, found in attributes.items()]


def late_frame(maker, convention):
    """An image of 603 s, 50 min after the start; Series Time three hours late."""
    within = mean_time(603.0, "F18") if convention == "mean" else 0.0
    return setting(
        Manufacturer=maker,
        SeriesTime="140000",
        AcquisitionTime="115000",
        FrameReferenceTime=f"{(3000 + within) * 1000:.1f}",
    )
