"""Refreshes an XGBoost model with a table, as process_type update does, and writes it.

usage: refresh_model.py SPEC MODEL TABLE OUT

SPEC is a JSON object of params and rounds. TABLE is CSV of numbers without a header, the label first.
"""

import json
import sys

import numpy
import xgboost


def main(spec, model, table, out):
    spec = json.loads(spec)
    data = numpy.genfromtxt(table, delimiter=",", dtype=numpy.float32)
    booster = xgboost.Booster(model_file=model)
    rows = xgboost.DMatrix(data[:, 1:], data[:, 0], feature_names=booster.feature_names, feature_types=booster.feature_types)
    params = {k: v for k, v in spec["params"].items() if k != "num_round"}
    xgboost.train(params, rows, spec["rounds"], xgb_model=booster).save_model(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
