"""An MR and a PET series of one study."""

from __future__ import annotations

import pytest
from dicom_phantom import OBLIQUE, classic

from coconet_med.readers.dicom import read_series


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Oblique MR and PET of one study, as sources."""
    folder = tmp_path_factory.mktemp("study")
    classic(folder / "mr", orientation=OBLIQUE, step=-2.0)
    classic(folder / "pt", "PT", series="PET AC", orientation=OBLIQUE, step=4.0, origin=(-9, -11, 5))
    return read_series(folder / "mr", "anatomy"), read_series(folder / "pt", "function")
