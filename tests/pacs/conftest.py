"""A real Orthanc on loopback (Debian packages orthanc and orthanc-dicomweb), and studies to put into it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

pytest.importorskip("dicomweb_client", reason="pip install 'coconet-med[pacs]'")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dicom"))

from dicom_phantom import classic, stored_values, uid

from coconet_med.pacs.address import parse_address
from coconet_med.pacs.server import Server

PROGRAM = shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin")
PLUGINS = [
    path
    for name in ("libOrthancDicomWeb.so", "libOrthancGdcm.so")
    if (path := Path("/usr/share/orthanc/plugins", name)).exists()
]
#: Seconds after which a study in the test server is stable.
STABLE = 1


@dataclass
class Orthanc:
    """A running Orthanc."""

    url: str
    root: str

    def server(self, **options) -> Server:
        return Server(parse_address(self.url), **options)

    def count(self, study_uid: str) -> dict[str, int]:
        """Number of objects by series."""
        return {one.uid: one.count or 0 for one in self.server().series(study_uid)}

    def put(self, *folders: Path, study_uid: str) -> str:
        """Store the DICOM files of folders."""
        for folder in folders:
            self.server().store(study_uid, [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))])
        return study_uid

    def wait_until_stable(self, study_uid: str, after: int = 0) -> int:
        """Wait for a StableStudy entry of the study; the number of the last change."""
        for _ in range(150):
            changes = self.server().get_json(f"{self.root}/changes", since=after, limit=10000)
            for change in changes["Changes"]:
                if change["ChangeType"] == "StableStudy":
                    study = self.server().get_json(f"{self.root}/studies/{change['ID']}")
                    if study and study["MainDicomTags"]["StudyInstanceUID"] == study_uid:
                        return changes["Last"]
            time.sleep(0.1)
        raise AssertionError("the study did not become stable")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_orthanc(folder: Path, *, tls: bool = False, **settings) -> tuple[subprocess.Popen, str]:
    """The process, and the address of its root."""
    port, database = free_port(), folder / "db"
    database.mkdir(parents=True)
    configuration = {
        **{"StorageDirectory": str(database), "IndexDirectory": str(database), "HttpPort": port},
        **{"DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": False},
        **{"UnknownSopClassAccepted": True, "OverwriteInstances": True, "StableAge": STABLE},
        "Plugins": [str(path) for path in PLUGINS],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Host": "127.0.0.1"},
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration | settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, str(folder / "orthanc.json")], stdout=log, stderr=log)
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
    root = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    if not tls:
        for _ in range(100):  # the port is open before the plugins are ready
            try:
                urllib.request.urlopen(f"{root}/dicom-web/studies?limit=1", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
    return process, root


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def needs_orthanc() -> None:
    if PROGRAM is None or not PLUGINS:
        pytest.skip("no Orthanc: apt-get install --no-install-recommends orthanc orthanc-dicomweb orthanc-gdcm")


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

    Its series are named by keywords: modality and, where it differs from P-1, the Patient ID after a colon.
    """
    made = 0

    def make(**series: str) -> tuple[Path, str]:
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

            values = stored_values(seed=number)
            classic(folder / name, modality, series=name.replace("_", " "), values=values, step=2.0, edit=edit)
        return folder, study_uid

    return make
