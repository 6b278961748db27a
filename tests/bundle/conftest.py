"""The bundle as a user has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_cases import BUNDLE, write_weights


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    copy = tmp_path_factory.mktemp("use") / BUNDLE.name
    shutil.copytree(BUNDLE, copy, ignore=shutil.ignore_patterns("models"))
    (copy / "models").mkdir()
    write_weights(copy / "models" / "model.pt")
    return copy
