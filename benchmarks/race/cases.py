"""What is fitted: kinds of data that favour now this peer, now that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..synthetic import badly_scaled, labels, tall, ten_classes, text_like, wide
from .problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """Data to make, a loss and a penalty.

    Attributes
    ----------
    name : str
        On the command line and in reports.
    what : str
        The data in one line.
    make : callable
        ``make(scale)`` returns X and y, the rows divided by `scale`; y may be booleans.
    loss : {"log_loss", "softmax", "squared_error"}
        Loss of the linear predictor.
    alpha : float or None
        Strength of the penalty, None for one over the number of rows.
    l1_ratio : float
        Share of the penalty that is absolute values.
    """

    name: str
    what: str
    make: Callable[[int], tuple[Any, NDArray[Any]]]
    loss: str
    alpha: float | None
    l1_ratio: float = 0.0

    def problem(self, scale: int) -> Problem:
        """Make the data, with labels of two classes as -1.0 and 1.0.

        Parameters
        ----------
        scale : int
            Divides the rows.

        Returns
        -------
        Problem
            The same for the same scale.
        """
        X, y = self.make(scale)
        if self.loss == "log_loss":
            y = np.where(y > 0, 1.0, -1.0)
        alpha = 1.0 / len(y) if self.alpha is None else self.alpha
        return Problem(X, y, self.loss, alpha, self.l1_ratio)


def _correlated(scale: int) -> NDArray[np.float64]:
    """Return columns of unit variance and condition number 300."""
    n, d = 500_000 // scale, 100
    rng = np.random.default_rng(31)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    mix = np.geomspace(1.0, 1.0 / 300.0, d)[:, None] * rotation
    mix *= np.sqrt(d) / np.linalg.norm(mix)
    X: NDArray[np.float64] = rng.standard_normal((n, d)) @ mix
    return X


def _dense(scale: int) -> tuple[NDArray[Any], NDArray[Any]]:
    X = _correlated(scale)
    return X, labels(X, 32)


def _dense_float32(scale: int) -> tuple[NDArray[Any], NDArray[Any]]:
    X, y = _dense(scale)
    return X.astype(np.float32), y


def _ridge(scale: int) -> tuple[NDArray[Any], NDArray[Any]]:
    X = _correlated(scale)
    rng = np.random.default_rng(33)
    return X, X @ rng.standard_normal(X.shape[1]) + rng.standard_normal(len(X))


def _few_matter(scale: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 200 columns of which one in ten matters."""
    rng = np.random.default_rng(34)
    X = rng.standard_normal((200_000 // scale, 200))
    coef = np.where(np.arange(200) % 10 == 0, rng.standard_normal(200), 0.0)
    return X, X @ coef + rng.logistic(size=len(X)) > 0.0


CASES = (
    Case("dense", "500,000 x 100 float64, correlated columns", _dense, "log_loss", None),
    Case("dense-float32", "the same in float32", _dense_float32, "log_loss", None),
    Case("tall", "5,000,000 x 20 float32, independent columns", tall, "log_loss", 1e-6),
    Case("wide", "5,000 x 20,000 float64, independent columns", wide, "log_loss", 1e-2),
    Case("scaled", "300,000 x 50, units 1e-3 to 1e3, off 0", badly_scaled, "log_loss", 1e-12),
    Case("l1", "200,000 x 200, one column in ten matters", _few_matter, "log_loss", 1e-3, 1.0),
    Case("ridge", "500,000 x 100, correlated columns", _ridge, "squared_error", 1e-3),
    Case("softmax", "100,000 x 50, ten classes", ten_classes, "softmax", 1e-4),
    Case(
        "sparse-9",
        "200,000 rows of 9 numbers in 262,144 columns",
        lambda scale: text_like(200_000 // scale, 9),
        *("log_loss", None),
    ),
    Case(
        "sparse-75",
        "200,000 rows of 75 numbers in 262,144 columns",
        lambda scale: text_like(200_000 // scale, 75),
        *("log_loss", None),
    ),
)
