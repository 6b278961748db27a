"""Commands of ``coconet-med``, one module each; heavy libraries are imported inside the commands."""
