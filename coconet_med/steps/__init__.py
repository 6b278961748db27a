"""The steps of :func:`coconet_med.fuse`, which other ways in take one by one."""
