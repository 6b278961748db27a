"""A result in a notebook: a still card by itself, a live view by a call, tried by executing a notebook."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.errors import OptionError
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.viewer.notebook import nifti_bytes

NASTY = '<script>alert("x")</script>'

CELLS = (
    """
import coconet_med
from coconet_med.phantom import head_phantom
head = head_phantom(spacing=6.0, pet_spacing=6.0)
result = coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")
result
""",
    """
box = result.view(height=300)
picture, first, second, planes = box.children
box
""",
    """
import json
import nibabel as nib
import numpy as np
import SimpleITK as sitk
from coconet_med.fusion import mix_again

def shown():
    file = nib.Nifti1Image.from_bytes(bytes(planes.volumes[0].data))
    return np.asarray(file.dataobj).T, file

def is_color(fusion):
    values, file = shown()
    return bool(np.array_equal(values.view(np.uint8).reshape(*values.shape, 3), sitk.GetArrayFromImage(fusion.color)))

reported = {"at first": is_color(result), "volumes": len(planes.volumes)}
strength, lightness, threshold, colors = *first.children, *second.children
strength.value = 0.5
reported["strength"] = is_color(mix_again(result, strength=0.5)) and not is_color(result)
colors.value = "ember"
reported["colors"] = is_color(mix_again(result, strength=0.5, colormap="ember"))
threshold.value = threshold.max / 2
reported["threshold"] = is_color(box.result) and box.result.threshold == threshold.value
picture.value = "uptake"
reported["uptake"] = bool(np.array_equal(shown()[0], sitk.GetArrayFromImage(result.uptake)))
reported["window"] = [planes.volumes[0].cal_min, planes.volumes[0].cal_max] == [result.window.low, result.window.high]
reported["volumes then"] = len(planes.volumes)
print(json.dumps(reported))
""",
)


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=6.0, pet_spacing=6.0)
    return coconet_med.fuse(head.t1, head.pet, register="never", engine="onnx")


def test_the_card_is_small_still_and_says_what_it_is(result):
    html = replace(result, warnings=(NASTY,))._repr_html_()
    assert len(html) < 150_000
    assert "research use, not for diagnosis" in html
    assert NASTY not in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert f"{result.window.low:g} to {result.window.high:g}" in html
    assert len(coconet_med.fuse(*slice_pair(64), engine="onnx")._repr_html_()) < 150_000


def test_without_the_extra_the_live_view_says_how_to_get_it(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipyniivue", None)
    with pytest.raises(OptionError, match=r"needs the notebook extra: pip install .*\[notebook\]"):
        result.view()


def test_volumes_for_the_notebook_lie_where_the_files_do(result):
    import nibabel as nib

    file = nib.Nifti1Image.from_bytes(nifti_bytes(result.color))
    assert file.header["datatype"] == 128
    x, y, z = result.color.TransformIndexToPhysicalPoint((3, 4, 5))
    assert file.affine @ (3, 4, 5, 1) == pytest.approx([-x, -y, z, 1])
    assert nib.Nifti1Image.from_bytes(nifti_bytes(sitk.GetImageFromArray(np.zeros((4, 5), np.float32)))).shape == (
        5,
        4,
        1,
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_notebook_shows_a_result_and_mixes_it_live():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipyniivue")
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    card, live, reported = (cell.outputs[-1] for cell in notebook.cells)
    assert "data:image/jpeg;base64" in card.data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in live.data
    assert json.loads(reported.text) == {
        "at first": True,
        "volumes": 1,
        "strength": True,
        "colors": True,
        "threshold": True,
        "uptake": True,
        "window": True,
        "volumes then": 1,
    }
