"""The MONAI Deploy application: a DICOM study in, the DICOM series of its fusion out.

ulimit -s 32768
python bundles/deploy -i STUDY -o OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

from monai.deploy.core import Application
from operators import FusionOperator, SeriesWriterOperator, StudyReaderOperator

from coconet_med.errors import FusionError

CONFIG = Path(__file__).with_name("app.yaml")


class CoconetFusionApp(Application):
    """Reads a study, fuses it and writes the result; what may be chosen stands in ``app.yaml``."""

    def compose(self) -> None:
        context = Application.init_app_context(self.argv)
        fusion = self.kwargs("fusion")
        model = Path(context.model_path) / "model.onnx"  # of a bundle that was packaged with the application
        if model.is_file():
            fusion["model"] = model
        reader = StudyReaderOperator(
            self, name="reader", input_folder=Path(context.input_path), options=self.kwargs("study")
        )
        fuser = FusionOperator(self, name="fuser", options=fusion)
        writer = SeriesWriterOperator(
            self, name="writer", output_folder=Path(context.output_path), **self.kwargs("output")
        )
        self.add_flow(reader, fuser, {("pair", "pair")})
        self.add_flow(fuser, writer, {("result", "result")})


def main() -> None:
    """Run; a study that cannot be fused truthfully ends in one line and exit code 2."""
    app = CoconetFusionApp()
    app.config(str(CONFIG))
    try:
        app.run()
    except FusionError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
