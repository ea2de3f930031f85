"""The yardstick: one function that scores the coefficients of anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problem import Problem

__all__ = ["objective"]

_NUMBERS_AT_ONCE = 2**23


def objective(problem: Problem, coef: NDArray[Any]) -> float:
    """Return the penalised mean loss, in float64.

    Parameters
    ----------
    problem : Problem
        All rows, dense or sparse.
    coef : ndarray
        As many numbers as columns in any shape; for softmax of shape (classes, columns).

    Returns
    -------
    float
        The objective.
    """
    n, d = problem.X.shape
    w = np.asarray(coef, dtype=np.float64).reshape(-1, d)
    rows_at_once = max(1, _NUMBERS_AT_ONCE // d)
    total = 0.0
    for start in range(0, n, rows_at_once):
        part = slice(start, start + rows_at_once)
        z = problem.X[part].astype(np.float64) @ w.T
        total += float(_losses(problem.loss, z, problem.y[part]).sum())
    squares, absolutes = float(np.sum(w * w)), float(np.sum(np.abs(w)))
    share = problem.l1_ratio
    penalty = (1.0 - share) / 2.0 * squares + share * absolutes
    return float(total / n + problem.alpha * penalty)


def _losses(loss: str, z: NDArray[np.float64], y: NDArray[Any]) -> NDArray[np.float64]:
    if loss == "softmax":
        if z.shape[1] == 1:
            raise ValueError("expected coefficients of every class, got those of one")
        chosen: NDArray[np.float64] = logsumexp(z, axis=1) - z[np.arange(len(z)), y]
        return chosen
    if z.shape[1] != 1:
        raise ValueError(f"expected as many coefficients as columns, got {z.shape[1]} times that")
    of_one = z[:, 0]
    if loss == "squared_error":
        return np.asarray(np.square(of_one - y) / 2.0)
    return np.asarray(np.logaddexp(0.0, -y * of_one))
