"""Records what scikit-learn's Gaussian process forecasts for recorded trainings: testdata/outlook.json.

    bench/peers/.venv/bin/python tuning/testdata/outlook.py

The traits and the progress of courses are worked out here anew, and the errors where each trial is forecast from the others come
of leaving it out and fitting again.
"""

import json
import pathlib

import numpy as np
import scipy.stats
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

NOISE, PRIOR, LEAST, IGNORANCE, STILL, CHANCE = 0.03, 2, 0.3, 1, 1e-4, 0.07
EPOCHS = list(range(1, 65)) + list(range(66, 129, 2)) + list(range(132, 201, 4))

here = pathlib.Path(__file__).parent
curves = np.loadtxt(here / "california_curves.txt")


def moved(first, last):
    chosen = [i for i, e in enumerate(EPOCHS) if first <= e <= last]
    return np.ptp(curves[:, chosen], axis=1)


def predict(x, y, at):
    mean = y.mean()
    process = GaussianProcessRegressor(RBF(1.0), alpha=NOISE, optimizer=None).fit(x, y - mean)
    value, deviation = process.predict(at[None], return_std=True)
    return mean + value[0], deviation[0] ** 2


cases = []
for trial, finished, epoch in [(20, 20, 4), (20, 20, 12), (31, 25, 24), (44, 40, 60), (59, 59, 128), (59, 40, 196)]:
    value = curves[:, EPOCHS.index(epoch)]
    last = curves[:, -1]
    best = last[:finished].min()
    still = STILL * np.sort(np.ptp(curves[:finished], axis=1))[finished // 2]
    half, quarter = moved(epoch // 2, epoch) + still, moved(epoch // 4, epoch // 2) + still
    traits = np.stack([np.log(half / quarter), np.arcsinh((value - best) / half), np.log(half)], axis=1)
    progress = np.arcsinh(np.maximum(0, value - last) / half)
    x, y, at = traits[:finished], progress[:finished], traits[trial]
    mean, unlike = predict(x, y, at)
    covariance = RBF(1.0)(x) + NOISE * np.eye(finished)
    centred = y - y.mean()
    overall = max(LEAST**2, centred @ np.linalg.solve(covariance, centred) / (finished - 1))
    total, count = PRIOR * overall, PRIOR
    for i in range(finished):
        others = np.arange(finished) != i
        process = GaussianProcessRegressor(RBF(1.0), alpha=NOISE, optimizer=None).fit(x[others], centred[others])
        guess, deviation = process.predict(x[i : i + 1], return_std=True)
        like = np.exp(-((x[i] - at) ** 2).sum() / 2)
        total += like * (centred[i] - guess[0]) ** 2 / (deviation[0] ** 2 + NOISE)
        count += like
    spread = np.sqrt((unlike + NOISE) * total / count + (IGNORANCE * unlike) ** 2)
    most = scipy.stats.t(finished - 1).ppf(1 - CHANCE)
    cases.append({
        "trial": trial, "finished": finished, "epoch": epoch, "best": best,
        "expected": value[trial] - max(0, np.sinh(mean)) * half[trial],
        "atBest": value[trial] - max(0, np.sinh(mean + most * spread)) * half[trial],
    })
out = {"scikitLearn": sklearn.__version__, "cases": cases}
(here / "outlook.json").write_text(json.dumps(out, indent=1) + "\n")
