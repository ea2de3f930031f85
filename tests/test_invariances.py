"""What must not matter: repeated or absent rows, units, order and names of things."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd

EXCESS = {"batch": 1e-4, "minibatch": 2e-3, "sgd": 2e-3}
STEPS: dict[str, Any] = {"learning_rate": "constant", "eta0": 0.1, "max_iter": 20, "tol": None}


def batch_steps(problem: Problem, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(**problem.arguments(), **(STEPS | options))


def assert_same_model(one: Any, other: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(one.coef, other.coef, rtol=0, atol=tolerance)
    np.testing.assert_allclose(one.intercept, other.intercept, rtol=0, atol=tolerance)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_are_repetitions(loss: str) -> None:
    weights = np.random.default_rng(0).integers(0, 4, size=500)
    problem = make_problem(loss, 500, 6, alpha=0.1, l1_ratio=0.2, sample_weight=weights)
    rows = np.repeat(np.arange(500), weights)
    repeated = replace(problem, X=problem.X[rows], y=problem.y[rows], sample_weight=None)
    assert_same_model(batch_steps(problem), batch_steps(repeated))
    # with steps of its own the path may differ, its end does not
    automatic = fastgd.fit(**problem.arguments())
    assert repeated.excess(automatic.coef, automatic.intercept) < EXCESS["batch"]


@pytest.mark.parametrize("loss", LOSSES)
def test_weight_zero_is_absence(loss: str) -> None:
    weights = np.random.default_rng(0).uniform(0.5, 2.0, size=500)
    weights[::3] = 0.0
    problem = make_problem(loss, 500, 6, alpha=0.1, sample_weight=weights)
    X = problem.X.copy()
    X[::3] *= 1e6
    kept = weights > 0.0
    present = replace(problem, X=X[kept], y=problem.y[kept], sample_weight=weights[kept])
    assert_same_model(batch_steps(replace(problem, X=X)), batch_steps(present))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_absurd_rows_of_weight_zero_do_not_spoil_automatic_steps(solver: str, loss: str) -> None:
    weights = np.ones(1000)
    weights[::10] = 0.0
    problem = make_problem(loss, 1000, 6, sample_weight=weights, mean=1.0)
    X = problem.X.copy()
    X[::10] *= -1e3
    result = fastgd.fit(**replace(problem, X=X).arguments(), solver=solver)
    assert problem.excess(result.coef, result.intercept) < EXCESS[solver]


@pytest.mark.parametrize("solver", SOLVERS)
def test_weight_on_few_neighbouring_rows(solver: str) -> None:
    """Whichever rows are looked at to choose a step, these may not be among them."""
    n = 400_000
    weights = np.zeros(n)
    weights[np.arange(n) % 2000 >= 1996] = 1.0
    weights[:100_000] = 0.0
    problem = make_problem("log_loss", n, 4, sample_weight=weights, scale=[1, 10, 100, 0.1])
    kept = weights > 0.0
    present = replace(problem, X=problem.X[kept], y=problem.y[kept], sample_weight=None)
    result = fastgd.fit(**problem.arguments(), solver=solver)
    assert result.status == "converged"
    assert present.excess(result.coef, result.intercept) < EXCESS[solver]


@pytest.mark.parametrize("factor", [2.0**-30, 2.0**30])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_scale_of_weights_does_not_matter(solver: str, dtype: str, factor: float) -> None:
    weights = np.random.default_rng(0).uniform(size=400)
    problem = make_problem("log_loss", alpha=0.1, sample_weight=weights, dtype=dtype)
    scaled = replace(problem, sample_weight=weights * factor)
    for options in ({}, STEPS | {"max_iter": 3}):
        one = fastgd.fit(**problem.arguments(), solver=solver, **options)
        other = fastgd.fit(**scaled.arguments(), solver=solver, **options)
        assert_same_model(one, other, tolerance=1e-4 if dtype == "f4" else 1e-9)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_equal_weights_are_no_weights(solver: str, dtype: str) -> None:
    problem = make_problem("log_loss", alpha=0.1, dtype=dtype)
    weighted = replace(problem, sample_weight=np.full(400, 0.7))
    for options in ({}, STEPS | {"max_iter": 3}):
        one = fastgd.fit(**problem.arguments(), solver=solver, **options)
        other = fastgd.fit(**weighted.arguments(), solver=solver, **options)
        assert_same_model(one, other, tolerance=1e-4 if dtype == "f4" else 1e-9)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_offset_shifts_the_targets(solver: str, loss: str) -> None:
    offset = np.random.default_rng(1).normal(size=400)
    problem = make_problem(loss, alpha=0.05, l1_ratio=0.5, offset=offset)
    shifted = replace(problem, y=problem.y - offset, offset=None)
    options = STEPS | {"eta0": 0.02, "max_iter": 4}
    one = fastgd.fit(**problem.arguments(), solver=solver, **options)
    other = fastgd.fit(**shifted.arguments(), solver=solver, **options)
    assert_same_model(one, other)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_constant_offset_goes_into_the_intercept(solver: str) -> None:
    problem = make_problem("log_loss", 1000)
    plain = fastgd.fit(**problem.arguments(), solver=solver, tol=1e-8)
    moved = replace(problem, offset=np.full(1000, 1.5))
    result = fastgd.fit(**moved.arguments(), solver=solver, tol=1e-8)
    np.testing.assert_allclose(result.coef, plain.coef, atol=0.02)
    assert result.intercept + 1.5 == pytest.approx(plain.intercept, abs=0.02)


@pytest.mark.parametrize("solver", SOLVERS)
def test_units_of_columns_go_into_the_coefficients(solver: str) -> None:
    """Automatic steps scale the columns: powers of two change no bit but the exponent."""
    unit = 2.0 ** np.array([-20, -3, 0, 5, 30])
    problem = make_problem("log_loss", mean=0.5)
    scaled = replace(problem, X=problem.X * unit)
    one = fastgd.fit(**problem.arguments(), solver=solver, max_iter=10, tol=None)
    other = fastgd.fit(**scaled.arguments(), solver=solver, max_iter=10, tol=None)
    np.testing.assert_allclose(other.coef * unit, one.coef, rtol=1e-6)
    assert other.intercept == pytest.approx(one.intercept, rel=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_units_of_targets_go_into_the_coefficients(solver: str) -> None:
    problem = make_problem("squared_error", mean=0.5)
    one = fastgd.fit(**problem.arguments(), solver=solver)
    for unit in (2.0**-40, 2.0**40):
        scaled = replace(problem, y=problem.y * unit)
        other = fastgd.fit(**scaled.arguments(), solver=solver)
        np.testing.assert_array_equal(other.coef / unit, one.coef)
        assert other.intercept / unit == one.intercept
        assert other.n_iter == one.n_iter


def test_order_of_rows_does_not_matter_to_batch_descent() -> None:
    problem = make_problem("log_loss", 3000, 6, alpha=0.1)
    order = np.random.default_rng(0).permutation(3000)
    permuted = replace(problem, X=problem.X[order], y=problem.y[order])
    assert_same_model(batch_steps(problem), batch_steps(permuted))


@pytest.mark.parametrize("solver", SOLVERS)
def test_order_of_columns_is_that_of_coefficients(solver: str) -> None:
    problem = make_problem("log_loss", 300, 40, alpha=0.1, l1_ratio=0.1)
    order = np.random.default_rng(0).permutation(40)
    permuted = replace(problem, X=problem.X[:, order])
    options = STEPS | {"eta0": 0.02, "max_iter": 4}
    one = fastgd.fit(**problem.arguments(), solver=solver, **options)
    other = fastgd.fit(**permuted.arguments(), solver=solver, **options)
    np.testing.assert_allclose(other.coef, one.coef[order], rtol=0, atol=1e-12)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_each_output_is_fitted_as_if_alone(solver: str, loss: str) -> None:
    problem = make_problem(loss, outputs=3, alpha=0.05, l1_ratio=0.3)
    options = STEPS | {"eta0": 0.02, "max_iter": 4}
    together = fastgd.fit(**problem.arguments(), solver=solver, **options)
    for k in range(3):
        alone = replace(problem, y=problem.y[:, k])
        one = fastgd.fit(**alone.arguments(), solver=solver, **options)
        np.testing.assert_allclose(together.coef[k], one.coef, rtol=0, atol=1e-12)
        assert np.asarray(together.intercept)[k] == pytest.approx(one.intercept, abs=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_one_column_of_targets_is_the_same_fit_in_other_shapes(solver: str) -> None:
    problem = make_problem()
    flat = fastgd.fit(problem.X, problem.y, solver=solver)
    column = fastgd.fit(problem.X, problem.y[:, None], solver=solver)
    assert isinstance(flat.intercept, float)
    assert (flat.coef.shape, column.coef.shape, np.shape(column.intercept)) == ((5,), (1, 5), (1,))
    np.testing.assert_array_equal(column.coef[0], flat.coef)
    np.testing.assert_array_equal(column.intercept, [flat.intercept])
