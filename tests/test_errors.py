"""How an extra is installed, as it can be typed."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

from coconet_med import errors


def test_the_command_for_an_extra_names_where_this_installation_came_from(tmp_path: Path, monkeypatch) -> None:
    def installed_from(place: Path | None) -> str:
        reported = None if place is None else json.dumps({"url": place.as_uri(), "dir_info": {}})
        # Not a class of importlib.metadata: where its backport is imported, distributions are of that.
        monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(read_text=lambda file: reported))
        return errors.installs("monai")

    wheel, checkout = tmp_path / "a b" / "coconet_med-1-py3-none-any.whl", tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "constraints.txt").touch()
    assert installed_from(checkout) == f'pip install "{checkout}[monai]" -c "{checkout / "constraints.txt"}"'
    anywhere = 'pip install ".[monai]" -c constraints.txt'
    assert installed_from(wheel).startswith(anywhere)  # the file is gone
    wheel.parent.mkdir()
    wheel.touch()
    assert installed_from(wheel) == f'pip install "{wheel}[monai]"'
    assert installed_from(None).startswith(anywhere)
