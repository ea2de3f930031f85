"""The least objective of a case, by Newton's method in numpy, whatever the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastgd.demo.reference import exact_optimum, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problems import Problem

__all__ = ["least_objective"]

_COLUMNS_AT_ONCE = 2048
_RELATIVE_DECREASE = 1e-12
_LEAST_WEIGHT = 1e-12
_MOST_STEPS = 100


def least_objective(problem: Problem, loss: str, alpha: float) -> float:
    """Return the least penalised mean loss, to a relative 1e-10.

    Parameters
    ----------
    problem : Problem
        All rows.
    loss : {"squared_error", "log_loss"}
        Name of the loss; with a penalty log_loss.
    alpha : float
        Strength of the squared penalty. Without one Newton's method works on the standardised
        columns, with one on the rows: wide tables have fewer of them.

    Returns
    -------
    float
        The objective at the optimum.

    Raises
    ------
    RuntimeError
        If Newton's method does not come to an end.
    """
    y = problem.y.astype(np.float64)
    if alpha == 0.0:
        return exact_optimum(standardise(problem.X.astype(np.float64)), y, loss)
    return _of_rows(_products_of_rows(problem.X), y, alpha)


def _products_of_rows(X: NDArray[np.float64]) -> NDArray[np.float64]:
    products = np.zeros((len(X), len(X)))
    for start in range(0, X.shape[1], _COLUMNS_AT_ONCE):
        block = X[:, start : start + _COLUMNS_AT_ONCE].astype(np.float64)
        products += block @ block.T
    return products


def _of_rows(K: NDArray[np.float64], y: NDArray[np.float64], alpha: float) -> float:
    """Minimise over a and b, with ``coef = X.T @ a`` and so ``z = K @ a + b``.

    The optimum of a penalised objective is such a combination of rows (Kimeldorf, Wahba 1971).
    """
    n = len(y)

    def objective(a: NDArray[np.float64], z: NDArray[np.float64], b: float) -> float:
        return float(np.logaddexp(0.0, -y * z).mean() + 0.5 * alpha * (a @ (z - b)))

    a, b, z = np.zeros(n), 0.0, np.zeros(n)
    least = objective(a, z, b)
    for _ in range(_MOST_STEPS):
        probability = np.exp(-np.logaddexp(0.0, y * z))  # of the other label
        root = np.sqrt(np.maximum(probability * (1.0 - probability), _LEAST_WEIGHT))
        # a = root * c, sum(a) = 0 and n alpha a = -(derivative + root**2 (new z - z))
        system = root[:, None] * K * root
        system[np.diag_indices(n)] += alpha * n
        right = np.column_stack([root * z + y * probability / root, root])
        by_z, by_b = np.linalg.solve(system, right).T
        new_b = float(root @ by_z) / float(root @ by_b)
        new_a = root * (by_z - new_b * by_b)
        new_z = K @ new_a + new_b
        length = 1.0
        while True:
            trial = (a + length * (new_a - a), z + length * (new_z - z), b + length * (new_b - b))
            value = objective(*trial)
            if value <= least or length < 1e-6:
                break
            length *= 0.5
        settled = least - value <= _RELATIVE_DECREASE * least
        (a, z, b), least = trial, min(value, least)
        if settled:
            return least
    raise RuntimeError(f"the exact optimum was not reached in {_MOST_STEPS} Newton steps")
