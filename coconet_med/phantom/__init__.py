"""A generated head phantom: MR image, functional image and their known truth, for the demo and the tests.

Example:
    >>> from coconet_med.phantom import LABELS, head_phantom
    >>> head = head_phantom(spacing=4.0, noise=0.0)
    >>> head.t1.GetSize()
    (48, 56, 48)
    >>> gray = head.true_uptake[24, 40, 32]  # SimpleITK order: i, j, k
"""

from __future__ import annotations

from coconet_med.phantom.head import HeadPhantom, Lesion, head_phantom
from coconet_med.phantom.slices import slice_pair
from coconet_med.phantom.tissues import LABELS

__all__ = ["LABELS", "HeadPhantom", "Lesion", "head_phantom", "slice_pair"]
