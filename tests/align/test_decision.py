"""Affines that are off are found, those that fit are left alone, and no registration makes a fit worse."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align import align, registration
from coconet_med.align.decision import decide
from coconet_med.align.prepared import Pair, score
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source

IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


def moved(image: sitk.Image, degrees=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)) -> sitk.Image:
    """The image with a header that puts it elsewhere: turned about the origin, then shifted (LPS, mm)."""
    euler = sitk.Euler3DTransform()
    euler.SetRotation(*np.radians(degrees))
    turn = np.array(euler.GetMatrix()).reshape(3, 3)
    result = sitk.Image(image)
    result.SetDirection((turn @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    result.SetOrigin((turn @ np.array(image.GetOrigin()) + shift).tolist())
    return result


def sources(head: HeadPhantom, pet: sitk.Image, frames=(None, None)) -> tuple[Source, Source]:
    return (
        Source(head.t1, "t1.nii", frame_of_reference=frames[0]),
        Source(pet, "pet.nii", frame_of_reference=frames[1]),
    )


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("degrees", [10.0, -10.0])
def test_a_head_turned_by_10_degrees_is_to_be_registered(head: HeadPhantom, axis: int, degrees: float):
    pet = moved(head.pet, degrees * np.eye(3)[axis])
    pair = Pair.of(head.t1, pet)
    wanted, reason, _ = decide(pair, pair.plausibility(IDENTITY), *sources(head, pet), "auto", False)
    assert wanted
    assert "fits" in reason


def test_registration_of_images_that_lie_right_leaves_them_and_says_so(head: HeadPhantom):
    found = align(*sources(head, head.pet), register="always")
    assert not found.registered
    assert found.offset_mm == 0.0
    assert "fit already as well as can be found" in found.moved_reason
    assert "left as they are" in found.warnings[0]


def test_two_frames_of_reference_that_coincide_are_left_and_it_is_said(head: HeadPhantom):
    found = align(*sources(head, head.pet, ("1.2", "1.3")))
    assert not found.registered
    assert "different DICOM frames of reference, but the images fit already" in found.warnings[0]
    off = align(*sources(head, moved(head.pet, shift=(0.0, 5.0, 0.0)), ("1.2", "1.3")))
    assert off.registered
    assert off.offset_mm == pytest.approx(5.0, abs=1.5)


def test_no_registration_ends_below_its_start(head: HeadPhantom, monkeypatch: pytest.MonkeyPatch):
    pair = Pair.of(head.t1, moved(head.pet, shift=(6.0, 0.0, 0.0)))
    rough = registration.coarse_match(pair, trusted=True)

    def worse(pair: Pair, start: sitk.Euler3DTransform, *_: object, **__: object) -> sitk.Euler3DTransform:
        drifted = sitk.Euler3DTransform(start)
        drifted.SetTranslation((np.array(start.GetTranslation()) + 25.0).tolist())
        return drifted

    monkeypatch.setattr(registration, "_optimize", worse)
    assert score(pair, registration.find_transform(pair, rough)) >= score(pair, rough)
    assert score(pair, registration.coarse_match(pair, trusted=True)) >= score(pair, IDENTITY)


def test_a_field_of_view_that_covers_a_part_is_reported(head: HeadPhantom):
    lower = head.pet[:, :, : head.pet.GetSize()[2] // 2]
    found = align(*sources(head, lower), register="never")
    assert 0.25 < found.coverage < 0.6
    assert f"covers only {found.coverage:.0%}" in found.warnings[-1]
    assert not any("covers only" in note for note in align(*sources(head, head.pet), register="never").warnings)
