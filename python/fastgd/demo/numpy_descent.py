"""The three descents in plain numpy, as everyone writes them: what fastgd is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

FloatArray = npt.NDArray[np.float64]
Solver = Literal["batch", "minibatch", "sgd"]


@dataclass(frozen=True)
class NumpyLoss:
    """A pointwise loss of the linear predictor z and the target y (labels are -1 or +1).

    Attributes
    ----------
    value, derivative : callable
        ``value(z, y)`` and its derivative with respect to z, elementwise.
    curvature : callable
        Second derivative with respect to z.
    curvature_bound : float
        The largest value `curvature` takes.
    """

    value: Callable[[Any, Any], Any]
    derivative: Callable[[Any, Any], Any]
    curvature: Callable[[Any, Any], Any]
    curvature_bound: float


def _log_loss_curvature(z: Any, y: Any) -> Any:
    probability = 1.0 / (1.0 + np.exp(y * z))
    return probability * (1.0 - probability)


LOSSES = {
    "squared_error": NumpyLoss(
        value=lambda z, y: 0.5 * (z - y) ** 2,
        derivative=lambda z, y: z - y,
        curvature=lambda z, _y: np.ones_like(z),
        curvature_bound=1.0,
    ),
    "log_loss": NumpyLoss(
        value=lambda z, y: np.logaddexp(0.0, -y * z),
        derivative=lambda z, y: -y / (1.0 + np.exp(y * z)),
        curvature=_log_loss_curvature,
        curvature_bound=0.25,
    ),
}


@dataclass(frozen=True)
class NumpyFit:
    """Where a numpy descent ended and how it went there.

    Attributes
    ----------
    coef : ndarray of shape (d,)
        Coefficients.
    intercept : float
        Intercept.
    objective : ndarray of shape (epochs,)
        Mean loss after each epoch.
    seconds : ndarray of shape (epochs,)
        Time spent in the epochs so far, without that for `objective`.
    """

    coef: FloatArray
    intercept: float
    objective: FloatArray
    seconds: FloatArray


class _Epoch(Protocol):
    def __call__(
        self,
        X: FloatArray,
        y: FloatArray,
        coef: FloatArray,
        intercept: float,
        loss: NumpyLoss,
        step: float,
    ) -> float: ...


def _batch_epoch(
    X: FloatArray, y: FloatArray, coef: FloatArray, intercept: float, loss: NumpyLoss, step: float
) -> float:
    derivative = loss.derivative(X @ coef + intercept, y)
    coef -= step * (X.T @ derivative) / len(X)
    return float(intercept - step * derivative.mean())


def _minibatch_epoch(
    X: FloatArray,
    y: FloatArray,
    coef: FloatArray,
    intercept: float,
    loss: NumpyLoss,
    step: float,
    batch_size: int = 256,
) -> float:
    for start in range(0, len(X), batch_size):
        rows = slice(start, start + batch_size)
        intercept = _batch_epoch(X[rows], y[rows], coef, intercept, loss, step)
    return intercept


def _sgd_epoch(
    X: FloatArray, y: FloatArray, coef: FloatArray, intercept: float, loss: NumpyLoss, step: float
) -> float:
    for x, target in zip(X, y, strict=True):
        derivative = loss.derivative(x @ coef + intercept, target)
        coef -= step * derivative * x
        intercept -= step * derivative
    return float(intercept)


_EPOCHS: dict[Solver, _Epoch] = {
    "batch": _batch_epoch,
    "minibatch": _minibatch_epoch,
    "sgd": _sgd_epoch,
}


def mean_loss(X: FloatArray, y: FloatArray, coef: FloatArray, intercept: float, loss: str) -> float:
    """Mean loss over the rows: the objective without a penalty.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Features.
    y : ndarray of shape (n,)
        Targets; -1 and +1 for ``"log_loss"``.
    coef : ndarray of shape (d,)
        Coefficients.
    intercept : float
        Intercept.
    loss : {"squared_error", "log_loss"}
        Name of the loss.

    Returns
    -------
    float
        ``(1/n) sum_i loss(y_i, x_i @ coef + intercept)``.
    """
    return float(np.mean(LOSSES[loss].value(X @ coef + intercept, y)))


def descend(
    X: FloatArray, y: FloatArray, *, loss: str, solver: Solver, step: float, epochs: int
) -> NumpyFit:
    """Gradient descent from zero with a constant step, rows in memory order.

    Each step is ``coef -= step * mean_i(loss'(z_i, y_i) * x_i)`` over all rows (``"batch"``), 256
    rows (``"minibatch"``) or one row (``"sgd"``); the intercept takes the same step.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Features, on a common scale.
    y : ndarray of shape (n,)
        Targets; -1 and +1 for ``"log_loss"``.
    loss : {"squared_error", "log_loss"}
        Name of the loss.
    solver : {"batch", "minibatch", "sgd"}
        Rows per step.
    step : float
        Learning rate.
    epochs : int
        Passes over the rows.

    Returns
    -------
    NumpyFit
        Final coefficients, and objective and seconds after each epoch.
    """
    coef = np.zeros(X.shape[1])
    intercept = 0.0
    objective, seconds = np.empty(epochs), np.empty(epochs)
    for epoch in range(epochs):
        begin = perf_counter()
        intercept = _EPOCHS[solver](X, y, coef, intercept, LOSSES[loss], step)
        seconds[epoch] = perf_counter() - begin
        objective[epoch] = mean_loss(X, y, coef, intercept, loss)
    return NumpyFit(coef, intercept, objective, np.cumsum(seconds))
