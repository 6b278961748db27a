"""Settings of the computer outlive the scene and stay out of it."""

from __future__ import annotations

import slicer


def test_settings_of_the_computer_outlive_the_scene_and_stay_out_of_it(loaded, tmp_path):
    loaded.ui.pythonEdit.text = "/mine/python"
    slicer.mrmlScene.Clear(0)
    assert loaded.ui.pythonEdit.text == "/mine/python" == loaded.python()
    loaded.initializeParameterNode()
    slicer.mrmlScene.SetURL(str(tmp_path / "mine.mrml"))
    slicer.mrmlScene.Commit()
    assert "/mine/python" not in (tmp_path / "mine.mrml").read_text(encoding="utf-8")
