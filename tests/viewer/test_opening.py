"""``coconet-med view``: a pair, a fused file with or without its sources, one file to keep, and errors in one line."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.commands.main import main
from coconet_med.errors import OptionError, ReadError
from coconet_med.geometry import affine_of
from coconet_med.phantom import slice_pair
from coconet_med.viewer.opening import view_of_file


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code or 0


def test_a_fused_file_with_its_sources_beside_it_is_live(fused):
    view = view_of_file(fused / "fused.nii.gz", engine="onnx")
    assert view.content.document["fixed"] == ""
    assert view.content.document["look"]["strength"] == 0.8
    assert view.foci is not None
    assert np.array_equal(view.color, sitk.GetArrayFromImage(sitk.ReadImage(str(fused / "fused.nii.gz"))))


def test_a_live_view_warns_of_what_its_side_car_warns_of(fused):
    """A robust window is given when a file is fused again, but nobody chose to cut off what lies above it."""
    facts = json.loads((fused / "fused.json").read_text(encoding="utf-8"))
    assert facts["window"]["chosen"] == "robust"
    assert view_of_file(fused / "fused.nii.gz").content.document["warnings"] == facts["warnings"]


def test_a_fused_file_alone_shows_what_it_holds(fused, tmp_path):
    for name in ("fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    view = view_of_file(tmp_path / "fused.nii.gz")
    assert "sources were not found" in view.content.document["fixed"]
    assert view.content.document["look"]["colormap"] == "uptake"
    assert set(view.content.parts) == {"color"}
    (tmp_path / "fused.json").unlink()
    bare = view_of_file(tmp_path / "fused.nii.gz")
    assert bare.content.document["look"]["colormap"] is None


def test_a_fused_file_that_its_sources_do_not_make_is_shown_as_it_is(fused, tmp_path):
    for name in ("T1.nii.gz", "PET.nii.gz", "fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    facts = json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))
    (tmp_path / "fused.json").write_text(json.dumps(facts | {"strength": 0.5}), encoding="utf-8")
    view = view_of_file(tmp_path / "fused.nii.gz", engine="onnx")
    assert "gives other voxels" in view.content.document["fixed"]
    assert set(view.content.parts) == {"color"}
    (tmp_path / "fused.json").write_text(json.dumps(facts)[:-1] + ', "strength": 0.5}', encoding="utf-8")
    with pytest.raises(ReadError, match=r'fused\.json: is no readable side-car \(the key "strength" stands twice'):
        view_of_file(tmp_path / "fused.nii.gz", engine="onnx")


def test_a_fused_picture_is_live_too(tmp_path):
    for name, values in zip(("mri.png", "pet.png"), slice_pair(64), strict=True):
        Image.fromarray(values).save(tmp_path / name)
    assert run("fuse", tmp_path / "mri.png", tmp_path / "pet.png", "-o", tmp_path / "fused.png", "--quiet") == 0
    view = view_of_file(tmp_path / "fused.png")
    assert view.content.document["fixed"] == ""
    assert view.color.shape == (1, 64, 64, 3)


@pytest.mark.parametrize(("there", "taken"), [(True, "onnx"), (False, "auto")])
def test_a_file_is_fused_again_by_the_engine_that_its_side_car_names(fused, monkeypatch, there, taken):
    asked = []

    def refused(*_, engine, **__):
        asked.append(engine)
        raise OptionError("enough")

    monkeypatch.setattr("coconet_med.fusion.fuse", refused)
    monkeypatch.setattr("coconet_med.model.installed_engines", lambda: {"onnx": there, "openvino": True})
    view_of_file(fused / "fused.nii.gz")
    view_of_file(fused / "fused.nii.gz", engine="openvino")
    view_of_file(fused / "fused.nii.gz", model=fused / "other.pt")  # which onnxruntime does not load
    assert asked == [taken, "openvino", "auto"]


def test_a_fused_file_alone_is_seen_and_read_in_the_browser(fused, tmp_path, served):
    for name in ("fused.nii.gz", "fused.json"):
        shutil.copy(fused / name, tmp_path)
    view = view_of_file(tmp_path / "fused.nii.gz")
    page = served(view)
    assert [page.locator(".tile").nth(n).get_attribute("data-picture") for n in range(4)] == ["large", *["fused"] * 3]
    page.evaluate("coconet.go(coconet.planes.place([20, 25, 30])); coconet.draw()")
    uptake = view_of_file(fused / "fused.nii.gz", engine="onnx").content.parts["uptake"][30, 25, 20]
    values = page.evaluate("coconet.values")
    assert values["color"] == view.color[30, 25, 20].tolist()
    assert abs(values["decoded"] - uptake) <= values["spread"] * 1.001
    assert page.locator('[data-control="strength"]').is_disabled()


@pytest.mark.parametrize("form", ["sc", "enhanced"])
def test_a_fused_dicom_series_is_shown_where_it_lies(tmp_path, form):
    from dicom_phantom import classic, stored_values

    for name, modality in (("T1", "MR"), ("PET", "PT")):
        classic(tmp_path / "study" / name, modality, series=name, values=stored_values(6, seed=len(name)), step=2.0)
    result = coconet_med.fuse(tmp_path / "study", register="never", different_patients=True, engine="onnx")
    result.save(tmp_path / "fused", form=form)
    view = view_of_file(tmp_path / "fused")
    assert np.array_equal(view.color, sitk.GetArrayFromImage(result.color))
    assert np.allclose(view.content.document["affine"], affine_of(result.color), atol=1e-3)
    assert view.content.document["look"]["colormap"] == "uptake"


def test_a_folder_that_is_no_image_is_said(tmp_path):
    with pytest.raises(ReadError, match="no fused series of coconet-med"):
        view_of_file(tmp_path)


def test_a_file_of_contours_says_its_levels(fused, tmp_path):
    path = tmp_path / "lines.nii.gz"
    pair = fused / "T1.nii.gz", fused / "PET.nii.gz"
    assert run("fuse", *pair, "-o", path, "--contours", 9000, 12000, "--engine", "onnx", "--quiet") == 0
    document = view_of_file(path).content.document
    assert document["fixed"].startswith("Lines of equal uptake at 9000, 12000. ")
    assert document["look"]["colormap"] is None
