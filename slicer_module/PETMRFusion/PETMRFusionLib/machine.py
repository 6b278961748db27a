"""What belongs to this computer and its user, never to a scene: the Python that works, the folder of wheels.

A scene is data that anyone may send.  Programs are started and packages installed from what is kept here alone, in the
settings of the application.
"""

from __future__ import annotations

import slicer

PYTHON, WHEELS, PROXY = "PETMRFusion/Python", "PETMRFusion/Wheels", "PETMRFusion/Proxy"


def read(name: str) -> str:
    """A setting; empty where there is none."""
    value = slicer.app.userSettings().value(name)
    return value if isinstance(value, str) else ""


def write(name: str, value: str) -> None:
    """Keep a setting beyond this session."""
    slicer.app.userSettings().setValue(name, value)
