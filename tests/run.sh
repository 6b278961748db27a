#!/usr/bin/env bash
# Everything that the tests need, then the tests: makes .venv-tests on the first run, ends with pytest's summary.
# Arguments go to pytest: `tests/run.sh tests/align -k oblique`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv-tests/bin/python
[ -x "$python" ] || python3 -m venv .venv-tests
"$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs,monai,openvino,pacs,cluster]"
# MLflow in a place of its own, for the one test that needs it: MONAI imports it wherever it is installed, which costs
# every process of the bundle more than a second.  Without it that test skips.
mlflow=.venv-tests/mlflow
[ -d "$mlflow" ] || "$python" -m pip install --quiet --disable-pip-version-check --target "$mlflow" \
    mlflow-skinny sqlalchemy alembic 2>/dev/null || echo "MLflow cannot be installed; its test will skip"
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
NO_MKDOCS_2_WARNING=1 "$python" -m mkdocs build --strict --quiet
# One thread for each test process: the two cores of a laptop are shared by two processes.
export OMP_NUM_THREADS=1
# Text whose encoding nobody named is an error (see pytest's filterwarnings in pyproject.toml).
export PYTHONWARNDEFAULTENCODING=1
if [ "$#" -gt 0 ]; then
    exec "$python" -m pytest "$@"
fi
# The PACS tests send signals to their own process, which pytest's workers do not survive: they run by themselves.
status=0
"$python" -m pytest -q tests/pacs || status=1
"$python" -m pytest -n 2 --dist loadfile --ignore tests/pacs || status=1
exit "$status"
