"""scikit-learn's solvers, and those of scikit-learn-intelex."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

from .racer import CLASSES_APART, DENSE, FEW_COLUMNS, SMOOTH, TWO_CLASSES, Racer

__all__ = [
    "LBFGS", "SAG", "SAGA", "SGD", "IntelLBFGS", "IntelRidge", "Liblinear", "NewtonCG",
    "NewtonCholesky", "RidgeCholesky", "RidgeLSQR", "RidgeSAG",
]  # fmt: skip

_NEVER = 1e-13  # tolerance that ends no fit early


class _Logistic(Racer):
    package = "scikit-learn"
    module: ClassVar[str] = "sklearn.linear_model"
    solver: ClassVar[str]

    def prepare(self, problem: Any, threads: int) -> None:
        """Import the estimator."""
        super().prepare(problem, threads)
        self.model = importlib.import_module(self.module).LogisticRegression

    def fit(self, effort: float) -> Any:
        """Fit by so many iterations; C is the inverse strength beside a sum of losses."""
        model = self.model(
            C=1.0 / self.problem.strength,
            l1_ratio=self.problem.l1_ratio,
            solver=self.solver,
            fit_intercept=False,
            max_iter=int(effort),
            tol=_NEVER,
            random_state=0,
        )
        return model.fit(self.X, self.y).coef_


class LBFGS(_Logistic):
    """The default."""

    name = "scikit-learn lbfgs"
    cases = SMOOTH | CLASSES_APART
    solver = "lbfgs"


class NewtonCG(_Logistic):
    """Truncated Newton."""

    name = "scikit-learn newton-cg"
    cases = SMOOTH | CLASSES_APART
    solver = "newton-cg"


class NewtonCholesky(_Logistic):
    """Newton on the whole Hessian."""

    name = "scikit-learn newton-cholesky"
    cases = (FEW_COLUMNS - {"l1"}) | CLASSES_APART
    solver = "newton-cholesky"


class SAG(_Logistic):
    """Averaged gradients."""

    name = "scikit-learn sag"
    cases = SMOOTH | CLASSES_APART
    solver = "sag"


class SAGA(_Logistic):
    """Averaged gradients with a proximal step."""

    name = "scikit-learn saga"
    cases = TWO_CLASSES | CLASSES_APART
    solver = "saga"


class Liblinear(_Logistic):
    """scikit-learn's copy of LIBLINEAR, without an intercept that it would penalise."""

    name = "scikit-learn liblinear"
    cases = TWO_CLASSES
    solver = "liblinear"


class IntelLBFGS(_Logistic):
    """oneDAL's."""

    name = "scikit-learn-intelex lbfgs"
    package = "scikit-learn-intelex"
    cases = (DENSE - {"l1"}) | CLASSES_APART
    note = "scikit-learn-intelex hands sparse rows on to scikit-learn: not run there"
    module = "sklearnex.linear_model"
    solver = "lbfgs"


class SGD(Racer):
    """SGDClassifier or SGDRegressor with its default schedule."""

    name = "scikit-learn SGD"
    package = "scikit-learn"
    cases = TWO_CLASSES | {"ridge"}
    effort = "epochs"

    def fit(self, effort: float) -> Any:
        """Fit by so many epochs, none left out."""
        models: Any = importlib.import_module("sklearn.linear_model")
        regression = self.problem.loss == "squared_error"
        model = (models.SGDRegressor if regression else models.SGDClassifier)(
            loss=self.problem.loss,
            penalty="l1" if self.problem.l1_ratio == 1.0 else "l2",
            alpha=self.problem.alpha,
            fit_intercept=False,
            max_iter=int(effort),
            tol=None,
            random_state=0,
        )
        return model.fit(self.X, self.y).coef_


class _Ridge(Racer):
    package = "scikit-learn"
    cases = frozenset({"ridge"})
    module: ClassVar[str] = "sklearn.linear_model"
    solver: ClassVar[str]

    def fit(self, effort: float) -> Any:
        """Fit; its penalty stands beside a sum of squares without a half."""
        model = importlib.import_module(self.module).Ridge(
            alpha=self.problem.strength,
            solver=self.solver,
            fit_intercept=False,
            max_iter=int(effort),
            tol=_NEVER,
            random_state=0,
        )
        return model.fit(self.X, self.y).coef_


class RidgeCholesky(_Ridge):
    """Normal equations."""

    name = "scikit-learn Ridge cholesky"
    efforts = (1,)
    solver = "cholesky"


class RidgeLSQR(_Ridge):
    """Krylov."""

    name = "scikit-learn Ridge lsqr"
    solver = "lsqr"


class RidgeSAG(_Ridge):
    """Averaged gradients."""

    name = "scikit-learn Ridge sag"
    solver = "sag"


class IntelRidge(_Ridge):
    """oneDAL's normal equations."""

    name = "scikit-learn-intelex Ridge"
    package = "scikit-learn-intelex"
    module = "sklearnex.linear_model"
    efforts = (1,)
    solver = "auto"
