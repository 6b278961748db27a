"""Do one case: keep it if it is finished, else fuse, measure and write it; whatever goes wrong stays in this case."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.batch.case import BatchOptions, Case, Outcome
from coconet_med.batch.check import obstacle
from coconet_med.batch.derivatives import image_metadata
from coconet_med.batch.fingerprint import difference, fingerprint_of, stamp_of
from coconet_med.batch.layout import files_of
from coconet_med.batch.records import Records, remove_parts
from coconet_med.batch.summary_columns import facts_of
from coconet_med.errors import FusionError, ReadError, WriteError
from coconet_med.system.scratch import clear_scratch

if TYPE_CHECKING:
    from coconet_med.model import Model
    from coconet_med.result import FusionResult
    from coconet_med.source import Source


#: Bytes of a file name that common disks take, less those of the endings of records.
MOST_BYTES = 250


class Runner:
    """Does cases one after the other with models that are loaded once.

    Args:
        out: output folder of the batch.
        options: of the batch.
        overwrite: do finished cases anew, and replace files that are not from an earlier run.
        threads: of the engine on the CPU; ``None`` for all.
        load: what loads weights; :func:`coconet_med.load_model` unless a test says otherwise.
    """

    def __init__(
        self,
        out: Path,
        options: BatchOptions,
        *,
        overwrite: bool = False,
        threads: int | None = None,
        load: Callable[..., Model] | None = None,
    ) -> None:
        from coconet_med.model import load_model

        self.out, self.options, self.overwrite = out, options, overwrite
        self.records = Records(out)
        self._load, self._threads = load or load_model, threads
        self._models: dict[str, Model] = {}
        clear_scratch()

    def run(self, case: Case) -> Outcome:
        """The outcome of a case; never raises for what is wrong with the case (interruptions pass through)."""
        start = time.monotonic()
        try:
            with self.records.lock(case.id) as alone:
                if not alone:
                    return self._elsewhere(case)
                outcome = self._attempt(case)
                if outcome.status not in ("kept", "skipped"):
                    outcome.seconds = round(time.monotonic() - start, 3)
                    outcome.finished = datetime.now(UTC).isoformat(timespec="seconds")
                if outcome.status != "kept":
                    self._remember(outcome)
        except OSError as error:
            text = f"{self.out}: cannot be written to ({error.strerror})"
            outcome = Outcome(case.id, "failed", _too_long([case.id]) or text)
        gc.collect()  # images of this case must be gone before the next one begins
        return outcome

    def model(self, name: str) -> Model:
        """Weights, loaded at their first use.

        Raises:
            ModelError: see :func:`coconet_med.load_model`.
        """
        if name not in self._models:
            engine, device = self.options.engine, self.options.device
            self._models[name] = self._load(name, engine=engine, device=device, threads=self._threads)
        return self._models[name]

    def _attempt(self, case: Case) -> Outcome:
        try:
            return self._run(case)
        except FusionError as error:
            return self._failed(case, str(error))
        except MemoryError:
            return self._failed(case, "not enough memory; use fewer --jobs, or crop the images")
        except OSError as error:
            return self._failed(case, f"{error.filename or self.out}: {error.strerror or error}; check the disk")
        except Exception as error:  # a defect met by one case must not stop the others
            return self._failed(case, f"{type(error).__name__}: {error}")

    def _run(self, case: Case) -> Outcome:
        before = self.records.load(case.id)
        if case.skip:
            return Outcome(case.id, "skipped", case.skip, outputs=before.outputs if before else {})
        problem = obstacle(case, self.options)
        if problem:
            raise FusionError(problem)
        stamp = stamp_of(case, self.options)
        model = self.model(case.model or self.options.model)
        fingerprint = fingerprint_of(case, self.options, model.sha256)
        if before is not None and self._finished(before, fingerprint):
            return replace(before, status="kept")
        files = {kind: self.out / path for kind, path in files_of(case, self.options).items()}
        self._claim(case, files, before)
        result = self._fuse(case, model, fingerprint)
        changed = sorted(dict(stamp.items() ^ stamp_of(case, self.options).items()))
        if changed:
            raise ReadError(f"{changed[0]}: changed while the case was done; run again when it is complete")
        try:
            return self._write(case, result, files, fingerprint, before)
        except BaseException:
            for file in files.values():
                self.records.remove_empty(file.parent)
            raise

    def _finished(self, before: Outcome | None, fingerprint: dict[str, Any]) -> bool:
        if not before or before.status != "done" or self.overwrite:
            return False
        return not difference(before.fingerprint, fingerprint) and self.records.intact(before)

    def _elsewhere(self, case: Case) -> Outcome:
        """Of a case that another run is at: it may only be looking whether it is finished."""
        with contextlib.suppress(FusionError, OSError):
            before = self.records.load(case.id)
            if before and before.status == "done":
                model = self.model(case.model or self.options.model)
                if self._finished(before, fingerprint_of(case, self.options, model.sha256)):
                    return replace(before, status="kept")
        return Outcome(case.id, "busy", "another run is at this case; run again when it has ended")

    def _claim(self, case: Case, files: dict[str, Path], before: Outcome | None) -> None:
        """Say that these files are ours before any of them appears; refuse files that are not."""
        known = before.outputs if before else {}
        too_long = _too_long([file.name for file in files.values()])
        if too_long:
            raise WriteError(too_long)
        for file in files.values():
            name = file.relative_to(self.out).as_posix()
            ours = any(k == name or k.startswith(f"{name}/") for k in known)
            if file.exists() and not ours and not self.overwrite:
                msg = f"{file}: exists already and is not from this batch; move it away, or give --overwrite"
                raise WriteError(msg)
        remove_parts([*files.values(), self.records.path(case.id), self.records.path(case.id, "card")])
        claimed = {file.relative_to(self.out).as_posix(): None for file in files.values()}
        self.records.store(Outcome(case.id, "missing", "interrupted", outputs=claimed | known))

    def _fuse(self, case: Case, model: Model, fingerprint: dict[str, Any]) -> FusionResult:
        from coconet_med.fusion import fuse
        from coconet_med.readers.dynamic import read_functional
        from coconet_med.readers.limits import memory_limit
        from coconet_med.writers.dicom.form import accepts

        function: Path | Source | None = case.function
        facts, how = case.facts(), self.options
        if case.function and facts is not None:  # a NIfTI image; of a BIDS dataset also what its raw image tells
            with memory_limit(how.max_memory):
                function = read_functional(case.function, affine=how.affine, dynamic=how.dynamic, facts=facts)
        accept = accepts(how.dicom_form) if how.form == "dicom" else None
        result = fuse(case.anatomy, function, model=model, options=how.of_case(case), accept=accept)
        provenance = {**result.provenance, "options": fingerprint["options"]}
        if case.derived_from:
            provenance = image_metadata(case, "color", result.window.units) | provenance
        return replace(result, provenance=provenance, warnings=(*result.warnings, *case.notes))

    def _write(
        self,
        case: Case,
        result: FusionResult,
        files: dict[str, Path],
        fingerprint: dict[str, Any],
        before: Outcome | None,
    ) -> Outcome:
        from coconet_med.report.card import card_of
        from coconet_med.writers import PICTURE_SUFFIXES, pictures, volumes
        from coconet_med.writers.atomic import write_together
        from coconet_med.writers.sidecar import to_json
        from coconet_med.writers.study import write_study

        card = card_of(result, case_id=case.id)
        jobs = [(self.records.path(case.id, "card"), _writer(json.dumps(card)))]
        images = dict(files)
        _make_folders(files.values())
        if "folder" in images:
            kinds = {"luminance": self.options.luminance, "uptake": self.options.uptake}
            form, legend = self.options.dicom_form, self.options.dicom_legend
            write_study(result, images["folder"], **kinds, overwrite=True, form=form, legend=legend)
        else:
            sidecar = images.pop("sidecar")
            flat = images["color"].suffix in PICTURE_SUFFIXES
            encode = pictures.encode if flat else volumes.encode
            for kind, file in images.items():
                what = kind.removesuffix("_sidecar")
                if what != kind:
                    jobs.append((file, _writer(to_json(image_metadata(case, what, result.window.units)))))
                else:
                    jobs.append((file, encode(result, kind)))
            jobs.append((sidecar, _writer(to_json(result.sidecar(images)))))
        write_together(jobs, overwrite=True)
        outputs = self.records.describe(list(files.values()))
        facts, warnings = facts_of(result, card), list(result.warnings)
        stale = {name: known for name, known in (before.outputs if before else {}).items() if name not in outputs}
        left = self.records.remove(stale, own=case.target.split("_desc-")[0])  # of an earlier result with other options
        if left:
            note = f"{', '.join(sorted(left))}: of an earlier result, but changed since; was left there"
            warnings.append(note)
        return Outcome(case.id, "done", fingerprint=fingerprint, outputs=outputs, facts=facts, warnings=warnings)

    def _failed(self, case: Case, error: str) -> Outcome:
        before = self.records.load(case.id)
        outputs = before.outputs if before else {}
        return Outcome(case.id, "failed", " ".join(error.split()) + self.records.earlier(outputs), outputs=outputs)

    def _remember(self, outcome: Outcome) -> None:
        try:
            self.records.store(outcome)
        except WriteError as error:
            if outcome.status != "failed":  # a result without a record would be done again: say why
                outcome.status, outcome.error = "failed", str(error)


def _make_folders(files: Iterable[Path]) -> None:
    for file in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{file.parent}: cannot be made ({error.strerror}); choose another output folder"
            raise WriteError(msg) from error


def _too_long(names: Iterable[str]) -> str:
    """What is wrong with the longest of these names where no disk takes it; records add up to five bytes."""
    longest = max(names, key=lambda name: len(os.fsencode(name)))
    size = len(os.fsencode(longest))
    if size <= MOST_BYTES:
        return ""
    return f"{longest[:60]}...: the name has {size} bytes, {MOST_BYTES} at most; give the case a shorter id"


def _writer(text: str) -> Callable[[Path], Any]:
    return lambda part: part.write_text(text, encoding="utf-8")
