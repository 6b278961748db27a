"""Parts of the module PETMRFusion; nothing here imports torch, monai or coconet-med into Slicer's process."""
