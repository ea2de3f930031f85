"""penalty_factor: each feature's own share of the penalty, 0 for none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from bad_calls import BadCall, bad, fails_cleanly, wrong
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd
from fastgd import _core

N, D = 800, 6
UNITS = 10.0 ** np.array([-8, -3, 0, 1, 4, 8])
LIKE_UNITS = np.array([0.5, 2.0, 1.0, 0.7, 1.4, 3.0])
FACTOR = np.array([0.5, 0.0, 2.0, 1.0, 30.0, 0.25])

PENALTIES: dict[str, dict[str, Any]] = {
    "l2": {"alpha": 0.1},
    "l1": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.1, "l1_ratio": 0.5},
}

# Ways to step other than the default ones.
RULES: dict[str, dict[str, Any]] = {
    "batch, scaled": {"solver": "batch", "precondition": "scale"},
    "batch, as given": {"solver": "batch", "precondition": "none"},
    "batch, plain": {"solver": "batch", "precondition": "scale", "update": "plain"},
    "batch, momentum": {"solver": "batch", "learning_rate": "constant", "update": "momentum"},
    "batch, nesterov": {"solver": "batch", "learning_rate": "constant", "update": "nesterov"},
    "minibatch, scaled": {"solver": "minibatch", "precondition": "scale"},
    "minibatch, momentum": {"solver": "minibatch", "precondition": "scale", "update": "momentum"},
    "sgd, scaled": {"solver": "sgd", "precondition": "scale"},
    "sgd, as given": {"solver": "sgd", "precondition": "none"},
    "adagrad": {"solver": "minibatch", "update": "adagrad"},
    "adam": {"solver": "sgd", "update": "adam"},
}


def fit(problem: Problem, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(**(problem.arguments() | options))


def value(problem: Problem, result: fastgd.FitResult, factor: npt.ArrayLike) -> float:
    """Objective by numpy, the penalty with its factors."""
    unpenalised = replace(problem, alpha=0.0)
    W, f = np.abs(result.coef), np.asarray(factor)
    penalty = problem.l1 * (f * W).sum() + problem.l2 / 2 * (f * W**2).sum()
    return unpenalised.value(result.coef, result.intercept) + float(penalty)


def slopes_off(
    problem: Problem, result: fastgd.FitResult, factor: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Shortest subgradient of each coefficient and of the intercept, in units of their columns."""
    unpenalised = replace(problem, alpha=0.0)
    g, of_intercept = unpenalised.smooth_gradient(result.coef, result.intercept)
    W = result.coef
    g = g + problem.l2 * factor * W
    l1 = problem.l1 * factor
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0.0)
    least = np.where(W == 0.0, at_zero, g + l1 * np.sign(W))
    return np.append(np.abs(least / problem.X.std(axis=0)), np.abs(of_intercept))


def scaled_like(problem: Problem, columns: npt.NDArray[np.float64]) -> Problem:
    return replace(problem, X=problem.X * columns)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_ridge_with_factors_is_one_on_rescaled_columns(solver: str, loss: str) -> None:
    factor = np.array([0.5, 3.0, 2.0, 1.0, 7.0, 0.25])
    problem = make_problem(loss, N, D, alpha=0.2, mean=0.5)
    result = fit(problem, solver=solver, penalty_factor=factor, tol=1e-10)
    plain = scaled_like(problem, 1.0 / np.sqrt(factor))
    expected = fit(plain, solver="batch", tol=1e-12)
    assert result.objective == pytest.approx(expected.objective, rel=1e-9)
    np.testing.assert_allclose(result.coef, expected.coef / np.sqrt(factor), rtol=0, atol=1e-4)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_slopes_meet_their_own_thresholds(solver: str, loss: str, penalty: str) -> None:
    """As in glmnet: |gradient_j| is alpha f_j at most where w_j is 0, and that against its sign."""
    scale = UNITS if penalty == "l1" else LIKE_UNITS
    problem = make_problem(loss, N, D, scale=scale, mean=scale, **PENALTIES[penalty])
    factor = FACTOR * (scale if penalty == "l1" else 1.0)
    result = fit(problem, solver=solver, penalty_factor=factor, tol=1e-10)
    assert result.status == "converged"
    assert slopes_off(problem, result, factor).max() < 3e-5
    assert result.objective == pytest.approx(value(problem, result, factor), rel=1e-9)
    if penalty == "l1":
        assert result.coef[4] == 0.0


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("rule", RULES)
def test_other_ways_to_step(rule: str, penalty: str) -> None:
    problem = make_problem("log_loss", N, D, scale=LIKE_UNITS, **PENALTIES[penalty])
    options = {"eta0": 0.1, "tol": 1e-10, "max_iter": 10_000} | RULES[rule]
    expected = fit(problem, penalty_factor=FACTOR, tol=1e-12)
    result = fit(problem, penalty_factor=FACTOR, **options)
    excess = value(problem, result, FACTOR) - value(problem, expected, FACTOR)
    most = 1e-3 if rule == "adagrad" else 1e-5
    assert -1e-10 < excess < most * expected.objective


@pytest.mark.parametrize("solver", SOLVERS)
def test_factor_0_leaves_a_feature_unpenalised(solver: str) -> None:
    """Orthogonal columns: each coefficient depends on its own penalty alone."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(np.column_stack([np.ones(N), rng.normal(size=(N, 2))]))[0][:, 1:] * np.sqrt(N)
    y = Q @ [1.0, 1.0] + 0.1 * rng.normal(size=N)
    free = fastgd.fit(Q, y)
    result = fastgd.fit(
        Q, y, alpha=100.0, penalty_factor=[0.0, 1.0], solver=solver, tol=1e-12, l1_ratio=0.5
    )
    assert result.coef[0] == pytest.approx(free.coef[0], abs=1e-5)
    assert result.coef[1] == 0.0


@pytest.mark.parametrize("solver", SOLVERS)
def test_several_outputs_share_factors(solver: str) -> None:
    problem = make_problem(n=N, d=D, outputs=2, **PENALTIES["elastic net"])
    result = fit(problem, solver=solver, penalty_factor=FACTOR, tol=1e-10)
    for k in range(2):
        one = fit(replace(problem, y=problem.y[:, k]), penalty_factor=FACTOR, tol=1e-10)
        np.testing.assert_allclose(result.coef[k], one.coef, rtol=0, atol=2e-4)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_factors_multiply_those_of_deviations(solver: str, penalty: str) -> None:
    problem = make_problem("log_loss", N, D, scale=UNITS, mean=UNITS, **PENALTIES[penalty])
    options: dict[str, Any] = {"solver": solver, "penalty_factor": FACTOR, "tol": 1e-9}
    result = fit(problem, penalty_scale="std", **options)
    deviations = problem.X.std(axis=0)
    standardised = scaled_like(problem, 1.0 / deviations)
    expected = fit(standardised, **options)
    assert result.objective == pytest.approx(expected.objective, rel=1e-7)
    np.testing.assert_allclose(result.coef * deviations, expected.coef, rtol=0, atol=2e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_factors_of_one_change_no_bit(solver: str) -> None:
    problem = make_problem("log_loss", N, D, **PENALTIES["elastic net"])
    one = fit(problem, solver=solver)
    other = fit(problem, solver=solver, penalty_factor=np.ones(D))
    np.testing.assert_array_equal(one.coef, other.coef)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_bits_on_any_number_of_threads(solver: str) -> None:
    problem = make_problem(n=20_000, d=D, **PENALTIES["elastic net"])
    fits = [
        fit(problem, solver=solver, penalty_factor=FACTOR, n_threads=threads, max_iter=5, tol=None)
        for threads in (1, 2, 3)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].coef, other.coef)


@pytest.mark.parametrize("scale", ["raw", "std"])
def test_value_gradient_and_step(scale: Any) -> None:
    problem = make_problem(n=N, d=D, scale=LIKE_UNITS, **PENALTIES["elastic net"])
    rng = np.random.default_rng(1)
    W = rng.normal(size=D)
    options: Any = problem.point_arguments() | {"penalty_scale": scale, "penalty_factor": FACTOR}
    f, gradient, _ = fastgd.value_and_gradient(coef=W, **options)
    assert f == pytest.approx(fastgd.value(coef=W, **options), rel=1e-14)
    q = problem.X.std(axis=0) if scale == "std" else np.ones(D)
    unpenalised = replace(problem, alpha=0.0)
    penalty = FACTOR @ (problem.l1 * np.abs(q * W) + problem.l2 / 2 * (q * W) ** 2)
    assert f == pytest.approx(unpenalised.value(W) + penalty, rel=1e-12)
    expected = unpenalised.smooth_gradient(W)[0] + FACTOR * q * (
        problem.l1 * np.sign(W) + problem.l2 * q * W
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("scale", ["raw", "std"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_duality_gap_closes_unless_a_feature_is_exempt(penalty: str, scale: Any) -> None:
    problem = make_problem("log_loss", N, D, **PENALTIES[penalty])
    for factor in (FACTOR + 0.1, FACTOR):
        options: Any = {"penalty_scale": scale, "penalty_factor": factor}
        result = fit(problem, tol=1e-12, **options)
        arguments = problem.point_arguments() | options
        gap = fastgd.duality_gap(coef=result.coef, intercept=result.intercept, **arguments)
        if factor.all():
            assert 0.0 <= gap < 1e-5 * result.objective
        else:
            assert gap == pytest.approx(result.objective, rel=1e-12)
        # somewhere else it is a bound too
        objective = fastgd.value(coef=np.zeros(D), **arguments)
        bound = fastgd.duality_gap(coef=np.zeros(D), **arguments)
        assert bound >= objective - result.objective - 1e-9


def test_classes_that_an_exempt_feature_divides() -> None:
    """No least point: the penalty does not see the way to infinity."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    y = np.where(X[:, 1] > 0.0, 1, 0)
    options: Any = {"loss": "log_loss", "alpha": 0.1}
    assert not fastgd.fit(X, y, **options).separable
    assert fastgd.fit(X, y, penalty_factor=[1.0, 0.0, 1.0], **options).separable
    assert not fastgd.fit(X, y, penalty_factor=[0.0, 1.0, 0.0], **options).separable
    assert fastgd.fit(X, y, penalty_factor=np.zeros(3), **options).separable


def test_features_all_exempt_are_a_fit_without_penalty() -> None:
    problem = make_problem("log_loss", N, D, **PENALTIES["elastic net"])
    result = fit(problem, solver="batch", update="lbfgs", penalty_factor=np.zeros(D))
    assert result.plan.update == "lbfgs"
    plain = fit(replace(problem, alpha=0.0), solver="batch", update="lbfgs")
    np.testing.assert_array_equal(result.coef, plain.coef)


def test_diagnosis_is_of_the_penalised_hessian() -> None:
    problem = make_problem(n=N, d=3, scale=[1e-3, 1, 1e3])
    factor = [1.0, 0.0, 50.0]
    found = fastgd.diagnose(problem.X, problem.y, alpha=0.5, penalty_factor=factor)
    A = np.column_stack([problem.X, np.ones(N)])
    hessian = A.T @ A / N + np.diag(0.5 * np.append(factor, 0.0))
    expected = np.linalg.eigvalsh(hessian)[::-1]
    np.testing.assert_allclose(found.spectrum["none"], expected, rtol=1e-6)


def test_diagnosis_says_whom_a_penalty_bounds() -> None:
    X = np.random.default_rng(0).normal(size=(N, 2))
    y = np.where(X[:, 0] > 0.0, 1, 0)
    options: Any = {"loss": "log_loss", "alpha": 0.1}
    for factor, words in (
        (None, "alpha=0.1 bounds them"),
        ([1.0, 2.0], "alpha=0.1 bounds them"),
        ([0.0, 2.0], "alpha=0.1 bounds them but for those of penalty_factor 0"),
        ([0.0, 0.0], "set alpha > 0"),
    ):
        found = fastgd.diagnose(X, y, penalty_factor=factor, **options)
        assert any(finding.endswith(words) for finding in found.findings)


def test_the_result_shows_its_factors() -> None:
    problem = make_problem(n=N, d=D, alpha=0.25)
    result = fit(problem, penalty_factor=FACTOR)
    np.testing.assert_array_equal(result.penalty_factor, FACTOR)
    assert "alpha 0.25 x [0.5, 0, 2, 1, ...]" in repr(result)
    assert fit(problem).penalty_factor is None


def test_factors_of_the_core_match_its_columns() -> None:
    """The border of memory: anything else is checked before."""
    options = _core.FitOptions()
    options.set_penalty(0.1, 0.0, _core.PenaltyScale.raw, np.ones(3))
    with pytest.raises(ValueError, match="penalty_factor"):
        _core.DescentFloat64(
            "squared_error", _core.LossParameters(), options, np.zeros((1, 2)), np.zeros(1)
        )


GOOD: dict[str, Any] = {
    "X": make_problem(n=20, d=3).X,
    "y": make_problem(n=20, d=3).y,
    "alpha": 0.1,
}
FACTORS = "factors >= 0"
BAD_CALLS = [
    bad("shape", "shape (3,)", "shape (2,)", penalty_factor=[1.0, 2.0]),
    bad("matrix", "shape (3,)", "shape (1, 3)", penalty_factor=[[1.0, 2.0, 3.0]]),
    bad("number", "shape (3,)", "shape ()", penalty_factor=1.0),
    bad("negative", FACTORS, "-0.5 at feature 1", penalty_factor=[1.0, -0.5, 0.0]),
    bad(
        "nan",
        "finite values, neither NaN nor inf",
        "nan at feature 2",
        penalty_factor=[1.0, 2.0, np.nan],
    ),
    bad(
        "infinite",
        "finite values, neither NaN nor inf",
        "inf at feature 0",
        penalty_factor=[np.inf, 2.0, 1.0],
    ),
    wrong("text", "an array of real numbers", "'one' (str)", penalty_factor="one"),
    wrong("dict", "an array of real numbers", "an object of type dict", penalty_factor={}),
    bad("value", FACTORS, "-1.0 at feature 0", call="value", penalty_factor=[-1.0, 0.0, 0.0]),
    bad("gap", FACTORS, "-1.0 at feature 0", call="duality_gap", penalty_factor=[-1.0, 0.0, 0.0]),
    bad(
        "optimal",
        "a schedule that needs no penalty when alpha is 0",
        "'optimal'",
        blamed="learning_rate",
        penalty_factor=np.zeros(3),
        given={"learning_rate": "optimal"},
    ),
]


def numbers_from(function: str, arguments: dict[str, Any]) -> list[Any]:
    if function == "fit":
        result = fastgd.fit(**arguments)
        return [result.coef, result.history.objective]
    return [np.float64(getattr(fastgd, function)(coef=np.zeros(3), **arguments))]


@pytest.mark.parametrize("row", BAD_CALLS)
def test_bad_factors(row: BadCall) -> None:
    fails_cleanly(row, GOOD, numbers_from)
