"""Work with the given affines may begin before they are checked; the check is the same, and its errors as well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align import AffinesLeftError, Guess, align, worth_guessing
from coconet_med.errors import GeometryError
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source


def sources(head: HeadPhantom, shift: float = 0.0, frames: tuple[str | None, str | None] = (None, None)):
    pet = sitk.Image(head.pet)
    pet.SetOrigin(np.add(pet.GetOrigin(), (0, shift, 0)).tolist())
    return (
        Source(head.t1, "t1.nii", frame_of_reference=frames[0]),
        Source(pet, "pet.nii", frame_of_reference=frames[1]),
    )


@pytest.mark.parametrize("register", ["auto", "never"])
def test_what_was_guessed_is_what_align_says(head: HeadPhantom, register: str) -> None:
    pair = sources(head)
    with ThreadPoolExecutor(1) as executor:
        guess = Guess(*pair, register=register, force=False, executor=executor)
        found = guess.confirmed()
    expected = align(*pair, register=register)
    assert guess.settled
    assert found.resampled is guess.resampled
    assert np.array_equal(*(sitk.GetArrayViewFromImage(each.function) for each in (found, expected)))
    assert np.array_equal(*(sitk.GetArrayViewFromImage(each.inside) for each in (found, expected)))
    assert (found.summary(), found.warnings) == (expected.summary(), expected.warnings)


def test_affines_that_do_not_fit_are_left_with_the_reason_that_align_gives(head: HeadPhantom) -> None:
    pair = sources(head, 30.0)
    with ThreadPoolExecutor(1) as executor:
        guess = Guess(*pair, register="auto", force=False, executor=executor)
        with pytest.raises(AffinesLeftError) as left:
            guess.confirmed()
    taken_over = align(*pair, examined=left.value.examined)
    expected = align(*pair)
    assert expected.registered
    assert taken_over.summary() == expected.summary()


def test_errors_of_the_check_are_those_of_align(head: HeadPhantom) -> None:
    pair = sources(head, 5000.0)
    with ThreadPoolExecutor(1) as executor, pytest.raises(GeometryError, match="do not overlap"):
        Guess(*pair, register="never", force=False, executor=executor).confirmed()


def test_only_affines_that_may_be_kept_are_worth_a_guess(head: HeadPhantom) -> None:
    assert worth_guessing(*sources(head), "auto")
    assert worth_guessing(*sources(head, frames=("1.2", "1.2")), "never")
    assert not worth_guessing(*sources(head), "always")
    assert not worth_guessing(*sources(head), "maybe")
    assert not worth_guessing(*sources(head, frames=("1.2", "1.3")), "auto")
    assert not worth_guessing(Source(head.t1, "a", planar=True), Source(head.t1, "b", planar=True), "auto")
