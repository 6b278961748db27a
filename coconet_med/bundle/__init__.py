"""What the configs of the MONAI bundle name beside the transforms and the losses; needs the ``monai`` extra."""
