"""The whole way of one study: choose, fetch, fuse, write, store, and clean up."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from coconet_med.errors import FusionError, ReadError
from coconet_med.options import FuseOptions
from coconet_med.pacs.fetch import fetch
from coconet_med.pacs.plan import Plan, make_plan, refuse_grown
from coconet_med.pacs.store import store
from coconet_med.writers.dicom.form import accepts

if TYPE_CHECKING:
    from coconet_med.choices import DicomForm, LegendPlace
    from coconet_med.model import Model
    from coconet_med.pacs.server import FoundSeries, Server
    from coconet_med.pacs.signal_guard import SignalGuard
    from coconet_med.result import FusionResult


@dataclass(frozen=True, kw_only=True)
class StudyOptions(FuseOptions):
    """How a study is fused, the form of the DICOM result and where its legend goes (:mod:`coconet_med.writers.study`).

    By default a study gets one series and no more: archives and watchers count them.
    """

    form: DicomForm = "sc"
    legend: LegendPlace = "none"


@dataclass(frozen=True)
class StudyOutcome:
    """What became of a study.

    Attributes:
        action: ``"stored"``, or ``"already there"`` where the server had every object of the result.
        study_uid: of sources and result.
        series_uid: of the result.
        objects: of the result on the server.
        sent: objects that were sent now.
        facts: hashes and series of sources, model and result, for the audit log.
        warnings: what the user should know before trusting the picture.
    """

    action: Literal["stored", "already there"]
    study_uid: str
    series_uid: str
    objects: int
    sent: int
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def fuse_study(
    server: Server,
    study_uid: str,
    options: StudyOptions,
    *,
    model: Model,
    guard: SignalGuard,
    again: bool = False,
    nuclear_only: bool = False,
    found: Sequence[FoundSeries] | None = None,
    scratch: Path | None = None,
    before_store: Callable[[str], None] = lambda series_uid: None,
    after_store: Callable[[StudyOutcome], None] = lambda outcome: None,
    after_fuse: Callable[[FusionResult], None] = lambda result: None,
    progress: Callable[[str, int, int], None] | None = None,
) -> StudyOutcome:
    """Fuse a study on the server and store the result beside it.

    Same sources, model and settings give the same UIDs, so that the result is never there twice.

    Args:
        server: where the study is.
        study_uid: Study Instance UID.
        options: how to fuse.
        model: what :func:`coconet_med.load_model` gave.
        guard: guards the store request against signals.
        again: send the result even if the server has it.
        nuclear_only: refuse a study without PET and SPECT.
        found: the series of the study, if already known.
        scratch: folder for the temporary files; the system's by default.  They are removed in any case.
        before_store: called with the Series Instance UID of the result before it is sent.
        after_store: called with the outcome; no signal comes between sending and this.
        after_fuse: called with the result before it is written and stored.
        progress: called with (stage, done, total); may raise to stop.

    Raises:
        FusionError: no truthful result is possible (so where a series grew meanwhile), or the server does not take it.
    """
    from coconet_med.fusion import fuse

    plan = make_plan(
        server,
        study_uid,
        anatomy_series=options.anatomy_series,
        function_series=options.function_series,
        anatomy_kind=options.anatomy_kind,
        function_kind=options.function_kind,
        nuclear_only=nuclear_only,
        found=found,
    )
    with tempfile.TemporaryDirectory(prefix="coconet-med-pacs-", dir=scratch) as name:
        folder = Path(name)
        sources = folder / f"study {study_uid}"  # messages name the folder
        sources.mkdir()
        fetch(server, plan, sources, progress=progress)
        try:
            with guard.patient():
                how = FuseOptions.taken_from(vars(options))
                report, accept = _checking(guard, progress), accepts(options.form)
                result = fuse(sources, model=model, progress=report, options=how, accept=accept)
        except FusionError as error:  # the temporary folder means nothing to the user
            raise type(error)(str(error).replace(str(sources), sources.name)) from error
        _check_sources(result, plan)
        after_fuse(result)
        written = result.save(folder / "result", form=options.form, legend=options.legend)
        files = [path for path in written if path.parent == folder / "result"]
        refuse_grown(server, plan)
        beside = [path for path in written if path.suffix == ".dcm" and path not in files]
        with guard.deferred():
            before_store(_series_uid(files[0]))
            for path in beside:  # the legend, a series of its own; before the result, whose presence says "done"
                store(server, study_uid, [path], again=again, hurry=lambda: guard.pending)
            stored = store(server, study_uid, files, again=again, hurry=lambda: guard.pending)
            outcome = StudyOutcome(
                "stored" if stored.sent else "already there",
                study_uid,
                stored.series_uid,
                stored.objects,
                stored.sent,
                _facts(result, plan, stored.sha256),
                result.warnings,
            )
            after_store(outcome)
    return outcome


def _checking(guard: SignalGuard, progress: Callable[[str, int, int], None] | None) -> Callable[[str, int, int], None]:
    """``progress`` that ends the work where a signal came."""

    def step(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(stage, done, total)
        guard.check()

    return step


def _check_sources(result: FusionResult, plan: Plan) -> None:
    """The reader must have taken what was chosen by the headers; it saw the same tags, so this holds or is a defect."""
    taken = tuple(source.dicom.series.uid for source in (result.anatomy, result.function))
    if taken != (plan.anatomy.uid, plan.function.uid):
        raise ReadError(f"study {plan.study_uid}: headers and objects on the server differ; correct the study first")


def _series_uid(file: Path) -> str:
    from pydicom import dcmread

    return str(dcmread(file, specific_tags=["SeriesInstanceUID"]).SeriesInstanceUID)


def _facts(result: FusionResult, plan: Plan, sha256: str) -> dict[str, Any]:
    return {
        "anatomy": {"series": plan.anatomy.uid, "sha256": result.anatomy.sha256},
        "function": {"series": plan.function.uid, "sha256": result.function.sha256, **_mappings(result)},
        "model_sha256": result.provenance["model"]["sha256"],
        "version": result.provenance["software"]["version"],
        "result_sha256": sha256,
    }


def _mappings(result: FusionResult) -> dict[str, Any]:
    """The mapping objects that were read with the PET, which may have changed its values."""
    found = result.function.details.get("value_mappings")
    return {"value_mappings": [{"uid": one["uid"], "sha256": one["sha256"]} for one in found]} if found else {}
