"""Some 1,900 real tables, raw: `fit` with default parameters ends at the optimum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from oracle import LOSSES, Problem
from r_tables import NAMES, tables_of

import fastgd

if TYPE_CHECKING:
    from real_tables import Table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def problem_of(table: Table, loss: str) -> Problem:
    """Huber's bound in units of the residuals of least squares."""
    if loss == "log_loss":
        return Problem(X=table.X, y=table.labels, loss=loss)
    squared = Problem(X=table.X, y=table.y)
    if loss == "squared_error":
        return squared
    deviation = float(np.sqrt(2.0 * squared.optimum())) or float(np.std(table.y))
    return Problem(X=table.X, y=table.y, loss=loss, epsilon=1.35 * deviation)


def least_of(problem: Problem) -> float | None:
    """Least objective, or nothing where Newton's method does not find it either."""
    if problem.loss == "squared_error":
        return problem.optimum()
    try:
        return problem.newton_optimum()
    except (AssertionError, np.linalg.LinAlgError):
        return None


# a fit that says it needs more epochs is asked for the same optimum
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("package", NAMES)
def test_default_fit_ends_at_the_optimum(package: str) -> None:
    """R² to far less than 0.001 and log loss to less than 0.1 %."""
    for name, table in tables_of(package):
        for loss in LOSSES:
            problem = problem_of(table, loss)
            result = fastgd.fit(**problem.arguments())
            assert np.all(np.isfinite(result.coef)), name
            least = least_of(problem)
            if least is None:
                continue
            at_zero = problem.value(np.zeros(problem.X.shape[1]))
            if "the classes are separable" in result.message:
                assert least <= 1e-6 * at_zero, name
                continue
            above = problem.value(result.coef, result.intercept) - least
            # an exact fit leaves rounding alone
            assert above <= 1e-4 * least + 1e-9 * at_zero, f"{name}, {loss}: {result.message}"
