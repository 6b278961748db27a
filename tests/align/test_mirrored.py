"""A wrong header is named: upside down, mirrored front to back, permuted axes; left and right alone cannot be seen."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align import align
from coconet_med.align.grid import field_center
from coconet_med.align.mirrored import VISIBLE, wrong_header
from coconet_med.align.prepared import Pair
from coconet_med.errors import RegistrationError
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source

ALL = [
    np.eye(3)[list(order)] * np.array(signs)[:, None]
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3))
]


def with_header(image: sitk.Image, axes: np.ndarray) -> sitk.Image:
    """The image with axes in its header that are not its own, about the middle of its field of view."""
    result, center = sitk.Image(image), field_center(image)
    result.SetDirection((axes @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    result.SetOrigin((center + axes @ (np.array(image.GetOrigin()) - center)).tolist())
    return result


def left_right(axes: np.ndarray) -> bool:
    return np.array_equal(np.abs(axes), np.eye(3)) and axes[1, 1] > 0 and axes[2, 2] > 0


def test_half_of_all_wrong_headers_stand_for_their_twins():
    assert len(ALL) == 48
    assert len(VISIBLE) == 23
    assert not any(left_right(axes) for axes in VISIBLE)


def test_every_wrong_header_that_can_be_seen_is_named_and_no_other(head: HeadPhantom):
    named = [bool(wrong_header(Pair.of(head.t1, with_header(head.pet, axes)))) for axes in ALL]
    assert named == [not left_right(axes) for axes in ALL]


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ((1, -1, 1), "mirrored front to back"),
        ((-1, -1, 1), "mirrored front to back"),
        ((1, 1, -1), "upside down (mirrored head to foot)"),
        ((1, -1, -1), "upside down and mirrored front to back"),
    ],
)
def test_words_say_which_axis_is_wrong_and_no_registration_is_tried(head: HeadPhantom, signs, words):
    pair = Source(head.t1, "t1"), Source(with_header(head.pet, np.diag(np.array(signs, float))), "pet")
    found = align(*pair)
    assert not found.registered
    assert words in found.warnings[0]
    assert "left and right cannot be distinguished" in found.warnings[0]


def test_one_frame_of_reference_does_not_silence_it(head: HeadPhantom):
    upside_down = with_header(head.pet, np.diag((1.0, 1.0, -1.0)))
    found = align(Source(head.t1, "t1", frame_of_reference="1.2"), Source(upside_down, "pet", frame_of_reference="1.2"))
    assert "upside down" in found.warnings[0]


def test_a_registration_of_a_mirrored_image_is_refused(head: HeadPhantom):
    mirrored = with_header(head.pet, np.diag((1.0, -1.0, 1.0)))
    with pytest.raises(RegistrationError, match="mirrored front to back"):
        align(Source(head.t1, "t1"), Source(mirrored, "pet"), register="always")


def test_a_head_far_from_its_place_is_not_called_mirrored(head: HeadPhantom):
    away = sitk.Image(head.pet)
    away.SetOrigin(np.add(head.pet.GetOrigin(), (30.0, 40.0, -25.0)).tolist())
    assert wrong_header(Pair.of(head.t1, away)) == ""
