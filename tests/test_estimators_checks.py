"""scikit-learn's own checks of estimators: all solvers, all losses, none expected to fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks

from fastgd import losses
from fastgd.linear_model import GDClassifier, GDRegressor

# A unique optimum, reached up to rounding: weights are then the same as repeated rows. Objectives
# tell coefficients apart to half their digits alone, so the stochastic solvers run on.
CLOSE: dict[str, dict[str, Any]] = {
    "batch": {"tol": 1e-12},
    "minibatch": {"variance_reduction": "svrg", "tol": None, "max_iter": 60},
    "sgd": {"variance_reduction": "svrg", "tol": None, "max_iter": 60},
}


def losses_for(*targets: str) -> list[str | losses.Loss]:
    """Names; of losses with kinks one rounded off so far that the last digits come soon."""
    known = [losses.resolve(name) for name in losses.catalog]
    return [
        loss.name if loss.smoothing is not None else replace(loss, smoothing=1.0)
        for loss in known
        if loss.targets in targets
    ]


def estimators() -> list[Any]:
    kinds = {
        GDRegressor: losses_for("real", "non-negative", "positive"),
        GDClassifier: losses_for("binary", "real", "classes"),
    }
    return [
        *(kind() for kind in kinds),
        *(
            # steps in the mean Hessian of all classes end at the rounding of the objective
            kind(loss=loss, solver=solver, alpha=1.0 if loss == "softmax" else 0.1, **close)
            for kind, names in kinds.items()
            for loss in names
            for solver, close in CLOSE.items()
        ),
    ]


@parametrize_with_checks(estimators())
def test_check_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)
