"""Trains XGBoost or LightGBM, writes the model and what it predicts for the rows it was trained on.

usage: make_model.py PACKAGE SPEC TABLE OUT MODEL...

SPEC is a JSON object: params, rounds, and optionally categorical, the numbers of features that are categories, and qid, the
sizes of queries. TABLE is CSV of numbers without a header, the label first, an empty field being missing. Each MODEL is
written in the form its ending says: .json or .ubj for xgboost, .txt or .json for lightgbm. OUT gets one line per row.
"""

import json
import sys

import numpy


def with_xgboost(spec, x, y, models):
    import xgboost

    types = ["c" if i in spec.get("categorical", []) else "float" for i in range(x.shape[1])]
    rows = xgboost.DMatrix(x, y, feature_types=types, enable_categorical=True)
    if "qid" in spec:
        rows.set_group(spec["qid"])
    if spec["params"]["objective"] == "survival:aft":
        rows.set_float_info("label_lower_bound", y)
        rows.set_float_info("label_upper_bound", numpy.where(numpy.arange(len(y)) % 3 == 0, numpy.inf, y).astype(numpy.float32))
    booster = xgboost.train(spec["params"], rows, spec["rounds"])
    for model in models:
        booster.save_model(model)
    return booster.predict(rows)


def with_lightgbm(spec, x, y, models):
    import lightgbm

    rows = lightgbm.Dataset(x, y, categorical_feature=spec.get("categorical", []), group=spec.get("qid"), free_raw_data=False)
    booster = lightgbm.train({"verbose": -1, "num_threads": 1, **spec["params"]}, rows, spec["rounds"])
    for model in models:
        if model.endswith(".json"):
            with open(model, "w") as f:
                json.dump(booster.dump_model(), f)
        else:
            booster.save_model(model)
    return booster.predict(x)


def main(package, spec, table, out, *models):
    spec = json.loads(spec)
    data = numpy.genfromtxt(table, delimiter=",", dtype=numpy.float32)
    scores = {"xgboost": with_xgboost, "lightgbm": with_lightgbm}[package](spec, data[:, 1:], data[:, 0], models)
    numpy.savetxt(out, scores.reshape(len(data), -1), fmt="%.9g")


if __name__ == "__main__":
    main(*sys.argv[1:])
