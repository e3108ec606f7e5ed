"""Suggests trials by Optuna's samplers: a line of JSON in, a line of JSON out.

{"sampler": "tpe"|"gp"|"random", "seed": 1, "space": [...]}  starts a study that minimises; answers the versions
{}                                                           asks; answers the values by name, as texts
{"cpu": true}                                                answers the processor seconds of this process
{"values": {...}, "value": 0.5}                              adds what was observed without the sampler; answers {}
{"value": 0.5} or {"value": null}                            tells what became of the oldest one asked, null if it failed; answers {}
"""

import importlib.metadata
import json
import sys
import time
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

CONTINUOUS, INTEGER, CATEGORICAL = 0, 1, 2
LOGARITHMIC = 2


def distribution(p):
    kind, log = p.get("kind", CONTINUOUS), p.get("scale") == LOGARITHMIC
    if kind == CATEGORICAL:
        return optuna.distributions.CategoricalDistribution(p["values"])
    low, high = p.get("min", 0), p.get("max", 0)
    if kind == INTEGER:
        return optuna.distributions.IntDistribution(int(low), int(high), log=log)
    return optuna.distributions.FloatDistribution(low, high, log=log)


def sampler(name, seed):
    if name == "tpe":
        return optuna.samplers.TPESampler(multivariate=True, seed=seed)
    if name == "gp":
        import torch

        torch.set_num_threads(1)
        return optuna.samplers.GPSampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)


def versions():
    return {m: importlib.metadata.version(m) for m in ("optuna", "torch", "scipy", "numpy")}


study = space = None
pending = []
for line in sys.stdin:
    message, answer = json.loads(line), {}
    if "sampler" in message:
        study = optuna.create_study(sampler=sampler(message["sampler"], message["seed"]))
        space = {p["name"]: distribution(p) for p in message["space"]}
        pending = []
        answer = versions()
    elif "cpu" in message:
        answer = {"cpu": repr(time.process_time())}
    elif "values" in message:
        params = {n: v if isinstance(space[n], optuna.distributions.CategoricalDistribution) else json.loads(v) for n, v in message["values"].items()}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=message["value"]))
    elif "value" in message:
        trial = pending.pop(0)
        if message["value"] is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, message["value"])
    else:
        trial = study.ask(space)
        pending.append(trial)
        answer = {n: v if isinstance(v, str) else repr(v) for n, v in trial.params.items()}
    print(json.dumps(answer), flush=True)
