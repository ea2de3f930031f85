"""Who is fitted: fastgd with default parameters, and what scikit-learn has for the same."""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import fastgd

from .cases import CASES
from .peers import Answer

if TYPE_CHECKING:
    from .cases import Case
    from .problems import Problem

__all__ = ["MODELS", "FastGDFit", "Model"]


class Model(ABC):
    """One way to fit a case.

    Attributes
    ----------
    name : str
        How reports call it.
    cases : frozenset of str
        Names of the cases whose objective it minimises in reasonable time and memory.
    """

    name: ClassVar[str]
    cases: ClassVar[frozenset[str]]

    @abstractmethod
    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit raw columns; timed, with whatever it does to them."""


class FastGDFit(Model):
    """`fastgd.fit`, all defaults but the loss and the penalty."""

    name = "fastgd"
    cases = frozenset(case.name for case in CASES)

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit and keep the result for its passes."""
        self.result = fastgd.fit(problem.X, problem.y, loss=case.loss, alpha=case.alpha)
        return Answer(self.result.coef, float(self.result.intercept))


class Ridge(Model):
    """The normal equations."""

    name = "Ridge cholesky"
    cases = frozenset({"delay"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit; its alpha belongs to the sum of squares, not to half their mean."""
        alpha = case.alpha * len(problem.X)
        model = _linear_model().Ridge(alpha=alpha, solver="cholesky")
        return _answer(model.fit(problem.X, problem.y))


class Newton(Model):
    """Newton's method on all rows."""

    name = "LogisticRegression newton-cholesky"
    cases = frozenset({"correlated", "late"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit with that solver, all else default."""
        return _answer(_logistic(problem, case, "newton-cholesky").fit(problem.X, problem.y))


class LBFGS(Model):
    """scikit-learn's default."""

    name = "LogisticRegression lbfgs"
    cases = frozenset({"correlated", "late", "wide"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit with all defaults but the penalty."""
        return _answer(_logistic(problem, case, "lbfgs").fit(problem.X, problem.y))


class ScaledNewton(Model):
    """Newton's method where it is at its best."""

    name = "StandardScaler, newton-cholesky"
    cases = frozenset({"correlated", "late"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit with that solver, all else default."""
        return _on_scaled_columns(_logistic(problem, case, "newton-cholesky"), problem)


class ScaledLBFGS(Model):
    """scikit-learn's default as its users are told to use it."""

    name = "StandardScaler, lbfgs"
    cases = frozenset({"correlated", "late"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit with all defaults but the penalty."""
        return _on_scaled_columns(_logistic(problem, case, "lbfgs"), problem)


class ScaledSGD(Model):
    """SGDClassifier or SGDRegressor."""

    name = "StandardScaler, SGD"
    cases = frozenset({"correlated", "delay", "late"})

    def fit(self, problem: Problem, case: Case) -> Answer:
        """Fit with all defaults, but without penalty."""
        models = _linear_model()
        regression = case.loss == "squared_error"
        model = models.SGDRegressor if regression else models.SGDClassifier
        return _on_scaled_columns(model(loss=case.loss, penalty=None, random_state=0), problem)


MODELS: tuple[type[Model], ...] = (
    FastGDFit,
    Ridge,
    Newton,
    LBFGS,
    ScaledNewton,
    ScaledLBFGS,
    ScaledSGD,
)


def _linear_model() -> Any:
    # Imported here: only the process that runs it pays for it.
    return importlib.import_module("sklearn.linear_model")


def _logistic(problem: Problem, case: Case, solver: str) -> Any:
    """Return the model; C is the inverse strength of the penalty on a sum of losses."""
    strength = case.alpha * len(problem.X)
    C = 1.0 / strength if strength > 0.0 else math.inf
    return _linear_model().LogisticRegression(C=C, solver=solver)


def _on_scaled_columns(model: Any, problem: Problem) -> Answer:
    """Fit on StandardScaler's columns; without a penalty the optimum is the same."""
    preprocessing: Any = importlib.import_module("sklearn.preprocessing")
    scaler = preprocessing.StandardScaler()
    coef, intercept = _answer(model.fit(scaler.fit_transform(problem.X), problem.y))
    raw = coef / scaler.scale_
    return Answer(raw, intercept - float(raw @ scaler.mean_))


def _answer(model: Any) -> Answer:
    return Answer(model.coef_.ravel(), float(np.ravel(model.intercept_)[0]))
