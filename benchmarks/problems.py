"""The data: made once, stored, and loaded by every process, so that all see the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Problem", "load", "objective", "save"]

_SEED = 20
_ROWS_AT_ONCE = 65_536
_INTERCEPT = 0.5


@dataclass(frozen=True)
class Problem:
    """Features and targets of one task.

    Attributes
    ----------
    X : ndarray of shape (n, d), float32 or float64
        Unit normal features, C-ordered.
    y : ndarray of shape (n,), dtype of X
        Targets; -1 and +1 for log_loss.
    """

    X: NDArray[Any]
    y: NDArray[Any]


def save(folder: Path, rows: int, columns: int, dtype: str) -> None:
    """Write the features and the targets of both losses.

    The linear predictor has unit variance; squared_error adds normal noise of standard
    deviation 0.5 to it, log_loss draws labels from the logistic model of twice of it.

    Parameters
    ----------
    folder : Path
        Where the .npy files go.
    rows, columns : int
        Shape of X.
    dtype : {"float32", "float64"}
        Of all arrays. The float32 numbers are the float64 ones, rounded.
    """
    generator = np.random.default_rng(_SEED)
    coef = generator.standard_normal(columns) / np.sqrt(columns)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", dtype=dtype, shape=(rows, columns))
    squared_error = np.empty(rows, dtype=dtype)
    log_loss = np.empty(rows, dtype=dtype)
    for start in range(0, rows, _ROWS_AT_ONCE):
        part = slice(start, min(start + _ROWS_AT_ONCE, rows))
        features = generator.standard_normal((part.stop - start, columns))
        predictor = features @ coef + _INTERCEPT
        X[part] = features
        squared_error[part] = predictor + 0.5 * generator.standard_normal(len(features))
        logistic = generator.logistic(size=len(features))
        log_loss[part] = np.where(2.0 * predictor + logistic > 0.0, 1.0, -1.0)
    X.flush()
    np.save(folder / "squared_error.npy", squared_error)
    np.save(folder / "log_loss.npy", log_loss)


def load(folder: Path, loss: str) -> Problem:
    """Read what `save` wrote into memory of this process.

    Parameters
    ----------
    folder : Path
        Where the .npy files are.
    loss : {"squared_error", "log_loss"}
        Whose targets to read.

    Returns
    -------
    Problem
        Arrays of their own, not memory maps: reading fills, and so touches, every page.
    """
    return Problem(np.load(folder / "X.npy"), np.load(folder / f"{loss}.npy"))


def objective(problem: Problem, coef: NDArray[Any], intercept: float, loss: str) -> float:
    """Return the mean loss in float64: the same yardstick for every peer.

    Parameters
    ----------
    problem : Problem
        All rows.
    coef : ndarray of shape (d,)
        Coefficients.
    intercept : float
        Intercept.
    loss : {"squared_error", "log_loss"}
        Name of the loss.

    Returns
    -------
    float
        ``mean((z - y)**2 / 2)`` or ``mean(log(1 + exp(-y * z)))``, ``z = X @ coef + intercept``.
    """
    total = 0.0
    for start in range(0, len(problem.X), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        y = problem.y[part].astype(np.float64)
        z = problem.X[part].astype(np.float64) @ np.asarray(coef, dtype=np.float64) + intercept
        if loss == "squared_error":
            total += float(np.sum((z - y) ** 2)) / 2.0
        else:
            total += float(np.sum(np.logaddexp(0.0, -y * z)))
    return total / len(problem.X)
