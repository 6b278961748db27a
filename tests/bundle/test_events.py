"""The event file is made when something is written first."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorboard")

from coconet_med.bundle.events import EventWriter


def test_whoever_writes_nothing_makes_no_file(tmp_path) -> None:
    silent, talking = EventWriter(tmp_path / "a"), EventWriter(tmp_path / "b")
    silent.flush()
    silent.close()
    assert not (tmp_path / "a").exists()
    talking.add_scalar("loss", 0.5, 1)
    talking.close()
    assert len(list((tmp_path / "b").iterdir())) == 1
    with pytest.raises(AttributeError):
        _ = talking._missing
