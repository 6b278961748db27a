"""What tells a watcher that a study is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Event:
    """A study that seems complete; ``mark`` and ``key`` are the follower's own."""

    study_uid: str
    mark: int
    key: str = ""


class Follower(Protocol):
    """Says what is ready, and notes what was handled; keeps its memory in the state, which the caller saves."""

    @property
    def name(self) -> str: ...

    def ready(self) -> Iterator[Event]: ...

    def handled(self, event: Event) -> None: ...
