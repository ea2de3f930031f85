"""Who is compared: one small class a peer, fastgd the first."""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

import fastgd

from .tasks import TASKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problems import Problem
    from .tasks import Task

__all__ = ["PEERS", "Answer", "FastGD", "Peer"]


class Answer(NamedTuple):
    """What a run found: a gradient, or coefficients after the epochs."""

    coef: NDArray[Any]
    intercept: float


class Peer(ABC):
    """One way to do a task.

    Attributes
    ----------
    name : str
        How reports call it.
    package : str
        Distribution it needs, whose version is reported.
    works : frozenset of str
        Names of the tasks it can do.
    note : str
        What a reader must know to judge its figures, "" if nothing.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    works: ClassVar[frozenset[str]]
    note: ClassVar[str] = ""

    def prepare(self, problem: Problem, task: Task, threads: int) -> None:
        """Take the data and whatever a user would have at hand already; not timed.

        Parameters
        ----------
        problem : Problem
            Features and targets.
        task : Task
            What `run` will do.
        threads : int
            Threads it may use; the environment variables of OpenMP and the BLAS say the same.
        """
        self.problem = problem
        self.task = task
        self.threads = threads
        self.step_size = task.step_size(*problem.X.shape)

    @property
    def rows(self) -> int:
        """Rows a run reads; its time is scaled to all rows where they are fewer."""
        return len(self.problem.X)

    @abstractmethod
    def run(self, epochs: int) -> Answer | None:
        """Do the task from its start, with this many epochs; timed.

        Parameters
        ----------
        epochs : int
            How often to go through the rows; 1 for a gradient.

        Returns
        -------
        Answer or None
            What was found; None if it cannot be held against that of others.
        """


class FastGD(Peer):
    """fastgd: the whole call, with checks of the input and the look for non-finite values."""

    name = "fastgd"
    package = "fastgd"
    works = frozenset(task.name for task in TASKS)

    def prepare(self, problem: Problem, task: Task, threads: int) -> None:
        """Spell the task in arguments of `fastgd.fit`."""
        super().prepare(problem, task, threads)
        self.coef = _point(problem.X)
        self.options: dict[str, Any] = {
            "loss": task.loss,
            "solver": task.work,
            "learning_rate": "constant",
            "eta0": self.step_size,
            "update": "plain",
            "average": False,
            "tol": None,
            "n_threads": threads,
        }
        if task.batch_size:
            self.options["batch_size"] = task.batch_size
        if task.order != "default":
            self.options["shuffle"] = "full" if task.order == "full" else False

    def run(self, epochs: int) -> Answer:
        """Call `fastgd.value_and_gradient` or `fastgd.fit`."""
        X, y = self.problem.X, self.problem.y
        if self.task.work == "gradient":
            _, gradient, intercept = fastgd.value_and_gradient(
                X, y, self.coef, loss=self.task.loss, n_threads=self.threads
            )
            return Answer(gradient, float(intercept))
        result = fastgd.fit(X, y, max_iter=epochs, **self.options)
        if result.n_iter != epochs:
            raise RuntimeError(f"did {result.n_iter} of {epochs} epochs: {result.message}")
        return Answer(result.coef, float(result.intercept))


class Numpy(Peer):
    """numpy with its BLAS, as written in every lecture: two products with X a step."""

    name = "numpy"
    package = "numpy"
    works = frozenset(task.name for task in TASKS if task.work != "sgd")
    note = "gradient without the value and the intercept's part; mini-batches in memory order"

    def prepare(self, problem: Problem, task: Task, threads: int) -> None:
        """Choose the derivative of the loss."""
        super().prepare(problem, task, threads)
        self.coef = _point(problem.X)
        self.derivative = _squared_error if task.loss == "squared_error" else _log_loss

    def run(self, epochs: int) -> Answer:
        """Descend in steps of all rows or of one mini-batch."""
        X, y = self.problem.X, self.problem.y
        if self.task.work == "gradient":
            return Answer(X.T @ self.derivative(X @ self.coef, y) / len(X), 0.0)
        coef, intercept = np.zeros_like(self.coef), 0.0
        size = self.task.batch_size or len(X)
        for _ in range(epochs):
            for start in range(0, len(X), size):
                rows = X[start : start + size]
                derivative = self.derivative(rows @ coef + intercept, y[start : start + size])
                coef -= self.step_size / len(rows) * (rows.T @ derivative)
                intercept -= self.step_size * float(derivative.mean())
        return Answer(coef, intercept)


class NumpyLoop(Peer):
    """A Python loop of one numpy step a row."""

    name = "numpy loop"
    package = "numpy"
    works = frozenset(task.name for task in TASKS if task.work == "sgd" and task.order == "memory")
    note = "on the first 20,000 rows, its time scaled to all"

    _most_rows = 20_000

    @property
    def rows(self) -> int:
        """Rows of the loop, few: it is slow and knows no cache."""
        return min(len(self.problem.X), self._most_rows)

    def run(self, epochs: int) -> None:
        """Descend row by row."""
        coef, intercept = np.zeros_like(self.problem.X[0]), 0.0
        X, y = self.problem.X[: self.rows], self.problem.y[: self.rows].tolist()
        squared = self.task.loss == "squared_error"
        for _ in range(epochs):
            for row, target in zip(X, y, strict=True):
                z = float(row @ coef) + intercept
                derivative = z - target if squared else -target / (1.0 + math.exp(target * z))
                step = self.step_size * derivative
                coef -= step * row
                intercept -= step


class ScikitLearn(Peer):
    """scikit-learn's SGDRegressor and SGDClassifier: one step a row, on one thread."""

    name = "scikit-learn"
    package = "scikit-learn"
    works = frozenset(task.name for task in TASKS if task.work == "sgd")
    note = "a random order of all rows for the default and full orders"

    def prepare(self, problem: Problem, task: Task, threads: int) -> None:
        """Import the model and spell the task in its arguments."""
        super().prepare(problem, task, threads)
        # Imported here: only the process that runs it pays for it.
        models: Any = importlib.import_module("sklearn.linear_model")
        regression = task.loss == "squared_error"
        self.model = models.SGDRegressor if regression else models.SGDClassifier
        self.options = {
            "loss": task.loss,
            "penalty": None,
            "learning_rate": "constant",
            "eta0": self.step_size,
            "average": False,
            "tol": None,
            "shuffle": task.order != "memory",
            "random_state": 0,
        }

    def run(self, epochs: int) -> Answer:
        """Fit a new model."""
        model = self.model(max_iter=epochs, **self.options).fit(self.problem.X, self.problem.y)
        return Answer(model.coef_.ravel(), float(model.intercept_[0]))


PEERS: tuple[type[Peer], ...] = (FastGD, Numpy, NumpyLoop, ScikitLearn)


def _point(X: NDArray[Any]) -> NDArray[Any]:
    """Return where gradients are taken: the same for all, in the dtype of X."""
    return np.full(X.shape[1], 0.1 / math.sqrt(X.shape[1]), dtype=X.dtype)


def _squared_error(z: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    derivative: NDArray[Any] = z - y
    return derivative


def _log_loss(z: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    derivative: NDArray[Any] = -y / (1.0 + np.exp(y * z))
    return derivative
