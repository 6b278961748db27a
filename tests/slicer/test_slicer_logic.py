"""The logic as a script uses it: the real worker with the real light model on the generated head."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.blend import Blend, scaled, signed_steps, steps, table_at
from PETMRFusionLib.geometry import resample
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime, red_table
from PETMRFusionLib.settings import COLORMAPS, FusionSettings
from slicer_cases import SHEAR, head_nodes, moved, parent, points_of, state, turned, volume

SETTINGS = FusionSettings(engine="onnx", device="cpu")


@pytest.fixture
def logic(scene, runtime):
    return PETMRFusionLogic(runtime)


@pytest.fixture
def average(scene):
    return PETMRFusionLogic(AverageRuntime())


def test_the_head_is_fused_end_to_end(logic):
    """Orders, worker, light model, coloring and nodes; the result is what the core gives on the same voxels."""
    import SimpleITK as sitk

    import coconet_med
    from worker_exchange import to_image

    mr, pet = head_nodes()
    parent(turned((0, 0, 1), 20, (3, 4, 5)), mr, pet)
    before, seen = state(mr, pet), []
    nodes = logic.fuse(mr, pet, settings=SETTINGS, progress=lambda *news: seen.append(news))
    assert state(mr, pet) == before
    assert seen[-1] == ("fuse", 48, 48)
    assert np.array_equal(points_of(nodes.fused), points_of(mr))
    assert nodes.fused.GetTransformNodeID() == mr.GetTransformNodeID()
    facts = record.read_record(nodes.fused)
    assert facts.provenance["model"]["name"] == "light"
    assert len(facts.provenance["model"]["sha256"]) == 64
    assert np.array_equal(arrayFromVolume(nodes.uptake), resample(pet, mr))
    # The core on the two images as they lie: the same window, the same place of each voxel, the same hatched border.
    images = [to_image(arrayFromVolume(node), points_of(node)) for node in (mr, pet)]
    model = coconet_med.load_model("light", engine="onnx", device="cpu", threads=1)
    core = coconet_med.fuse(*images, register="never", model=model)
    assert facts.window == (core.window.low, core.window.high)
    colors, wanted = arrayFromVolume(nodes.fused).astype(int), sitk.GetArrayFromImage(core.color)
    # VTK and ITK differ by rounding in resampling, threads in the order of adding: a step of the tables here and there.
    assert np.abs(colors - wanted).max() <= 8
    assert np.mean(colors != wanted) < 5e-3
    beyond = arrayFromVolume(nodes.fused.GetNodeReference(record.NO_DATA)) == 1
    assert 0 < beyond.mean() == pytest.approx(facts.no_data)
    assert (colors[beyond].max(axis=-1) == colors[beyond].min(axis=-1)).all()  # gray
    assert (colors[beyond] == 64).any()  # stripes on black


def test_the_result_does_not_depend_on_how_the_volumes_are_stored(logic):
    """The MRI with its axes permuted and flipped gives the same colors at the same places."""
    mr, pet = head_nodes()
    first = arrayFromVolume(logic.fuse(mr, pet, settings=SETTINGS).fused).copy()
    matrix, values = points_of(mr), arrayFromVolume(mr)
    other = matrix[:, [1, 2, 0, 3]]  # new axes i, j, k are the old j, k, i
    stored = values.transpose(2, 0, 1)  # (k, j, i) = old (i, k, j)
    other[:3, 3] += other[:3, 0] * (stored.shape[2] - 1)
    other[:3, 0] *= -1
    again = volume("stored otherwise", np.ascontiguousarray(stored[:, :, ::-1]), other)
    settings = FusionSettings(engine="onnx", device="cpu", plane="axial")
    second = arrayFromVolume(logic.fuse(again, pet, settings=settings).fused)
    assert np.abs(second[:, :, ::-1].transpose(1, 2, 0, 3).astype(int) - first).max() <= 4


def test_a_sheared_mri_is_fused_on_its_own_grid(logic):
    mr, pet = head_nodes()
    parent(SHEAR, mr, pet)
    mr.HardenTransform()
    pet.HardenTransform()
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    assert np.array_equal(points_of(nodes.fused), points_of(mr))
    assert arrayFromVolume(nodes.fused).std() > 20


def test_a_cancel_stops_the_real_worker_and_touches_no_node(logic):
    mr, pet = head_nodes(2.0)
    out = volume("out", np.zeros((2, 2, 2, 3), np.uint8), np.eye(4), "vtkMRMLVectorVolumeNode")
    before, count, seen = state(mr, pet, out), slicer.mrmlScene.GetNumberOfNodes(), []
    stopped: list[float] = []

    def canceled() -> bool:
        if seen and seen[-1][0] == "fuse" and not stopped:
            stopped.append(time.monotonic())
        return bool(stopped)

    assert logic.fuse(mr, pet, out, settings=SETTINGS, progress=lambda *n: seen.append(n), isCancelled=canceled) is None
    assert time.monotonic() - stopped[0] < 1.0
    assert state(mr, pet, out) == before
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_results_go_into_the_nodes_given_and_again_into_the_same(average):
    mr, pet = head_nodes()
    scene = slicer.mrmlScene
    out = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "mine")
    first = average.fuse(mr, pet, out)
    count = scene.GetNumberOfNodes()
    second = average.fuse(mr, pet, out)
    assert first.fused is out
    assert (second.fused, second.uptake, second.luminance) == (first.fused, first.uptake, first.luminance)
    assert scene.GetNumberOfNodes() == count


def test_strength_blends_linearly_and_live(average):
    mr, pet = head_nodes()
    nodes = average.fuse(mr, pet)
    facts = record.read_record(nodes.fused)
    light = scaled(arrayFromVolume(mr), facts.anatomy_window)
    nowhere = arrayFromVolume(nodes.fused.GetNodeReference(record.NO_DATA)) == 1
    light[nowhere] = arrayFromVolume(nodes.luminance)[nowhere]
    for strength in (0.0, 0.25, 0.5, 1.0):
        average.setStrength(nodes.fused, strength)
        y = (1 - strength) * light + strength * arrayFromVolume(nodes.luminance)
        hot = steps(scaled(arrayFromVolume(nodes.uptake), facts.window)) * ~nowhere
        wanted = (1 - strength) * steps(y)[..., None] + strength * facts.table[steps(y), hot].astype(float)
        assert np.abs(arrayFromVolume(nodes.fused) - wanted).max() <= 1
        assert nodes.fused.GetAttribute(record.STRENGTH) == f"{strength:g}"
    gray = average.setStrength(nodes.fused, 0.0) or arrayFromVolume(nodes.fused)
    assert np.array_equal(gray[..., 0], steps(light))


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_the_blend_is_that_of_the_core(colormap):
    """Equal at full strength and at none; within two levels between, where the core rounds another way."""
    from coconet_med.color import compose
    from coconet_med.color.colormaps import get_colormap

    rng = np.random.default_rng(0)
    anatomy, luminance, uptake = rng.random((3, 4, 32, 32), np.float32)
    columns = steps(uptake)
    if get_colormap(colormap).kind == "diverging":
        uptake = 2 * uptake - 1
        columns = signed_steps(uptake)
    blend = Blend(anatomy, luminance, columns, get_colormap(colormap).table(1.0))
    for strength in (0.0, 0.3, 0.5, 0.9, 1.0):
        y = (1 - np.float32(strength)) * anatomy + np.float32(strength) * luminance
        core = compose(y, uptake, colormap=colormap, strength=strength).astype(int)
        apart = np.abs(blend.colors(strength) - core).max()
        assert apart == 0 if strength in (0.0, 1.0) else apart <= 2


def test_the_color_maps_offered_are_those_of_the_core():
    from coconet_med.align import align  # noqa: F401
    from coconet_med.color.colormaps import COLORMAPS as CORE
    from coconet_med.model import ENGINES
    from PETMRFusionLib.settings import ENGINES as OFFERED

    assert tuple(CORE) == COLORMAPS
    assert ("auto", *ENGINES) == OFFERED


def test_what_a_fusion_remembers_survives_saving_the_scene(average, tmp_path):
    mr, pet = head_nodes()
    nodes = average.fuse(mr, pet, settings=FusionSettings(strength=0.5, window=(0, 9000)))
    colors = arrayFromVolume(nodes.fused).copy()
    scene = slicer.mrmlScene
    for node in (mr, pet, nodes.fused, nodes.uptake, nodes.luminance):
        storage = node.CreateDefaultStorageNode()
        storage.SetFileName(str(tmp_path / f"{node.GetName()}.nrrd".replace(" ", "_")))
        scene.AddNode(storage)
        node.SetAndObserveStorageNodeID(storage.GetID())
        assert storage.WriteData(node)
    text = nodes.fused.GetNodeReference(record.TEXT)
    storage = text.CreateDefaultStorageNode()
    storage.SetFileName(str(tmp_path / "record.txt"))
    scene.AddNode(storage)
    text.SetAndObserveStorageNodeID(storage.GetID())
    assert storage.WriteData(text)
    name = nodes.fused.GetName()
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Commit()
    scene.Clear(1)
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Connect()
    fused = scene.GetFirstNodeByName(name)
    assert np.array_equal(arrayFromVolume(fused), colors)
    assert record.read_record(fused).window == (0, 9000)
    assert fused.GetAttribute(record.STRENGTH) == "0.5"
    average.setStrength(fused, 1.0)
    assert not np.array_equal(arrayFromVolume(fused), colors)
    average.setStrength(fused, 0.5)
    assert np.array_equal(arrayFromVolume(fused), colors)


def test_a_fusion_whose_sources_are_gone_says_so(average):
    mr, pet = head_nodes()
    nodes = average.fuse(mr, pet)
    slicer.mrmlScene.RemoveNode(mr)
    with pytest.raises(ValueError, match="cannot be colored anew"):
        average.setStrength(nodes.fused, 0.5)


def test_units_are_kept_and_used(average):
    mr, pet = head_nodes()
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")
    pet.SetVoxelValueUnits(units)
    nodes = average.fuse(mr, pet)
    assert nodes.uptake.GetVoxelValueUnits().GetCodeValue() == "{SUVbw}g/ml"
    assert record.read_record(nodes.fused).units == "SUVbw"


def test_a_misplaced_pet_is_doubted_and_registered(logic):
    true = ((0.0, 0.0, 8.0), (22.0, -12.0, 6.0))
    mr, pet = head_nodes(misalign=true)
    parent(turned((0, 0, 1), 15, (4, 0, 0)), mr, pet)
    before = state(mr, pet)
    facts = logic.startCheck(mr, pet).wait()
    assert facts["doubts"]
    assert set(facts) >= {"coverage", "overlap", "offset_mm", "mutual_information"}
    transform = logic.startRegister(mr, pet).wait()
    assert state(mr, pet) == before
    after = logic.startCheck(mr, pet, transform).wait()
    assert not after["doubts"]
    assert after["mutual_information"] > 1.1 * facts["mutual_information"]
    # Truth: the phantom with the same patient movement undone.
    straight = head_nodes()[1]
    straight.SetAndObserveTransformNodeID(pet.GetTransformNodeID())
    from PETMRFusionLib.fusing import matrix_of

    found, wanted = resample(pet, mr, registration=matrix_of(transform)), resample(straight, mr)
    off = resample(pet, mr)
    assert np.abs(found - wanted).mean() < 0.35 * np.abs(off - wanted).mean()


def test_a_good_alignment_is_not_doubted(logic):
    mr, pet = head_nodes()
    assert logic.startCheck(mr, pet).wait()["doubts"] == []


def test_a_dynamic_pet_becomes_a_fused_sequence_with_one_window(average):
    mr, pet = head_nodes()
    scene = slicer.mrmlScene
    frames = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    frames.SetIndexName("time")
    frames.SetIndexUnit("s")
    base = arrayFromVolume(pet).copy()
    for number, factor in enumerate((0.0, 0.5, 1.0)):
        arrayFromVolume(pet)[:] = factor * base
        slicer.util.arrayFromVolumeModified(pet)
        frames.SetDataNodeAtValue(pet, str(60 * number))
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    made = average.startFuseSequence(mr, frames).wait()
    assert made.fused.GetNumberOfDataNodes() == 3
    assert made.fused.GetNthIndexValue(2) == "120"
    assert made.fused.GetIndexUnit() == "s"
    half, full = (arrayFromVolume(made.uptake.GetNthDataNode(n)) for n in (1, 2))
    assert np.allclose(half, 0.5 * full, atol=1e-3)
    facts = record.read_record(made.browser.GetProxyNode(made.fused))
    assert facts.window[1] == pytest.approx(full.max())
    redness = [int(arrayFromVolume(made.fused.GetNthDataNode(n)).astype(int)[..., 0].max()) for n in range(3)]
    assert redness[0] < redness[2]
    assert np.array_equal(points_of(made.fused.GetNthDataNode(0)), points_of(mr))
    made.browser.SetSelectedItemNumber(2)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(made.browser)
    played = arrayFromVolume(made.browser.GetProxyNode(made.fused))
    assert np.array_equal(played, arrayFromVolume(made.fused.GetNthDataNode(2)))
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") - count <= 5  # four volumes that play, and the mask


def test_an_empty_first_frame_does_not_stop_the_real_worker(logic):
    mr, pet = head_nodes(6.0)
    frames = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    full = arrayFromVolume(pet).copy()
    for number, factor in enumerate((0.0, 1.0)):
        arrayFromVolume(pet)[:] = factor * full
        frames.SetDataNodeAtValue(pet, str(number))
    made = logic.startFuseSequence(mr, frames, settings=SETTINGS).wait()
    assert arrayFromVolume(made.fused.GetNthDataNode(0)).any()


def test_quality_is_a_table_beside_the_plain_average(logic):
    mr, pet = head_nodes(6.0)
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    table = logic.startQuality(nodes.fused).wait()
    assert [table.GetColumnName(n) for n in range(3)] == ["Measure", "Fusion", "Average of MRI and PET"]
    assert table.GetNumberOfRows() >= 4
    figures = slicer.util.arrayFromTableColumn(table, "Fusion")
    assert np.isfinite(figures).mean() > 0.5


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii.gz"])
def test_saved_files_show_the_same_colors_at_the_same_places(average, tmp_path, suffix):
    import SimpleITK as sitk

    mr, pet = head_nodes()
    to_world = turned((0.3, 0, 1), 25, (5, 6, 7))
    parent(to_world, mr, pet)
    nodes = average.fuse(mr, pet)
    path = average.save(nodes.fused, str(tmp_path / f"fused{suffix}"))
    image = sitk.ReadImage(path)
    colors = arrayFromVolume(nodes.fused)
    assert np.array_equal(sitk.GetArrayFromImage(image), colors)
    ras = np.array(image.TransformIndexToPhysicalPoint((7, 11, 5))) * [-1, -1, 1]
    assert np.allclose(ras, moved(to_world @ points_of(mr), np.array([7.0, 11.0, 5.0])), atol=1e-3)
    facts = json.loads((tmp_path / "fused.json").read_text())
    assert facts["colormap"] == "uptake"
    assert "table" not in facts
    assert nodes.fused.GetTransformNodeID() == mr.GetTransformNodeID()


def test_a_foreign_file_beside_the_result_is_not_replaced(average, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nodes = average.fuse(*head_nodes())
    Path("sub-01_T1w.json").write_text('{"MagneticFieldStrength": 3}')
    with pytest.raises(ValueError, match="no facts of a fusion; choose another name"):
        average.save(nodes.fused, str(tmp_path / "sub-01_T1w.nii.gz"))
    assert Path("sub-01_T1w.json").read_text() == '{"MagneticFieldStrength": 3}'
    assert not Path("sub-01_T1w.nii.gz").exists()
    average.save(nodes.fused, "mine.nrrd")  # a relative name is taken from the working folder
    average.save(nodes.fused, "mine.nrrd")  # our own facts are replaced
    assert {"mine.nrrd", "mine.json"} <= {path.name for path in tmp_path.iterdir()}


def test_nifti_is_refused_where_it_would_lose_the_shear(average, tmp_path):
    import SimpleITK as sitk

    mr, pet = head_nodes()
    parent(SHEAR, mr)
    nodes = average.fuse(mr, pet)
    with pytest.raises(ValueError, match=r"NIfTI cannot hold the sheared grid .* save as \.nrrd"):
        average.save(nodes.fused, str(tmp_path / "fused.nii.gz"))
    image = sitk.ReadImage(average.save(nodes.fused, str(tmp_path / "fused.nrrd")))
    ras = np.array(image.TransformIndexToPhysicalPoint((7, 11, 5))) * [-1, -1, 1]
    assert np.allclose(ras, moved(SHEAR @ points_of(mr), np.array([7.0, 11.0, 5.0])), atol=1e-3)


def test_settings_that_do_not_fit_are_refused_in_words():
    for wrong, words in (
        ({"strength": 1.5}, "from 0 to 1"),
        ({"window": (5, 5)}, "lower value"),
        ({"colormap": "x"}, "choose uptake"),
        ({"plane": "x"}, "choose auto"),
    ):
        with pytest.raises(ValueError, match=words):
            FusionSettings(**wrong)


def test_inputs_that_cannot_be_fused_are_refused_in_words(average):
    mr, pet = head_nodes()
    labels = volume("labels", np.zeros((2, 2, 2), np.uint8), np.eye(4), "vtkMRMLLabelMapVolumeNode")
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    for pair, words in (
        ((None, pet), "Select the MRI"),
        ((mr, mr), "the same volume"),
        ((mr, labels), "colors or labels"),
        ((mr, empty), "is empty"),
    ):
        with pytest.raises(ValueError, match=words):
            average.fuse(*pair)


def test_the_table_of_the_record_comes_back_whole():
    table = table_at(red_table(), 0.4)
    facts = record.Record((0, 1), (0, 2), "SUVbw", "uptake", "axial", table, {"a": 1}, ("careful",))
    back = record.Record.from_text(facts.to_text())
    assert np.array_equal(back.table, table)
    assert (back.window, back.warnings, back.provenance) == ((0, 2), ("careful",), {"a": 1})


def test_a_pet_beside_the_mri_is_refused_and_can_be_registered(logic):
    mr, pet = head_nodes(6.0)
    parent(turned((0, 0, 1), 0, (1000, 0, 0)), pet)
    with pytest.raises(ValueError, match=r"lies beside .* register it"):
        logic.fuse(mr, pet, settings=SETTINGS)
    assert logic.startCheck(mr, pet).wait()["doubts"] == ["the functional field of view misses the anatomy"]
    transform = logic.startRegister(mr, pet).wait()
    assert logic.startCheck(mr, pet, transform).wait()["doubts"] == []
    assert logic.fuse(mr, pet, settings=SETTINGS, registration=transform) is not None


@pytest.mark.parametrize("slices", [1, 2])
def test_a_few_slices_are_fused_and_their_alignment_is_in_doubt(logic, slices):
    rng = np.random.default_rng(0)
    mr = volume("mr", (900 * rng.random((slices, 40, 40))).astype(np.int16), np.diag([4, 4, 6, 1.0]))
    pet = volume("pet", rng.random((2, 20, 20)), np.diag([8, 8, 6, 1.0]))
    assert "too few slices" in logic.startCheck(mr, pet).wait()["doubts"][0]
    assert arrayFromVolume(logic.fuse(mr, pet, settings=SETTINGS).fused).shape == (slices, 40, 40, 3)


def test_what_is_not_a_number_is_dark_and_stops_nothing(logic):
    mr, pet = head_nodes(6.0)
    arrayFromVolume(pet)[3:5, 10, 10] = (np.nan, np.inf)
    arrayFromVolume(mr)[3, 3, 3] = np.nan
    nodes = logic.fuse(mr, pet, settings=SETTINGS)
    assert np.isfinite(arrayFromVolume(nodes.uptake)).all()
    assert np.isfinite(arrayFromVolume(nodes.luminance)).all()
    logic.setStrength(nodes.fused, 0.5)


@pytest.mark.parametrize(
    "look",
    [
        {"lightness": 0.4, "strength": 0.7, "threshold": 9000.0},
        {"colormap": "diverging", "threshold": 4000.0},
    ],
    ids=lambda look: " ".join(f"{name}={value}" for name, value in look.items()),
)
def test_lightness_threshold_and_signed_maps_are_those_of_the_core(logic, look):
    """Also where they are changed afterwards, without the network."""
    import SimpleITK as sitk

    import coconet_med
    from worker_exchange import to_image

    mr, pet = head_nodes(6.0)
    if look.get("colormap") == "diverging":
        arrayFromVolume(pet)[:] -= 8000
    nodes = logic.fuse(mr, pet, settings=FusionSettings(engine="onnx", device="cpu", **look))
    images = [to_image(arrayFromVolume(node), points_of(node)) for node in (mr, pet)]
    model = coconet_med.load_model("light", engine="onnx", device="cpu", threads=1)
    core = coconet_med.fuse(*images, register="never", model=model, **{"colormap": "uptake", **look})
    wanted = sitk.GetArrayFromImage(core.color)
    # A step of uptake within the edge of a threshold is five steps of what is shown there.
    assert np.quantile(np.abs(arrayFromVolume(nodes.fused).astype(int) - wanted), 0.999) <= 8
    before = arrayFromVolume(nodes.fused).copy()
    logic.setStrength(nodes.fused, 1.0)
    live = {name: look[name] for name in ("lightness", "threshold") if name in look}
    logic.setStrength(nodes.fused, look.get("strength", 1.0), **live)
    assert np.array_equal(arrayFromVolume(nodes.fused), before)


def test_messages_of_the_core_have_no_words_of_a_command_line():
    """Every message of the parts that the worker calls, in the words of the panel."""
    import ast

    from worker_words import panel_words

    core = Path(__file__).parents[2] / "coconet_med"
    parts = ("align", "pair", "windowing", "engines", "transform_files", "fusion.py", "model.py", "slices.py", "dicom")
    seen = 0
    for part in parts:
        for file in [core / part] if part.endswith(".py") else sorted((core / part).glob("*.py")):
            nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
            within = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in nodes:
                if id(node) in within:
                    continue
                pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
                text = "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in pieces)
                if "--" in text and isinstance(node, ast.JoinedStr | ast.Constant) and " " in text:
                    seen += 1
                    assert "--" not in panel_words(text), text
    assert seen > 20
    assert panel_words("look alike (--register never)") == "look alike"
    assert panel_words("a.nii: is in color; give LOW HIGH") == "a.nii: is in color; type a window"
