"""Scores a table with XGBoost model files.

usage: load_model.py TABLE MODEL OUT [MODEL OUT ...]

TABLE is CSV of numbers without a header, an empty field being missing; categories are codes. Each OUT gets one line per row.
Where a model has a best_iteration, the rounds up to it are used.
"""

import sys

import numpy
import xgboost


def score(data, model, out):
    booster = xgboost.Booster(model_file=model)
    if data.ndim == 1:
        data = data.reshape(-1, booster.num_features())
    matrix = xgboost.DMatrix(
        data,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
    )
    rounds = (0, 0)
    if booster.attr("best_iteration") is not None:
        rounds = (0, int(booster.attr("best_iteration")) + 1)
    scores = booster.predict(matrix, iteration_range=rounds)
    numpy.savetxt(out, scores.reshape(len(data), -1), fmt="%.9g")


def main(table, *files):
    data = numpy.genfromtxt(table, delimiter=",", dtype=numpy.float32)
    for model, out in zip(files[::2], files[1::2]):
        score(data, model, out)
    print("xgboost", xgboost.__version__)


if __name__ == "__main__":
    main(*sys.argv[1:])
