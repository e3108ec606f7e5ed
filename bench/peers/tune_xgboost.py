"""Tunes XGBoost with Optuna and prints a JSON object for each trial.

usage: tune_xgboost.py SPEC

SPEC is a JSON file, described by the type spec in bench/realtuning; what is printed, by the type trial there. Data are in
memory and binned once, before any clock starts. Trials that were made before are told again: the samplers go by their seed.
"""

import json
import sys
import time
import warnings

import numpy
import optuna
import xgboost

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

INTEGER, LOGARITHMIC = 1, 2


def distribution(p):
    log = p.get("scale") == LOGARITHMIC
    if p.get("kind") == INTEGER:
        return optuna.distributions.IntDistribution(int(p["min"]), int(p["max"]), log=log)
    return optuna.distributions.FloatDistribution(p["min"], p["max"], log=log)


def matrix(files, types, **more):
    x, y = numpy.load(files["x"]), numpy.load(files["y"])[:, 0]
    return xgboost.QuantileDMatrix(x, label=y, feature_types=types, enable_categorical=True, max_bin=256, **more)


def texts(params):
    return {name: repr(value) for name, value in params.items()}


def main(path):
    with open(path) as f:
        spec = json.load(f)
    train = matrix(spec["train"], spec["types"])
    held = matrix(spec["validation"], spec["types"], ref=train)
    space = {p["name"]: distribution(p) for p in spec["space"]}
    sampler = optuna.samplers.TPESampler(seed=spec["seed"], multivariate=spec["sampler"] == "optuna-tpe")
    study = optuna.create_study(sampler=sampler)
    for i, done in enumerate(spec["done"] or []):
        trial = study.ask(space)
        if texts(trial.params) != done["values"]:
            raise ValueError(f"trial {i + 1} of what is kept was another one: made by another version?")
        study.tell(trial, done["value"])
    static = {k: v for k, v in spec["params"].items() if k != "num_round"}
    start = time.perf_counter()
    for _ in range(spec["trials"]):
        begin = time.perf_counter()
        if begin - start > spec["seconds"]:
            break
        trial = study.ask(space)
        asked = time.perf_counter()
        seen = {}
        params = dict(static, **trial.params, nthread=spec["threads"], verbosity=0)
        xgboost.train(params, train, num_boost_round=spec["rounds"], evals=[(held, "validation")], evals_result=seen, verbose_eval=False)
        trained = time.perf_counter()
        curve = seen["validation"][spec["metric"]]
        study.tell(trial, curve[-1])
        print(json.dumps({
            "values": texts(trial.params), "value": curve[-1], "curve": curve, "train": trained - asked,
            "suggest": asked - begin + time.perf_counter() - trained,
            "version": f"optuna {optuna.__version__}, xgboost {xgboost.__version__}",
        }), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
