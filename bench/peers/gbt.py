"""Trains and scores with XGBoost or LightGBM and prints one JSON object of seconds.

usage: gbt.py SPEC

SPEC is a JSON file: library, rounds, params, train and test (.npy of float32, label first), types (per feature "float" or "c"),
predictions (.npy to write) and threads. Data are in memory before the clock starts; binning is inside it.
"""

import json
import sys
import time

import numpy


def main(path):
    with open(path) as f:
        spec = json.load(f)
    train = numpy.load(spec["train"])
    test = numpy.load(spec["test"])
    x, y = numpy.ascontiguousarray(train[:, 1:]), numpy.ascontiguousarray(train[:, 0])
    held = numpy.ascontiguousarray(test[:, 1:])
    del train, test
    run = {"xgboost": with_xgboost, "lightgbm": with_lightgbm}[spec["library"]]
    out = run(spec, x, y, held)
    numpy.save(spec["predictions"], numpy.asarray(out.pop("scores"), dtype=numpy.float32).reshape(len(held), -1))
    out["peak_mb"] = peak_mb()
    print(json.dumps(out))


def peak_mb():
    """The high-water mark of this program's memory; getrusage would count that of the process it was started from."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


def with_xgboost(spec, x, y, held):
    import xgboost

    params = dict(spec["params"], nthread=spec["threads"], verbosity=0)
    names = {"enable_categorical": True, "feature_types": spec["types"]} if "c" in spec["types"] else {}
    start = time.perf_counter()
    matrix = xgboost.QuantileDMatrix(x, label=y, max_bin=params.get("max_bin", 256), **names)
    booster = xgboost.train(params, matrix, num_boost_round=spec["rounds"])
    trained = time.perf_counter() - start
    start = time.perf_counter()
    if names:
        scores = booster.predict(xgboost.DMatrix(held, **names))
    else:
        scores = booster.inplace_predict(held)
    return {"train": trained, "predict": time.perf_counter() - start, "scores": scores, "version": xgboost.__version__}


def with_lightgbm(spec, x, y, held):
    import lightgbm

    params = dict(spec["params"], num_threads=spec["threads"], verbosity=-1)
    categorical = [i for i, t in enumerate(spec["types"]) if t == "c"]
    start = time.perf_counter()
    data = lightgbm.Dataset(x, label=y, categorical_feature=categorical or "auto", params=params)
    booster = lightgbm.train(params, data, num_boost_round=spec["rounds"])
    trained = time.perf_counter() - start
    start = time.perf_counter()
    scores = booster.predict(held)
    return {"train": trained, "predict": time.perf_counter() - start, "scores": scores, "version": lightgbm.__version__}


if __name__ == "__main__":
    main(sys.argv[1])
