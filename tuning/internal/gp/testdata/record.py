"""Records what scikit-learn's Gaussian process says on fixed data: testdata/record.json.

    bench/peers/.venv/bin/python tuning/internal/gp/testdata/record.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel



def slopes(predict, at, step=1e-4):
    """Derivatives of mean and variance by each coordinate, from differences over five points: exact to about step^4."""
    by_mean, by_variance = np.zeros_like(at), np.zeros_like(at)
    for d in range(at.shape[1]):
        for weight, k in ((8, 1), (-8, -1), (-1, 2), (1, -2)):
            moved = at.copy()
            moved[:, d] += k * step
            mean, deviation = predict(moved, return_std=True)
            by_mean[:, d] += weight * mean / (12 * step)
            by_variance[:, d] += weight * deviation**2 / (12 * step)
    return by_mean, by_variance


cases = []
for n, d, noise, variance, seed in [(12, 1, 1e-4, 1.0, 1), (30, 3, 1e-2, 2.5, 2), (60, 6, 0.3, 0.7, 3)]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    y = np.sin(5 * x).sum(axis=1) + 0.1 * rng.standard_normal(n)
    at = rng.random((5, d))
    lengths = rng.uniform(0.2, 1.5, d)
    matern = ConstantKernel(variance) * Matern(lengths, nu=2.5)
    full = GaussianProcessRegressor(matern + WhiteKernel(noise), alpha=0, optimizer=None).fit(x, y)
    value, gradient = full.log_marginal_likelihood(full.kernel_.theta, eval_gradient=True)
    posterior = GaussianProcessRegressor(matern, alpha=noise, optimizer=None).fit(x, y)
    mean, deviation = posterior.predict(at, return_std=True)
    by_mean, by_variance = slopes(posterior.predict, at)
    cases.append({
        "x": x.tolist(), "y": y.tolist(), "lengths": lengths.tolist(), "variance": variance, "noise": noise,
        "likelihood": value,
        # by the logarithms of variance, lengths (in the order of theta) and noise
        "byVariance": gradient[0], "byLengths": gradient[1:-1].tolist(), "byNoise": gradient[-1],
        "at": at.tolist(), "mean": mean.tolist(), "variances": (deviation**2).tolist(),
        "byMean": by_mean.tolist(), "byVariances": by_variance.tolist(),
    })
out = {"scikitLearn": sklearn.__version__, "cases": cases}
path = pathlib.Path(__file__).with_name("record.json")
path.write_text(json.dumps(out, separators=(",", ":")) + "\n")
