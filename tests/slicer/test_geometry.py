"""The PET is right in world space on the grid of the MRI, whatever the transforms and grids."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from PETMRFusionLib.geometry import resample, same_grid, upright
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slabs import finish
from slicer_cases import (
    MR,
    PET,
    SHEAR,
    field,
    grid,
    moved,
    parent,
    points,
    points_of,
    state,
    turned,
    volume,
    wave,
    within,
)

#: Largest error of linear interpolation of the test field on the PET grid.
TOLERANCE = 0.6


ON_PET = turned((1, 0.3, 0), 8, (6, -4, 3))


ON_MR = turned((0, 1, 0.4), -11, (-5, 2, 7))


@pytest.mark.parametrize(
    ("on_pet", "on_mr"),
    [(None, None), (ON_PET, None), (None, ON_MR), (ON_PET, ON_MR), (SHEAR, None), (None, SHEAR)],
    ids=["none", "PET", "MRI", "both", "PET sheared", "MRI sheared"],
)
def test_linear_parents_move_the_volumes_in_the_world(scene, on_pet, on_mr):
    to_world = [np.eye(4) if matrix is None else matrix for matrix in (on_pet, on_mr)]
    pet = volume("pet", field(moved(to_world[0], points(*PET))).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    for node, matrix in ((pet, on_pet), (mr, on_mr)):
        if matrix is not None:
            parent(matrix, node)
    before = state(pet, mr)
    world = moved(to_world[1], points(*MR))
    seen = within(*PET, moved(np.linalg.inv(to_world[0]), world))
    assert seen.mean() > 0.2
    assert np.abs(resample(pet, mr) - field(world))[seen].max() < TOLERANCE
    assert state(pet, mr) == before


def test_a_chain_of_transforms_counts_as_its_product(scene):
    pet = volume("pet", field(moved(ON_PET, points(*PET))).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    inner = parent(ON_MR, pet)
    parent(ON_PET @ np.linalg.inv(ON_MR), inner)
    world = points(*MR)
    seen = within(*PET, moved(np.linalg.inv(ON_PET), world))
    assert np.abs(resample(pet, mr) - field(world))[seen].max() < TOLERANCE


def test_a_deformation_above_the_pet_is_followed(scene):
    pet = volume("pet", field(points(*PET)).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    wave(pet)
    local = points(*MR)
    local[0] -= 4 * np.sin(local[2] / 40)
    seen = within(*PET, local)
    assert np.abs(resample(pet, mr) - field(local))[seen].max() < 0.7


def test_a_deformation_above_the_mri_is_followed(scene):
    pet = volume("pet", field(points(*PET)).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    wave(mr)
    world = points(*MR)
    world[0] += 4 * np.sin(world[2] / 40)
    seen = within(*PET, world)
    assert np.abs(resample(pet, mr) - field(world))[seen].max() < 0.7


def test_a_sheared_grid_is_followed(scene):
    sheared = SHEAR @ PET[0]
    pet = volume("pet", field(points(sheared, PET[1])).astype(np.float32), sheared)
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    seen = within(sheared, PET[1], points(*MR))
    assert np.abs(resample(pet, mr) - field(points(*MR)))[seen].max() < TOLERANCE


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_a_flipped_grid_loses_nothing(scene, axes):
    values = np.random.default_rng(0).random((9, 10, 11)).astype(np.float32)
    matrix = grid((2, 2, 2), (-90, -126, -72))
    other = matrix.copy()
    for axis in axes:
        other[:3, 3] += other[:3, axis] * (values.shape[2 - axis] - 1)
        other[:3, axis] *= -1
    mr = volume("mr", values, matrix)
    pet = volume("pet", np.flip(values, [2 - axis for axis in axes]).copy(), other)
    assert not same_grid(mr, pet)
    assert np.abs(resample(pet, mr) - values).max() < 1e-5


def test_hardening_a_transform_changes_nothing(scene):
    pet = volume("pet", field(points(*PET)).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    parent(ON_PET, pet)
    soft = resample(pet, mr)
    pet.HardenTransform()
    assert np.abs(resample(pet, mr) - soft).max() < 1e-3


def test_equal_grids_under_different_parents_are_different(scene):
    values = np.random.default_rng(0).random(MR[1]).astype(np.float32)
    first, second = volume("first", values, MR[0]), volume("second", values, MR[0])
    assert same_grid(first, second)
    parent(ON_PET, second)
    assert not same_grid(first, second)


def test_a_registration_moves_the_pet_in_the_frame_of_the_mri(scene):
    """Also where the MRI has a parent of its own."""
    true = turned((0, 0, 1), 9, (5, -3, 2))  # in the frame of the MRI, PET points to where they belong
    pet = volume("pet", field(moved(true, points(*PET))).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    parent(ON_MR, mr, pet)
    seen = within(*PET, moved(np.linalg.inv(true), points(*MR)))
    assert np.abs(resample(pet, mr, registration=true) - field(points(*MR)))[seen].max() < TOLERANCE


@pytest.mark.parametrize("kind", ["as stored", "sheared", "deformed"])
def test_the_upright_volume_shows_the_same_world(scene, kind):
    pet = volume("pet", field(points(*PET)).astype(np.float32), PET[0])
    mr = volume("mr", np.zeros(MR[1], np.float32), MR[0])
    parent(ON_MR, mr)
    if kind == "sheared":
        parent(SHEAR, pet)
    elif kind == "deformed":
        wave(pet)
    array, matrix = finish(upright(pet, mr))
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    assert np.abs(axes.T @ axes - np.eye(3)).max() < 1e-4
    assert (array.shape == PET[1]) == (kind == "as stored")
    world = moved(ON_MR, points(matrix, array.shape))
    local = moved(np.linalg.inv(SHEAR), world) if kind == "sheared" else world.copy()
    if kind == "deformed":
        local[0] -= 4 * np.sin(local[2] / 40)
    seen = within(*PET, local)
    assert seen.mean() > 0.1
    assert np.abs(array - field(local))[seen].max() < 0.8


@pytest.mark.parametrize("shape", ["rotated", "sheared", "deformed", "flipped"])
def test_a_hot_spot_is_fused_at_its_place_in_the_world(scene, shape):
    matrix = MR[0].copy()
    if shape == "flipped":
        matrix[:3, 3] += matrix[:3, 2] * (MR[1][0] - 1)
        matrix[:3, 2] *= -1
    if shape == "sheared":
        matrix = SHEAR @ matrix
    mr = volume("mr", (50 * np.random.default_rng(1).random(MR[1])).astype(np.float32), matrix)
    to_world = turned((0, 0, 1), 25, (2, 3, 4))
    if shape == "deformed":
        wave(mr)
    else:
        parent(to_world, mr)
    spot = np.array([-8.0, 6.0, 4.0]).reshape(3, 1, 1, 1)  # in the frame of the MRI
    place = moved(to_world, spot)
    if shape == "deformed":
        place = spot.copy()
        place[0] += 4 * np.sin(spot[2] / 40)
    blob = 1000 * np.exp(-((points(*PET) - place) ** 2).sum(axis=0) / (2 * 6.0**2))
    pet = volume("pet", blob.astype(np.float32), PET[0])
    before = state(mr, pet)
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet, settings=FusionSettings(window=(0, 1000)))
    for node in (nodes.fused, nodes.uptake, nodes.luminance):
        assert np.array_equal(points_of(node), points_of(mr))
        assert node.GetTransformNodeID() == mr.GetTransformNodeID()
    colors = slicer.util.arrayFromVolume(nodes.fused).astype(int)
    redness = colors[..., 0] - colors[..., 1]
    voxel = np.argwhere(redness >= redness.max() - 2).mean(axis=0)[::-1]
    found = moved(points_of(nodes.fused), voxel.reshape(3, 1, 1, 1))
    assert np.linalg.norm(found - spot) < 2.0
    assert state(mr, pet) == before
