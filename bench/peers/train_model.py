"""Trains XGBoost on tables and prints one JSON object: seconds and the metrics of the last round.

usage: train_model.py PARAMS TRAIN TEST

PARAMS is a JSON object of XGBoost's parameters with num_boost_round and feature_types among them. TRAIN and TEST are .npy
files of float32 with the label in the first column, or CSV as for load_model.py.
"""

import json
import sys
import time

import numpy
import xgboost


def read(path, types):
    if path.endswith(".npy"):
        data = numpy.load(path)
    else:
        data = numpy.genfromtxt(path, delimiter=",", dtype=numpy.float32)
    return data[:, 1:], data[:, 0]


def main(params, train, test):
    params = json.loads(params)
    rounds, types = params.pop("num_boost_round"), params.pop("feature_types", None)
    start = time.time()
    x, y = read(train, types)
    tx, ty = read(test, types)
    reading = time.time() - start
    start, cpu = time.time(), time.process_time()
    d = xgboost.QuantileDMatrix(x, y, feature_types=types, enable_categorical=True, max_bin=params.get("max_bin", 256), nthread=params.get("nthread"))
    binning = time.time() - start
    t = xgboost.DMatrix(tx, ty, feature_types=types, enable_categorical=True)
    start = time.time()
    booster = xgboost.train(params, d, rounds, evals=[(d, "train")], verbose_eval=False)
    training, cpu = time.time() - start, time.process_time() - cpu
    start = time.time()
    booster.predict(t)
    predicting = time.time() - start
    last = booster.eval_set([(d, "train"), (t, "test")], rounds)
    metrics = {k: float(v) for k, v in (item.split(":") for item in last.split("\t")[1:])}
    print(json.dumps({"version": xgboost.__version__, "reading": reading, "binning": binning, "training": training, "cpu": cpu,
                      "predicting": predicting, "rows": len(y), "test_rows": len(ty), "metrics": metrics}))


if __name__ == "__main__":
    main(*sys.argv[1:])
