"""The colors of a fusion are those of the core, also where strength, lightness or threshold change afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.blend import Blend, scaled, signed_steps, steps
from PETMRFusionLib.settings import COLORMAPS, FusionSettings
from slicer_cases import head_nodes, points_of


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


def test_a_fusion_whose_sources_are_gone_says_so(average):
    mr, pet = head_nodes()
    nodes = average.fuse(mr, pet)
    slicer.mrmlScene.RemoveNode(mr)
    with pytest.raises(ValueError, match="cannot be colored anew"):
        average.setStrength(nodes.fused, 0.5)


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
