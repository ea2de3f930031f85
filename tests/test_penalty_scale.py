"""penalty_scale="std": the optimum of standardised columns, whatever the units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd
from fastgd import _core, losses
from fastgd._heldout import draw_rows
from fastgd._targets import check_targets

N, D = 1000, 6
UNITS = 10.0 ** np.array([-8, -3, 0, 1, 4, 6])
WEIGHTS = np.random.default_rng(5).uniform(0.0, 3.0, size=N) * (np.arange(N) % 7 > 0)

PENALTIES: dict[str, dict[str, Any]] = {
    "l2": {"alpha": 0.1},
    "l1": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.1, "l1_ratio": 0.5},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "weights": {"sample_weight": WEIGHTS},
    "no intercept": {"fit_intercept": False},
}

# Steps of the caller's, on columns of like units, and how far above the optimum they may end.
STEPS: dict[str, dict[str, Any]] = {
    "batch": {"solver": "batch"},
    "momentum": {"solver": "batch", "update": "momentum"},
    "nesterov": {"solver": "batch", "update": "nesterov"},
    "minibatch": {"solver": "minibatch", "batch_size": 100, "variance_reduction": "svrg"},
    "minibatch, momentum": {
        "solver": "minibatch",
        "batch_size": 100,
        "update": "momentum",
        "variance_reduction": "svrg",
        "eta0": 0.02,
    },
    "minibatch, nesterov": {
        "solver": "minibatch",
        "batch_size": 100,
        "update": "nesterov",
        "variance_reduction": "svrg",
        "eta0": 0.02,
    },
    "sgd": {"solver": "sgd", "variance_reduction": "svrg", "eta0": 0.02},
    "minibatch, scaled": {
        "solver": "minibatch",
        "precondition": "scale",
        "variance_reduction": "svrg",
        "eta0": 0.5,
    },
}

# Automatic steps in another metric than the default one, or by another rule.
RULES: dict[str, dict[str, Any]] = {
    "batch, scaled": {"solver": "batch", "precondition": "scale"},
    "batch, plain": {"solver": "batch", "precondition": "scale", "update": "plain"},
    "batch, as given": {"solver": "batch", "precondition": "none"},
    "minibatch, scaled": {"solver": "minibatch", "precondition": "scale"},
    "sgd, scaled": {"solver": "sgd", "precondition": "scale"},
    "adagrad": {"solver": "minibatch", "update": "adagrad"},
    "rmsprop": {"solver": "minibatch", "update": "rmsprop"},
    "adam": {"solver": "sgd", "update": "adam"},
}


def deviations(problem: Problem) -> npt.NDArray[np.float64]:
    """Weighted standard deviation of each column, over the sum of weights."""
    X = problem.X.astype(np.float64)
    result: npt.NDArray[np.float64] = np.sqrt(problem.weights @ (X - problem.weights @ X) ** 2)
    return result


def standardised(problem: Problem) -> Problem:
    """The same rows with columns in units of their deviations."""
    return replace(problem, X=problem.X / deviations(problem))


def fit(problem: Problem, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(**(problem.arguments() | {"penalty_scale": "std"} | options))


def assert_optimal(problem: Problem, result: fastgd.FitResult, excess: float = 1e-5) -> None:
    """Above the optimum on standardised columns by no more than `excess` of it."""
    of_deviations = standardised(problem)
    coef = result.coef * deviations(problem)
    assert result.status == "converged"
    assert -1e-6 < of_deviations.excess(coef, result.intercept) <= excess
    at_coef = of_deviations.value(coef, result.intercept)
    assert result.objective == pytest.approx(at_coef, rel=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_optimum_is_that_of_standardised_columns(
    solver: str, loss: str, variant: str, penalty: str
) -> None:
    options = PENALTIES[penalty] | VARIANTS[variant]
    problem = make_problem(loss, N, D, scale=UNITS, mean=2 * UNITS, **options)
    assert_optimal(problem, fit(problem, solver=solver))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_float32(solver: str, penalty: str) -> None:
    problem = make_problem(
        "log_loss", N, D, scale=UNITS, mean=UNITS, dtype="f4", **PENALTIES[penalty]
    )
    result = fit(problem, solver=solver)
    assert result.coef.dtype == np.float32
    assert_optimal(problem, result, 2e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_several_outputs(solver: str, penalty: str) -> None:
    problem = make_problem(n=N, d=D, outputs=3, scale=UNITS, mean=UNITS, **PENALTIES[penalty])
    assert_optimal(problem, fit(problem, solver=solver))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("steps", STEPS)
def test_steps_of_the_callers(steps: str, penalty: str) -> None:
    scale = [0.5, 2.0, 1.0, 0.7, 1.4, 3.0]
    problem = make_problem("log_loss", N, D, scale=scale, mean=0.5, **PENALTIES[penalty])
    options = {"learning_rate": "constant", "eta0": 0.1, "tol": 1e-9, "max_iter": 10_000}
    options |= STEPS[steps]
    assert_optimal(problem, fit(problem, **options))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("rule", RULES)
def test_other_automatic_steps(rule: str, penalty: str) -> None:
    options = {"tol": 1e-8, "max_iter": 10_000} | RULES[rule]
    scale: Any = [0.5, 2.0, 1.0, 0.7, 1.4, 3.0]
    if options.get("precondition") != "none":
        scale = UNITS
    problem = make_problem("log_loss", N, D, scale=scale, mean=scale, **PENALTIES[penalty])
    assert_optimal(problem, fit(problem, **options), 2e-5)


def test_adamw_with_a_lasso() -> None:
    problem = make_problem(n=N, d=D, scale=UNITS, **PENALTIES["l1"])
    assert_optimal(problem, fit(problem, solver="minibatch", update="adamw", tol=1e-8))


def test_more_columns_than_are_whitened() -> None:
    """L-BFGS, and accelerated descent where there is an l1 penalty."""
    scale = 10.0 ** np.linspace(-4, 4, 2100)
    for penalty, update in (("l2", "lbfgs"), ("l1", "accelerated")):
        problem = make_problem(n=300, d=2100, scale=scale, mean=scale, **PENALTIES[penalty])
        result = fit(problem, solver="batch")
        assert result.plan.update == update
        expected = fit(standardised(problem), solver="batch", penalty_scale="raw", tol=1e-8)
        assert result.objective == pytest.approx(expected.objective, rel=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("precondition", ["auto", "scale"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_units_in_powers_of_two_change_no_bit(solver: str, precondition: str, penalty: str) -> None:
    problem = make_problem("log_loss", N, D, sample_weight=WEIGHTS, **PENALTIES[penalty])
    units = 2.0 ** np.array([-40, -9, 0, 3, 17, 30])
    options = {"solver": solver, "precondition": precondition, "max_iter": 20, "tol": 1e-5}
    one = fit(problem, **options)
    other = fit(replace(problem, X=problem.X * units), **options)
    np.testing.assert_array_equal(other.coef * units, one.coef)
    assert other.intercept == one.intercept
    np.testing.assert_array_equal(other.history.objective, one.history.objective)


@pytest.mark.parametrize("power", [-9, -3, 2, 8])
@pytest.mark.parametrize("solver", SOLVERS)
def test_units_in_powers_of_ten_change_no_prediction(solver: str, power: int) -> None:
    problem = make_problem(n=N, d=D, mean=1.0, **PENALTIES["elastic net"])
    X = problem.X.copy()
    X[:, 2] *= 10.0**power
    one = fit(problem, solver=solver, tol=1e-10)
    other = fit(replace(problem, X=X), solver=solver, tol=1e-10)
    predicted = problem.X @ one.coef + one.intercept
    np.testing.assert_allclose(X @ other.coef + other.intercept, predicted, rtol=0, atol=1e-4)


def test_a_ridge_drowns_a_column_of_small_numbers_unless_scaled() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2)) * [1e-8, 1.0]
    y = X @ [1e8, 1.0] + 0.1 * rng.normal(size=N)
    raw = fastgd.fit(X, y, alpha=1e-4)
    scaled = fastgd.fit(X, y, alpha=1e-4, penalty_scale="std")
    assert abs(raw.coef[0]) < 1e-3 * 1e8
    np.testing.assert_allclose(scaled.coef, [1e8, 1.0], rtol=0.02)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", SOLVERS)
def test_constant_columns_bear_no_penalty(solver: str, fit_intercept: bool, penalty: str) -> None:
    problem = make_problem(n=N, d=4, mean=0.5, scale=[0.1, 1, 1, 10], **PENALTIES[penalty])
    X = np.column_stack([problem.X, np.zeros(N), np.full(N, 0.1)])
    result = fit(replace(problem, X=X, fit_intercept=fit_intercept), solver=solver, tol=1e-9)
    expected = fit(problem, solver=solver, tol=1e-9)
    np.testing.assert_allclose(
        result.coef[:4] * deviations(problem), expected.coef * deviations(problem), atol=1e-3
    )
    # without an intercept, the constant takes its place
    constant = result.intercept if fit_intercept else 0.1 * result.coef[5]
    assert constant == pytest.approx(expected.intercept, abs=1e-3)
    assert result.coef[4] == 0.0
    assert result.objective == pytest.approx(expected.objective, rel=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_constant_column_keeps_its_start(solver: str) -> None:
    problem = make_problem(n=N, d=2, alpha=0.1)
    X = np.column_stack([problem.X, np.full(N, 0.3)])
    result = fit(replace(problem, X=X), solver=solver, coef_init=[0.0, 0.0, 2.5])
    assert result.coef[2] == 2.5


@pytest.mark.parametrize("options", [{}, {"learning_rate": "constant"}, {"solver": "sgd"}])
def test_without_a_penalty_nothing_changes(options: dict[str, Any]) -> None:
    problem = make_problem("log_loss", N, D, sample_weight=WEIGHTS)
    options = {"tol": None, "max_iter": 5} | options
    raw = fit(problem, penalty_scale="raw", **options)
    scaled = fit(problem, **options)
    np.testing.assert_array_equal(scaled.coef, raw.coef)
    assert scaled.intercept == raw.intercept
    assert scaled.n_passes == raw.n_passes


@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_that_weigh_nothing_do_not_spread_columns(solver: str) -> None:
    problem = make_problem("log_loss", N, D, sample_weight=WEIGHTS, **PENALTIES["elastic net"])
    X = problem.X.copy()
    X[WEIGHTS == 0.0] *= 1e6
    one = fit(problem, solver=solver, max_iter=5, tol=None)
    other = fit(replace(problem, X=X), solver=solver, max_iter=5, tol=None)
    np.testing.assert_array_equal(other.coef, one.coef)


def test_rows_held_out_do_not_count() -> None:
    problem = make_problem(n=N, d=D, **PENALTIES["elastic net"])
    targets = check_targets(problem.y, N, losses.resolve("squared_error"), need_both_classes=False)
    X = problem.X.copy()
    X[draw_rows(targets, 0.3, 0)] *= 1e3
    # one epoch: which of several is kept is theirs to say
    options: dict[str, Any] = {"validation_fraction": 0.3, "tol": None, "max_iter": 1}
    one, other = (fit(replace(problem, X=rows), **options) for rows in (problem.X, X))
    np.testing.assert_array_equal(other.coef, one.coef)


@pytest.mark.parametrize("options", [{}, {"solver": "sgd"}, {"learning_rate": "constant"}])
def test_threads_change_no_bit(options: dict[str, Any]) -> None:
    weights = np.linspace(0.0, 2.0, 15_011)
    problem = make_problem("log_loss", 15_011, 37, sample_weight=weights, alpha=0.1, l1_ratio=0.5)
    fits = [fit(problem, max_iter=3, tol=None, n_threads=n, **options) for n in (1, 2, 7)]
    for other in fits[1:]:
        np.testing.assert_array_equal(other.coef, fits[0].coef)
        assert other.objective == fits[0].objective


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_value_and_gradient(loss: str, penalty: str) -> None:
    outputs = None if loss == "log_loss" else 2
    problem = make_problem(
        loss,
        N,
        D,
        outputs=outputs,
        scale=UNITS,
        mean=UNITS,
        sample_weight=WEIGHTS,
        **PENALTIES[penalty],
    )
    s = deviations(problem)
    scaled_coef = np.random.default_rng(3).normal(size=(*problem.y.shape[1:], D))
    scaled_coef[..., 1] = 0.0
    arguments = problem.point_arguments() | {"coef": scaled_coef / s, "intercept": 0.3}
    value, gradient, _ = fastgd.value_and_gradient(**arguments, penalty_scale="std")
    of_deviations = standardised(problem)
    assert value == pytest.approx(of_deviations.value(scaled_coef, 0.3), rel=1e-12)
    assert fastgd.value(**arguments, penalty_scale="std") == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(
        gradient / s, of_deviations.gradient(scaled_coef, 0.3)[0], rtol=1e-9, atol=1e-10
    )
    none = arguments | {"alpha": 0.0}
    assert fastgd.value(**none, penalty_scale="std") == fastgd.value(**none)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
def test_duality_gap(loss: str, penalty: str, fit_intercept: bool) -> None:
    """A bound that goes to 0, constant columns or not."""
    problem = make_problem(
        loss, N, D, scale=UNITS, epsilon=0.5, fit_intercept=fit_intercept, **PENALTIES[penalty]
    )
    with_constants = replace(problem, X=np.column_stack([problem.X, np.zeros(N), np.full(N, 0.1)]))
    for case in (problem, with_constants):
        point = case.point_arguments() | {"penalty_scale": "std", "fit_intercept": fit_intercept}
        result = fit(case, tol=1e-12)
        gap = fastgd.duality_gap(**point, coef=result.coef, intercept=result.intercept)
        assert 0.0 <= gap < 1e-4 * result.objective
        away = result.coef * np.linspace(0.5, 1.5, len(result.coef))
        excess = fastgd.value(
            **case.point_arguments(), coef=away, intercept=result.intercept, penalty_scale="std"
        )
        gap = fastgd.duality_gap(**point, coef=away, intercept=result.intercept)
        assert gap >= (excess - result.objective) * (1.0 - 1e-6)


def test_not_finite_numbers_are_found() -> None:
    problem = make_problem(n=N, d=D, alpha=0.1)
    problem.X[7, 3] = np.nan
    arguments = problem.point_arguments() | {"coef": np.zeros(D), "penalty_scale": "std"}
    steps = {"learning_rate": "constant", "penalty_scale": "std"}
    for call in (
        lambda: fastgd.fit(**problem.arguments(), **steps),
        lambda: fastgd.value(**arguments),
        lambda: fastgd.value_and_gradient(**arguments),
        lambda: fastgd.duality_gap(**arguments),
    ):
        with pytest.raises(ValueError, match="nan at row 7, column 3"):
            call()


def test_the_result_tells_the_penalty() -> None:
    problem = make_problem(n=N, d=D, **PENALTIES["elastic net"])
    result = fit(problem)
    assert (result.alpha, result.l1_ratio, result.penalty_scale) == (0.1, 0.5, "std")
    assert "alpha 0.1, l1_ratio 0.5 on coefficients per standard deviation" in repr(result)
    raw = fit(problem, penalty_scale="raw", l1_ratio=0.0)
    assert "alpha 0.1\n" in repr(raw)
    assert "alpha" not in repr(fit(problem, alpha=0.0))
    assert fastgd.explain_plan(problem.X, problem.y, alpha=0.1, penalty_scale="std").solver == (
        result.plan.solver
    )


def test_a_safe_step_counts_the_penalty() -> None:
    """Where the penalty alone makes a step too long, the message says which is not."""
    problem = make_problem(n=N, d=D, alpha=1e3, scale=[1, 1, 1, 1, 1, 10])
    steps: dict[str, Any] = {"solver": "batch", "learning_rate": "constant"}
    with pytest.warns(fastgd.ConvergenceWarning, match="driven by the penalty"):
        result = fit(problem, **steps, eta0=0.01)
    assert result.status == "diverged"
    safe = float(result.message.split("a step of ")[2].split(" would")[0])
    assert safe == pytest.approx(1.0 / (1001.0 * deviations(problem)[5] ** 2), rel=0.02)
    result = fit(problem, **steps, eta0=safe, max_iter=100, tol=None)
    assert (np.diff(result.history.objective) <= 0.0).all()


def test_diagnosis_is_of_the_penalised_hessian() -> None:
    problem = make_problem(n=N, d=3, scale=[1e-3, 1, 1e3], mean=[1e-3, 0, 1e3], alpha=0.5)
    found = fastgd.diagnose(problem.X, problem.y, alpha=0.5, penalty_scale="std")
    A = np.column_stack([problem.X, np.ones(N)])
    hessian = A.T @ A / N + np.diag(np.append(0.5 * deviations(problem) ** 2, 0.0))
    expected = np.linalg.eigvalsh(hessian)[::-1]
    np.testing.assert_allclose(found.spectrum["none"], expected, rtol=1e-6)
    assert "alpha 0.5 on coefficients per standard deviation" in " ".join(repr(found).split())
    # any strength leaves scaled columns as well conditioned as they are without
    assert found.condition["scale"] < fastgd.diagnose(problem.X, problem.y).condition["scale"]


def test_a_stream_tells_no_deviations() -> None:
    options = _core.FitOptions()
    options.set_penalty(0.1, 0.0, _core.PenaltyScale.std)
    with pytest.raises(ValueError, match="penalty_scale"):
        _core.DescentFloat64(
            "squared_error", _core.LossParameters(), options, np.zeros((1, 2)), np.zeros(1)
        )
