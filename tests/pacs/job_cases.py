"""A study fused on the server, and what was stored of it."""

from __future__ import annotations

from coconet_med.pacs.job import StudyOptions, fuse_study
from coconet_med.pacs.signal_guard import SignalGuard

OPTIONS = StudyOptions(register="never")


def fuse(server, study_uid, model, options=OPTIONS, **more):
    return fuse_study(server, study_uid, options, model=model, guard=SignalGuard(), **more)


def fetched(orthanc, study_uid, series_uid):
    found = []
    orthanc.server().fetch(study_uid, series_uid, found.append)
    return sorted(found, key=lambda ds: ds.InstanceNumber)
