"""Real tables, raw: a fit with default parameters ends at the optimum, whatever the solver."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle import LOSSES, SOLVERS, Problem
from real_tables import TABLES

import fastgd

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
