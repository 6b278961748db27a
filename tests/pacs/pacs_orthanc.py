"""Start and stop a real Orthanc on loopback (Debian packages orthanc and orthanc-dicomweb)."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

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


def start_orthanc(folder: Path, *, port: int = 0, **settings: object) -> tuple[subprocess.Popen, str]:
    """The process, and the address of its root; the same folder and port start the same server again."""
    port, database = port or free_port(), folder / "db"
    database.mkdir(parents=True, exist_ok=True)
    configuration = {
        **{"StorageDirectory": str(database), "IndexDirectory": str(database), "HttpPort": port},
        **{"DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": False},
        **{"UnknownSopClassAccepted": True, "OverwriteInstances": True, "StableAge": STABLE},
        "Plugins": [str(path) for path in PLUGINS],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Host": "127.0.0.1"},
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration), encoding="utf-8")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([PROGRAM, str(folder / "orthanc.json")], stdout=log, stderr=log)
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            time.sleep(0.1)
    root = f"http://127.0.0.1:{port}"
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
