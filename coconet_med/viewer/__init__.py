"""A viewer for the browser: planes of MRI, PET and fusion, mixed in the page from the field and the sources.

:mod:`~coconet_med.viewer.content` says what of a result goes into the page, :mod:`~coconet_med.viewer.page` writes the
page around it, :mod:`~coconet_med.viewer.server` shows it from this machine alone.  The page itself is in ``web/``:
plain modules of JavaScript, and NiiVue (``web/niivue``), which draws the slices.
"""
