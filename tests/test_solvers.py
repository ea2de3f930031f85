"""Every solver with its defaults reaches the optimum, on raw columns too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd

# Objective above the optimum, relative to the optimum.
EXCESS = {"batch": 1e-5, "minibatch": 1e-5, "sgd": 1e-5}

WEIGHTS = np.random.default_rng(5).uniform(0.0, 3.0, size=1000)
OFFSET = np.random.default_rng(6).normal(size=1000)

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "ridge": {"alpha": 0.1},
    "lasso": {"alpha": 0.02, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.05, "l1_ratio": 0.5},
    "weights": {"sample_weight": WEIGHTS},
    "offset": {"offset": OFFSET},
    "no intercept": {"fit_intercept": False, "mean": 0.5},
    "all": {
        "alpha": 0.02,
        "l1_ratio": 0.3,
        "sample_weight": WEIGHTS,
        "offset": OFFSET,
        "fit_intercept": False,
    },
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "outputs": {"outputs": 3},
    "outputs, lasso": {"outputs": 3, "alpha": 0.02, "l1_ratio": 1.0},
    "outputs, weights, offset": {
        "outputs": 3,
        "sample_weight": WEIGHTS,
        "offset": np.column_stack([OFFSET, -OFFSET, OFFSET**2]),
    },
}
CASES = [(loss, variant) for loss in LOSSES for variant in VARIANTS] + [
    (loss, variant) for loss in ("squared_error", "huber") for variant in OUTPUTS
]


def fit_within(problem: Problem, excess: float, **options: Any) -> fastgd.FitResult:
    """Fit; the result has converged, within `excess` of the optimum."""
    result = fastgd.fit(**problem.arguments(), **options)
    assert result.status == "converged"
    reached = problem.excess(result.coef, result.intercept)
    assert -1e-6 < reached <= excess
    return result


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("loss", "variant"), CASES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_defaults_reach_the_optimum(solver: str, loss: str, variant: str, dtype: str) -> None:
    options = (VARIANTS | OUTPUTS)[variant]
    problem = make_problem(loss, 1000, 6, dtype=dtype, **options)
    result = fit_within(problem, EXCESS[solver], solver=solver)
    assert result.coef.dtype == np.dtype(dtype)
    assert result.coef.shape == (*problem.y.shape[1:], 6)
    if not problem.fit_intercept:
        assert result.intercept == 0.0


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_columns_of_any_unit_and_mean(solver: str, loss: str, l2: float) -> None:
    """A column in millionths and one in millions, all far from zero."""
    scale = 10.0 ** np.arange(-6, 7, 2)
    problem = make_problem(loss, 2000, 7, scale=scale, mean=1e4, alpha=l2)
    fit_within(problem, EXCESS[solver], solver=solver)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_columns_of_any_unit_without_an_intercept(solver: str, loss: str) -> None:
    scale = 10.0 ** np.arange(-6, 7, 2)
    problem = make_problem(loss, 2000, 7, scale=scale, fit_intercept=False)
    fit_within(problem, EXCESS[solver], solver=solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_columns_of_any_unit_in_float32(solver: str) -> None:
    scale = 10.0 ** np.arange(-6, 7, 2)
    problem = make_problem("log_loss", 2000, 7, scale=scale, mean=100 * scale, dtype="f4")
    fit_within(problem, 2 * EXCESS[solver], solver=solver)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_awkward_columns(solver: str, loss: str) -> None:
    """Constant, empty, rare, repeated and nearly repeated columns, and sorted rows."""
    generator = np.random.default_rng(3)
    problem = make_problem(loss, 3000, 4)
    rare = np.zeros(3000)
    rare[generator.choice(3000, 3, replace=False)] = 50.0
    nearly = problem.X[:, 0] + 0.1 * generator.normal(size=3000)
    columns = [problem.X, np.full(3000, 7.0), np.zeros(3000), rare, problem.X[:, 1], nearly]
    order = np.argsort(problem.y, kind="stable")
    X = np.column_stack(columns)[order]
    fit_within(replace(problem, X=X, y=problem.y[order]), EXCESS[solver], solver=solver)


@pytest.mark.parametrize("difference", [0.1, 0.01, 0.003])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_nearly_equal_columns_end_at_the_optimum_or_in_honest_words(
    solver: str, loss: str, difference: float
) -> None:
    """All signal lies in what hardly differs: slow progress must not pass for convergence."""
    common, signal, noise = np.random.default_rng(0).normal(size=(3, 1000))
    z = signal + 0.5 * noise
    y = z if loss == "squared_error" else (z > 0.0).astype(float)
    X = np.column_stack([common, common + difference * signal])
    problem = Problem(X=X, y=y, loss=loss)
    result = fastgd.fit(**problem.arguments(), solver=solver)
    if difference == 0.1 and solver == "batch":
        assert result.status == "converged"
    if result.status == "converged":
        assert problem.excess(result.coef, result.intercept) <= EXCESS[solver]


@settings(max_examples=100)
@given(
    solver=st.sampled_from(SOLVERS),
    loss=st.sampled_from(LOSSES),
    rows_a_column=st.integers(15, 60),
    d=st.integers(1, 12),
    alpha=st.sampled_from([1e-3, 1e-2, 0.1]),
    l1_ratio=st.sampled_from([0.0, 0.5, 1.0]),
    exponent=st.integers(-4, 4),
    seed=st.integers(0, 1000),
)
def test_any_small_problem(
    solver: str,
    loss: str,
    rows_a_column: int,
    d: int,
    alpha: float,
    l1_ratio: float,
    exponent: int,
    seed: int,
) -> None:
    unit = 10.0**exponent  # the penalty is on raw columns: it vanishes or reigns with them
    problem = make_problem(
        loss,
        20 + rows_a_column * d,
        d,
        seed=seed,
        scale=unit,
        mean=3 * unit,
        noise=1.0,
        alpha=alpha,
        l1_ratio=l1_ratio,
    )
    fit_within(problem, EXCESS[solver], solver=solver)


@pytest.mark.parametrize("loss", LOSSES)
def test_batch_ends_where_the_subgradient_vanishes(loss: str) -> None:
    problem = make_problem(loss, 1000, 12, alpha=0.01, l1_ratio=0.9, mean=1.0)
    result = fastgd.fit(**problem.arguments(), tol=0.0, max_iter=5000)
    assert result.status == "converged"
    assert np.count_nonzero(result.coef) > 0
    left = np.linalg.norm(problem.least_subgradient(result.coef, result.intercept))
    assert left <= 1e-6 * np.linalg.norm(problem.least_subgradient(np.zeros(12), 0.0))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_gradient_norm_is_that_of_the_shortest_subgradient(solver: str, loss: str) -> None:
    problem = make_problem(loss, 1000, 12, mean=1.0)
    largest = np.abs(problem.gradient(np.zeros(12))[0]).max()
    problem = replace(problem, alpha=0.3 * largest, l1_ratio=0.9)
    seen: list[fastgd.EpochInfo] = []
    options: dict[str, Any] = {"precondition": "scale", "max_iter": 8, "tol": 0.0}
    with pytest.warns(fastgd.ConvergenceWarning):
        fastgd.fit(**problem.arguments(), solver=solver, callback=seen.append, **options)
    # at a zero any slope up to the penalty's counts as none
    assert solver != "batch" or any(np.any(info.coef == 0.0) for info in seen)
    for info in seen:
        left = np.linalg.norm(problem.least_subgradient(info.coef, info.intercept))
        assert info.gradient_norm == pytest.approx(left, rel=1e-7)


@pytest.mark.parametrize("solver", ["batch", "minibatch"])
def test_lasso_sets_coefficients_to_exactly_zero(solver: str) -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(2000, 10))
    y = X[:, 0] - 2.0 * X[:, 1] + 0.1 * generator.normal(size=2000)
    result = fastgd.fit(X, y, solver=solver, alpha=0.2, l1_ratio=1.0, average=False)
    assert np.all(result.coef[2:] == 0.0)
    # with nearly orthogonal columns each coefficient is the soft-thresholded one
    np.testing.assert_allclose(result.coef[:2], [0.8, -1.8], atol=0.05)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_penalty_beyond_the_largest_gradient_keeps_zero(loss: str) -> None:
    problem = make_problem(loss, alpha=1e3, l1_ratio=1.0)
    for solver in SOLVERS:
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert np.all(result.coef == 0.0)
        assert problem.excess(result.coef, result.intercept) <= EXCESS[solver]


@pytest.mark.parametrize("update", ["plain", "momentum", "nesterov"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_update_reaches_the_optimum_with_automatic_steps(solver: str, update: str) -> None:
    problem = make_problem("log_loss", 1000, 6, alpha=1e-3, mean=2.0)
    fit_within(problem, max(EXCESS[solver], 1e-3), solver=solver, update=update)


@pytest.mark.parametrize("shuffle", ["block", "full", False])
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_every_order_and_average_reaches_the_optimum(
    solver: str, average: bool, shuffle: Any
) -> None:
    problem = make_problem("log_loss", 1000, 6)
    # an average nears the optimum with the square root of the epochs
    excess = 1e-3 if average else EXCESS[solver]
    fit_within(problem, excess, solver=solver, shuffle=shuffle, average=average)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("solver", SOLVERS)
def test_fewest_rows_are_fitted_exactly(solver: str, n: int) -> None:
    X = np.array([[1.0, 5.0], [2.0, -1.0], [4.0, 2.0]])[:n]
    y = np.array([3.0, -1.0, 2.0])[:n]
    result = fastgd.fit(X, y, solver=solver, tol=1e-12)
    np.testing.assert_allclose(X @ result.coef + result.intercept, y, atol=1e-3)


@pytest.mark.parametrize("solver", SOLVERS)
def test_targets_that_zero_already_fits(solver: str) -> None:
    result = fastgd.fit(
        np.random.default_rng(0).normal(size=(100, 3)), np.zeros(100), solver=solver
    )
    assert result.status == "converged"
    np.testing.assert_array_equal(result.coef, 0.0)
    assert result.intercept == 0.0


@pytest.mark.parametrize("solver", SOLVERS)
def test_start_at_the_optimum_stays_there(solver: str) -> None:
    problem = make_problem("log_loss", 1000, 6, alpha=1e-3, mean=3.0)
    exact = fastgd.fit(**problem.arguments(), tol=1e-12)
    start = {"coef_init": exact.coef, "intercept_init": exact.intercept}
    fit_within(problem, EXCESS[solver], solver=solver, **start)
    if solver == "batch":  # the first step of the others is blind
        first = fastgd.fit(**problem.arguments(), **start, max_iter=1, tol=None).history
        assert first.objective[0] <= problem.optimum() * (1.0 + 1e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_far_start_is_left_behind(solver: str) -> None:
    problem = make_problem(n=1000, alpha=1e-3)
    start = {"coef_init": np.full(5, 100.0), "intercept_init": -50.0}
    fit_within(problem, EXCESS[solver], solver=solver, **start)


@pytest.mark.parametrize("solver", SOLVERS)
def test_classes_are_the_labels_and_the_larger_is_positive(solver: str) -> None:
    problem = make_problem("log_loss", 500, 4)
    expected = fastgd.fit(**problem.arguments(), solver=solver)
    for negative, positive in ((-1, 1), (3, 7), (-2.5, -0.5), (False, True)):
        y = np.where(problem.y > 0, positive, negative)
        result = fastgd.fit(problem.X, y, loss="log_loss", solver=solver)
        assert result.classes is not None
        assert result.classes.tolist() == [negative, positive]
        assert result.classes.dtype == y.dtype
        np.testing.assert_array_equal(result.coef, expected.coef)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_many_columns(solver: str, loss: str) -> None:
    problem = make_problem(loss, 20_000, 300, alpha=1e-3, mean=1.0)
    fit_within(problem, EXCESS[solver], solver=solver)
