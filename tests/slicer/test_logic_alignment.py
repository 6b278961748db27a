"""The check of the alignment finds what is misplaced, and the registration mends it."""

from __future__ import annotations

import numpy as np
import pytest
from slicer.util import arrayFromVolume

from PETMRFusionLib.geometry import resample
from slicer_cases import head_nodes, parent, state, turned, volume
from slicer_logic_cases import SETTINGS


def test_a_misplaced_pet_is_noticed_and_registered(logic):
    true = ((0.0, 0.0, 8.0), (22.0, -12.0, 6.0))
    mr, pet = head_nodes(misalign=true)
    parent(turned((0, 0, 1), 15, (4, 0, 0)), mr, pet)
    before = state(mr, pet)
    facts = logic.startCheck(mr, pet).wait()
    assert facts["problems"]
    assert set(facts) >= {"coverage", "overlap", "offset_mm", "mutual_information"}
    transform = logic.startRegister(mr, pet).wait()
    assert state(mr, pet) == before
    after = logic.startCheck(mr, pet, transform).wait()
    assert not after["problems"]
    assert after["mutual_information"] > 1.1 * facts["mutual_information"]
    # Truth: the phantom with the same patient movement undone.
    straight = head_nodes()[1]
    straight.SetAndObserveTransformNodeID(pet.GetTransformNodeID())
    from PETMRFusionLib.fusing import matrix_of

    found, wanted = resample(pet, mr, registration=matrix_of(transform)), resample(straight, mr)
    off = resample(pet, mr)
    assert np.abs(found - wanted).mean() < 0.35 * np.abs(off - wanted).mean()


def test_a_good_alignment_gives_no_warning(logic):
    mr, pet = head_nodes()
    assert logic.startCheck(mr, pet).wait()["problems"] == []


def test_a_pet_beside_the_mri_is_refused_and_can_be_registered(logic):
    mr, pet = head_nodes(6.0)
    parent(turned((0, 0, 1), 0, (1000, 0, 0)), pet)
    with pytest.raises(ValueError, match=r"lies beside .* register it"):
        logic.fuse(mr, pet, settings=SETTINGS)
    assert logic.startCheck(mr, pet).wait()["problems"] == ["the functional field of view misses the anatomy"]
    transform = logic.startRegister(mr, pet).wait()
    assert logic.startCheck(mr, pet, transform).wait()["problems"] == []
    assert logic.fuse(mr, pet, settings=SETTINGS, registration=transform) is not None


@pytest.mark.parametrize("slices", [1, 2])
def test_a_few_slices_are_fused_and_their_alignment_gives_a_warning(logic, slices):
    rng = np.random.default_rng(0)
    mr = volume("mr", (900 * rng.random((slices, 40, 40))).astype(np.int16), np.diag([4, 4, 6, 1.0]))
    pet = volume("pet", rng.random((2, 20, 20)), np.diag([8, 8, 6, 1.0]))
    assert "too few slices" in logic.startCheck(mr, pet).wait()["problems"][0]
    assert arrayFromVolume(logic.fuse(mr, pet, settings=SETTINGS).fused).shape == (slices, 40, 40, 3)
