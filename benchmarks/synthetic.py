"""Problems made of random numbers, each of another kind, for whole fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Arrays = tuple[NDArray[Any], NDArray[Any]]

__all__ = ["badly_scaled", "embeddings", "labels", "tall", "ten_classes", "text_like", "wide"]

_TEXT_COLUMNS = 2**18


def text_like(n: int, stored: int, seed: int = 0) -> tuple[Any, Any]:
    """Return rows of about `stored` numbers in columns by Zipf's law, length 1, and labels."""
    rng = np.random.default_rng(seed)
    weight = 1.0 / (np.arange(_TEXT_COLUMNS) + 10.0)
    column = rng.permutation(_TEXT_COLUMNS)[
        np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(n * stored))
    ]
    column = np.minimum(column, _TEXT_COLUMNS - 1).astype(np.int32)
    start = np.arange(0, n * stored + 1, stored, dtype=np.int32)
    X = scipy.sparse.csr_matrix((rng.random(n * stored) + 0.5, column, start), (n, _TEXT_COLUMNS))
    X.sum_duplicates()
    length = np.sqrt(X.multiply(X).sum(axis=1)).A1
    X.data /= np.repeat(length, np.diff(X.indptr))
    z = X @ (3.0 * rng.standard_normal(_TEXT_COLUMNS))
    return X, (z + rng.logistic(size=n) > 0).astype(np.int64)


def labels(X: NDArray[Any], seed: int) -> NDArray[np.bool_]:
    """Return what a logistic model of all columns draws, as many positive as not."""
    rng = np.random.default_rng(seed)
    z = X @ rng.standard_normal(X.shape[1])
    positive: NDArray[np.bool_] = 2.0 * (z - z.mean()) / z.std() + rng.logistic(size=len(z)) > 0.0
    return positive


def wide(scale: int) -> _Arrays:
    """Return more columns than rows, all independent, and labels."""
    X = np.random.default_rng(3).standard_normal((5_000 // scale, 20_000))
    return X, labels(X, 4)


def tall(scale: int) -> _Arrays:
    """Return many rows of few float32 columns, and labels."""
    X = np.random.default_rng(5).standard_normal((5_000_000 // scale, 20), dtype=np.float32)
    return X, labels(X, 6)


def badly_scaled(scale: int) -> _Arrays:
    """Return columns that share a few factors, in units from 1e-3 to 1e3, off 0, and labels."""
    n, d = 300_000 // scale, 50
    rng = np.random.default_rng(7)
    factors = rng.standard_normal((n, 4)) @ rng.standard_normal((4, d))
    X = (factors + rng.standard_normal((n, d)) + 3.0) * np.logspace(-3, 3, d)
    return X, labels(X / X.std(axis=0), 8)


def ten_classes(scale: int) -> _Arrays:
    """Return independent columns and the numbers of classes drawn from a softmax."""
    rng = np.random.default_rng(10)
    X = rng.standard_normal((100_000 // scale, 50))
    z = X @ rng.standard_normal((50, 10)) * 0.3 + rng.gumbel(size=(len(X), 10))
    return X, z.argmax(axis=1)


def embeddings(n: int, d: int) -> _Arrays:
    """Return rows of length 1 whose columns' spread falls from 1 to 1/20, and a noisy target."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d), dtype=np.float32) * np.linspace(1.0, 0.05, d, dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X, 3.0 * X @ rng.standard_normal(d) + 0.5 * rng.standard_normal(n)
