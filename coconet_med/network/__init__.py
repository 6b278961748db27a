"""CoCoNet in PyTorch: U-Net trunk, two-source VGG branch, channel attention, rank guide and output mixing."""

from coconet_med.network.coconet import CONFIGURATIONS, CoCoNet, build_network, network_of

__all__ = ["CONFIGURATIONS", "CoCoNet", "build_network", "network_of"]
