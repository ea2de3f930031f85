"""How wide the kinks of a loss are rounded off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._validation import check_real
from ._custom_check import settled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._loss import Loss

__all__ = ["check_smoothing", "rounded_off"]

# Of the unit of margins, or of the spread of the targets: what it takes off the objective shrinks
# with its square.
_SHARE = 1e-3

# Rows that tell the spread of targets.
_MOST_ROWS = 100_000


def check_smoothing(smoothing: object) -> float | None:
    """Return the width, or None where it is left to `fit`."""
    if smoothing is None:
        return None
    return check_real("smoothing", smoothing, low=0.0, alternative="None (left to fit)")


def rounded_off(
    loss: Loss, y: NDArray[Any], sample_weight: NDArray[Any] | None, *, automatic: bool
) -> Loss:
    """Return the loss with its width settled; `automatic`: for steps that need a slope.

    Of the caller's own loss it is the curvature that is settled, by the targets too.
    """
    if loss.functions is not None:
        return settled(loss, y, sample_weight)
    if loss.smoothing is not None:
        return loss
    if not automatic:
        return replace(loss, smoothing=0.0)
    unit = 1.0 if loss.targets == "binary" else _spread(y, sample_weight)
    return replace(loss, smoothing=_SHARE * unit)


def _spread(y: NDArray[Any], sample_weight: NDArray[Any] | None) -> float:
    """Return the least spread of the columns of `y`: the median distance from their median."""
    rows = np.arange(len(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    rows = rows[:: -(-len(rows) // _MOST_ROWS)]
    values = y[rows].astype(np.float64)
    weights = np.ones(len(rows)) if sample_weight is None else sample_weight[rows]
    return min(_spread_of_column(column, weights) for column in values.T)


def _spread_of_column(y: NDArray[np.float64], weights: NDArray[Any]) -> float:
    distance = np.abs(y - _median(y, weights))
    spread = _median(distance, weights)
    if spread == 0.0:
        # more than half of the targets are equal
        spread = float(np.average(distance, weights=weights))
    return spread or float(np.abs(y).max()) or 1.0


def _median(values: NDArray[np.float64], weights: NDArray[Any]) -> float:
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order[np.searchsorted(below, 0.5 * below[-1])]])
