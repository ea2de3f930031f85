"""Medians with the interval that holds them 95 times in 100."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Interval", "median_interval"]

_RESAMPLES = 5000


class Interval(NamedTuple):
    """A median and its 95 % confidence interval."""

    median: float
    low: float
    high: float


def median_interval(values: Sequence[float]) -> Interval:
    """Return the median with its percentile bootstrap interval.

    Parameters
    ----------
    values : sequence of float
        One number a pair, at least one.

    Returns
    -------
    Interval
        Median of the values, 2.5 % and 97.5 % quantiles of the medians of resampled values.

    References
    ----------
    .. [1] B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993.
    """
    numbers = np.asarray(values, dtype=np.float64)
    # A fixed seed: the same measurements give the same interval.
    picks = np.random.default_rng(0).integers(len(numbers), size=(_RESAMPLES, len(numbers)))
    low, high = np.quantile(np.median(numbers[picks], axis=1), [0.025, 0.975])
    return Interval(float(np.median(numbers)), float(low), float(high))
