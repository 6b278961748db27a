"""Gray levels that mean the same everywhere: of windowed sources and fused pictures, 0 to 1 (an 8-bit level by 255)."""

from __future__ import annotations

from typing import Final

#: Where one of the sources is brighter than this, there is something of the person (the head, the body).
BODY: Final = 10 / 255

#: Up to this level of both sources a result is black; from :data:`LIT` on it is as the network gives it.
BLACK: Final = 2 / 255
LIT: Final = 6 / 255
