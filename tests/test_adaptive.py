"""Adaptive updates take the published steps, and reach the optimum on raw columns."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import LOSSES, FloatArray, Problem, make_problem, pointwise_derivative

import fastgd

UPDATES = ("adagrad", "rmsprop", "adam", "adamw")
ROUNDING = {"f4": 2e-4, "f8": 1e-11}
BETA1, BETA2, RATE = 0.8, 0.95, 0.03


def descend(
    problem: Problem, batch_rows: int, update: str, epochs: int = 3
) -> list[tuple[FloatArray, FloatArray]]:
    """Return coefficients and intercepts after each step, as torch.optim words the rules."""
    X, y = problem.X.astype(np.float64), problem.targets
    weights = problem.weights * len(X)
    outputs, d = y.shape[1], X.shape[1]
    A = np.column_stack([X, np.full(len(X), float(problem.fit_intercept))])
    theta = np.zeros((outputs, d + 1))
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    l1, l2 = np.full(d + 1, problem.l1), np.full(d + 1, problem.l2)
    l1[d] = l2[d] = 0.0
    epsilon = 1e-10 if update == "adagrad" else 1e-8
    iterates = []
    for _ in range(epochs):
        for begin in range(0, len(X), batch_rows):
            rows = slice(begin, begin + batch_rows)
            z = A[rows] @ theta.T
            derivative = pointwise_derivative(problem.loss, z, y[rows], problem.epsilon)
            gradient = (weights[rows, None] * derivative).T @ A[rows] / len(z)
            t = len(iterates) + 1
            if update == "adamw":
                theta = theta * (1.0 - RATE * l2)
            else:
                gradient = gradient + l2 * theta
            if update == "adagrad":
                v = v + gradient**2
                direction, root = gradient, np.sqrt(v)
            else:
                v = BETA2 * v + (1.0 - BETA2) * gradient**2
                direction, root = gradient, np.sqrt(v)
            if update in ("adam", "adamw"):
                m = BETA1 * m + (1.0 - BETA1) * gradient
                direction = m / (1.0 - BETA1**t)
                root = np.sqrt(v) / np.sqrt(1.0 - BETA2**t)
            length = RATE / (root + epsilon)
            theta = theta - length * direction
            theta = np.sign(theta) * np.maximum(np.abs(theta) - length * l1, 0.0)
            iterates.append((theta[:, :d], theta[:, d]))
    return iterates


def fit(problem: Problem, solver: str, update: str, **options: Any) -> fastgd.FitResult:
    """Fit in the order of rows, to the last epoch."""
    options = {"batch_size": 50, "max_iter": 3, "momentum": BETA1, "beta2": BETA2} | options
    return fastgd.fit(
        **problem.arguments(),
        solver=solver,
        update=update,
        learning_rate="constant",
        eta0=RATE,
        shuffle=False,
        tol=None,
        **options,
    )


def assert_model(result: fastgd.FitResult, expected: Any, rounding: float) -> None:
    got = np.append(np.ravel(result.coef), result.intercept)
    theta = np.append(*expected)
    np.testing.assert_allclose(got, theta, rtol=0, atol=rounding * np.abs(theta).max())


VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "ridge": {"alpha": 0.5},
    "lasso": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.2, "l1_ratio": 0.2},
    "weights": {"sample_weight": np.random.default_rng(5).uniform(0.1, 3.0, size=333)},
    "no intercept": {"fit_intercept": False},
    "outputs": {"outputs": 3, "alpha": 0.1, "l1_ratio": 0.5},
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("solver", "rows"), [("minibatch", 50), ("sgd", 1)])
def test_steps_are_the_published_ones(
    solver: str, rows: int, update: str, variant: str, dtype: str
) -> None:
    problem = make_problem("squared_error", 333, 7, dtype=dtype, **VARIANTS[variant])
    steps = descend(problem, rows, update)
    # per-sample steps of 1 / sqrt(v) amplify what float32 rounds
    rounding = ROUNDING[dtype] * (20 if rows == 1 else 1)
    assert_model(fit(problem, solver, update), steps[-1], rounding)


@pytest.mark.parametrize("update", UPDATES)
def test_decaying_steps_end_at_the_optimum_of_an_l1_penalty(update: str) -> None:
    problem = make_problem("log_loss", 1000, 8, alpha=0.05, l1_ratio=1.0)
    result = fastgd.fit(
        **problem.arguments(),
        solver="minibatch",
        batch_size=50,
        update=update,
        learning_rate=fastgd.schedules.cosine(0.05, epochs=200),
        max_iter=200,
        tol=None,
    )
    assert problem.excess(result.coef, result.intercept) < 1e-5


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("n", "d", "batch_size"), [(9_000, 130, 4_000), (5_000, 40, 300)])
def test_batches_that_fill_caches(n: int, d: int, batch_size: int, update: str) -> None:
    problem = make_problem("log_loss", n, d, alpha=0.1, l1_ratio=0.1)
    expected = descend(problem, batch_size, update)[-1]
    assert_model(fit(problem, "minibatch", update, batch_size=batch_size), expected, 1e-10)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("solver", "rows"), [("minibatch", 50), ("sgd", 1)])
def test_l1_steps_land_on_exact_zeros(solver: str, rows: int, update: str) -> None:
    problem = replace(make_problem("squared_error", 333, 7), alpha=0.4, l1_ratio=1.0)
    steps = descend(problem, rows, update)
    result = fit(problem, solver, update)
    np.testing.assert_array_equal(result.coef == 0.0, steps[-1][0][0] == 0.0)


@pytest.mark.parametrize("update", UPDATES)
def test_average_is_the_mean_of_iterates(update: str) -> None:
    problem = make_problem("squared_error", 333, 7)
    steps = descend(problem, 50, update)
    mean = [np.mean(part, axis=0) for part in zip(*steps, strict=True)]
    assert_model(fit(problem, "minibatch", update, average=True), mean, ROUNDING["f8"])


@pytest.mark.parametrize("update", UPDATES)
def test_scaled_steps_do_not_see_the_unit_of_a_column(update: str) -> None:
    """In the metric "scale" the path is that of standardised columns, in their coefficients."""
    unit = 10.0 ** np.arange(-3.0, 4.0)
    problem = make_problem("squared_error", 333, 7, mean=2.0)
    options = {"precondition": "scale", "fit_intercept": True}
    one = fit(problem, "minibatch", update, **options)
    other = fit(replace(problem, X=problem.X * unit), "minibatch", update, **options)
    np.testing.assert_allclose(other.coef * unit, one.coef, rtol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_automatic_rates_reach_the_optimum_of_raw_tables(
    solver: str, update: str, loss: str
) -> None:
    """Noise falls with the rate alone: they come less near than steps of reduced variance."""
    scale = 10.0 ** np.arange(-6, 7, 2)
    problem = make_problem(loss, 4000, 7, scale=scale, mean=1e3 * scale)
    result = fastgd.fit(**problem.arguments(), solver=solver, update=update)
    assert result.status == "converged"
    assert result.precondition == "scale"
    assert problem.excess(result.coef, result.intercept) < 1e-4


@pytest.mark.parametrize("size", [1e-9, 1e9])
@pytest.mark.parametrize("update", UPDATES)
def test_automatic_rates_follow_the_unit_of_the_targets(update: str, size: float) -> None:
    problem = make_problem("squared_error", 2000, 5)
    options: dict[str, Any] = {"solver": "minibatch", "update": update, "max_iter": 20, "tol": None}
    one = fastgd.fit(**problem.arguments(), **options)
    other = fastgd.fit(**replace(problem, y=size * problem.y).arguments(), **options)
    np.testing.assert_allclose(other.coef, size * one.coef, rtol=1e-6)


@pytest.mark.parametrize("update", ["adagrad", "rmsprop", "adam"])
def test_the_ridge_inside_the_step_leaves_the_optimum_where_it_is(update: str) -> None:
    """A decayed rate ends at the optimum of F; batches of all rows have no noise."""
    problem = make_problem("squared_error", 300, 4, alpha=0.5)
    result = fastgd.fit(
        **problem.arguments(),
        solver="minibatch",
        batch_size=300,
        update=update,  # type: ignore[arg-type]
        learning_rate=fastgd.schedules.cosine(0.1, epochs=1500, end=1e-7),
        max_iter=1500,
        tol=None,
    )
    assert problem.excess(result.coef, result.intercept) < 1e-8


def test_the_ridge_of_adamw_has_a_fixed_point_of_its_own() -> None:
    """With a gradient that stays: eta (m / (sqrt(v) + eps) + l2 w) = 0 has w = -sign(g) / l2."""
    X, y = np.ones((50, 1)), np.full(50, 1e9)
    result = fastgd.fit(
        *(X, y),
        loss=fastgd.losses.huber(1.0),
        alpha=0.25,
        fit_intercept=False,
        solver="minibatch",
        batch_size=50,
        update="adamw",
        learning_rate="constant",
        eta0=0.1,
        max_iter=800,
        tol=None,
    )
    assert result.coef[0] == pytest.approx(1.0 / 0.25, rel=1e-6)


@pytest.mark.parametrize("update", UPDATES)
def test_threads_and_repeats_change_no_bit(update: str) -> None:
    problem = make_problem("log_loss", 15_011, 37, alpha=1e-3, l1_ratio=1.0)
    options: dict[str, Any] = {"solver": "minibatch", "batch_size": 2000, "update": update}
    fits = [
        fastgd.fit(**problem.arguments(), max_iter=3, tol=None, n_threads=k, **options)
        for k in (1, 1, 2, 3, 8)
    ]
    assert len({result.coef.tobytes() for result in fits}) == 1


SMALL = make_problem("squared_error", 20, 3)
BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"solver": "batch", "update": "adam"},
        "update: expected with solver='batch' one of 'auto', 'plain', 'momentum', 'nesterov', "
        "'lbfgs', got 'adam'; solver='minibatch' with batch_size=n takes all n rows in one step",
    ),
    (
        {"update": "adamw", "alpha": 0.1},
        "update: expected with 'adamw' and an l2 penalty a learning_rate other than 'auto', got "
        "'auto'; its ridge shrinks by learning_rate * l2; that of 'adam' knows no such unit",
    ),
    (
        {"update": "adam", "precondition": "whiten"},
        "precondition: expected with 'whiten' an update that is not adaptive, got another",
    ),
    ({"update": "adam", "beta2": 1.0}, "beta2: expected a finite number in [0, 1), got 1.0"),
    ({"update": "adams"}, "did you mean 'adam'?"),
]


@pytest.mark.parametrize(("options", "text"), BAD)
def test_what_does_not_go_together(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) + "$"):
        fastgd.fit(**(SMALL.arguments() | {"solver": "minibatch", "batch_size": 5} | options))
