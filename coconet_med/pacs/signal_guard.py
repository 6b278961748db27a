"""End cleanly on SIGTERM and SIGINT: at once in work that can be thrown away, later in work that must not be cut."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self


class Interruption(KeyboardInterrupt):
    """A signal asked us to end; ``signal`` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.signal = number


class SignalGuard:
    """Turns signals into :class:`Interruption`: at once, or later inside :meth:`patient` and :meth:`deferred`.

    Outside the main thread signals cannot be caught, and none are: the guard does nothing there.
    """

    def __init__(self) -> None:
        self._held = self._firm = 0
        self._pending: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Work inside is cut only where it calls :meth:`check`: for libraries through whose callbacks nothing may be
        raised (ITK swallows it, and goes on)."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._raise_pending()

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Work inside is not cut at all; a signal that came meanwhile is raised at the end."""
        self._firm += 1
        try:
            with self.patient():
                yield
        finally:
            self._firm -= 1
            self._raise_pending()

    @property
    def pending(self) -> bool:
        """Whether a signal came that was not raised yet."""
        return self._pending is not None

    def check(self) -> None:
        """Raise what came meanwhile, unless deferred."""
        if self._pending is not None and not self._firm:
            number, self._pending = self._pending, None
            raise Interruption(number)

    def _raise_pending(self) -> None:
        if not self._held:
            self.check()

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
        self._raise_pending()
