#!/bin/sh
# Makes the virtual environments that tests and benchmarks compare Batchmill with: bench/peers/.venv, or with the argument
# "tuning" bench/peers/.venv-tuning, which holds Optuna and PyTorch (6 GB). "score" adds to .venv what only bench/score
# compares with; Treelite's compiled models need a C compiler, too. "transform" makes bench/peers/.venv-transform, with what
# bench/transform compares with (3 GB); PySpark needs Java 17 (Debian: default-jre-headless) and gets S3A from Maven Central when it first runs.
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" = tuning ]; then
  python3 -m venv .venv-tuning
  .venv-tuning/bin/pip install --quiet --requirement requirements-tuning.txt
  .venv-tuning/bin/python -c 'import optuna, torch; print("optuna", optuna.__version__, "torch", torch.__version__)'
  exit
fi
if [ "${1:-}" = transform ]; then
  python3 -m venv .venv-transform
  .venv-transform/bin/pip install --quiet --requirement requirements-transform.txt
  .venv-transform/bin/python -c 'import duckdb, polars, pyarrow, pyspark, ray
for library in duckdb, polars, pyarrow, pyspark, ray: print(library.__name__, library.__version__, end=" ")'
  echo
  command -v java >/dev/null || echo "there is no Java: the side spark will not run"
  exit
fi
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
if [ "${1:-}" = score ]; then
  .venv/bin/pip install --quiet --requirement requirements-score.txt
fi
.venv/bin/python -c 'import lightgbm, xgboost; print("xgboost", xgboost.__version__, "lightgbm", lightgbm.__version__)'
