"""bounds: the optimum within a box, by every solver and whatever the units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LOSSES, SOLVERS, Problem, make_problem
from scipy import optimize

import fastgd

N, D = 800, 6
INF = np.inf
UNITS = 10.0 ** np.array([-8, -3, 0, 1, 4, 8])
LIKE_UNITS = np.array([0.5, 2.0, 1.0, 0.7, 1.4, 3.0])

PENALTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "l2": {"alpha": 0.1},
    "l1": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.1, "l1_ratio": 0.5},
}

# Signs asked for, a band, a band without 0, a fixed coefficient, and one without bounds; the signs
# of the model underneath are random.
LOW = np.array([0.0, -INF, -0.05, 0.1, 0.2, -INF])
HIGH = np.array([INF, 0.0, 0.05, 0.15, 0.2, INF])

# Ways to step other than the default ones.
EXACT_RULES: dict[str, dict[str, Any]] = {
    "batch, scaled": {"solver": "batch", "precondition": "scale"},
    "batch, plain": {"solver": "batch", "precondition": "scale", "update": "plain"},
    "batch, as given": {"solver": "batch", "precondition": "none"},
    "batch, momentum": {"solver": "batch", "precondition": "scale", "update": "momentum"},
    "batch, nesterov": {"solver": "batch", "precondition": "scale", "update": "nesterov"},
    "batch, constant": {"solver": "batch", "learning_rate": "constant", "eta0": 0.1},
    "minibatch, scaled": {"solver": "minibatch", "precondition": "scale"},
    "minibatch, momentum": {"solver": "minibatch", "precondition": "scale", "update": "momentum"},
    "minibatch, nesterov": {"solver": "minibatch", "precondition": "scale", "update": "nesterov"},
    "sgd, scaled": {"solver": "sgd", "precondition": "scale"},
    "sgd, as given": {"solver": "sgd", "precondition": "none"},
}
NOISY_RULES: dict[str, dict[str, Any]] = {
    "halved steps": {"solver": "minibatch", "variance_reduction": "none"},
    "average": {"solver": "sgd", "average": True},
    "rmsprop": {"solver": "minibatch", "update": "rmsprop"},
    "adagrad": {"solver": "minibatch", "update": "adagrad"},
    "adam": {"solver": "sgd", "update": "adam"},
}


def fit(problem: Problem, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(**(problem.arguments() | options))


def inside(result: fastgd.FitResult, low: npt.ArrayLike, high: npt.ArrayLike) -> bool:
    return bool((result.coef >= low).all() and (result.coef <= high).all())


def slopes_down(
    problem: Problem, result: fastgd.FitResult, low: npt.ArrayLike, high: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """What still leads down within the bounds, for each coefficient and the intercept."""
    W = result.coef.astype(np.float64)
    g, of_intercept = problem.smooth_gradient(W, result.intercept)
    right = g + problem.l1 * np.where(W >= 0.0, 1.0, -1.0)
    left = g + problem.l1 * np.where(W > 0.0, 1.0, -1.0)
    down = np.where((high > W) & (right < 0.0), right, 0.0)
    down = np.where((low < W) & (left > 0.0), left, down).ravel()
    return np.append(down, of_intercept) if problem.fit_intercept else down


def test_the_conditions_of_an_optimum_tell_one_from_another() -> None:
    problem = make_problem(n=N, d=D)
    result = fit(problem, bounds=(LOW, HIGH))
    assert np.abs(slopes_down(problem, result, LOW, HIGH)).max() < 1e-12
    free = fit(problem)
    assert not inside(free, LOW, HIGH)
    clipped = replace_coef(free, np.clip(free.coef, LOW, HIGH))
    assert np.abs(slopes_down(problem, clipped, LOW, HIGH)).max() > 1e-3


def replace_coef(result: fastgd.FitResult, coef: npt.NDArray[Any]) -> fastgd.FitResult:
    return replace(result, coef=coef)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_slopes_lead_nowhere(solver: str, loss: str, penalty: str) -> None:
    problem = make_problem(loss, N, D, scale=LIKE_UNITS, mean=0.5, **PENALTIES[penalty])
    result = fit(problem, solver=solver, bounds=(LOW, HIGH), tol=1e-10)
    assert result.status == "converged"
    assert inside(result, LOW, HIGH)
    down = slopes_down(problem, result, LOW, HIGH)
    assert np.abs(down).max() < 2e-4
    assert result.gradient_norm == pytest.approx(np.linalg.norm(down), rel=1e-3, abs=1e-9)
    # no higher than the most exact fit of them, to the height that tol asks for
    least = fit(problem, solver="batch", bounds=(LOW, HIGH), tol=1e-14, max_iter=100)
    assert result.objective - least.objective < 1e-7 * least.objective


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_default_fits_on_raw_columns(solver: str, loss: str) -> None:
    """Units from 1e-8 to 1e8: the optimum on like ones, to tol of it."""
    like = make_problem(loss, N, D, mean=1.0, seed=2)
    raw = replace(like, X=like.X * UNITS)
    result = fit(raw, solver=solver, bounds=(LOW / UNITS, HIGH / UNITS))
    assert inside(result, LOW / UNITS, HIGH / UNITS)
    least = fit(like, bounds=(LOW, HIGH), tol=1e-14, max_iter=100)
    assert -1e-12 < result.objective / least.objective - 1.0 < 3e-6


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", SOLVERS)
def test_non_negative_least_squares(solver: str, fit_intercept: bool) -> None:
    problem = make_problem(n=N, d=20, fit_intercept=fit_intercept, mean=0.3)
    X, y = problem.X, problem.y
    A, b = (X - X.mean(axis=0), y - y.mean()) if fit_intercept else (X, y)
    expected, _ = optimize.nnls(A, b)
    result = fit(problem, solver=solver, bounds=(0, None), tol=1e-12)
    np.testing.assert_allclose(result.coef, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(result.coef == 0.0, expected == 0.0)


def test_least_squares_within_a_box() -> None:
    rng = np.random.default_rng(3)
    for condition in (1.0, 1e-3):
        X = rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12)) * np.geomspace(1, condition, 12)
        y = X @ rng.normal(size=12) + 0.1 * rng.normal(size=300)
        low, high = -rng.uniform(size=12), rng.uniform(size=12)
        expected = optimize.lsq_linear(X, y, (low, high), method="bvls", tol=1e-14)
        result = fastgd.fit(X, y, bounds=(low, high), fit_intercept=False, solver="batch")
        assert result.objective == pytest.approx(expected.cost / 300, rel=1e-10)
        np.testing.assert_array_equal(result.coef == low, expected.active_mask == -1)
        np.testing.assert_array_equal(result.coef == high, expected.active_mask == 1)


@pytest.mark.parametrize("solver", SOLVERS)
def test_logistic_regression_against_scipy(solver: str) -> None:
    problem = make_problem("log_loss", N, D, alpha=0.01)

    def function(theta: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value = problem.value(theta[:D], theta[D])
        return value, np.append(*problem.smooth_gradient(theta[:D], theta[D]))

    box = [*zip(LOW, HIGH, strict=True), (-INF, INF)]
    expected = optimize.minimize(
        function, np.append(np.clip(0, LOW, HIGH), 0), jac=True, bounds=box, tol=1e-14
    )
    result = fit(problem, solver=solver, bounds=(LOW, HIGH), tol=1e-10)
    assert result.objective == pytest.approx(expected.fun, rel=1e-8)
    np.testing.assert_allclose(result.coef, expected.x[:D], rtol=0, atol=1e-3)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("rule", EXACT_RULES)
def test_other_ways_to_step(rule: str, penalty: str) -> None:
    problem = make_problem("log_loss", N, D, scale=LIKE_UNITS, mean=0.2, **PENALTIES[penalty])
    least = fit(problem, bounds=(LOW, HIGH), tol=1e-14, max_iter=100)
    result = fit(problem, bounds=(LOW, HIGH), tol=1e-11, max_iter=10_000, **EXACT_RULES[rule])
    assert inside(result, LOW, HIGH)
    assert -1e-12 < result.objective / least.objective - 1.0 < 1e-6
    assert np.abs(slopes_down(problem, result, LOW, HIGH)).max() < 1e-3


@pytest.mark.parametrize("penalty", PENALTIES)
def test_second_moments_in_the_place_of_rows(penalty: str) -> None:
    problem = make_problem("squared_error", 20 * N, D, scale=UNITS, **PENALTIES[penalty])
    low, high = LOW / UNITS, HIGH / UNITS
    options: dict[str, Any] = {"bounds": (low, high), "solver": "batch", "penalty_scale": "std"}
    result = fit(problem, precondition="scale", tol=1e-14, max_iter=2000, **options)
    assert result.n_passes < result.n_iter
    assert inside(result, low, high)
    assert result.objective == pytest.approx(fit(problem, tol=1e-14, **options).objective, rel=1e-9)


def test_rows_held_out() -> None:
    problem = make_problem("log_loss", N, D)
    for solver in SOLVERS:
        result = fit(problem, solver=solver, bounds=(LOW, HIGH), validation_fraction=0.2)
        assert inside(result, LOW, HIGH)


@pytest.mark.parametrize("penalty", ["none", "elastic net"])
@pytest.mark.parametrize("rule", NOISY_RULES)
def test_noisy_ways_to_step(rule: str, penalty: str) -> None:
    problem = make_problem("log_loss", 5 * N, D, scale=UNITS, **PENALTIES[penalty])
    options: dict[str, Any] = {"bounds": (LOW / UNITS, HIGH / UNITS), "penalty_scale": "std"}
    least = fit(problem, tol=1e-14, max_iter=100, **options)
    result = fit(problem, tol=1e-9, **options, **NOISY_RULES[rule])
    assert inside(result, *options["bounds"])
    assert -1e-12 < result.objective / least.objective - 1.0 < 2e-5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(LOSSES), st.sampled_from(list(PENALTIES)))
def test_random_boxes(seed: int, loss: str, penalty: str) -> None:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 9))
    problem = make_problem(loss, 200, d, seed=seed, mean=rng.normal(size=d), **PENALTIES[penalty])
    ends = np.sort(rng.normal(size=(2, d)) * rng.choice([0.0, 0.1, 1.0], size=d), axis=0)
    low = np.where(rng.random(d) < 0.3, -INF, ends[0])
    high = np.where(rng.random(d) < 0.3, INF, ends[1])
    for solver in ("batch", rng.choice(["minibatch", "sgd"])):
        result = fit(problem, solver=solver, bounds=(low, high), tol=1e-9)
        assert inside(result, low, high)
        # a height of tol * objective leaves slopes of its root
        assert np.abs(slopes_down(problem, result, low, high)).max() < 2e-3
        assert result.status == "converged"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_fixed_coefficient_is_an_offset(solver: str, loss: str) -> None:
    problem = make_problem(loss, N, D, mean=0.5)
    low, high = np.full(D, -INF), np.full(D, INF)
    low[2] = high[2] = 0.7
    result = fit(problem, solver=solver, bounds=(low, high), tol=1e-11)
    assert result.coef[2] == 0.7
    rest = np.arange(D) != 2
    other = replace(problem, X=problem.X[:, rest], offset=0.7 * problem.X[:, 2])
    expected = fit(other, tol=1e-11)
    assert result.objective == pytest.approx(expected.objective, rel=1e-9)
    np.testing.assert_allclose(result.coef[rest], expected.coef, rtol=0, atol=5e-4)


def test_all_fixed_leaves_the_intercept() -> None:
    problem = make_problem(n=N, d=D, mean=0.5)
    fixed = np.linspace(-1, 1, D)
    for solver in SOLVERS:
        result = fit(problem, solver=solver, bounds=(fixed, fixed), tol=1e-12)
        np.testing.assert_array_equal(result.coef, fixed)
        mean = float(np.mean(problem.y - problem.X @ fixed))
        assert result.intercept == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_several_outputs_with_bounds_of_their_own(solver: str, penalty: str) -> None:
    problem = make_problem(n=N, d=D, outputs=3, **PENALTIES[penalty])
    low = np.stack([LOW, np.full(D, -INF), -HIGH])
    high = np.stack([HIGH, np.full(D, 0.1), -LOW])
    result = fit(problem, solver=solver, bounds=(low, high), tol=1e-12)
    assert inside(result, low, high)
    for k in range(3):
        one = replace(problem, y=problem.y[:, k])
        expected = fit(one, bounds=(low[k], high[k]), tol=1e-12)
        np.testing.assert_allclose(result.coef[k], expected.coef, rtol=0, atol=2e-4)
    # one row of bounds serves all
    shared = fit(problem, solver=solver, bounds=(LOW, HIGH), tol=1e-12)
    assert inside(shared, LOW, HIGH)


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32_lies_within_numbers_that_it_holds(solver: str) -> None:
    problem = make_problem("log_loss", N, D, dtype="f4")
    low = np.array([0.1, -INF, -0.05, 0.1, 0.2, -INF])
    high = np.array([0.3, -0.1, 0.05, 0.7, 0.2, INF])
    result = fit(problem, solver=solver, bounds=(low, high))
    free = np.arange(D) != 4
    coef = result.coef.astype(np.float64)
    assert ((coef >= low) & (coef <= high))[free].all()
    assert result.coef[4] == np.float32(0.2)
    exact = fit(replace(problem, X=problem.X.astype("f8")), bounds=(low, high), tol=1e-10)
    assert result.objective == pytest.approx(exact.objective, rel=1e-5)
    assert result.bounds is not None
    assert (
        f"{(exact.coef <= low).sum() + ((exact.coef >= high) & (low < high)).sum()} of 6"
        in repr(result)
    )


def test_more_columns_than_are_whitened() -> None:
    scale = 10.0 ** np.linspace(-4, 4, 2100)
    problem = make_problem(n=300, d=2100, scale=scale, alpha=1e-3)
    result = fit(problem, solver="batch", bounds=(0, None), penalty_scale="std")
    assert result.plan.update == "accelerated"
    assert result.coef.min() == 0.0
    like = replace(problem, X=problem.X / problem.X.std(axis=0))
    expected = fit(like, solver="batch", bounds=(0, None), tol=1e-8)
    assert result.objective == pytest.approx(expected.objective, rel=1e-4)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_infinite_bounds_change_no_bit(solver: str, penalty: str) -> None:
    problem = make_problem("log_loss", N, D, **PENALTIES[penalty])
    one = fit(problem, solver=solver)
    for bounds in ((None, None), (-INF, INF), (np.full(D, -INF), None)):
        other = fit(problem, solver=solver, bounds=bounds)
        np.testing.assert_array_equal(other.coef, one.coef)
        assert other.bounds is None


@pytest.mark.parametrize("options", [{}, {"precondition": "scale"}, {"update": "momentum"}])
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_bits_on_any_number_of_threads(solver: str, options: dict[str, Any]) -> None:
    problem = make_problem("log_loss", 20_000, D)
    fits = [
        fit(
            problem, solver=solver, bounds=(LOW, HIGH), n_threads=n, max_iter=4, tol=None, **options
        )
        for n in (1, 2, 3)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].coef, other.coef)


@pytest.mark.parametrize("solver", SOLVERS)
def test_shifted_and_flipped_columns(solver: str) -> None:
    """A shift moves the intercept alone, a sign flips its bounds."""
    problem = make_problem("log_loss", N, D)
    options: dict[str, Any] = {"solver": solver, "tol": 1e-11}
    one = fit(problem, bounds=(LOW, HIGH), **options)
    far = fit(replace(problem, X=problem.X + 100.0), bounds=(LOW, HIGH), **options)
    np.testing.assert_allclose(far.coef, one.coef, rtol=0, atol=1e-4)
    flipped = fit(replace(problem, X=-problem.X), bounds=(-HIGH, -LOW), **options)
    np.testing.assert_allclose(-flipped.coef, one.coef, rtol=0, atol=1e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_where_it_starts(solver: str) -> None:
    problem = make_problem(n=N, d=2)
    low = np.array([5.0, -INF])
    result = fit(problem, solver=solver, bounds=(low, None), tol=1e-12)
    assert result.coef[0] == 5.0
    seen: list[Any] = []
    fit(
        problem,
        solver=solver,
        precondition="scale",
        bounds=(low, None),
        coef_init=[6.0, 1.0],
        max_iter=1,
        tol=None,
        callback=lambda info: seen.append(info.coef),
    )
    assert seen[0][0] >= 5.0


def test_every_iterate_lies_within() -> None:
    problem = make_problem("log_loss", N, D)
    for options in ({}, {"precondition": "scale"}, {"update": "nesterov"}):
        for solver in SOLVERS:
            fit(
                problem,
                solver=solver,
                bounds=(LOW, HIGH),
                callback=lambda info: not ((info.coef >= LOW) & (info.coef <= HIGH)).all(),
                **options,
            )


def test_separable_within_bounds_or_not() -> None:
    """A plane whose coefficients may grow on and on leaves no least point; others do."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2))
    y = np.where(X[:, 0] > 0.0, 1, 0)
    for bounds, separable in (((0, None), True), ((None, 3.0), False), ((None, 0), False)):
        assert fastgd.fit(X, y, loss="log_loss", bounds=bounds).separable is separable


@pytest.mark.parametrize("solver", SOLVERS)
def test_bounds_hide_no_number_that_is_not_finite(solver: str) -> None:
    problem = make_problem(n=N, d=D, fit_intercept=False)
    X = problem.X.copy()
    X[17, 3] = np.nan
    with pytest.raises(ValueError, match="nan at row 17, column 3"):
        fit(
            replace(problem, X=X),
            solver=solver,
            bounds=(0, 1),
            learning_rate="constant",
            eta0=1e-3,
            max_iter=3,
        )
