"""A real Orthanc, and studies to put into it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("dicomweb_client", reason="pip install '.[pacs]'")

from answering import Handler, QuietServer
from dicom_phantom import classic, stored_values, uid
from pacs_orthanc import Orthanc, needs_orthanc, start_orthanc, stop
from watch_bench import Bench

from coconet_med.pacs.address import parse_address


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One server for all tests; each uses studies of its own."""
    needs_orthanc()
    process, root = start_orthanc(tmp_path_factory.mktemp("orthanc"))
    try:
        yield Orthanc(f"{root}/dicom-web", root)
    finally:
        stop(process)


Made = Callable[..., tuple[Path, str]]


@pytest.fixture
def make_study(tmp_path: Path, request: pytest.FixtureRequest) -> Made:
    """A function that writes a small study of its own; returns its folder and Study Instance UID.

    Its series are named by keywords: modality and, where it differs from P-1, the Patient ID after a colon; ``slices``
    is how many each has.
    """
    made = 0

    def make(*, slices: int = 6, **series: str) -> tuple[Path, str]:
        nonlocal made
        made += 1
        study_uid = uid("study", request.node.nodeid, made)
        folder = tmp_path / f"study{made}"
        for number, (name, what) in enumerate((series or {"T1_MPRAGE": "MR", "PET_AC": "PT"}).items()):
            modality, _, patient = what.partition(":")

            def edit(ds, k, name=name, patient=patient, study_uid=study_uid):
                ds.StudyInstanceUID = study_uid
                ds.SeriesInstanceUID = uid("series", study_uid, name)
                ds.SOPInstanceUID = uid("object", study_uid, name, k)
                ds.FrameOfReferenceUID = uid("frame", study_uid)
                ds.PatientID = patient or "P-1"

            values = stored_values(slices, seed=number)
            classic(folder / name, modality, series=name.replace("_", " "), values=values, step=2.0, edit=edit)
        return folder, study_uid

    return make


@pytest.fixture
def bench(orthanc, tmp_path, mean_model) -> Bench:
    return Bench(orthanc, tmp_path / "watcher", mean_model)


@pytest.fixture
def arrive(bench, make_study):
    """A function that puts a study on the server and announces it."""

    def put(**series: str) -> str:
        folder, study_uid = make_study(**series)
        bench.orthanc.put(folder, study_uid=study_uid)
        bench.announced.append(study_uid)
        return study_uid

    return put


@pytest.fixture
def answers():
    """Start servers on loopback that answer by a given function; returns (address, requests)."""
    running = []

    def start(answer):
        server = QuietServer(("127.0.0.1", 0), Handler)
        server.answer = answer
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return parse_address(f"http://127.0.0.1:{server.server_port}/dicom-web"), server.asked

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
