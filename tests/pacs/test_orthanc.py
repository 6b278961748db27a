"""Changes of an Orthanc, none of which is missed over a restart."""

from __future__ import annotations

from pacs_orthanc import Orthanc, needs_orthanc, start_orthanc, stop
from watch_bench import Bench

from coconet_med.pacs.orthanc import OrthancChanges, is_orthanc


def test_an_orthanc_restarted_before_a_study_was_stable_hides_none(tmp_path, make_study, mean_model):
    """StableStudy is never announced for it; the watcher counts for itself."""
    needs_orthanc()
    folder, study = make_study()
    process, root = start_orthanc(tmp_path / "o", StableAge=60)
    try:
        orthanc = Orthanc(f"{root}/dicom-web", root)
        bench = Bench(orthanc, tmp_path / "watcher", mean_model)

        def follower(bench):
            return OrthancChanges(bench.server, root, bench.state, quiet=30, clock=lambda: bench.now)

        bench.look(follower=follower)
        orthanc.put(folder, study_uid=study)
        bench.look(follower=follower)
        bench.now += 31
        bench.look(follower=follower)
        assert not (bench.folder / "audit.jsonl").exists()  # Orthanc may still call it stable
        stop(process)
        process, _ = start_orthanc(tmp_path / "o", port=int(root.rsplit(":", 1)[1]), StableAge=60)
        for _ in range(2):
            bench.now += 31
            bench.look(follower=follower)
        assert bench.actions(study) == ["stored"]
        changes = bench.server.get_json(f"{root}/changes", since=0, limit=1000)["Changes"]
        assert "StableStudy" not in {change["ChangeType"] for change in changes}
        for _ in range(3):
            bench.now += 31
            bench.look(follower=follower)
        assert set(bench.actions(study)[1:]) <= {"skipped"}
        assert sorted(orthanc.count(study).values()) == [6, 6, 6]
    finally:
        stop(process)


def test_an_orthanc_is_recognized(bench):
    assert is_orthanc(bench.server, bench.orthanc.root)
    assert not is_orthanc(bench.server, f"{bench.orthanc.root}/nowhere")
