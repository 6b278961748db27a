"""Every entity of a BIDS name tells one result from another."""

from __future__ import annotations

import pytest
from batch_phantom import bids_dataset

from coconet_med.batch.case import BatchOptions
from coconet_med.batch.layout import files_of
from coconet_med.batch.sources import find_cases


@pytest.mark.parametrize(
    "names",
    [
        ("sub-01_trc-FDG_acq-early", "sub-01_trc-FDG_acq-late"),
        ("sub-01_trc-FDG_rec-acdyn", "sub-01_trc-FDG_rec-nacdyn"),
        ("sub-01_run-01", "sub-01_run-02"),
        ("sub-01", "sub-01_recon-x"),
        ("sub-01", "sub-01_desc-defaced"),
        ("sub-01_task-rest", "sub-01_task-eyes"),
    ],
)
def test_every_entity_tells_one_pet_from_another(tmp_path, names):
    cases = find_cases(bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", *(f"{name}_pet.nii.gz" for name in names))))
    assert len(cases) == len(names)
    assert {case.function.name for case in cases} == {f"{name}_pet.nii.gz" for name in names}
    files = [path for case in cases for path in files_of(case, BatchOptions(luminance=True, uptake=True)).values()]
    assert len(set(files)) == len(files) == 6 * len(names)
