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

__all__ = ["LBFGS", "OneRow"]


class OneRow(Racer):
    """Its default: one adaptive, normalised, invariant step a row."""

    name = "Vowpal Wabbit"
    package = "vowpalwabbit"
    cases = SPARSE | {"scaled"}
    effort = "passes"
    note = (
        "Vowpal Wabbit reads float32 from a cache made of text, its conversion; cases of more "
        "than 20 million numbers are left out, as their text alone takes about a minute"
    )
    solver: ClassVar[str] = ""
    of_a_sum: ClassVar[bool] = False

    def prepare(self, problem: Problem, threads: int) -> None:
        """Write the examples as text and have them parsed once."""
        super().prepare(problem, threads)
        self.package_: Any = importlib.import_module("vowpalwabbit")
        self.folder = tempfile.TemporaryDirectory(prefix="fastgd-race-")
        text = Path(self.folder.name, "examples")
        rows = csr_matrix(problem.X)
        with text.open("w") as file:
            for i, label in enumerate(problem.y):
                part = slice(rows.indptr[i], rows.indptr[i + 1])
                numbers = zip(rows.indices[part], rows.data[part], strict=True)
                file.write(f"{label:g} |" + "".join(f" {j}:{v:.9g}" for j, v in numbers) + "\n")
        bits = max(1, (problem.X.shape[1] - 1).bit_length())
        self.common = f"-d {text} --cache_file {text}.cache -b {bits} --noconstant --quiet "
        self.first_row = f"|{''.join(f' {j}:{v:.9g}' for j, v in self._entries(rows, 0))}"
        self._workspace("--passes 1").finish()

    @staticmethod
    def _entries(rows: Any, i: int) -> Any:
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        return zip(rows.indices[part], rows.data[part], strict=True)

    def _workspace(self, options: str) -> Any:
        loss = "--loss_function logistic --holdout_off"
        return self.package_.Workspace(f"{self.common} {loss} {options}")

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


class LBFGS(OneRow):
    """On all rows; its penalty stands beside a sum of losses."""

    name = "Vowpal Wabbit bfgs"
    efforts = ITERATIONS[1:]
    solver = "--bfgs --termination 0"
    of_a_sum = True
