"""Commands as users type them."""

from __future__ import annotations

import pytest

from coconet_med.commands.main import main


def run(*arguments: object) -> int:
    """Exit code of ``coconet-med`` with these arguments."""
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in arguments])
    return int(stop.value.code or 0)
