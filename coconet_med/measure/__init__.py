"""Numbers of regions: what uptake and anatomy are in each label of a segmentation."""

from __future__ import annotations

from coconet_med.measure.labels import Labels, read_labels
from coconet_med.measure.reference import Reference, mean_in_reference
from coconet_med.measure.regions import Region, measure_regions
from coconet_med.measure.table import to_csv, to_json

__all__ = ["Labels", "Reference", "Region", "mean_in_reference", "measure_regions", "read_labels", "to_csv", "to_json"]
