"""Eigenvalues of the Hessian at the loss's curvature bound, in the metrics of a descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

# Iterations of Lanczos' method, each a pass over the rows, and what ends it before.
_MOST_PRODUCTS = 100
_SETTLED = 0.01
_SETTLED_FOR = 10
_NOTHING_LEFT = 1e-12

# Eigenvalues above this part of the largest come out of a matrix with eight digits.
_WELL_RESOLVED = 1e-8

# Shares of a dependent column below this part of the largest are rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Columns:
    """Where columns lie and how the Hessian weighs them.

    Attributes
    ----------
    shift : ndarray of shape (d,)
        What is subtracted of a centred column: its mean; 0 without an intercept.
    spread : ndarray of shape (d,)
        Root mean square about the shift; 0 for columns that tell nothing.
    curvature : float
        Bound of the loss's second derivative.
    l2 : ndarray of shape (d,)
        Strength of the l2 penalty on each column as given.
    fit_intercept : bool
        Whether an intercept is counted, after the columns.
    """

    shift: Vector
    spread: Vector
    curvature: float
    l2: Vector
    fit_intercept: bool

    @property
    def size(self) -> int:
        """Return the number of unknowns."""
        return len(self.spread) + self.fit_intercept

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Return which unknowns gradients may move."""
        return self._with_intercept(self.spread, 1.0) > 0.0

    @property
    def unit(self) -> Vector:
        """Return 1 / spread, 0 for columns that tell nothing."""
        return np.divide(1.0, self.spread, out=np.zeros_like(self.spread), where=self.spread > 0)

    @property
    def penalty(self) -> Vector:
        """Return the penalty's curvature of each unknown, for columns in units of their spread."""
        return self._with_intercept(self.l2 * self.unit**2, 0.0)

    @property
    def scale(self) -> Vector:
        """Return the root of the metric "scale", for columns in units of their spread."""
        return 1.0 / np.sqrt(self.curvature + self.penalty)

    @np.errstate(over="ignore")
    def trace(self, metric: str) -> float:
        """Return the sum of the Hessian's eigenvalues on the columns as given, or scaled."""
        seen = self.seen
        if metric == "none":
            of_columns = self.curvature * (self.spread**2 + self.shift**2) + self.l2
            return float(of_columns.sum()) + self.curvature * self.fit_intercept
        return float((self.scale**2 * (self.curvature + self.penalty))[seen].sum())

    def _with_intercept(self, of_columns: Vector, of_intercept: float) -> Vector:
        return np.append(of_columns, [of_intercept] * self.fit_intercept)


@np.errstate(over="ignore", invalid="ignore")
def raw_spectrum(moments: Matrix, columns: Columns, kept: NDArray[np.intp]) -> Vector:
    """Return the len(kept) largest eigenvalues on the columns as given, descending.

    `moments` are those of centred columns in units of their spread, and of the intercept. Columns
    of different units spread eigenvalues beyond what one factorisation resolves: the large ones
    come from the Hessian, the small ones from the inverse of its part `kept`, which is taken
    where columns are scaled.
    """
    d = len(columns.spread)
    to_scaled = np.zeros((columns.size, columns.size))
    to_scaled[range(d), range(d)] = columns.spread
    if columns.fit_intercept:
        to_scaled[d, :d] = columns.shift
        to_scaled[d, d] = 1.0
    # whatever the unit, squares stay finite
    unit = np.abs(to_scaled).max(initial=0.0) or 1.0
    to_scaled /= unit
    hessian = columns.curvature * (to_scaled.T @ moments @ to_scaled)
    hessian[range(d), range(d)] += columns.l2 / unit / unit
    large = _eigenvalues(hessian)[: len(kept)]

    scale = columns.scale[kept]
    scaled = scaled_hessian(moments, columns)[np.ix_(kept, kept)]
    inverse = np.outer(scale, scale) * _inverse(scaled)
    from_scaled = np.diag(np.append(columns.unit, [1.0] * columns.fit_intercept)[kept])
    if columns.fit_intercept:
        from_scaled[-1, :-1] = -(columns.shift * columns.unit)[kept[:-1]]
    from_scaled *= unit
    inverse = from_scaled @ inverse @ from_scaled.T
    if len(kept) == 0 or not np.isfinite(inverse).all():
        return large * unit * unit
    from_inverse = _eigenvalues(inverse)[::-1]
    smallest = 1.0 / from_inverse[-1]
    # each side where its rounding is smaller, the inverse only where the other's matters
    limit = large[0] * min(_WELL_RESOLVED, math.sqrt(smallest / large[0]))
    small = 1.0 / np.clip(from_inverse, 1.0 / limit, 1.0 / smallest)
    return np.where(large > limit, large, small) * unit * unit


def scaled_hessian(moments: Matrix, columns: Columns) -> Matrix:
    """Return the Hessian in the metric "scale"."""
    scale = columns.scale
    return np.outer(scale, scale) * (columns.curvature * moments + np.diag(columns.penalty))


def variance_inflation(moments: Matrix, kept: NDArray[np.intp]) -> Vector:
    """Return how many times each kept column's variance exceeds what others leave of it."""
    correlation = correlations(moments)
    return np.diag(_inverse(correlation[np.ix_(kept, kept)])).copy()


def correlations(moments: Matrix) -> Matrix:
    """Return second moments of columns of length 1; 0 for columns that have none."""
    norm = np.sqrt(np.diag(moments))
    unit = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
    return np.outer(unit, unit) * moments


def shares(
    moments: Matrix, columns: Columns, kept: NDArray[np.intp], dependent: NDArray[np.intp]
) -> Matrix:
    """Return a row for each dependent column, what it is made of: a factor for each unknown."""
    inner = moments[np.ix_(kept, kept)]
    of_spread = np.linalg.lstsq(inner, moments[np.ix_(kept, dependent)], rcond=None)[0].T
    size = np.abs(of_spread)
    of_spread[size < _ROUNDING * size.max(axis=1, initial=0.0, keepdims=True)] = 0.0
    unit = np.append(columns.unit, [1.0] * columns.fit_intercept)
    result = np.zeros((len(dependent), columns.size))
    result[:, kept] = of_spread * unit[kept] * columns.spread[dependent, np.newaxis]
    if columns.fit_intercept:
        d = len(columns.spread)
        shift = columns.shift[dependent]
        parts = result[:, :d] * columns.shift
        constant = shift - parts.sum(axis=1) + result[:, d]
        magnitude = np.abs(shift) + np.abs(parts).sum(axis=1)
        result[:, d] = np.where(np.abs(constant) < _ROUNDING * magnitude, 0.0, constant)
    return result


def lanczos(product: Callable[[Vector], Vector], start: Vector) -> tuple[Vector, bool]:
    """Return Ritz values of a symmetric operator, descending, and whether both ends settled.

    They lie within its spectrum, so that their ratio is no more than its condition number.
    Directions that `start` has no part in do not count.
    """
    size = len(start)
    length = float(np.linalg.norm(start))
    if length == 0.0 or not np.isfinite(length):
        return np.zeros(0), True
    basis = np.zeros((0, size))
    diagonal: list[float] = []
    beside: list[float] = []
    ends: list[tuple[float, float]] = []
    v = start / length
    values = np.zeros(0)
    for _ in range(min(_MOST_PRODUCTS, size)):
        basis = np.vstack([basis, v])
        image = product(v)
        diagonal.append(float(image @ v))
        # twice is enough (Parlett, The Symmetric Eigenvalue Problem, section 6.9)
        for _ in range(2):
            image = image - basis.T @ (basis @ image)
        values = _eigenvalues(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        ends.append((values[0], values[-1]))
        left = float(np.linalg.norm(image))
        if left <= _NOTHING_LEFT * values[0]:
            return values, True
        if len(ends) > _SETTLED_FOR and np.allclose(ends[-1 - _SETTLED_FOR], ends[-1], _SETTLED, 0):
            return values, True
        beside.append(left)
        v = image / left
    return values, len(diagonal) == size


def _eigenvalues(matrix: Matrix) -> Vector:
    """Return eigenvalues of a symmetric matrix, descending."""
    return np.asarray(np.linalg.eigvalsh(matrix)[::-1], dtype=np.float64)


def _inverse(matrix: Matrix) -> Matrix:
    inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    return (inverse + inverse.T) / 2
