"""From values in units to values in [0, 1]: windows, their presets, and which of them a CT is shown in."""
