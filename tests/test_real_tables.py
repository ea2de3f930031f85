"""Real tables, raw: a fit with default parameters ends at the optimum, whatever the solver."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from oracle import LOSSES, SOLVERS, Problem
from real_tables import TABLES, Table

import fastgd
from fastgd import losses

# Newton in numpy on 327,346 flights takes minutes on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@cache
def problem_of(table: str, loss: str) -> tuple[Problem, float]:
    """Problem of a table and its least objective; Huber's bound in units of the residuals."""
    data = TABLES[table]()
    if loss == "log_loss":
        problem = Problem(X=data.X, y=data.labels, loss=loss)
        return problem, problem.newton_optimum()
    squared = Problem(X=data.X, y=data.y)
    least = squared.optimum()
    if loss == "squared_error":
        return squared, least
    problem = Problem(X=data.X, y=data.y, loss=loss, epsilon=1.35 * float(np.sqrt(2.0 * least)))
    return problem, problem.newton_optimum()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("table", TABLES)
def test_default_fit_ends_at_the_optimum(table: str, loss: str, solver: str) -> None:
    """To ten times the default tol, so R² to far less than 0.001 and log loss than 0.1 %."""
    problem, least = problem_of(table, loss)
    result = fastgd.fit(**problem.arguments(), solver=solver)
    assert np.all(np.isfinite(result.coef))
    assert np.isfinite(result.intercept)
    at_zero = problem.value(np.zeros(problem.X.shape[1]))
    if "the classes are separable" in result.message:
        assert least <= 1e-6 * at_zero
        return
    above = problem.value(result.coef, result.intercept) - least
    # an exact fit leaves rounding alone
    assert above <= 1e-5 * least + 1e-9 * at_zero


OTHERS = [name for name in losses.catalog if name not in (*LOSSES, "perceptron")]


def targets_of(data: Table, loss: losses.Loss) -> npt.NDArray[Any]:
    """Targets that the loss is made for, from those of the table."""
    if loss.targets == "binary":
        return data.labels
    if loss.targets == "classes":
        parts = np.digitize(data.y, np.unique(np.quantile(data.y, [0.33, 0.66])))
        return parts if np.ptp(parts) > 0 else data.labels
    if loss.targets == "real":
        return data.y
    amounts = data.y - min(data.y.min(), 0.0)
    return amounts if amounts.min() > 0.0 else amounts + 1e-3 * (np.median(amounts) or 1.0)


# classes that a plane nearly divides take all epochs
@pytest.mark.filterwarnings("ignore:stopped at max_iter")
@pytest.mark.parametrize("loss", OTHERS)
@pytest.mark.parametrize("table", [table for table in TABLES if table != "flights"])
def test_default_fit_of_every_loss_ends_where_a_long_one_does(table: str, loss: str) -> None:
    """Within 1e-4 of the optimum, and of the objective at 0 where nearly all of that is gone."""
    data = TABLES[table]()
    y = targets_of(data, losses.resolve(loss))
    result = fastgd.fit(data.X, y, loss=loss)
    if result.separable:
        return
    long = fastgd.fit(data.X, y, loss=loss, solver="batch", tol=1e-10, max_iter=5000)
    outputs = 1 if result.coef.ndim == 1 else len(result.coef)
    zero = np.zeros((outputs, data.X.shape[1])) if outputs > 1 else np.zeros(data.X.shape[1])
    codes = np.unique(y, return_inverse=True)[1] if loss == "softmax" else y
    at_zero = fastgd.value(data.X, codes, zero, loss=loss)
    assert result.objective - long.objective <= 1e-4 * (long.objective + at_zero)
