"""The few image filters that the package needs, in NumPy and SimpleITK: SciPy would add 140 MB to the light install.

Results are those of the functions of the same purpose in ``scipy.ndimage`` (``tests/filters/``): the
published figures of the measures were made with those.
"""

from coconet_med.filters.morphology import components, fill_holes, large_parts, open_by_diamond
from coconet_med.filters.smoothing import Border, correlate, gaussian, laplacian, mean_filter
from coconet_med.filters.statistics import correlation, row_correlations

__all__ = [
    "Border",
    "components",
    "correlate",
    "correlation",
    "fill_holes",
    "gaussian",
    "laplacian",
    "large_parts",
    "mean_filter",
    "open_by_diamond",
    "row_correlations",
]
