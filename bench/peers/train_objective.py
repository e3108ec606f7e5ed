"""Trains XGBoost with any objective and prints one JSON object: its metrics of the last round on the second table
("theirs"), and what the same metrics make of margins given for that table ("given").

usage: train_objective.py SPEC TRAIN TEST MARGINS

SPEC is a JSON object: params, rounds, metrics, and which columns come before the features: columns, among label, upper,
weight and qid, in the order of the tables. Tables are CSV of numbers without a header; MARGINS has one number a line.
"""

import json
import sys

import numpy
import xgboost


def matrix(path, columns, margins=None):
    data = numpy.genfromtxt(path, delimiter=",", dtype=numpy.float32)
    part = {name: data[:, i] for i, name in enumerate(columns)}
    m = xgboost.DMatrix(data[:, len(columns) :], part["label"])
    weight = part.get("weight")
    if "qid" in part:
        m.set_info(qid=part["qid"].astype(numpy.int64))
        if weight is not None:  # one per query
            weight = weight[numpy.flatnonzero(numpy.diff(part["qid"], prepend=-1))]
    if weight is not None:
        m.set_weight(weight)
    if "upper" in part:
        m.set_float_info("label_lower_bound", part["label"])
        m.set_float_info("label_upper_bound", numpy.nan_to_num(part["upper"], nan=numpy.inf))
    if margins is not None:
        m.set_base_margin(numpy.loadtxt(margins, dtype=numpy.float32))
    return m


def measure(booster, m, metrics, params):
    out = {}
    for name in metrics:  # one by one: each keeps all its digits
        booster.set_param({**params, "eval_metric": name, "disable_default_eval_metric": 1})
        for item in booster.eval_set([(m, "test")], 0).split("\t")[1:]:
            key, value = item.split(":")
            out[key.removeprefix("test-")] = float(value)
    return out


def main(spec, train, test, margins):
    spec = json.loads(spec)
    d = matrix(train, spec["columns"])
    booster = xgboost.train(spec["params"], d, spec["rounds"], verbose_eval=False)
    out = {"version": xgboost.__version__, "theirs": measure(booster, matrix(test, spec["columns"]), spec["metrics"], spec["params"])}
    given = matrix(test, spec["columns"], margins)
    empty = xgboost.Booster(spec["params"], [given])
    out["given"] = measure(empty, given, spec["metrics"], spec["params"])
    print(json.dumps(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
