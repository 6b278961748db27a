"""The errors that users see: one small family, each with its remedy in the message.

A message says what is wrong, where (file, series, option), and what to do about it, in one line.  The command line
prints it after ``error:`` and exits with code 2; Python callers catch :class:`FusionError` or one of its kinds.
"""

from __future__ import annotations


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
