"""Explains the rows of a table with a model file of XGBoost or LightGBM.

usage: explain_model.py MODEL TABLE CONTRIBUTIONS INTERACTIONS

TABLE is CSV of numbers without a header, an empty field being missing; categories are codes. CONTRIBUTIONS gets a line per row:
for each class the features' and the bias. INTERACTIONS gets a line per row: for each class a matrix, row by row; it may be "-".
Prints how many seconds each took on one core, as JSON.
"""

import json
import sys
import time

import numpy


def explain_xgboost(model, data):
    import xgboost

    booster = xgboost.Booster(model_file=model)
    booster.set_param({"nthread": 1})
    matrix = xgboost.DMatrix(
        data,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
        nthread=1,
    )
    rounds = (0, 0)
    if booster.attr("best_iteration") is not None:
        rounds = (0, int(booster.attr("best_iteration")) + 1)
    return (
        lambda: booster.predict(matrix, pred_contribs=True, iteration_range=rounds),
        lambda: booster.predict(matrix, pred_interactions=True, iteration_range=rounds),
    )


def explain_lightgbm(model, data):
    import lightgbm

    booster = lightgbm.Booster(model_file=model, params={"num_threads": 1})
    return lambda: booster.predict(data.astype(float), pred_contrib=True, num_threads=1), None


def main(model, table, contributions, interactions):
    data = numpy.genfromtxt(table, delimiter=",", dtype=numpy.float32, ndmin=2)
    with open(model, "rb") as f:
        lightgbm = f.read(5).startswith(b"tree")
    calls = (explain_lightgbm if lightgbm else explain_xgboost)(model, data)
    seconds = []
    for call, out in zip(calls, (contributions, interactions)):
        if call is None or out == "-":
            continue
        begin = time.perf_counter()
        values = call()
        seconds.append(time.perf_counter() - begin)
        numpy.savetxt(out, values.reshape(len(data), -1), fmt="%.9g")
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
