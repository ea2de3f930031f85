"""fastgd by its solvers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import fastgd

from .cases import CASES
from .racer import TOLERANCES, Racer

__all__ = ["SGD", "Auto", "Minibatch"]


class Auto(Racer):
    """All defaults."""

    name = "fastgd"
    package = "fastgd"
    cases = frozenset(case.name for case in CASES)
    effort = "tol"
    efforts = TOLERANCES
    solver: ClassVar[Literal["auto", "minibatch", "sgd"]] = "auto"

    def fit(self, effort: float) -> Any:
        """Fit to a tolerance."""
        return fastgd.fit(
            *(self.X, self.y),
            loss=self.problem.loss,
            alpha=self.problem.alpha,
            l1_ratio=self.problem.l1_ratio,
            fit_intercept=False,
            solver=self.solver,
            tol=effort,
            n_threads=self.threads,
        ).coef


class SGD(Auto):
    """One row a step."""

    name = "fastgd sgd"
    solver = "sgd"


class Minibatch(Auto):
    """256 rows a step."""

    name = "fastgd minibatch"
    solver = "minibatch"
