#!/usr/bin/env bash
# Everything that the tests need, then the tests: makes .venv-tests on the first run, ends with pytest's summary.
# Arguments go to pytest: `tests/run.sh tests/align -k oblique`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv-tests/bin/python
[ -x "$python" ] || python3 -m venv .venv-tests
"$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,monai,openvino,pacs,cluster]"
"$python" -m ruff check .
"$python" -m ruff format --check .
# One thread for each test process: the two cores of a laptop are shared by two processes.
OMP_NUM_THREADS=1 exec "$python" -m pytest -n 2 --dist loadfile "$@"
