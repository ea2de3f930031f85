"""SVRG takes the published steps with a step size of the caller, and pays where it is automatic."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from oracle import LOSSES, FloatArray, Problem, make_problem, pointwise_derivative

import fastgd

STOCHASTIC = ("minibatch", "sgd")
ROUNDING = {"f4": 2e-4, "f8": 1e-11}


def descend(
    problem: Problem, batch_rows: int, rate: float, epochs: int, momentum: float | None = None
) -> FloatArray:
    """Return coefficients and intercepts (K, d + 1): a plain epoch, then anchored ones."""
    X, y = problem.X.astype(np.float64), problem.targets
    weights = problem.weights * len(X)
    A = np.column_stack([X, np.full(len(X), float(problem.fit_intercept))])
    d = X.shape[1]
    l1, l2 = np.full(d + 1, problem.l1), np.full(d + 1, problem.l2)
    l1[d] = l2[d] = 0.0

    def mean_gradient(theta: FloatArray, rows: slice) -> FloatArray:
        derivative = pointwise_derivative(problem.loss, A[rows] @ theta.T, y[rows], problem.epsilon)
        return (weights[rows, None] * derivative).T @ A[rows] / len(A[rows])

    theta = np.zeros((y.shape[1], d + 1))
    anchor: FloatArray | None = None
    for _ in range(epochs):
        velocity = np.zeros_like(theta)
        for begin in range(0, len(X), batch_rows):
            rows = slice(begin, begin + batch_rows)
            gradient = mean_gradient(theta, rows)
            if anchor is not None:
                gradient += mean_gradient(anchor, slice(None)) - mean_gradient(anchor, rows)
            moved = theta + (momentum or 0.0) * velocity - rate * (gradient + l2 * theta)
            moved = np.sign(moved) * np.maximum(np.abs(moved) - rate * l1, 0.0)
            velocity, theta = moved - theta, moved
        anchor = theta
    return theta


def fit(problem: Problem, solver: str, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(
        **problem.arguments(), solver=solver, batch_size=50, variance_reduction="svrg", **options
    )


VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "elastic net": {"alpha": 0.2, "l1_ratio": 0.2},
    "weights": {"sample_weight": np.random.default_rng(5).uniform(0.0, 3.0, size=333)},
    "no intercept": {"fit_intercept": False},
    "outputs": {"outputs": 3},
}


@pytest.mark.parametrize("tol", [None, 0.0])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("solver", "rows"), [("minibatch", 50), ("sgd", 1)])
def test_steps_are_the_published_ones(
    solver: str, rows: int, variant: str, dtype: str, tol: float | None
) -> None:
    problem = make_problem("huber", 333, 7, dtype=dtype, epsilon=0.5, **VARIANTS[variant])
    options: dict[str, Any] = {"learning_rate": "constant", "eta0": 0.05, "shuffle": False}
    seen: list[fastgd.EpochInfo] = []
    result = fit(problem, solver, max_iter=4, tol=tol, callback=seen.append, **options)
    theta = descend(problem, rows, 0.05, 4)
    got = np.column_stack([np.atleast_2d(result.coef), np.atleast_1d(result.intercept)])
    np.testing.assert_allclose(got, theta, rtol=0, atol=ROUNDING[dtype] * np.abs(theta).max())
    assert not np.isnan(result.history.objective).any()


# fits that end at max_iter warn; these are told to
pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")


@pytest.mark.parametrize(("solver", "rows"), [("minibatch", 50), ("sgd", 1)])
def test_momentum_starts_anew_at_each_anchor(solver: str, rows: int) -> None:
    problem = make_problem("squared_error", 333, 7)
    options: dict[str, Any] = {"learning_rate": "constant", "eta0": 0.01, "shuffle": False}
    result = fit(problem, solver, max_iter=3, update="momentum", momentum=0.5, **options)
    theta = descend(problem, rows, 0.01, 3, momentum=0.5)[0]
    np.testing.assert_allclose(np.append(result.coef, result.intercept), theta, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_constant_steps_end_at_the_optimum_with_it_and_in_a_ball_without(
    solver: str, loss: str
) -> None:
    problem = make_problem(loss, 1000, 5, noise=2.0)
    options: dict[str, Any] = {"solver": solver, "batch_size": 20, "learning_rate": "constant"}
    excess = {}
    for name in ("svrg", "none"):
        result = fastgd.fit(
            **problem.arguments(),
            variance_reduction=name,  # type: ignore[arg-type]
            eta0=0.05,
            max_iter=150,
            tol=None,
            **options,
        )
        excess[name] = problem.excess(result.coef, result.intercept)
    assert abs(excess["svrg"]) < 1e-8
    assert excess["none"] > 1e-7


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_automatic_steps_without_it_are_cut_until_noise_is_small(solver: str, loss: str) -> None:
    scale = 10.0 ** np.arange(-6, 7, 2)
    problem = make_problem(loss, 3000, 7, scale=scale, mean=10 * scale)
    result = fastgd.fit(**problem.arguments(), solver=solver, variance_reduction="none")
    assert result.status == "converged"
    assert result.precondition == "scale"
    assert problem.excess(result.coef, result.intercept) < 1e-4
    assert result.history.learning_rate[-1] < result.history.learning_rate[0]


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_auto_is_svrg_with_automatic_steps_alone(solver: str) -> None:
    problem = make_problem("log_loss", 1000, 5)

    def coef(**options: Any) -> FloatArray:
        result = fastgd.fit(**problem.arguments(), solver=solver, max_iter=4, **options)
        return np.asarray(result.coef)

    np.testing.assert_array_equal(coef(), coef(variance_reduction="svrg"))
    assert not np.array_equal(coef(), coef(variance_reduction="none"))
    for options in ({"learning_rate": "constant"}, {"average": True}, {"update": "adam"}):
        np.testing.assert_array_equal(coef(**options), coef(variance_reduction="none", **options))


SMALL = make_problem("squared_error", 20, 3)
BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"variance_reduction": "sag"},
        "variance_reduction: expected one of 'auto', 'none', 'svrg', got 'sag'",
    ),
    (
        {"variance_reduction": "svrg", "solver": "batch"},
        "variance_reduction: expected with 'svrg' solver='minibatch' or 'sgd', got another",
    ),
    (
        {"variance_reduction": "svrg", "solver": "sgd", "average": True},
        "variance_reduction: expected with 'svrg' average=False, got another",
    ),
    (
        {"variance_reduction": "svrg", "solver": "sgd", "update": "adam"},
        "variance_reduction: expected with 'svrg' an update that is not adaptive, got another",
    ),
    (
        {"variance_reduction": "none", "solver": "sgd", "precondition": "whiten"},
        "precondition: expected with 'whiten' variance_reduction other than 'none', got another",
    ),
]


@pytest.mark.parametrize(("options", "text"), BAD)
def test_what_does_not_go_together(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(text)):
        fastgd.fit(**(SMALL.arguments() | options))
