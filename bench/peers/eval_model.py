"""Prints XGBoost's metrics of a model on a table as one JSON object.

usage: eval_model.py MODEL TABLE WEIGHTED METRICS

TABLE is CSV as for load_model.py with the label first and, if WEIGHTED is 1, an instance weight second. METRICS are separated
by commas.
"""

import json
import sys

import numpy
import xgboost


def main(model, table, weighted, metrics):
    data = numpy.genfromtxt(table, delimiter=",", dtype=numpy.float32)
    first = 2 if weighted == "1" else 1
    booster = xgboost.Booster(model_file=model)
    matrix = xgboost.DMatrix(
        data[:, first:],
        label=data[:, 0],
        weight=data[:, 1] if weighted == "1" else None,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
    )
    out = {}
    for name in metrics.split(","):  # one by one: each keeps all its digits
        booster.set_param({"eval_metric": name, "disable_default_eval_metric": 1})
        line = booster.eval_set([(matrix, "test")], 0)
        for item in line.split("\t")[1:]:
            key, value = item.split(":")
            out[key.removeprefix("test-")] = float(value)
    print(json.dumps(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
