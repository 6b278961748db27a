"""Faults on the way and power cuts: every study is fused in the end, and none is stored twice.

The trial with a real watcher that is killed: ``pytest -m slow tests/pacs/test_watch_faults.py -s``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from fault_proxy import FAULTS, spoiled
from pacs_orthanc import Orthanc, needs_orthanc, start_orthanc, stop
from watch_bench import Bench

from coconet_med.pacs.state_folder import StateFolder


def new_objects(orthanc: Orthanc) -> int:
    """How many objects the Orthanc took in, deleted and replaced ones among them."""
    since, count = 0, 0
    while True:
        page = orthanc.server().get_json(f"{orthanc.root}/changes", since=since, limit=1000)
        count += sum(change["ChangeType"] == "NewInstance" for change in page["Changes"])
        since = page["Last"]
        if page["Done"]:
            return count


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_way_delays_a_study_and_loses_none(orthanc, make_study, mean_model, tmp_path, fault):
    folder, study = make_study()
    orthanc.put(folder, study_uid=study)
    before = new_objects(orthanc)
    with spoiled(orthanc.root) as proxy:
        bench = Bench(Orthanc(proxy.url, orthanc.root), tmp_path / "watcher", mean_model)
        bench.announced.append(study)
        proxy.fault = fault

        class Sleeps(list):
            def append(self, seconds: float) -> None:  # the proxy is mended after the third wait
                super().append(seconds)
                bench.now += seconds
                proxy.fault = fault if len(self) < 3 else ""

        bench.sleeps = Sleeps()
        for _ in range(9):  # starts of a watcher; nothing announces the study again after the first
            with StateFolder(bench.folder) as place:
                bench.watcher(place).run(once=True)
            bench.announced.clear()
            if {"stored", "already there"} & set(bench.actions(study)):
                break
            bench.sleeps.append(bench.state.study(study).due - bench.now)
        assert proxy.hits, bench.audit()
        ends = [action for action in bench.actions(study) if action in ("stored", "already there")]
        assert len(ends) == 1
        assert "refused" not in bench.actions(study)
    assert sorted(orthanc.count(study).values()) == [6, 6, 6]
    assert new_objects(orthanc) - before == 6


class Watching:
    """A real watcher process that can be killed and started again."""

    def __init__(self, orthanc: Orthanc, folder) -> None:
        self.folder = folder
        self.command = [sys.executable, "-m", "coconet_med", "pacs", "watch", "--url", orthanc.url, "--folder", folder]
        self.command += ["--engine", "onnx", "--interval", "0.5", "--quiet-time", "5", "--follow", "orthanc", "--quiet"]
        self.process = subprocess.Popen(self.command)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = subprocess.Popen(self.command)

    def lines(self) -> list[dict]:
        try:
            text = (self.folder / "audit.jsonl").read_text(encoding="utf-8")
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def wait(self, condition, *, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            assert self.process.poll() is None, "the watcher ended by itself"
            time.sleep(0.2)
        return False


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_twelve_studies_survive_three_kills_of_the_watcher_and_one_of_the_server(tmp_path, make_study):
    needs_orthanc()
    # Stable after 3 s: the server is killed while studies are not stable yet.
    process, root = start_orthanc(tmp_path / "o", StableAge=3)
    orthanc = Orthanc(f"{root}/dicom-web", root)
    watching = Watching(orthanc, tmp_path / "watcher")
    studies: list[str] = []
    begun = time.monotonic()

    def ended() -> set[str]:
        return {line["study"] for line in watching.lines() if line["action"] in ("stored", "already there")}

    try:
        assert watching.wait(lambda: any(line["action"] == "following" for line in watching.lines()), seconds=120)
        for number in range(12):
            folder, study = make_study()
            studies.append(orthanc.put(folder, study_uid=study))
            if number in (3, 6, 9):
                many = len(ended())
                watching.wait(lambda many=many: len(ended()) > many, seconds=60)
                watching.kill()
            if number == 7:
                process.kill()
                process.wait()
                time.sleep(2)
                process, _ = start_orthanc(tmp_path / "o", port=int(root.rsplit(":", 1)[1]), StableAge=3)
        watching.wait(lambda: set(studies) <= ended(), seconds=900)
        done = set(studies) & ended()
        seconds = time.monotonic() - begun
        watching.process.terminate()
        assert watching.process.wait(60) == 0
        print(f"{len(done)} of {len(studies)} studies in {seconds:.0f} s")
        assert done == set(studies)
        assert [sorted(orthanc.count(study).values()) for study in studies] == [[6, 6, 6]] * 12
        assert new_objects(orthanc) == 12 * 18
    finally:
        watching.process.kill()
        watching.process.wait()
        stop(process)
