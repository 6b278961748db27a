"""Each slice of a DICOM result names the slices that it was made of."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import OBLIQUE, enhanced, spect, uid
from parts_cases import parts_of

from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import write_dicom


def test_each_slice_names_its_own_mr_slice_and_the_pet_slices_it_crosses(study, tmp_path):
    """MR slice k lies at 20.25 - 2k along the normal; PET slices lie at 4 mm steps."""
    anatomy, function = study
    normal = np.cross(OBLIQUE[:3], OBLIQUE[3:])
    places = {s.uid: float(normal @ np.array(s.position)) for s in (*anatomy.dicom.slices, *function.dicom.slices)}
    for path in write_dicom(parts_of(study), tmp_path / "out"):
        ds = pydicom.dcmread(path)
        here = float(normal @ np.array(ds.ImagePositionPatient, dtype=float))
        named = [item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence]
        own = [u for u in named if u in {s.uid for s in anatomy.dicom.slices}]
        assert [places[u] for u in own] == pytest.approx([here], abs=1e-6)
        crossed = {s.uid for s in function.dicom.slices if abs(places[s.uid] - here) <= 4.0 + 1e-6}
        assert set(named) - set(own) == crossed
        series = {s.SeriesInstanceUID for s in ds.ReferencedSeriesSequence}
        assert uid("series", "T1 MPRAGE") in series


def test_a_frame_of_a_multiframe_source_is_named_by_number(tmp_path):
    enhanced(tmp_path / "mr")
    spect(tmp_path / "nm")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "nm", "function")
    files = write_dicom(parts_of(sources), tmp_path / "out")
    numbers = [pydicom.dcmread(f).SourceImageSequence[0].ReferencedFrameNumber for f in files]
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_a_registered_function_is_referenced_where_it_was_taken_from(study, tmp_path):
    normal = np.cross(OBLIQUE[:3], OBLIQUE[3:])
    shift = sitk.TranslationTransform(3, [float(v) for v in 1000 * normal])
    files = write_dicom(parts_of(study, transform=shift), tmp_path / "out")
    assert all(len(pydicom.dcmread(f).SourceImageSequence) == 1 for f in files)
