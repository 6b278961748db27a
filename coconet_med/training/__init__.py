"""What trains CoCoNet: losses, data, schedule.  Needs torch (the ``monai`` extra)."""
