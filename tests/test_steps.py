"""With a step size set by the caller, every solver takes the steps of its numpy loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from oracle import LOSSES, SOLVERS, FloatArray, Problem, make_problem, pointwise_derivative

import fastgd

ROUNDING = {"f4": 2e-4, "f8": 1e-11}
UPDATES = ("plain", "momentum", "nesterov")

# Step size of an epoch (from 0) and a step (from 1).
StepSize = Callable[[int, int], float]


def descend(
    problem: Problem,
    batch_rows: int,
    step_size: StepSize,
    epochs: int,
    *,
    update: str = "plain",
    momentum: float = 0.9,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> list[tuple[FloatArray, FloatArray]]:
    """Return coefficients (K, d) and intercepts (K,) after each step."""
    X, y = problem.X.astype(np.float64), problem.targets
    weights = problem.weights * len(X)  # of mean one
    outputs, d = y.shape[1], X.shape[1]
    fixed = problem.predictor(np.zeros((outputs, d)))
    A = np.column_stack([X, np.full(len(X), float(problem.fit_intercept))])
    theta = np.zeros((outputs, d + 1))
    if start is not None:
        theta[:, :d], theta[:, d] = start
    velocity = np.zeros_like(theta)
    l1, l2 = np.full(d + 1, problem.l1), np.full(d + 1, problem.l2)
    l1[d] = l2[d] = 0.0
    iterates = []
    for epoch in range(epochs):
        for begin in range(0, len(X), batch_rows):
            rows = slice(begin, begin + batch_rows)
            z = A[rows] @ theta.T + fixed[rows]
            derivative = pointwise_derivative(problem.loss, z, y[rows], problem.epsilon)
            gradient = (weights[rows, None] * derivative).T @ A[rows] / len(z) + l2 * theta
            t = step_size(epoch, len(iterates) + 1)
            carried = momentum * velocity
            moved = theta - t * gradient + (carried if update == "momentum" else 0.0)
            moved = np.sign(moved) * np.maximum(np.abs(moved) - t * l1, 0.0)
            velocity = moved - theta + (carried if update == "nesterov" else 0.0)
            theta = moved + (momentum * velocity if update == "nesterov" else 0.0)
            iterates.append((theta[:, :d], theta[:, d]))
    return iterates


def fit(problem: Problem, solver: str, **options: Any) -> fastgd.FitResult:
    """Fit in the order of rows, to the last epoch."""
    options = {"learning_rate": "constant", "average": False, "max_iter": 3} | options
    return fastgd.fit(**problem.arguments(), solver=solver, shuffle=False, tol=None, **options)


def batch_rows(solver: str, problem: Problem, batch_size: int) -> int:
    return {"batch": len(problem.X), "minibatch": batch_size, "sgd": 1}[solver]


def assert_model(result: Any, expected: Any, rounding: float) -> None:
    coef, intercept = expected
    size = max(np.abs(coef).max(), np.abs(intercept).max())
    got = np.append(np.ravel(result.coef), result.intercept)
    np.testing.assert_allclose(got, np.append(coef, intercept), rtol=0, atol=rounding * size)


VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "ridge": {"alpha": 0.5},
    "lasso": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.2, "l1_ratio": 0.2},
    "weights": {"sample_weight": np.random.default_rng(5).uniform(0.0, 3.0, size=333)},
    "offset": {"offset": np.random.default_rng(6).normal(size=333)},
    "no intercept": {"fit_intercept": False},
    "outputs": {
        "outputs": 3,
        "offset": np.random.default_rng(6).normal(size=(333, 3)),
        "sample_weight": np.random.default_rng(5).uniform(0.0, 3.0, size=333),
    },
}


# Labels have one column.
CASES = [(loss, v) for loss in LOSSES for v in VARIANTS if (loss, v) != ("log_loss", "outputs")]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("loss", "variant"), CASES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_plain_steps(solver: str, loss: str, variant: str, dtype: str) -> None:
    problem = make_problem(loss, 333, 7, dtype=dtype, **VARIANTS[variant])
    result = fit(problem, solver, batch_size=50, eta0=0.05)
    steps = descend(problem, batch_rows(solver, problem, 50), lambda epoch, t: 0.05, 3)
    assert_model(result, steps[-1], ROUNDING[dtype])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_updates(solver: str, update: str, variant: str, dtype: str) -> None:
    problem = make_problem("huber", 333, 7, dtype=dtype, epsilon=0.5, **VARIANTS[variant])
    result = fit(problem, solver, batch_size=50, eta0=0.02, update=update, momentum=0.7)
    rows = batch_rows(solver, problem, 50)
    steps = descend(problem, rows, lambda epoch, t: 0.02, 3, update=update, momentum=0.7)
    assert_model(result, steps[-1], ROUNDING[dtype])


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_only_the_optimum_of_an_l1_penalty_is_at_rest(
    solver: str, update: str, loss: str, l1_ratio: float
) -> None:
    problem = make_problem(loss, 200, 8, epsilon=0.5, alpha=0.16, l1_ratio=l1_ratio)
    options: dict[str, Any] = {"batch_size": 50, "max_iter": 1000, "update": update}
    options["eta0"] = {"batch": 0.5, "minibatch": 0.1, "sgd": 0.003}[solver]
    if solver != "batch":
        options["variance_reduction"] = "svrg"
    result = fit(problem, solver, **options)
    assert np.abs(problem.least_subgradient(result.coef, result.intercept)).max() < 1e-9
    assert problem.excess(result.coef, result.intercept) < 1e-8


ALPHA = 0.3
FIRST = ALPHA**-0.25  # Bottou: the first step is the size of a typical weight
STEP_SIZES: dict[str, tuple[dict[str, Any], StepSize]] = {
    "constant": ({"eta0": 0.03}, lambda epoch, t: 0.03),
    "invscaling": (
        {"learning_rate": "invscaling", "eta0": 0.05, "power_t": 0.4},
        lambda epoch, t: 0.05 / t**0.4,
    ),
    "optimal": (
        {"learning_rate": "optimal"},
        lambda epoch, t: 1.0 / (ALPHA * (1.0 / (FIRST * ALPHA) + t - 1)),
    ),
    "callable": (
        {"learning_rate": lambda epoch: 0.1 / (2 + epoch)},
        lambda epoch, t: 0.1 / (2 + epoch),
    ),
}


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("schedule", STEP_SIZES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_schedules(solver: str, schedule: str, update: str) -> None:
    problem = make_problem("log_loss", 333, 7, alpha=ALPHA)
    options, step_size = STEP_SIZES[schedule]
    result = fit(problem, solver, batch_size=50, update=update, momentum=0.5, **options)
    rows = batch_rows(solver, problem, 50)
    steps = descend(problem, rows, step_size, 3, update=update, momentum=0.5)
    assert_model(result, steps[-1], ROUNDING["f8"])
    # the history tells the size of each epoch's first step
    steps_an_epoch = len(steps) // 3
    expected = [step_size(epoch, epoch * steps_an_epoch + 1) for epoch in range(3)]
    np.testing.assert_allclose(result.history.learning_rate, expected, rtol=1e-13)


@pytest.mark.parametrize("solver", SOLVERS)
def test_adaptive_divides_the_step_by_five_after_five_idle_epochs(solver: str) -> None:
    problem = make_problem(n=300, noise=2.0)
    options = {"learning_rate": "adaptive", "eta0": 0.05, "tol": 0.01, "max_iter": 300}
    result = fastgd.fit(**problem.arguments(), solver=solver, average=False, **options)
    history = result.history
    # batch descent knows the objective of its start
    best = mark = problem.value(np.zeros(5)) if solver == "batch" else 1e300
    rate, idle = 0.05, 0
    for objective, used in zip(history.objective, history.learning_rate, strict=True):
        assert used == pytest.approx(rate, rel=1e-12)
        best = min(best, objective)
        idle += 1
        if best < mark - 0.01 * mark:
            mark, idle = best, 0
        if idle == 5:
            rate, idle = rate / 5, 0
    assert result.status == "converged"
    assert rate < 1e-6 <= history.learning_rate[-1]
    assert problem.excess(result.coef, result.intercept) < 2 * options["tol"]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("n", "d", "batch_size"), [(9_000, 130, 4_000), (5_000, 40, 300)])
def test_batches_that_fill_caches(n: int, d: int, batch_size: int, update: str, dtype: str) -> None:
    problem = make_problem("log_loss", n, d, dtype=dtype, alpha=0.1, l1_ratio=0.1)
    options = {"batch_size": batch_size, "eta0": 0.1, "update": update}
    expected = descend(problem, batch_size, lambda epoch, t: 0.1, 3, update=update)[-1]
    assert_model(fit(problem, "minibatch", **options), expected, ROUNDING[dtype])


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_from_a_given_start(solver: str, update: str) -> None:
    problem = make_problem("log_loss", 333, 7)
    coef, intercept = np.linspace(-2.0, 2.0, 7), 0.7
    start = {"coef_init": coef, "intercept_init": intercept}
    result = fit(problem, solver, batch_size=50, eta0=0.05, update=update, **start)
    rows = batch_rows(solver, problem, 50)
    steps = descend(problem, rows, lambda epoch, t: 0.05, 3, update=update, start=(coef, intercept))
    assert_model(result, steps[-1], ROUNDING["f8"])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_fit_goes_on_where_another_ended(solver: str) -> None:
    problem = make_problem("log_loss", 300, 7)
    whole = fit(problem, solver, batch_size=50, eta0=0.05, max_iter=5)
    first = fit(problem, solver, batch_size=50, eta0=0.05, max_iter=2)
    start = {"coef_init": first.coef, "intercept_init": first.intercept}
    rest = fit(problem, solver, batch_size=50, eta0=0.05, max_iter=3, **start)
    np.testing.assert_array_equal(rest.coef, whole.coef)
    assert rest.intercept == whole.intercept


@pytest.mark.parametrize("average", [True, 2, 50, 51, 300, 334, 700])
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_average_is_the_mean_of_iterates(solver: str, update: str, average: Any) -> None:
    """From the step on that takes row number `average`, over epochs."""
    problem = make_problem("squared_error", 333, 7, outputs=2, alpha=0.1, l1_ratio=0.3)
    result = fit(problem, solver, batch_size=50, eta0=0.01, average=average, update=update)
    rows = batch_rows(solver, problem, 50)
    steps = descend(problem, rows, lambda epoch, t: 0.01, 3, update=update)
    rows_of_epoch = np.minimum(np.arange(rows, 333 + rows, rows), 333)
    seen = np.concatenate([rows_of_epoch + 333 * epoch for epoch in range(3)])
    averaged = [step for step, count in zip(steps, seen, strict=True) if count >= average]
    mean = [np.mean(part, axis=0) for part in zip(*averaged, strict=True)]
    assert_model(result, mean, ROUNDING["f8"])


@pytest.mark.parametrize("shuffle", ["block", "full", False])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
@pytest.mark.parametrize(("n", "d"), [(70_000, 3), (1_200, 900), (50, 2), (1, 1)])
def test_every_epoch_takes_every_row_once(n: int, d: int, solver: str, shuffle: Any) -> None:
    """Far below its target the huber loss has one slope: the steps add up to the sum of rows."""
    X = np.random.default_rng(0).normal(size=(n, d))
    problem = Problem(X=X, y=np.full(n, 1e9), loss="huber", epsilon=1.0, fit_intercept=False)
    options = {"batch_size": 1 if n < 50 else 50, "max_iter": 2, "eta0": 1e-3}
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,
        shuffle=shuffle,
        learning_rate="constant",
        average=False,
        tol=None,
        **options,
    )
    scale = 1.0 if solver == "sgd" else options["batch_size"]
    expected = 2 * options["eta0"] * X.sum(axis=0) / scale
    # one row too many or too few would move this by 1e-3 / scale
    np.testing.assert_allclose(result.coef, expected, rtol=0, atol=1e-9 / scale)


@pytest.mark.parametrize("shuffle", ["block", "full"])
def test_shuffled_epochs_differ(shuffle: Any) -> None:
    problem = make_problem("squared_error", 333, 7)
    ordered = fit(problem, "sgd", eta0=0.05, max_iter=1)
    options = {"learning_rate": "constant", "average": False, "tol": None, "eta0": 0.05}
    one = fastgd.fit(**problem.arguments(), solver="sgd", shuffle=shuffle, max_iter=1, **options)
    assert not np.array_equal(one.coef, ordered.coef)
    # the second epoch takes the rows in an order of its own: not that of the first again
    start = {"coef_init": one.coef, "intercept_init": one.intercept}
    again = fastgd.fit(
        **problem.arguments(), solver="sgd", shuffle=shuffle, max_iter=1, **options, **start
    )
    two = fastgd.fit(**problem.arguments(), solver="sgd", shuffle=shuffle, max_iter=2, **options)
    assert not np.array_equal(two.coef, again.coef)


def test_the_default_batch_is_cut_to_the_rows() -> None:
    problem = make_problem(n=20)
    small = fit(problem, "minibatch", eta0=0.1)
    assert_model(small, descend(problem, 20, lambda epoch, t: 0.1, 3)[-1], ROUNDING["f8"])


def test_l1_steps_land_on_exact_zeros() -> None:
    problem = replace(make_problem("squared_error", 333, 7), alpha=0.4, l1_ratio=1.0)
    for solver in SOLVERS:
        steps = descend(problem, batch_rows(solver, problem, 50), lambda epoch, t: 0.02, 3)
        result = fit(problem, solver, batch_size=50, eta0=0.02)
        np.testing.assert_array_equal(result.coef == 0.0, steps[-1][0][0] == 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_of_one_row_end_as_low_as_those_of_sklearn(dtype: str) -> None:
    # the same constant step and epochs; over seeds, as either ends somewhere around the optimum
    from sklearn.linear_model import SGDRegressor

    rng = np.random.default_rng(6)
    X = rng.standard_normal((5000, 20)).astype(dtype)
    y = (X @ rng.standard_normal(20) + rng.standard_normal(5000)).astype(dtype)
    same = {"learning_rate": "constant", "eta0": 0.001, "max_iter": 10, "tol": None}
    ours, theirs = [], []
    for seed in range(30):
        result = fastgd.fit(
            X, y, solver="sgd", average=False, precondition="none", random_state=seed, **same
        )
        model = SGDRegressor(penalty=None, random_state=seed, **same).fit(X, y)
        ours.append(fastgd.value(X, y, result.coef, result.intercept))
        theirs.append(fastgd.value(X, y, model.coef_.astype(dtype), model.intercept_[0]))
    error = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / 30)
    assert abs(np.mean(ours) - np.mean(theirs)) < 3 * error
    assert error < 1e-3 * np.mean(theirs)
