"""What can go wrong with a server, and whether waiting helps."""

from __future__ import annotations

from coconet_med.errors import FusionError


class ServerError(FusionError):
    """The server refused, answered nonsense, or did not do what it was asked; trying again will not help."""


class ServerAwayError(ServerError):
    """The server cannot be reached, is overloaded or too slow; trying again later may help."""


class LimitError(ServerError):
    """The server would cost us more than :class:`~coconet_med.pacs.session.Limits` allow."""


class LoginError(ServerError):
    """The server does not accept who we are.  Never tried again: repeated wrong passwords lock accounts."""
