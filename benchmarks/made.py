"""Rows of any size and labels for them, filled with little memory beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Made", "dense", "held", "sparse"]

# Numbers filled at once.
_BLOCK = 2**20
# Of a step, beside the longest that a row of mean length allows.
_SMALL = 0.1


class Made(NamedTuple):
    """Rows, targets of 0 and 1, and a rate at which no descent on them diverges."""

    X: Any
    y: NDArray[Any]
    rate: float

    @property
    def numbers(self) -> int:
        """How many numbers X stores."""
        return int(self.X.size)

    @property
    def nbytes(self) -> int:
        """How many bytes a reading of X takes."""
        if isinstance(self.X, np.ndarray):
            return self.X.nbytes
        return int(self.X.data.nbytes + self.X.indices.nbytes + self.X.indptr.nbytes)


def held(X: Any, labels: NDArray[Any], squares: float) -> Made:
    """Return rows with labels of both classes, in the type that no call converts.

    Parameters
    ----------
    X : ndarray or sparse matrix
        The rows.
    labels : ndarray
        Of 0 and 1, changed in place.
    squares : float
        Sum of squares of a row, about.

    Returns
    -------
    Made
        All of it.
    """
    labels[0], labels[-1] = 0, 1
    y = labels.astype(np.float64 if X.dtype == np.float64 else np.float32)
    return Made(X, y, _SMALL / squares)


def dense(rows: int, columns: int, dtype: Any) -> Made:
    """Return standard normal numbers, zeros and ones where the type holds whole numbers.

    Parameters
    ----------
    rows, columns : int
        Shape of X.
    dtype : dtype
        float32, float64 or uint8.

    Returns
    -------
    Made
        X in C order.
    """
    rng = np.random.default_rng(0)
    X = np.empty((rows, columns), dtype)
    labels = np.empty(rows, np.uint8)
    whole = np.issubdtype(X.dtype, np.integer)
    # standard deviation of what the labels follow: 2
    weight = rng.standard_normal(columns, np.float32) * (4.0 if whole else 2.0) / columns**0.5
    step = max(1, _BLOCK // columns)
    for begin in range(0, rows, step):
        block = X[begin : begin + step]
        if whole:
            block[...] = rng.integers(0, 2, block.shape, X.dtype)
            z = (block - np.float32(0.5)) @ weight
        else:
            rng.standard_normal(dtype=block.dtype, out=block)
            z = block @ weight.astype(block.dtype)
        labels[begin : begin + step] = z + rng.logistic(size=len(z)) > 0.0
    return held(X, labels, columns * (0.5 if whole else 1.0))


def sparse(rows: int, columns: int, stored: int) -> Made:
    """Return CSR rows of float32, each with as many numbers, one in each equal part of the columns.

    Parameters
    ----------
    rows, columns : int
        Shape of X.
    stored : int
        Numbers a row.

    Returns
    -------
    Made
        X with sorted indices, none of them twice in a row.
    """
    rng = np.random.default_rng(0)
    edges = np.arange(stored + 1) * columns // stored
    data = np.empty((rows, stored), np.float32)
    indices = np.empty((rows, stored), np.int32)
    labels = np.empty(rows, np.uint8)
    weight = rng.standard_normal(columns, np.float32) * 2.0 / stored**0.5
    step = max(1, _BLOCK // stored)
    for begin in range(0, rows, step):
        block = slice(begin, begin + step)
        rng.standard_normal(dtype=np.float32, out=data[block])
        indices[block] = edges[:-1] + rng.random(data[block].shape) * np.diff(edges)
        z = (data[block] * weight[indices[block]]).sum(axis=1)
        labels[block] = z + rng.logistic(size=len(z)) > 0.0
    starts = np.arange(0, rows * stored + 1, stored, dtype=np.int32)
    X = scipy.sparse.csr_matrix((data.ravel(), indices.ravel(), starts), (rows, columns))
    return held(X, labels, float(stored))
