"""Pictures of a whole result: contour lines of uptake, mosaics of slices, rotating maximum projections."""
