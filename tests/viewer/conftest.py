"""A fusion opened in a page, which each test finds as it was opened."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from in_page import FOCI

import coconet_med
from coconet_med.commands.main import main


@pytest.fixture(scope="session")
def fused_head():
    from coconet_med.phantom import head_phantom

    head = head_phantom(spacing=4.0, pet_spacing=5.0, noise=0.5)
    fused = coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")
    modalities = {"anatomy": replace(fused.anatomy, modality="MR"), "function": replace(fused.function, modality="PT")}
    return replace(fused, **modalities)


@pytest.fixture(scope="module")
def opened(fused_head, served):
    from coconet_med.viewer.opening import view_of

    return served(replace(view_of(fused_head, name="<b>name</b>"), foci=lambda: FOCI))


@pytest.fixture
def page(opened):
    """The page as it was opened."""
    opened.evaluate(
        """() => {
          Object.assign(coconet.state, { view: "fused", hold: null, swipe: 0.5 });
          coconet.reset();
          coconet.whole();
          coconet.interpolate(true);
          coconet.turn("axial");
          coconet.arrange("all");
          coconet.go([24, 28, 24]);
          coconet.draw();
        }"""
    )
    return opened


@pytest.fixture(scope="module")
def fused(pair, tmp_path_factory) -> Path:
    """A folder with a pair and its fused file."""
    folder = tmp_path_factory.mktemp("fused")
    for path in pair:
        shutil.copy(path, folder)
    args = ["fuse", folder / "T1.nii.gz", folder / "PET.nii.gz", "-o", folder / "fused.nii.gz", "--strength", 0.8]
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in [*args, "--engine", "onnx", "--quiet"]])
    assert not ended.value.code
    return folder
