"""The exact optimum of an unpenalised linear model, by Newton's method in numpy."""

from __future__ import annotations

import numpy as np

from .numpy_descent import LOSSES, FloatArray, NumpyLoss, mean_loss

_BLOCK_ROWS = 16384
_RELATIVE_RANK = 1e-12
_RELATIVE_DECREASE = 1e-10
_MAX_STEPS = 100


def standardise(X: FloatArray) -> FloatArray:
    """Copy `X` with every column at mean 0 and standard deviation 1.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Raw features.

    Returns
    -------
    ndarray of shape (n, d)
        Standardised features; a constant column becomes zero.
    """
    mean = X.mean(axis=0)
    Z: FloatArray = X - mean
    scale = np.sqrt(np.einsum("ij,ij->j", Z, Z) / len(Z))
    # A constant column keeps rounding noise of its mean; dividing by it would make it data.
    constant = scale <= 1e-12 * np.abs(mean)
    Z[:, constant] = 0.0
    scale[constant] = 1.0
    Z /= scale
    return Z


def exact_optimum(Z: FloatArray, y: FloatArray, loss: str) -> float:
    """Least mean loss over all coefficients and intercepts.

    Damped Newton from zero; for squared error its first step is the normal equations. The
    Hessian may be singular: directions without curvature are left out of the step.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Standardised features.
    y : ndarray of shape (n,)
        Targets; -1 and +1 for ``"log_loss"``.
    loss : {"squared_error", "log_loss"}
        Name of the loss.

    Returns
    -------
    float
        The mean loss at the optimum, to a relative 1e-10.

    Raises
    ------
    RuntimeError
        If the optimum is not reached in 100 steps.
    """
    coef, intercept = np.zeros(Z.shape[1]), 0.0
    objective = mean_loss(Z, y, coef, intercept, loss)
    for _ in range(_MAX_STEPS):
        gradient, hessian = _derivatives(Z, y, coef, intercept, LOSSES[loss])
        direction = _solve(hessian, gradient)
        decrease = 0.5 * float(gradient @ direction)
        if decrease <= _RELATIVE_DECREASE * objective:
            return objective
        length = 1.0
        while True:
            new_coef = coef - length * direction[:-1]
            new_intercept = intercept - length * float(direction[-1])
            new_objective = mean_loss(Z, y, new_coef, new_intercept, loss)
            if new_objective <= objective - 0.1 * length * decrease:
                break
            length *= 0.5
        coef, intercept, objective = new_coef, new_intercept, new_objective
    raise RuntimeError(f"the exact optimum was not reached in {_MAX_STEPS} Newton steps")


def _derivatives(
    Z: FloatArray, y: FloatArray, coef: FloatArray, intercept: float, loss: NumpyLoss
) -> tuple[FloatArray, FloatArray]:
    """Gradient and Hessian of the mean loss, the intercept last."""
    n, d = Z.shape
    gradient, hessian = np.zeros(d + 1), np.zeros((d + 1, d + 1))
    for start in range(0, n, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = np.column_stack([Z[rows], np.ones(len(Z[rows]))])
        z = Z[rows] @ coef + intercept
        gradient += loss.derivative(z, y[rows]) @ block
        block *= np.sqrt(loss.curvature(z, y[rows]))[:, None]
        hessian += block.T @ block
    return gradient / n, hessian / n


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Least-norm solution of ``hessian @ direction = gradient``."""
    values, vectors = np.linalg.eigh(hessian)
    kept = values > _RELATIVE_RANK * values[-1]
    projected = (vectors[:, kept].T @ gradient) / values[kept]
    return np.asarray(vectors[:, kept] @ projected)
