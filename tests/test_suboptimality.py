"""The estimated height above the optimum belongs to the coefficients returned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import SOLVERS, Problem, make_problem

import fastgd

pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")


def height(problem: Problem, result: fastgd.FitResult) -> float:
    """Return how far above the optimum a result is, by a fit to the end."""
    best = fastgd.fit(**problem.arguments(), tol=1e-14)
    return result.objective - best.objective


@pytest.mark.parametrize("penalty", [{}, {"alpha": 0.1}, {"alpha": 0.02, "l1_ratio": 0.7}])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
@pytest.mark.parametrize("max_iter", [1, 2])
def test_exact_for_squared_error_with_all_rows(
    solver: str, max_iter: int, penalty: dict[str, float]
) -> None:
    problem = make_problem(scale=[1, 10, 100, 0.1, 1], **penalty)
    result = fastgd.fit(**problem.arguments(), solver=solver, max_iter=max_iter, tol=0.0)
    expected = height(problem, result)
    assert result.suboptimality == pytest.approx(expected, rel=1e-4, abs=1e-13)
    share = f"{result.suboptimality / result.objective:.1g} of it"
    assert f"above the optimum by about {share}" in result.message
    assert f"about {result.suboptimality:.3g} (" in repr(result)


@pytest.mark.parametrize("loss", ["log_loss", "huber"])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_of_the_right_size_for_other_losses(solver: str, loss: str) -> None:
    problem = make_problem(loss, epsilon=1.0, alpha=0.01)
    result = fastgd.fit(**problem.arguments(), solver=solver, max_iter=1, tol=0.0)
    expected = height(problem, result)
    assert expected > 0.0
    assert expected / 3.0 <= result.suboptimality <= 3.0 * expected


@pytest.mark.parametrize("solver", SOLVERS)
def test_close_to_nothing_in_the_end(solver: str) -> None:
    problem = make_problem("log_loss", alpha=0.01)
    result = fastgd.fit(**problem.arguments(), solver=solver, tol=1e-9)
    assert 0.0 <= result.suboptimality <= 1e-9 * result.objective


@pytest.mark.parametrize("options", [{"precondition": "scale"}, {"learning_rate": "constant"}])
@pytest.mark.parametrize("solver", SOLVERS)
def test_not_known_without_a_hessian(solver: str, options: dict[str, Any]) -> None:
    result = fastgd.fit(**make_problem().arguments(), solver=solver, max_iter=3, **options)
    assert np.isnan(result.suboptimality)
    assert "above the optimum" not in result.message
    assert "suboptimality" not in repr(result)


@pytest.mark.parametrize("tol", [0.0, None])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_of_the_epoch_kept(solver: str, tol: float | None) -> None:
    """The best epoch for other rows; where that was not measured, nothing is known."""
    problem = make_problem(n=60, d=40, noise=1.5)
    other = make_problem(n=500, d=40, noise=1.5)
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,
        batch_size=10,
        max_iter=8,
        tol=tol,
        n_iter_no_change=8,
        validation_set=(other.X[60:], other.y[60:]),
    )
    best = int(np.argmin(result.history.validation))
    assert best < 7
    if tol is None:
        assert np.isnan(result.suboptimality)
    else:
        assert result.suboptimality == pytest.approx(height(problem, result), rel=1e-4)
