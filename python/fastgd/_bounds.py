"""Bounds of coefficients: checked, and where a fit within them starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._validation import check_coef, check_intercept, check_numbers, check_shape, describe, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAIR = "None or a pair (low, high), each None, a number or an array"


class Bounds(NamedTuple):
    """Bounds of each coefficient, both of shape (n_outputs, n_features)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def shown(self, *, one_dimensional: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return them shaped as the coefficients that the caller sees."""
        return (self.low[0], self.high[0]) if one_dimensional else (self.low, self.high)

    def first_outside(self, coef: NDArray[np.float64]) -> tuple[int, int] | None:
        """Return output and feature of the first coefficient beyond them, or None."""
        outside = (coef < self.low) | (coef > self.high)
        if not outside.any():
            return None
        output, feature = np.unravel_index(np.argmax(outside), coef.shape)
        return int(output), int(feature)


def check_bounds(bounds: object, n_outputs: int, n_features: int) -> Bounds | None:
    """Return the bounds, or None where there are none but infinite ones."""
    if bounds is None:
        return None
    if not isinstance(bounds, (tuple, list)):
        raise TypeError(message("bounds", _PAIR, describe(bounds)))
    if len(bounds) != 2:
        raise ValueError(message("bounds", _PAIR, f"{len(bounds)} of them"))
    low = _side("bounds[0]", bounds[0], -np.inf, n_outputs, n_features)
    high = _side("bounds[1]", bounds[1], np.inf, n_outputs, n_features)
    for name, side, beyond in (("bounds[0]", low, np.inf), ("bounds[1]", high, -np.inf)):
        if (side == beyond).any():
            expected = f"bounds that leave coefficients finite, not {beyond:g}"
            got = f"it{_place(side == beyond)}"
            raise ValueError(message(name, expected, got, f"{-beyond:g} or None is no bound"))
    if (low > high).any():
        where = np.unravel_index(np.argmax(low > high), low.shape)
        got = f"{low[where]} > {high[where]}{_place(low > high)}"
        raise ValueError(message("bounds", "low <= high", got))
    if np.isinf(low).all() and np.isinf(high).all():
        return None
    return Bounds(low, high)


def check_start(
    coef_init: object,
    intercept_init: object,
    bounds: Bounds | None,
    n_outputs: int,
    n_features: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coefficients and intercepts where a fit starts; the core moves 0 into bounds."""
    coef = np.zeros((n_outputs, n_features))
    if coef_init is not None:
        coef = check_coef("coef_init", coef_init, n_outputs, n_features)
        outside = None if bounds is None else bounds.first_outside(coef)
        if bounds is not None and outside is not None:
            expected = f"within bounds, [{bounds.low[outside]:g}, {bounds.high[outside]:g}]"
            got = f"{coef[outside]} at output {outside[0]}, feature {outside[1]}"
            cure = "numpy.clip(coef_init, low, high) is"
            raise ValueError(message("coef_init", expected, got, cure))
    intercept = np.zeros(n_outputs)
    if intercept_init is not None:
        intercept = check_intercept("intercept_init", intercept_init, n_outputs)
    return coef, intercept


def _side(
    name: str, side: object, none: float, n_outputs: int, n_features: int
) -> NDArray[np.float64]:
    array = check_numbers(name, none if side is None else side)
    flat = [(n_features,)] if array.ndim < 2 else []
    check_shape(name, array, (), *flat, (n_outputs, n_features))
    values = np.empty((n_outputs, n_features))
    values[...] = array
    if np.isnan(values).any():
        raise ValueError(message(name, "no NaN", f"nan{_place(np.isnan(values))}"))
    return values


def _place(found: NDArray[np.bool_]) -> str:
    """Return where the first True is, to follow what was found there."""
    output, feature = np.unravel_index(np.argmax(found), found.shape)
    of_output = f" output {output}," if len(found) > 1 else ""
    return f" at{of_output} feature {feature}"
