"""What every racer is: a solver and a ladder of efforts from cheap to dear."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .cases import CASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problem import Problem

__all__ = [
    "CLASSES_APART", "DENSE", "FEW_COLUMNS", "ITERATIONS", "SMOOTH", "SPARSE", "TOLERANCES",
    "TWO_CLASSES", "Racer",
]  # fmt: skip

TWO_CLASSES = frozenset(case.name for case in CASES if case.loss == "log_loss")
SPARSE = frozenset({"sparse-9", "sparse-75"})
DENSE = TWO_CLASSES - SPARSE
# A Hessian fits in memory.
FEW_COLUMNS = DENSE - {"wide"}
SMOOTH = TWO_CLASSES - {"l1"}
CLASSES_APART = frozenset({"softmax"})
ITERATIONS = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 24, 30, 40, 50, 64, 80, 100, 130, 170, 220, 300),
    *(400, 550, 750, 1000, 1500, 2000, 3000, 5000, 10_000),
)
TOLERANCES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)


class Racer(ABC):
    """One solver.

    Attributes
    ----------
    name : str
        How reports call it.
    package : str
        Distribution it needs, whose version is reported.
    cases : frozenset of str
        Names of the cases whose objective, to the letter, it minimises.
    effort : str
        Name of what its efforts are numbers of.
    efforts : tuple of float
        From cheap to dear.
    note : str
        What a reader must know to judge its figures, "" if nothing.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    cases: ClassVar[frozenset[str]]
    effort: ClassVar[str] = "max_iter"
    efforts: ClassVar[tuple[float, ...]] = ITERATIONS
    note: ClassVar[str] = ""

    def prepare(self, problem: Problem, threads: int) -> None:
        """Bring the data into the form the solver likes best; timed apart.

        Parameters
        ----------
        problem : Problem
            Data and objective.
        threads : int
            Threads it may use; the environment variables of OpenMP and the BLAS say the same.
        """
        self.problem = problem
        self.threads = threads
        self.X: Any = problem.X
        self.y: Any = problem.y

    @abstractmethod
    def fit(self, effort: float) -> Any:
        """Fit from the start; timed.

        Parameters
        ----------
        effort : float
            One of `efforts`.

        Returns
        -------
        object
            What `coefficients` takes.
        """

    def coefficients(self, fitted: Any) -> NDArray[Any]:
        """Return what `objective` takes; not timed."""
        return np.asarray(fitted)
