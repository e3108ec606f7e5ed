"""Scores a table of texts and numbers with an XGBoost model file, as a pandas data frame whose texts are categories.

usage: load_frame.py MODEL TABLE OUT

TABLE is CSV with a header. Its categories are numbered anew, in the order they are met, so that predictions are right only
if the model's own texts are. OUT gets one line per row.
"""

import sys

import numpy
import pandas
import xgboost


def main(model, table, out):
    booster = xgboost.Booster(model_file=model)
    frame = pandas.read_csv(table, keep_default_na=False, na_values=[""])
    for name in frame.columns:
        if not pandas.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pandas.Categorical(frame[name], categories=frame[name].dropna().unique())
        else:
            frame[name] = frame[name].astype(numpy.float32)
    scores = booster.predict(xgboost.DMatrix(frame, enable_categorical=True))
    numpy.savetxt(out, scores.reshape(len(frame), -1), fmt="%.9g")
    print("xgboost", xgboost.__version__)


if __name__ == "__main__":
    main(*sys.argv[1:])
