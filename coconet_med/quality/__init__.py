"""How good a fused image is: what it keeps of both sources, and the usual numbers beside that.

Start with :func:`evaluate_pair` (one slice) or :func:`evaluate_volume` (a stack of slices) and gather the answers in a
:class:`Table`.  Nothing else in the package imports this package: it is loaded only by those who measure.
"""

from __future__ import annotations

from coconet_med.quality.case import MeasureSet, evaluate_pair, evaluate_volume
from coconet_med.quality.table import Row, Table

__all__ = ["MeasureSet", "Row", "Table", "evaluate_pair", "evaluate_volume"]
