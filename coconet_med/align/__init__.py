"""Bring the functional image onto the anatomical grid: through the affines, after registration where it is needed."""

from __future__ import annotations

from coconet_med.align.alignment import align
from coconet_med.align.given import align_as_given
from coconet_med.align.guess import AffinesLeftError, Guess, worth_guessing
from coconet_med.align.result import Alignment

__all__ = ["AffinesLeftError", "Alignment", "Guess", "align", "align_as_given", "worth_guessing"]
