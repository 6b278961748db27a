"""DICOM operators of MONAI Deploy around ``coconet_med.fuse``: a study in, the series of its fusion out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from monai.deploy.conditions import CountCondition
from monai.deploy.core import ConditionType, Fragment, Operator, OperatorSpec

log = logging.getLogger("coconet_med.deploy")


class StudyReaderOperator(Operator):
    """Chooses the anatomical and the functional series of a folder and reads them.

    The SDK's own DICOM operators are not used: they scale a whole series by the slope of one slice and know no SUV.

    Named input:
        input_folder: optional, a folder instead of the one given.

    Named output:
        pair: tuple of two :class:`coconet_med.source.Source`, anatomy and function.
    """

    def __init__(
        self, fragment: Fragment, *args: Any, input_folder: Path, options: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        self._folder, self._options = Path(input_folder), dict(options or {})
        # Without an end of its own a source is asked again and again, and the study is fused again each time.
        super().__init__(fragment, CountCondition(fragment, 1), *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        spec.input("input_folder").condition(ConditionType.NONE)
        spec.output("pair")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        from coconet_med.readers.dicom import read_study

        folder = Path(op_input.receive("input_folder") or self._folder)
        pair = read_study(folder, **self._options)
        log.info("anatomy: %s; function: %s", *(source.name for source in pair))
        op_output.emit(pair, "pair")


class FusionOperator(Operator):
    """Fuses a pair: registration where needed, one window, the network, colors.

    Named input:
        pair: of :class:`StudyReaderOperator`.

    Named output:
        result: :class:`coconet_med.result.FusionResult`.
    """

    def __init__(self, fragment: Fragment, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self._options = dict(options or {})
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        spec.input("pair")
        spec.output("result")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        from coconet_med import fuse

        result = fuse(*op_input.receive("pair"), **self._options)
        for warning in result.warnings:
            log.warning("%s", warning)
        op_output.emit(result, "result")


class SeriesWriterOperator(Operator):
    """Writes the fused series with its legend, and the JSON side-car; whole, or not at all.

    Named input:
        result: of :class:`FusionOperator`.
    """

    def __init__(
        self,
        fragment: Fragment,
        *args: Any,
        output_folder: Path,
        form: str = "sc",
        overwrite: bool = False,
        **kwargs: Any,
    ) -> None:
        self._folder, self._form, self._overwrite = Path(output_folder), form, overwrite
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        spec.input("result")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        result = op_input.receive("result")
        written = result.save(self._folder / "fused", form=self._form, overwrite=self._overwrite)
        log.info("wrote %d files below %s", len(written), self._folder)
