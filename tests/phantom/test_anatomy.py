"""The parts of the head are there, in their places, and of the size of a person's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
from head_cases import array, head

from coconet_med.phantom import LABELS


def test_eyes_are_in_front_cerebellum_behind_and_vault_on_top() -> None:
    labels, spacing = array(head().labels), 2.0
    center = {
        name: (np.argwhere(labels == LABELS[name]).mean(0) - (np.array(labels.shape) - 1) / 2) * spacing
        for name in ("eye", "cerebellar_gray", "gray", "brain_stem")
    }  # (z, y, x) mm
    assert center["eye"][1] < -60
    assert center["cerebellar_gray"][1] > 30
    assert center["gray"][0] > center["brain_stem"][0] > -60
    assert center["gray"][0] > center["cerebellar_gray"][0] + 30


def test_every_tissue_is_there_and_the_brain_has_the_volume_of_a_brain() -> None:
    milliliters = np.bincount(array(head().labels).ravel(), minlength=len(LABELS)) * 8 / 1000
    assert (milliliters > 0).all(), [name for name, label in LABELS.items() if milliliters[label] == 0]
    assert 450 < milliliters[LABELS["gray"]] < 750
    assert 400 < milliliters[LABELS["white"]] < 700
    assert 70 < milliliters[LABELS["cerebellar_gray"]] + milliliters[LABELS["cerebellar_white"]] < 180
    assert 8 < milliliters[LABELS["lateral_ventricle"]] < 40


@pytest.mark.parametrize("tissue", ["gray", "white", "csf", "skin", "skull"])
def test_large_tissues_hang_together(tissue: str) -> None:
    mask = array(head().labels) == LABELS[tissue]
    parts, _ = scipy.ndimage.label(mask, np.ones((3, 3, 3)))
    assert np.bincount(parts.ravel())[1:].max() > 0.95 * mask.sum()


def test_paired_nuclei_come_in_pairs() -> None:
    labels = array(head().labels)
    for name in ("caudate", "putamen", "pallidum", "thalamus", "eye"):
        parts, _ = scipy.ndimage.label(labels == LABELS[name], np.ones((3, 3, 3)))
        sizes = np.sort(np.bincount(parts.ravel())[1:])[::-1]
        assert sizes[1] > 0.7 * sizes[0], name
