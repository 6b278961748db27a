"""How much of each source a voxel takes: the smooth field of a volume, and the small findings that it must not hide."""
