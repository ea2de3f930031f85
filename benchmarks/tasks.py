"""The work that is timed, and the step sizes both sides take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["DTYPES", "TASKS", "Task"]

Dtype = Literal["float32", "float64"]
Loss = Literal["squared_error", "log_loss"]
Order = Literal["default", "full", "memory"]
Work = Literal["gradient", "batch", "minibatch", "sgd"]

DTYPES: tuple[Dtype, ...] = ("float64", "float32")

# Enough that what a fit does once, before and after its epochs, weighs what it does in practice.
_EPOCHS = 5


@dataclass(frozen=True)
class Task:
    """One piece of work, the same for every peer.

    Attributes
    ----------
    work : {"gradient", "batch", "minibatch", "sgd"}
        One value and gradient, or epochs of a descent.
    loss : {"squared_error", "log_loss"}
        Loss of the linear predictor.
    batch_size : int
        Rows of a mini-batch; 0 for other work.
    order : {"default", "full", "memory"}
        Order of rows of a stochastic epoch: what each side does by default, a random order of
        all rows, or as they lie in memory.
    """

    work: Work
    loss: Loss
    batch_size: int = 0
    order: Order = "default"

    @property
    def name(self) -> str:
        """Name on the command line and in reports."""
        size = str(self.batch_size) if self.batch_size else ""
        order = "" if self.order == "default" else f"-{self.order}"
        return f"{self.work}{size}-{self.loss}{order}"

    @property
    def suite(self) -> str:
        """Name of the suite it belongs to, "gradient" or "epoch"."""
        return "gradient" if self.work == "gradient" else "epoch"

    @property
    def epochs(self) -> int:
        """How often one run goes through all rows."""
        return 1 if self.work == "gradient" else _EPOCHS

    def threads(self, most: int) -> int:
        """Return the threads both sides get: one for single-row steps, which nobody shares."""
        return 1 if self.work == "sgd" else most

    def step_size(self, rows: int, columns: int) -> float:
        """Return the constant step size of both sides, safe for unit normal columns.

        Parameters
        ----------
        rows, columns : int
            Shape of X.

        Returns
        -------
        float
            A fraction of 1 / L, with L the largest eigenvalue to expect of
            ``X_B.T @ X_B / B``, about ``(1 + sqrt(columns / B))**2`` for B rows.
        """
        if self.work == "sgd":
            return 0.1 / columns
        size = self.batch_size or rows
        return (0.1 if self.batch_size else 0.5) / (1.0 + math.sqrt(columns / size)) ** 2


_LOSSES: tuple[Loss, ...] = ("squared_error", "log_loss")
_ORDERS: tuple[Order, ...] = ("default", "full", "memory")

TASKS: tuple[Task, ...] = (
    *(Task("gradient", loss) for loss in _LOSSES),
    *(Task("batch", loss) for loss in _LOSSES),
    *(Task("minibatch", loss, batch_size=size) for size in (256, 64) for loss in _LOSSES),
    *(Task("sgd", loss, order=order) for loss in _LOSSES for order in _ORDERS),
)
