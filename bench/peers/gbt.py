"""Trains and scores with XGBoost or LightGBM and prints one JSON object: seconds, processor seconds, memory.

usage: gbt.py SPEC | gbt.py versions

SPEC is a JSON file, described by the type spec in bench/gbt. Data are in memory and the library is loaded before the clock
starts; binning is inside it.
"""

import importlib
import json
import platform
import resource
import sys
import time

import numpy

LIBRARIES = ("xgboost", "lightgbm", "numpy")


def main(argument):
    if argument == "versions":
        versions = {name: importlib.import_module(name).__version__ for name in LIBRARIES}
        print(json.dumps({"Python": platform.python_version(), **versions}))
        return
    with open(argument) as f:
        spec = json.load(f)
    train, predict = {"xgboost": (train_xgboost, predict_xgboost), "lightgbm": (train_lightgbm, predict_lightgbm)}[spec["library"]]
    importlib.import_module(spec["library"])
    x, y = load(spec, spec["train_x"]), numpy.load(spec["train_y"])[:, 0]
    out = {"loaded_mb": settle_memory()}
    cpu, start = cpu_seconds(), time.perf_counter()
    booster = train(spec, x, y)
    out["seconds"], out["cpu"] = time.perf_counter() - start, cpu_seconds() - cpu
    out["peak_mb"] = status_mb("VmHWM")
    scores = predict(spec, booster, load(spec, spec["test_x"]))
    numpy.save(spec["predictions"], numpy.asarray(scores, dtype=numpy.float32, order="C").reshape(len(scores), -1))
    print(json.dumps(out))


def load(spec, path):
    """Rows as spec.go writes them: a table, or a folder of sparse rows."""
    if not spec["sparse"]:
        return numpy.load(path)
    import scipy.sparse

    lengths, indices, values = (numpy.load(f"{path}/{name}.npy")[:, 0] for name in ("lengths", "indices", "values"))
    starts = numpy.concatenate([[0], numpy.cumsum(lengths.astype(numpy.int64))])
    rows = scipy.sparse.csr_matrix((values, indices.astype(numpy.int32), starts), shape=(len(lengths), spec["sparse"]))
    rows.sort_indices()
    return rows


def settle_memory():
    """Starts the high-water mark of memory anew and tells what is in use."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError as err:
        print("peak memory includes that of loading:", err, file=sys.stderr)
    return status_mb("VmRSS")


def status_mb(name):
    """A size from /proc/self/status; getrusage would count that of the process this one was started from."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    raise ValueError("/proc/self/status has no " + name)


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def categorical(spec):
    return [i for i, c in enumerate(spec["columns"] or []) if c["categories"] is not None]


def xgboost_types(spec):
    if not categorical(spec):
        return {}
    types = ["float" if c["categories"] is None else "c" for c in spec["columns"]]
    return {"enable_categorical": True, "feature_types": types}


def train_xgboost(spec, x, y):
    import xgboost

    params = dict(spec["params"], nthread=spec["threads"], verbosity=0)
    matrix = xgboost.QuantileDMatrix(x, label=y, max_bin=params["max_bin"], **xgboost_types(spec))
    watched = [(matrix, "train")] if spec["train_metric"] else []
    return xgboost.train(params, matrix, num_boost_round=spec["rounds"], evals=watched, verbose_eval=False)


def predict_xgboost(spec, booster, x):
    import xgboost

    return booster.predict(xgboost.DMatrix(x, **xgboost_types(spec)))


def train_lightgbm(spec, x, y):
    import lightgbm

    params = dict(spec["params"], num_threads=spec["threads"], verbosity=-1)
    data = lightgbm.Dataset(x, label=y, categorical_feature=categorical(spec) or "auto", params=params)
    watched = [data] if spec["train_metric"] else None
    return lightgbm.train(params, data, num_boost_round=spec["rounds"], valid_sets=watched)


def predict_lightgbm(_, booster, x):
    return booster.predict(x)


if __name__ == "__main__":
    main(sys.argv[1])
