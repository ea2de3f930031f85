"""Vowpal Wabbit over its own cache of the examples."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from .racer import ITERATIONS, SPARSE, Racer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problem import Problem

__all__ = ["LBFGS", "SGD", "Adaptive"]


class _Wabbit(Racer):
    package = "vowpalwabbit"
    effort = "passes"
    note = (
        "Vowpal Wabbit reads float32 from a cache made of text, its conversion; cases of more "
        "than 20 million numbers are left out, as their text alone takes about a minute, and "
        "its adaptive steps where there is a penalty, of which they minimise another"
    )
    solver: ClassVar[str] = ""
    of_a_sum: ClassVar[bool] = False

    def prepare(self, problem: Problem, threads: int) -> None:
        """Write the examples as text and have them parsed once."""
        super().prepare(problem, threads)
        self.vowpal: Any = importlib.import_module("vowpalwabbit")
        self.folder = tempfile.TemporaryDirectory(prefix="fastgd-race-")
        text = Path(self.folder.name, "examples")
        rows = csr_matrix(problem.X)
        with text.open("w") as file:
            for i, label in enumerate(problem.y):
                file.write(f"{label:g} {_words(rows, i)}\n")
        self.first_row = _words(rows, 0)
        bits = max(1, (problem.X.shape[1] - 1).bit_length())
        self.common = f"-d {text} --cache_file {text}.cache -b {bits} --noconstant --quiet "
        self._workspace("--passes 1").finish()

    def _workspace(self, options: str) -> Any:
        loss = "--loss_function logistic --holdout_off"
        return self.vowpal.Workspace(f"{self.common} {loss} {options}")

    def fit(self, effort: float) -> Any:
        """Fit by so many passes over the cache."""
        strength = self.problem.strength if self.of_a_sum else self.problem.alpha
        return self._workspace(f"{self.solver} --l2 {strength:.9g} --passes {int(effort)}")

    def coefficients(self, fitted: Any) -> NDArray[Any]:
        """Read them; the shrinkage by the penalty is kept apart from them."""
        # Named by numbers: column j is hashed to j.
        coef = np.array([fitted.get_weight(j) for j in range(self.X.shape[1])])
        z = float((csr_matrix(self.problem.X[:1]) @ coef)[0])
        shrunk = float(fitted.predict(self.first_row)) / z if z != 0.0 else 1.0
        fitted.finish()
        return coef * shrunk


class Adaptive(_Wabbit):
    """Its default: one adaptive, normalised, invariant step a row."""

    name = "Vowpal Wabbit"
    cases = frozenset({"scaled"})


class SGD(_Wabbit):
    """One plain step a row."""

    name = "Vowpal Wabbit sgd"
    cases = SPARSE
    solver = "--sgd"


class LBFGS(_Wabbit):
    """On all rows; its penalty stands beside a sum of losses."""

    name = "Vowpal Wabbit bfgs"
    cases = SPARSE | {"scaled"}
    efforts = ITERATIONS[1:]
    solver = "--bfgs --termination 0"
    of_a_sum = True


def _words(rows: Any, i: int) -> str:
    part = slice(rows.indptr[i], rows.indptr[i + 1])
    numbers = zip(rows.indices[part], rows.data[part], strict=True)
    return "|" + "".join(f" {j}:{number:.9g}" for j, number in numbers)
