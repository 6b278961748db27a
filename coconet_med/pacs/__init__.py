"""PACS: fuse studies on a DICOMweb server, on request or as they arrive (extra ``pacs``).

In the order of use: :mod:`address`, :mod:`secret` and :mod:`session` open a :mod:`connection` that cannot leak,
:mod:`server` asks it, and asks otherwise where :mod:`search` is ambiguous, :mod:`plan` chooses two series by their
headers, :mod:`fetch` brings them, :mod:`job` fuses and :mod:`store` stores.  :mod:`watch` does so for every study that
:mod:`follow` finds complete, remembers it in :mod:`state`, and writes it down in :mod:`audit`.
"""
