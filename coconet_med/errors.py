"""The errors that users see: one small family, each with its remedy in the message.

A message says what is wrong, where (file, series, option), and what to do about it, in one line.  The command line
prints it after ``error:`` and exits with code 2; Python callers catch :class:`FusionError` or one of its kinds.
"""

from __future__ import annotations

from pathlib import Path


class FusionError(Exception):
    """Something about the input, an option or the output makes a truthful result impossible."""


class ReadError(FusionError):
    """A file or series cannot be read, or is not what it should be."""


class GeometryError(FusionError):
    """Grids, affines or fields of view do not allow the two images to be brought together."""


class RegistrationError(GeometryError):
    """The images cannot be registered, or the registration found is not plausible."""


class ModelError(FusionError):
    """Weights or an inference engine are missing, damaged or do not fit."""


class OptionError(FusionError):
    """An option has a value that cannot be used."""


class PairError(FusionError):
    """Two images make no pair: two patients, one image twice, or the wrong way round."""


class WriteError(FusionError):
    """The result cannot be written where it was asked for."""


def installs(extra: str) -> str:
    """The command that adds an extra to this installation, as it can be typed.

    The package is installed from a checkout or from a wheel file, never by its bare name.  pip keeps where it came from
    (PEP 610, ``direct_url.json``); where that is gone, the command is the one for the folder of a checkout.

    Args:
        extra: ``"monai"``, ``"openvino"``, ``"pacs"``, ``"cluster"`` or ``"notebook"``.
    """
    origin = _origin()
    if origin is None:
        return f'pip install ".[{extra}]" -c constraints.txt (in the checkout; of a wheel its path instead of the dot)'
    pinned = origin / "constraints.txt"
    return f'pip install "{origin}[{extra}]"' + (f' -c "{pinned}"' if pinned.is_file() else "")


def _origin() -> Path | None:
    """The checkout or wheel file that this package was installed from, if it is still there."""
    import json
    from importlib import metadata
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        recorded = metadata.distribution("coconet-med").read_text("direct_url.json")
        url = urlsplit(json.loads(recorded)["url"]) if recorded else None
        place = Path(url2pathname(url.path)) if url and url.scheme == "file" else None
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return None
    return place if place and place.exists() else None
