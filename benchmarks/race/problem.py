"""Data with an objective, stored once and read by every process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """Rows, targets, and what is to be minimised; there is no intercept.

    The objective is ``mean(loss) + alpha * ((1 - l1_ratio) / 2 * ||w||_2^2 + l1_ratio * ||w||_1)``.

    Attributes
    ----------
    X : ndarray or csr_matrix
        One row an observation.
    y : ndarray of shape (n,)
        -1.0 and 1.0, the numbers of classes from 0, or any numbers, as the loss wants.
    loss : {"log_loss", "softmax", "squared_error"}
        ``log(1 + exp(-y z))``, ``log(sum(exp(z))) - z[y]`` or ``(z - y)**2 / 2``.
    alpha : float
        Strength of the penalty.
    l1_ratio : float
        Share of the penalty that is absolute values.
    """

    X: Any
    y: NDArray[Any]
    loss: str
    alpha: float
    l1_ratio: float

    @property
    def strength(self) -> float:
        """Of the penalty where losses are added up instead of averaged."""
        return self.alpha * len(self.y)

    @property
    def positive(self) -> NDArray[np.float64]:
        """Labels as 0 and 1."""
        return (self.y > 0).astype(np.float64)

    def first(self, rows: int) -> Problem:
        """Return the same problem on its first rows."""
        return Problem(self.X[:rows], self.y[:rows], self.loss, self.alpha, self.l1_ratio)

    def save(self, folder: Path) -> None:
        """Write what `load` reads.

        Parameters
        ----------
        folder : Path
            Where the files go.
        """
        if scipy.sparse.issparse(self.X):
            scipy.sparse.save_npz(folder / "X.npz", self.X, compressed=False)
        else:
            np.save(folder / "X.npy", self.X)
        np.save(folder / "y.npy", self.y)
        objective = {"loss": self.loss, "alpha": self.alpha, "l1_ratio": self.l1_ratio}
        (folder / "objective.json").write_text(json.dumps(objective))

    @classmethod
    def load(cls, folder: Path) -> Problem:
        """Return what `save` wrote to `folder`, in memory of this process."""
        dense = folder / "X.npy"
        X = np.load(dense) if dense.exists() else scipy.sparse.load_npz(folder / "X.npz")
        objective = json.loads((folder / "objective.json").read_text())
        return cls(X, np.load(folder / "y.npy"), **objective)
