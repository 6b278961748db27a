"""Reading the atlas layout from small made-up pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coconet_med.errors import ReadError
from coconet_med.quality.atlas import person_of, read_atlas, uptake_of_colors

SHORT = np.array([[0, 0, 0], [0, 0, 200], [200, 0, 0]], dtype=np.uint8)
LONG = np.array([[0, 0, 0], [0, 200, 0], [200, 200, 0], [200, 0, 200]], dtype=np.uint8)
TABLES = {"short": SHORT, "long": LONG}


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    lines = ["table,index,r,g,b"]
    for name, table in TABLES.items():
        lines += [f"{name},{n},{r},{g},{b}" for n, (r, g, b) in enumerate(table)]
    (tmp_path / "colour_tables.csv").write_text("\n".join(lines), encoding="utf-8")
    for group, kind in (("mri-pet", "pet"), ("mri-ct", "ct")):
        folder = tmp_path / "val" / group
        folder.mkdir(parents=True)
        for case in ("41_070", "7_003"):
            Image.fromarray(np.full((3, 4), 90, np.uint8)).save(folder / f"{case}_mri.png")
            picture = LONG[np.arange(12).reshape(3, 4) % 4] if kind == "pet" else np.full((3, 4), 51, np.uint8)
            Image.fromarray(picture).save(folder / f"{case}_{kind}.png")
    return tmp_path


def test_pairs_come_with_their_person_and_exact_uptake(atlas: Path) -> None:
    pairs = list(read_atlas(atlas, sets=["mri-pet", "mri-ct"]))
    assert [(p.group, p.case, p.person) for p in pairs] == [
        ("mri-pet", "41_070", "25-30-41"),
        ("mri-pet", "7_003", "7"),
        ("mri-ct", "41_070", "41"),
        ("mri-ct", "7_003", "7"),
    ]
    np.testing.assert_allclose(pairs[0].uptake, (np.arange(12).reshape(3, 4) % 4) / 3)
    assert pairs[0].function.shape == (3, 4, 3)
    np.testing.assert_allclose(pairs[2].uptake, 0.2)


def test_the_table_that_fits_all_colors_is_taken() -> None:
    np.testing.assert_allclose(uptake_of_colors(SHORT[None], TABLES), [[0.0, 0.5, 1.0]])
    np.testing.assert_allclose(uptake_of_colors(LONG[None], TABLES), [[0.0, 1 / 3, 2 / 3, 1.0]])


def test_near_colors_are_forgiven_and_foreign_ones_refused() -> None:
    np.testing.assert_allclose(uptake_of_colors(SHORT[None] + np.uint8(3), TABLES), [[0.0, 0.5, 1.0]])
    with pytest.raises(ReadError, match="not its picture"):
        uptake_of_colors(np.full((2, 2, 3), 255, np.uint8), TABLES)


def test_only_in_mri_pet_are_three_patient_numbers_one_person() -> None:
    assert {person_of("mri-pet", n) for n in ("25", "30", "41")} == {"25-30-41"}
    assert {person_of("mri-ct", n) for n in ("2", "41")} == {"2", "41"}


def test_missing_parts_are_named(atlas: Path) -> None:
    with pytest.raises(ReadError, match="mri-spect"):
        list(read_atlas(atlas, sets=["mri-spect"]))
    (atlas / "val" / "mri-ct" / "7_003_ct.png").unlink()
    with pytest.raises(ReadError, match="7_003_ct"):
        list(read_atlas(atlas, sets=["mri-ct"]))
    (atlas / "colour_tables.csv").unlink()
    with pytest.raises(ReadError, match="color tables"):
        list(read_atlas(atlas))
