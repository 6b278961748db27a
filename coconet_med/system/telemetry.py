"""Nothing calls home: what libraries would send to their makers is switched off before any of them is loaded.

- onnxruntime (1.32, Linux): some seconds after the first session it asks for the address of its maker, and keeps an
  identity of the device and a queue, with the path of the Python executable, below the user's cache.  Its environment
  variable stops it; ``onnxruntime.disable_telemetry_events()`` alone still leaves the identity there.
- OpenVINO (2026.4): importing it starts a process that calls Google Analytics, and keeps an identity in ``~/intel``,
  through the package ``openvino_telemetry``.  Without that package OpenVINO takes a stand-in that does nothing.
- MLflow (3.17), which only ``--tracking mlflow`` of the bundle uses, makes an identity in the user's configuration when
  it is imported and reports what it is used for; :func:`silence_mlflow` stops the reports.

torch, MONAI and Dask report nothing (watched with strace); ``tests/system/test_telemetry.py`` watches the fusion.
"""

from __future__ import annotations

import os
import sys

#: What switches off the reports of onnxruntime, and of every process that is started from here.
ONNXRUNTIME_VARIABLE = "ORT_DISABLE_TELEMETRY"

#: The package through which OpenVINO reports.
OPENVINO_PACKAGE = "openvino_telemetry"

#: What switches off the reports of MLflow.
MLFLOW_VARIABLE = "MLFLOW_DISABLE_TELEMETRY"


def silence_libraries() -> None:
    """Switch off the reports of libraries in this process and those that it starts; costs nothing."""
    os.environ[ONNXRUNTIME_VARIABLE] = "1"
    os.environ[MLFLOW_VARIABLE] = "true"
    sys.modules.setdefault(OPENVINO_PACKAGE, None)  # type: ignore[arg-type]  # "there is no such package"


def silence_mlflow() -> None:
    """Take the reporter away from an MLflow that was imported before this package, as MONAI imports it."""
    os.environ[MLFLOW_VARIABLE] = "true"
    client = sys.modules.get("mlflow.telemetry.client")
    if client is not None:
        client.set_telemetry_client()  # looks at the variable again


def reports() -> dict[str, str]:
    """By library, whether it reports to its maker from this process: ``"off"``, or why it is not."""
    onnxruntime = os.environ.get(ONNXRUNTIME_VARIABLE) == "1"
    openvino = sys.modules.get(OPENVINO_PACKAGE) is None
    return {
        "onnxruntime": "off" if onnxruntime else f"{ONNXRUNTIME_VARIABLE} was changed; set it to 1",
        "openvino": "off" if openvino else "openvino was imported before coconet_med; import coconet_med first",
    }
