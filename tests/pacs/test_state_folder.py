"""The folder of a watcher is for one."""

from __future__ import annotations

import pytest

from coconet_med.errors import OptionError
from coconet_med.pacs.state_folder import StateFolder


def test_a_second_watcher_in_the_same_folder_is_refused(tmp_path):
    with StateFolder(tmp_path / "w"), pytest.raises(OptionError, match="another watcher works here"):
        StateFolder(tmp_path / "w").__enter__()


def test_what_a_killed_watcher_left_is_cleared(tmp_path):
    (tmp_path / "w" / "scratch" / "coconet-med-pacs-x").mkdir(parents=True)
    with StateFolder(tmp_path / "w") as place:
        assert list(place.scratch.iterdir()) == []
