"""A series becomes a source whose digest follows its content."""

from __future__ import annotations

import shutil

from dicom_phantom import classic, stored_values

from coconet_med.readers.dicom import read_series


def test_the_digest_follows_the_content_and_not_the_names(tmp_path):
    classic(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for number, path in enumerate(sorted((tmp_path / "b").iterdir(), reverse=True)):
        path.rename(path.with_name(f"z{number}"))
    one, two = read_series(tmp_path / "a", "anatomy"), read_series(tmp_path / "b", "anatomy")
    assert one.sha256 == two.sha256
    classic(tmp_path / "c", values=stored_values(seed=1))
    assert read_series(tmp_path / "c", "anatomy").sha256 != one.sha256
