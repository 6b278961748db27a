"""Bring the functional image onto the anatomical grid: through the affines, after registration where it is needed."""

from __future__ import annotations

from coconet_med.align.alignment import Alignment, RegisterMode, align
from coconet_med.align.guess import AffinesLeftError, Guess, worth_guessing

__all__ = ["AffinesLeftError", "Alignment", "Guess", "RegisterMode", "align", "worth_guessing"]
