"""Seconds of short work: as many units of it as the clock tells apart from noise."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["calls", "epochs", "units_lasting"]

# Bounds of how much longer the next try is.
_LONGER = (2.0, 4.0)


def calls(call: Callable[[], object]) -> Callable[[int], float]:
    """Return what measures the seconds of one call, from so many.

    Parameters
    ----------
    call : callable
        The work.

    Returns
    -------
    callable
        Takes the number of calls.
    """

    def measure(units: int) -> float:
        start = perf_counter()
        for _ in range(units):
            call()
        return (perf_counter() - start) / units

    return measure


def epochs(fit: Callable[[int], object]) -> Callable[[int], float]:
    """Return what measures the seconds of one more epoch: where fits begin and end plays no part.

    Parameters
    ----------
    fit : callable
        Takes the number of epochs.

    Returns
    -------
    callable
        Takes by how many epochs the longer of two fits is longer.
    """

    def measure(units: int) -> float:
        start = perf_counter()
        fit(1)
        middle = perf_counter()
        fit(1 + units)
        return (perf_counter() - middle - (middle - start)) / units

    return measure


def units_lasting(least: float, measure: Callable[[int], float]) -> int:
    """Return a number of units that takes at least so many seconds.

    Parameters
    ----------
    least : float
        Seconds.
    measure : callable
        From `calls` or `epochs`.

    Returns
    -------
    int
        At least 1.
    """
    units = 1
    while (taken := measure(units) * units) < least:
        shortest, longest = _LONGER
        wanted = 1.2 * least / max(taken, 1e-9)
        units = math.ceil(units * min(max(wanted, shortest), longest))
    return units
