"""Whole fits to judge by where they end: data with an optimum to reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from .peers import Answer
    from .problems import Problem

__all__ = ["CASES", "Case"]

_SEED = 21
_Arrays = tuple["NDArray[Any]", "NDArray[Any]"]


@dataclass(frozen=True)
class Case:
    """A table, a loss and a penalty.

    Attributes
    ----------
    name : str
        On the command line and in reports.
    loss : {"squared_error", "log_loss"}
        Loss of the linear predictor.
    alpha : float
        Strength of the squared penalty ``alpha / 2 * ||coef||**2`` on the columns as given.
    make : callable
        ``make(rows)`` returns X and y of at most so many rows; labels are -1 and +1.
    """

    name: str
    loss: str
    alpha: float
    make: Callable[[int], _Arrays]

    def save(self, folder: Path, rows: int) -> None:
        """Write what `load` reads.

        Parameters
        ----------
        folder : Path
            Where the .npy files go.
        rows : int
            At most so many.
        """
        X, y = self.make(rows)
        np.save(folder / "X.npy", X)
        np.save(folder / f"{self.loss}.npy", y)

    def load(self, folder: Path) -> Problem:
        """Return what `save` wrote to `folder`, in memory of this process."""
        return problems.load(folder, self.loss)

    def objective(self, problem: Problem, answer: Answer) -> float:
        """Return the penalised mean loss in float64: the same yardstick for every model."""
        coef = np.asarray(answer.coef, dtype=np.float64)
        penalty = 0.5 * self.alpha * float(coef @ coef)
        return problems.objective(problem, coef, answer.intercept, self.loss) + penalty


def _correlated(rows: int) -> _Arrays:
    """Return 100 columns of condition number above 1000 in units from 1e-3 to 1e3.

    Directions of standard deviation 1 to 1 / 5000, rotated; all of them matter alike to the
    labels, which follow the logistic model.
    """
    n, d = min(rows, 500_000), 100
    generator = np.random.default_rng(_SEED)
    rotation = np.linalg.qr(generator.standard_normal((d, d)))[0]
    unit = 10.0 ** generator.permutation(np.linspace(-3.0, 3.0, d))
    directions = generator.standard_normal((n, d))
    z = directions @ generator.standard_normal(d) * (2.0 / np.sqrt(d)) + 0.5
    y = np.where(z + generator.logistic(size=n) > 0.0, 1.0, -1.0)
    X = directions @ (np.geomspace(1.0, 2e-4, d)[:, None] * rotation * unit)
    X += unit
    return X, y


def _delays(rows: int) -> _Arrays:
    from fastgd.demo.flights import load_flights

    flights = load_flights(rows)
    return flights.X, flights.delay


def _late(rows: int) -> _Arrays:
    from fastgd.demo.flights import load_flights

    flights = load_flights(rows)
    return flights.X, np.where(flights.late, 1.0, -1.0)


def _wide(rows: int) -> _Arrays:
    """Return 20,000 counts in float32, one in a hundred not zero, common words and rare ones."""
    n, d = min(rows, 5_000), 20_000
    generator = np.random.default_rng(_SEED)
    frequency = 0.0015 + 0.05 / np.arange(1.0, d + 1.0) ** 0.5
    X = np.empty((n, d), dtype=np.float32)
    for row in X:
        row[:] = generator.poisson(frequency)
    coef = generator.standard_normal(d)
    z = X @ coef
    z = 3.0 * (z - z.mean()) / z.std() + generator.logistic(size=n)
    return X, np.where(z > 0.0, 1.0, -1.0).astype(np.float32)


CASES = (
    Case("correlated", "log_loss", 0.0, _correlated),
    Case("delay", "squared_error", 0.0, _delays),
    Case("late", "log_loss", 0.0, _late),
    Case("wide", "log_loss", 1e-4, _wide),
)
