"""DICOM in: scan a folder, choose a series, decide its geometry from positions, and read its values in honest units.

In the order of use: :mod:`scan` finds files and groups them into series, :mod:`series_selection` picks the anatomical
and the functional one, :mod:`frames` and :mod:`nm` turn files into frames with a place, :mod:`dynamic` makes one volume
of a time series, :mod:`geometry` decides the grid or refuses, :mod:`pixels` decodes, :mod:`suv` scales, :mod:`load`
puts it together.
"""
