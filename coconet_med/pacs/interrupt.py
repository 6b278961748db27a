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


class Shelter:
    """Turns signals into :class:`Interruption`, but holds them back inside :meth:`sheltered`.

    Outside the main thread signals cannot be caught, and none are: the shelter does nothing there.
    """

    def __init__(self) -> None:
        self._depth = 0
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
    def sheltered(self) -> Iterator[None]:
        """Work inside is not cut; a signal that came meanwhile is raised at the end."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0 and self._pending is not None:
                number, self._pending = self._pending, None
                raise Interruption(number)

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        if self._depth:
            self._pending = number
        else:
            raise Interruption(number)
