"""The reference region of SUVR: a mask, or labels of the segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError, OptionError
from coconet_med.measure.labels import Labels, read_labels
from coconet_med.measure.regions import on_labels


@dataclass(frozen=True)
class Reference:
    """Mean uptake of a reference region.

    Attributes:
        mean: in the units of the functional image.
        words: which region, for messages and side-car.
        voxels: that were averaged.
        place: the segmentation that it is a part of.
    """

    mean: float
    words: str
    voxels: int
    place: Labels


def mean_in_reference(
    wanted: str | Path, uptake: sitk.Image, *, labels: Labels | None = None, transform: sitk.Transform | None = None
) -> Reference:
    """Mean uptake in the reference region.

    Args:
        wanted: path of a mask (any label counts), or numbers or names of labels, separated by commas.
        uptake: functional image.
        labels: where the numbers or names come from.
        transform: takes anatomical to functional points.

    Raises:
        OptionError: it is no file and no label.
        GeometryError: the functional image does not cover it, or its mean is not above 0.
    """
    words = str(wanted)
    if Path(wanted).is_file():
        place = read_labels(wanted)
        mask = np.any([place.mask(label) for label in place.values], axis=0)
    else:
        chosen = _chosen(words, labels)
        assert labels is not None  # or it had been refused
        place = labels
        mask = np.any([labels.mask(label) for label in chosen], axis=0)
    values, inside = on_labels(uptake, place, transform)
    taken = mask & inside
    if taken.sum() < 0.5 * mask.sum():
        share = taken.sum() / mask.sum()
        raise GeometryError(
            f"--reference {words}: the functional image covers {share:.0%} of it; choose another region"
        )
    mean = float(values[taken].mean(dtype=np.float64))
    if not mean > 0:
        raise GeometryError(f"--reference {words}: its mean uptake is {mean:.3g}, so no ratio to it means anything")
    return Reference(mean, words, int(taken.sum()), place)


def _chosen(words: str, labels: Labels | None) -> list[int]:
    if labels is None:
        raise OptionError(f"--reference {words}: no such file; give a mask, or labels of a segmentation (--labels)")
    by_name = {name.lower(): label for label, name in labels.names.items()}
    found = []
    for word in (word.strip() for word in words.split(",")):
        label = int(word) if word.isdigit() else by_name.get(word.lower())
        if label not in labels.values:
            raise OptionError(f"--reference {word}: is no file and no label of {labels.name}; give one of its labels")
        found.append(label)
    return found
