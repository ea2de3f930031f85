"""A loss of the caller's own meets its targets: what it returns, and how much it bends there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._validation import message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._functions import CustomFunctions
    from ._loss import Loss

__all__ = ["check_objective", "settled"]

# Targets that tell the typical curvature, and those of them that functions are tried on.
_MOST_TARGETS = 1000
_TRIED_TARGETS = 5

# Of a derivative: how far differences of the loss may be from it.
_TOLERANCE = 1e-4

# Of the larger of |z| and the spread of targets; the shorter one is for losses that turn quickly.
_STEPS = (6e-6, 6e-8)

# Linear predictors of labels: on both sides of either margin.
_OF_LABELS = np.array([-1.7, -0.4, 0.0, 0.3, 1.6])


def settled(loss: Loss, y: NDArray[Any], sample_weight: NDArray[Any] | None) -> Loss:
    """Return the loss with a curvature, once its functions are found to fit each other."""
    functions = loss.functions
    if functions is None:
        return loss
    rows = np.arange(len(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    rows = rows[:: -(-len(rows) // _MOST_TARGETS)]
    targets = np.sort(y[rows].astype(np.float64), axis=None)
    if loss.targets == "binary":
        targets = np.array([-1.0, 1.0])
    some = targets[np.linspace(0, len(targets) - 1, _TRIED_TARGETS).astype(int)]
    _check(loss.name, functions, *_points(loss, np.unique(some)))
    if math.isfinite(loss.parameter) or loss.link == "log":
        return loss
    return replace(loss, parameter=_typical_curvature(loss, functions, targets))


def check_objective(loss: Loss, objective: float) -> None:
    """Refuse a fit whose end was judged by shares of a number below 0."""
    if loss.functions is not None and objective < -1e-10:
        raise _below_zero(f"a mean loss of {objective:.6g}")


def _below_zero(got: str) -> ValueError:
    cure = "add what makes it so, as a function of y alone: tolerances are shares of the objective"
    return ValueError(message("value", "a loss >= 0", got, cure))


def _points(loss: Loss, y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return targets and linear predictors as a fit meets them on its way."""
    if loss.targets == "binary":
        return np.repeat(y, len(_OF_LABELS)), np.tile(_OF_LABELS, len(y))
    unit = _unit(y)
    centre = y
    if loss.link == "log":
        centre, unit = np.full_like(y, math.log(max(y.mean(), np.finfo(float).tiny))), 1.0
    ways = [0.0 * centre, 0.4 * centre + 0.1 * unit, centre - 0.1 * unit, centre + 0.2 * unit]
    return np.tile(y, len(ways)), np.concatenate(ways)


def _unit(y: NDArray[Any]) -> float:
    """Return the spread of the targets, or the size of the only one."""
    return float(np.ptp(y)) or float(np.abs(y).max()) or 1.0


def _check(name: str, functions: CustomFunctions, y: NDArray[Any], z: NDArray[Any]) -> None:
    told = {
        "value": functions.at(0, y, z),
        "derivative": functions.at(1, y, z),
        "second_derivative": functions.at(2, y, z),
    }
    for function, numbers in told.items():
        if not np.isfinite(numbers).all():
            i = int(np.argmin(np.isfinite(numbers)))
            got = f"{numbers[i]} at y={y[i]:.6g}, z={z[i]:.6g}"
            cure = "" if function != "value" else _ORDER
            raise ValueError(message(function, f"finite numbers for loss={name!r}", got, cure))
    scale = np.finfo(float).eps * np.abs(told["value"]).max()
    if told["value"].min() < -100.0 * scale:
        i = int(np.argmin(told["value"]))
        raise _below_zero(f"{told['value'][i]:.6g} at y={y[i]:.6g}, z={z[i]:.6g}")
    _check_derivative(functions, y, z, told["derivative"])


_ORDER = "functions are called with the target first and the linear predictor second, f(y, z)"


def _check_derivative(
    functions: CustomFunctions, y: NDArray[Any], z: NDArray[Any], derivative: NDArray[Any]
) -> None:
    """Compare with differences of the loss; what either of two steps confirms is right."""
    nearest, least = np.full(len(y), np.inf), np.zeros(len(y))
    for share in _STEPS:
        step = share * np.maximum(np.abs(z), _unit(y))
        above, below = functions.at(0, y, z + step), functions.at(0, y, z - step)
        difference = (above - below) / ((z + step) - (z - step))
        rounding = 10.0 * np.finfo(float).eps * (np.abs(above) + np.abs(below)) / step
        allowed = _TOLERANCE * np.maximum(np.abs(difference), np.abs(derivative)) + rounding
        excess = np.abs(difference - derivative) / np.maximum(allowed, np.finfo(float).tiny)
        least = np.where(excess < nearest, difference, least)
        nearest = np.fmin(excess, nearest)
    if (nearest > 1.0).any():
        i = int(np.argmax(nearest))
        expected = f"{least[i]:.6g}, the slope of value at y={y[i]:.6g}, z={z[i]:.6g}"
        raise ValueError(message("derivative", expected, f"{derivative[i]:.6g}", _ORDER))


def _typical_curvature(loss: Loss, functions: CustomFunctions, y: NDArray[Any]) -> float:
    """Return the largest mean second derivative over linear predictors all alike, or exact."""
    alike = np.linspace(-2.0, 2.0, 17) if loss.targets == "binary" else np.array([0.0])
    means = [functions.at(2, y, np.full_like(y, z)).mean() for z in alike]
    if loss.targets != "binary":
        means.append(functions.at(2, y, y).mean())
    curvature = float(np.max(means))
    if not (math.isfinite(curvature) and curvature > 0.0):
        expected = "with this loss a bound of the second derivative"
        got = f"None, and a mean of {curvature:.6g} on the targets"
        raise ValueError(message("curvature", expected, got))
    return curvature
