"""Slots that never raise: what is raised in callbacks of Qt or VTK is lost, and leaves a panel half set."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any


def slot(method: Callable[..., Any]) -> Callable[..., Any]:
    """Show what goes wrong in a slot of the panel, and keep the panel usable.

    The panel has ``onSlotError(error)``, and ``fitLabels()`` for what a slot may have said.
    """

    @functools.wraps(method)
    def guarded(self: Any, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except Exception as error:  # nobody else will hear of it
            logging.exception("PET-MR Fusion: %s", method.__name__)
            self.onSlotError(error)
            return None
        finally:
            self.fitLabels()

    return guarded
