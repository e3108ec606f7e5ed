"""Trains XGBoost on libsvm rows without densifying them and prints one JSON object: version and the metrics of the last round.

usage: train_sparse.py PARAMS TRAIN TEST

PARAMS is a JSON object of XGBoost's parameters with num_boost_round and num_feature among them. What a row leaves out is missing.
"""

import json
import sys

import numpy
import scipy.sparse
import xgboost


def read(path, width):
    labels, indices, values, starts = [], [], [], [0]
    with open(path) as f:
        for line in f:
            label, *pairs = line.split()
            labels.append(float(label))
            for pair in pairs:
                index, value = pair.split(":")
                indices.append(int(index))
                values.append(float(value))
            starts.append(len(indices))
    x = scipy.sparse.csr_matrix((numpy.array(values, numpy.float32), indices, starts), shape=(len(labels), width))
    return xgboost.DMatrix(x, label=labels)


def main(params, train, test):
    params = json.loads(params)
    rounds, width = params.pop("num_boost_round"), params.pop("num_feature")
    d, t = read(train, width), read(test, width)
    booster = xgboost.train(params, d, rounds, verbose_eval=False)
    last = booster.eval_set([(d, "train"), (t, "validation")], rounds)
    metrics = {k.replace("-", ":", 1): float(v) for k, v in (item.split(":") for item in last.split("\t")[1:])}
    print(json.dumps({"version": xgboost.__version__, "metrics": metrics}))


if __name__ == "__main__":
    main(*sys.argv[1:])
