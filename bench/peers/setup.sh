#!/bin/sh
# Makes the virtual environment that tests and benchmarks compare Batchmill with: bench/peers/.venv.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
.venv/bin/python -c 'import lightgbm, xgboost; print("xgboost", xgboost.__version__, "lightgbm", lightgbm.__version__)'
