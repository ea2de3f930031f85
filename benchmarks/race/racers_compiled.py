"""Solvers compiled for linear models: snapml, LIBLINEAR, cyanure, glum."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .racer import CLASSES_APART, DENSE, FEW_COLUMNS, SMOOTH, SPARSE, TOLERANCES, TWO_CLASSES, Racer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .problem import Problem

__all__ = [
    "Cyanure", "Glum", "GlumLBFGS", "LiblinearDual", "LiblinearL1", "LiblinearPrimal", "SnapDual",
    "SnapPrimal",
]  # fmt: skip


class SnapPrimal(Racer):
    """Coordinate descent on the coefficients."""

    name = "snapml primal"
    package = "snapml"
    cases = TWO_CLASSES | {"ridge"}
    note = "snapml takes float32 alone: that limits what it reaches; the cast is its conversion"
    dual: ClassVar[bool] = False

    def prepare(self, problem: Problem, threads: int) -> None:
        """Cast to float32, the only type it takes."""
        super().prepare(problem, threads)
        self.snapml: Any = importlib.import_module("snapml")
        self.X = problem.X.astype(np.float32, copy=False)

    def fit(self, effort: float) -> Any:
        """Fit by so many iterations."""
        limits = {"max_iter": int(effort), "tol": 1e-12, "n_jobs": self.threads}
        common = {"regularizer": self.problem.strength, "fit_intercept": False, "dual": self.dual}
        regression = self.problem.loss == "squared_error"
        kind = self.snapml.LinearRegression if regression else self.snapml.LogisticRegression
        penalty = "l1" if self.problem.l1_ratio == 1.0 else "l2"
        return kind(**common, **limits, penalty=penalty).fit(self.X, self.y).coef_


class SnapDual(SnapPrimal):
    """Coordinate descent on one number a row."""

    name = "snapml dual"
    cases = SnapPrimal.cases - {"l1"}
    dual = True


class LiblinearPrimal(Racer):
    """Trust region Newton."""

    name = "LIBLINEAR primal"
    package = "liblinear-official"
    cases = SMOOTH
    effort = "-e"
    efforts = TOLERANCES
    solver: ClassVar[int] = 0

    def prepare(self, problem: Problem, threads: int) -> None:
        """Copy to its own rows of index and value."""
        super().prepare(problem, threads)
        sparse: Any = importlib.import_module("scipy.sparse")
        self.liblinear: Any = importlib.import_module("liblinear.liblinearutil")
        rows = sparse.csr_matrix(problem.X, dtype=np.float64)
        self.data = self.liblinear.problem(problem.y, rows)

    def fit(self, effort: float) -> Any:
        """Fit to a tolerance."""
        C = 1.0 / self.problem.strength
        options = f"-q -s {self.solver} -c {C:.17g} -e {effort:g}"
        return self.liblinear.train(self.data, self.liblinear.parameter(options))

    def coefficients(self, fitted: Any) -> NDArray[Any]:
        """Turn them to the label that counts as positive."""
        coef: NDArray[Any] = np.ctypeslib.as_array(fitted.w, (self.X.shape[1],))
        return np.asarray(coef * fitted.label[0])


class LiblinearDual(LiblinearPrimal):
    """Coordinate descent on one number a row."""

    name = "LIBLINEAR dual"
    solver = 7


class LiblinearL1(LiblinearPrimal):
    """Newton steps by coordinate descent."""

    name = "LIBLINEAR l1"
    cases = frozenset({"l1"})
    solver = 6


class Cyanure(Racer):
    """Its own choice of a solver."""

    name = "cyanure"
    package = "cyanure"
    cases = TWO_CLASSES | CLASSES_APART | {"ridge"}

    def prepare(self, problem: Problem, threads: int) -> None:
        """Import it; it takes rows as they are."""
        super().prepare(problem, threads)
        self.cyanure: Any = importlib.import_module("cyanure.estimators")
        self.y = problem.y.astype(np.int64) if problem.loss == "softmax" else problem.y

    def fit(self, effort: float) -> Any:
        """Fit by so many passes over the rows."""
        common = {
            "penalty": "l1" if self.problem.l1_ratio == 1.0 else "l2",
            "lambda_1": self.problem.alpha,
            "fit_intercept": False,
            "tol": 1e-13,
            "max_iter": int(effort),
            "n_threads": self.threads,
            "verbose": False,
        }
        if self.problem.loss == "squared_error":
            return self.cyanure.Regression(**common).fit(self.X, self.y).coef_
        several = self.problem.loss == "softmax"
        loss = "multiclass-logistic" if several else "logistic"
        coef = self.cyanure.Classifier(loss=loss, **common).fit(self.X, self.y).coef_
        return coef.T if several else coef


class Glum(Racer):
    """Newton on the whole Hessian, with coordinate descent where there is an l1 penalty."""

    name = "glum"
    package = "glum"
    cases = FEW_COLUMNS | {"ridge"}
    solver: ClassVar[str] = "auto"

    def prepare(self, problem: Problem, threads: int) -> None:
        """Give it columns in one piece, as it likes them, and labels 0 and 1."""
        super().prepare(problem, threads)
        self.regression = problem.loss == "squared_error"
        self.model: Any = importlib.import_module("glum").GeneralizedLinearRegressor
        if isinstance(problem.X, np.ndarray):
            self.X = np.asfortranarray(problem.X)
        self.y = (problem.y if self.regression else problem.positive).astype(problem.X.dtype)

    def fit(self, effort: float) -> Any:
        """Fit by so many Newton steps."""
        model = self.model(
            family="normal" if self.regression else "binomial",
            alpha=self.problem.alpha,
            l1_ratio=self.problem.l1_ratio,
            fit_intercept=False,
            solver=self.solver,
            gradient_tol=1e-13,
            max_iter=int(effort),
        )
        return model.fit(self.X, self.y).coef_


class GlumLBFGS(Glum):
    """Where a Hessian is too large."""

    name = "glum lbfgs"
    cases = (DENSE - FEW_COLUMNS) | SPARSE
    solver = "lbfgs"
