"""What the user sees: pixels of the real slice pipeline."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from PETMRFusionLib import display
from PETMRFusionLib.selftest import red_table
from PETMRFusionLib.slabs import image_of
from PETMRFusionLib.volumes import set_image
from slice_pixels import pixel_of, pixels
from slicer_cases import grid, head_nodes, parent, turned, volume

CUBE = grid((2, 2, 2), (-30, -30, -30))


def fused_cube():
    mr = volume("mr", np.zeros((31, 31, 31), np.float32), CUBE)
    fused = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "fused")
    colors = np.random.default_rng(3).integers(0, 256, (31, 31, 31, 3), dtype=np.uint8)
    set_image(fused, image_of(colors), mr)
    fused.GetDisplayNode().SetInterpolate(False)
    return mr, fused, colors


@pytest.mark.parametrize("orientation", ["Axial", "Coronal", "Sagittal"])
def test_fused_colors_are_displayed_unchanged(scene, orientation):
    mr, fused, colors = fused_cube()
    display.show_side_by_side(mr, mr, fused)
    logic = slicer.app.layouts.view("FusionColor")
    logic.GetSliceNode().SetOrientation(orientation)
    logic.FitSliceToBackground()
    logic.GetSliceNode().JumpSliceByOffsetting(4, -6, 8)
    shown = pixels(logic)
    for a in range(8, 23, 3):
        for b in range(8, 23, 3):
            world = {
                "Axial": (-30 + 2 * a, -30 + 2 * b, 8),
                "Coronal": (-30 + 2 * a, -6, -30 + 2 * b),
                "Sagittal": (4, -30 + 2 * a, -30 + 2 * b),
            }[orientation]
            i, j, k = ((np.array(world) + 30) // 2).astype(int)
            row, column = pixel_of(logic, world)
            assert np.array_equal(shown[row, column, :3], colors[k, j, i])


def test_colors_stay_unchanged_after_coloring_anew(scene):
    mr, fused, colors = fused_cube()
    slicer.util.arrayFromVolume(fused)[:] = colors // 2  # half as bright: an automatic window would stretch it back
    slicer.util.arrayFromVolumeModified(fused)
    display.show_side_by_side(mr, mr, fused)
    logic = slicer.app.layouts.view("FusionColor")
    logic.GetSliceNode().JumpSliceByOffsetting(0, 0, 0)
    row, column = pixel_of(logic, (2, 4, 0))
    assert np.array_equal(pixels(logic)[row, column, :3], colors[15, 17, 16] // 2)


def test_one_call_shows_three_linked_views(scene):
    mr, pet = head_nodes()
    _, fused, _ = fused_cube()
    display.show_side_by_side(mr, pet, fused)
    assert scene.GetFirstNodeByClass("vtkMRMLLayoutNode").GetViewArrangement() == display.LAYOUT
    groups = set()
    for (name, _, _), node in zip(display.VIEWS, (mr, pet, fused), strict=True):
        logic = slicer.app.applicationLogic().GetSliceLogicByLayoutName(name)
        composite = logic.GetSliceCompositeNode()
        assert composite.GetBackgroundVolumeID() == node.GetID()
        assert composite.GetLinkedControl()
        assert composite.GetHotLinkedControl()
        groups.add((logic.GetSliceNode().GetViewGroup(), logic.GetSliceNode().GetOrientation()))
    assert groups == {(display.LAYOUT, "Axial")}  # Slicer links views of one group and orientation


def test_the_patients_right_is_on_the_left_of_the_screen(scene):
    values = np.zeros((31, 31, 31), np.float32)
    values[:, :, 25:] = 100  # high R
    mr = volume("mr", values, CUBE)
    mr.CreateDefaultDisplayNodes()
    display.show_side_by_side(mr, mr, None)
    shown = pixels(slicer.app.layouts.view("FusionMRI"))[100, :, 0].astype(int)
    assert shown[:30].mean() > 200
    assert shown[-30:].mean() < 20


def test_a_parent_transform_moves_the_fused_picture(scene):
    mr = volume("mr", np.zeros((31, 31, 31), np.float32), CUBE)
    parent(turned((0, 0, 1), 0, (8, 0, 0)), mr)
    colors = np.zeros((31, 31, 31, 3), np.uint8)
    colors[15, 15, 15] = (255, 0, 0)
    fused = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "fused")
    set_image(fused, image_of(colors), mr)
    fused.GetDisplayNode().SetInterpolate(False)
    display.show_side_by_side(mr, mr, fused)
    logic = slicer.app.layouts.view("FusionColor")
    logic.GetSliceNode().JumpSliceByOffsetting(8, 0, 0)
    shown = pixels(logic)
    row, column = pixel_of(logic, (8, 0, 0))
    assert tuple(shown[row, column, :3]) == (255, 0, 0)


def test_a_view_shows_what_was_colored_anew(scene):
    """Coloring gives the image other voxels: the pipeline of the view must hear of it."""
    from PETMRFusionLib.logic import PETMRFusionLogic
    from PETMRFusionLib.sample import tiny_pair
    from PETMRFusionLib.selftest import AverageRuntime

    mr, pet = tiny_pair()
    logic = PETMRFusionLogic(AverageRuntime())
    fused = logic.fuse(mr, pet).fused
    display.show_side_by_side(mr, pet, fused)
    view = slicer.app.layouts.view("FusionColor")
    colored = pixels(view)[..., :3].copy()
    logic.setStrength(fused, 0.0)
    gray = pixels(view)[..., :3]
    assert (colored.max(axis=-1) > colored.min(axis=-1)).any()
    assert (gray.max(axis=-1) == gray.min(axis=-1)).all()


@pytest.mark.parametrize("name", display.PALETTES)
def test_every_color_table_offered_is_there(scene, name):
    assert scene.GetNodeByID(display.PALETTES[name]) is not None


def test_the_pet_gets_colors_window_and_a_legend_with_units(scene):
    _, pet = head_nodes()
    display.color_pet(pet, "PET-HotMetalBlue", display.SUV_WINDOW, "SUVbw")
    node = pet.GetDisplayNode()
    assert node.GetColorNodeID() == "vtkMRMLPETProceduralColorNodePET-HotMetalBlue"
    assert (node.GetWindowLevelMin(), node.GetWindowLevelMax()) == (0, 6)
    assert not node.GetAutoWindowLevel()
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(pet)
    assert legend.GetVisibility()
    assert "SUVbw" in legend.GetTitleText()
    display.color_pet(pet, "PET-Heat", (0, 1), "SUVbw")
    assert slicer.modules.colors.logic().GetNumberOfColorLegendDisplayNodes(pet) == 1


def test_the_legend_runs_upwards_and_to_the_right():
    table = red_table()
    picture = display.legend_picture(table)
    assert np.array_equal(picture[-1, 0], table[0, 0])
    assert np.array_equal(picture[0, 0], table[0, 255])
    assert np.array_equal(picture[-1, -1], table[255, 0])
    assert display.to_ppm(picture).startswith(b"P6 96 96 255\n")
    assert len(display.to_ppm(picture)) == 13 + 96 * 96 * 3


def saved_with_our_layout(scene, folder):
    """A scene file that was saved while the layout of this module was shown."""
    display.use_layout()
    scene.SetURL(str(folder / "ours.mrml"))
    assert scene.Commit()
    return str(folder / "ours.mrml")


def test_the_layout_is_known_from_the_start_and_after_each_scene(scene, tmp_path):
    """Also where the panel was never opened: the views of a scene that was saved with it are there."""
    file = saved_with_our_layout(scene, tmp_path)
    node = slicer.vtkMRMLLayoutNode()  # as in a new start of Slicer, which does not know the layout yet
    node.SetSingletonTag("vtkMRMLLayoutNode")
    import slicer_app

    slicer_app.fresh_scene()
    display.keep_layout_known()
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.IsLayoutDescription(display.LAYOUT)
    for load in (scene.Connect, scene.Import):
        scene.SetURL(file)
        assert load()
        layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
        assert layout.GetViewArrangement() == display.LAYOUT
        assert "FusionColor" in layout.GetCurrentLayoutDescription()
    scene.Clear(0)
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout is None or layout.IsLayoutDescription(display.LAYOUT)


def test_views_are_fitted_again_when_they_have_got_their_size(scene):
    """Qt gives a new view its size after it was made; the picture must fill it then."""
    mr, fused, _ = fused_cube()
    fitting = display.Fitting(display.show_side_by_side(mr, mr, fused))
    logic = slicer.app.layouts.view("FusionMRI")
    logic.ResizeSliceNode(600, 300)
    before = logic.GetSliceNode().GetFieldOfView()
    assert before[0] > 100  # what was fitted to a square is lost in a wide view
    assert fitting.again()
    after = logic.GetSliceNode().GetFieldOfView()
    assert min(after[:2]) == pytest.approx(64, rel=0.1)
    logic.GetSliceNode().SetFieldOfView(20, 10, 1)  # the user zooms in
    for _ in range(display.Fitting.LOOKS):
        fitting.again()
    assert logic.GetSliceNode().GetFieldOfView()[0] == pytest.approx(20)
    assert not fitting.again()


def test_each_view_has_a_marker_of_left_and_right_that_can_be_hidden(scene):
    mr, fused, _ = fused_cube()
    display.show_side_by_side(mr, mr, fused)
    for name, _, _ in display.VIEWS:
        view = slicer.app.layouts.view(name).GetSliceNode()
        assert view.GetOrientationMarkerType() == view.OrientationMarkerTypeAxes
    view.SetOrientationMarkerType(view.OrientationMarkerTypeNone)
    display.show_side_by_side(mr, mr, fused)
    assert view.GetOrientationMarkerType() == view.OrientationMarkerTypeNone
