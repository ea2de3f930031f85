"""Tables that defeat plain descent: every solver ends at the optimum with default parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd

N = 3000
PENALTIES = {"none": (0.0, 0.0), "ridge": (1e-3, 0.0), "elastic net": (1e-3, 0.5)}


def make_tables() -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Draw the tables: features and a linear target with noise."""
    generator = np.random.default_rng(5)
    base = generator.normal(size=(N, 6))
    z = base @ [1.0, -1.0, 0.5, 2.0, -0.3, 0.8] + generator.normal(size=N)
    signal, noise = generator.normal(size=(2, N))
    rare = np.zeros((N, 3))
    rare[5, 0] = rare[[7, 900], 1] = 1.0
    rare[generator.random(N) < 0.01, 2] = 1.0
    rotation = np.linalg.qr(generator.normal(size=(6, 6)))[0]
    grid = np.linspace(0.0, 10.0, N)
    group = generator.integers(0, 20, N)
    spread = 10.0 ** np.linspace(-3, 3, 6)
    return {
        "scales from 1e-8 to 1e8": (base * 10.0 ** np.linspace(-8, 8, 6), z),
        "mean 1e6, deviation 1": (base + 1e6, z),
        "timestamps": (np.column_stack([base, 1.7e9 + 86_400.0 * np.arange(N)]), z + grid),
        "rare categories": (np.column_stack([base, rare]), z + rare @ [3.0, -2.0, 1.0]),
        "all categories and their sum": (np.column_stack([base, np.eye(20)[group]]), z + group),
        "equal columns": (np.column_stack([base, base[:, :2]]), z),
        "nearly equal columns": (np.column_stack([base, base[:, 0] + 1e-10 * noise]), z),
        "signal in a difference": (np.column_stack([base, base[:, 0] + 1e-5 * signal]), z + signal),
        "condition number 1e6": (base * spread @ rotation, z),
        "powers": (np.vander(grid, 8)[:, :-1], np.sin(grid) + 0.1 * noise),
        "heavy-tailed columns": (np.sinh(3 * base), z),
        "heavy-tailed targets": (base, z + 3.0 * generator.standard_t(1.5, size=N)),
        "targets of 1e9": (base, 1e9 * z),
        "targets of 1e-9": (base, 1e-9 * z),
        "more columns than rows": (generator.normal(size=(40, 100)), z[:40]),
        "as many columns as rows": (generator.normal(size=(60, 60)), z[:60]),
        "three rows": (base[:3, :2], np.array([1.0, -1.0, 1.5])),
        "sorted rows": (base[np.argsort(z)], np.sort(z)),
    }


TABLES = make_tables()


# huber on targets of 1e-9 has values of 1e-18: they leave the oracle nothing to go by
CASES = [(t, o) for t in TABLES for o in LOSSES if (t, o) != ("targets of 1e-9", "huber")]


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize(("table", "loss"), CASES)
def test_every_solver_ends_at_the_optimum(table: str, loss: str, penalty: str) -> None:
    X, z = TABLES[table]
    alpha, l1_ratio = PENALTIES[penalty]
    noise = np.random.default_rng(1).logistic(size=len(z)) * np.std(z)
    y = (z + noise > np.median(z)).astype(float) if loss == "log_loss" else z
    problem = Problem(X=X, y=y, loss=loss, alpha=alpha, l1_ratio=l1_ratio, epsilon=1.35)
    at_zero = problem.value(np.zeros(X.shape[1]))
    least = problem.optimum()
    for solver in SOLVERS:
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert result.status == "converged"
        assert np.all(np.isfinite(result.coef))
        if "the classes are separable" in result.message:
            assert least < 1e-6 * at_zero
            assert result.objective < 2e-6 * at_zero
            continue
        # an exact fit leaves rounding alone
        above = problem.value(result.coef, result.intercept) - least
        assert above <= 1e-4 * least + 1e-9 * at_zero


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32_within_its_rounding(solver: str) -> None:
    X, z = TABLES["rare categories"]
    X = np.column_stack([X, X[:, 0] + 1e-2 * z]) * 10.0 ** np.linspace(-6, 6, 10)
    for loss in LOSSES:
        y = (z > 0.3).astype(float) if loss == "log_loss" else z
        problem = Problem(X=X.astype(np.float32), y=y, loss=loss, epsilon=1.35, alpha=1e-12)
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert problem.excess(result.coef, result.intercept) <= 1e-3


@pytest.mark.parametrize("precondition", ["none", "scale", "whiten"])
def test_the_metric_does_not_move_the_optimum(precondition: str) -> None:
    problem = make_problem("squared_error", 500, 4, mean=0.5, alpha=0.1, l1_ratio=0.4)
    result = fastgd.fit(**problem.arguments(), precondition=precondition, tol=1e-12)
    assert result.precondition == precondition
    assert problem.excess(result.coef, result.intercept) <= 1e-9


def test_equal_columns_share_their_coefficient_and_are_named() -> None:
    X, z = TABLES["equal columns"]
    result = fastgd.fit(X, z)
    np.testing.assert_allclose(result.coef[:2], result.coef[6:], rtol=0.01)
    assert "2 columns (6, 7) made up of others" in result.message
    assert "predict alike" in result.message


def test_huber_starts_from_the_least_squares() -> None:
    """Where few residuals are within the bound, the way from zero took a hundred epochs."""
    X, z = TABLES["rare categories"]
    problem = Problem(X=X, y=100.0 + z, loss="huber", epsilon=0.05)
    least = problem.newton_optimum()
    result = fastgd.fit(**problem.arguments(), solver="batch")
    assert (result.status, result.n_iter <= 10) == ("converged", True)
    assert problem.value(result.coef, result.intercept) <= (1 + 1e-5) * least


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_exact_fit_by_huber_ends(solver: str) -> None:
    X = np.random.default_rng(0).normal(size=(100, 3)) + 100.0
    result = fastgd.fit(X, 1e6 * X.sum(axis=1), loss=fastgd.losses.huber(0.01), solver=solver)
    assert (result.status, result.n_iter <= 100) == ("converged", True)
    np.testing.assert_allclose(result.coef, 1e6, rtol=1e-9)


def test_directions_below_the_ridge_take_longer_steps() -> None:
    generator = np.random.default_rng(3)
    X = generator.normal(size=(300, 3))
    signal = generator.normal(size=300)
    X = np.column_stack([X, X[:, 0] + 1e-7 * signal])
    y = (X[:, 1] + signal + generator.logistic(size=300) > 0.0).astype(float)
    problem = Problem(X=X, y=y, loss="log_loss")
    result = fastgd.fit(**problem.arguments(), solver="batch")
    assert (result.status, result.n_iter <= 20) == ("converged", True)
    least = problem.newton_optimum()
    assert problem.value(result.coef, result.intercept) <= (1 + 1e-4) * least


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32_coefficients_reach_the_objective_reported(solver: str) -> None:
    """The intercept goes with the coefficients that are returned, rounded as they are."""
    generator = np.random.default_rng(0)
    X = (30.0 * generator.normal(size=(500, 2)) + 1e6).astype(np.float32)
    y = X @ np.array([0.3, 0.7]) + 0.01 * generator.normal(size=500)
    problem = Problem(X=X, y=y - y.mean())
    result = fastgd.fit(**problem.arguments(), solver=solver)
    there = problem.value(result.coef, result.intercept)
    assert there == pytest.approx(result.objective, rel=1e-3)


def test_rounding_that_promises_more_ends_and_is_told() -> None:
    """Levels that others make up leave no curvature: gradients in float32 are noise there."""
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 3, 500), np.minimum(generator.geometric(0.6, 500), 5) - 1
    X = np.column_stack([np.eye(3)[a], np.eye(5)[b], np.eye(15)[5 * a + b]]).astype(np.float32)
    y = generator.random(500) < 0.2
    least = Problem(X=X, y=y, loss="log_loss").newton_optimum()
    for solver in SOLVERS:
        result = fastgd.fit(X, y, loss="log_loss", solver=solver)
        assert (result.status, result.n_iter <= 50) == ("converged", True)
        assert result.objective <= (1 + 1e-5) * least
        much_left = result.suboptimality > 1e-4 * result.objective
        assert ("hidden by rounding" in result.message) == much_left


@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_a_sample_of_rows_is_metric_enough(loss: str) -> None:
    """So many rows that the Hessian is taken from a sample; rare categories are all in it."""
    generator = np.random.default_rng(2)
    n = 60_000
    group = np.minimum(generator.geometric(0.08, size=n), 100) - 1
    X = np.column_stack([generator.normal(size=(n, 3)), np.eye(100)[group], group**2])
    z = X[:, 0] + 0.1 * group + generator.logistic(size=n)
    y = (z > 1.0).astype(float) if loss == "log_loss" else z
    problem = Problem(X=X, y=y, loss=loss, alpha=1e-6)
    least = problem.optimum()
    for solver in SOLVERS:
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert result.precondition == "whiten"
        assert result.n_iter <= (8 if solver == "batch" else 40)
        assert problem.value(result.coef, result.intercept) <= (1 + 1e-5) * least


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("alpha", [0.0, 1e-3])
def test_quasi_newton_where_nothing_is_whitened(loss: str, alpha: float) -> None:
    X, z = TABLES["heavy-tailed columns"]
    y = (z > 0.0).astype(float) if loss == "log_loss" else z
    problem = Problem(X=X, y=y, loss=loss, alpha=alpha, epsilon=1.35)
    result = fastgd.fit(**problem.arguments(), update="lbfgs", tol=1e-10)
    assert (result.status, result.precondition) == ("converged", "scale")
    assert problem.excess(result.coef, result.intercept) <= 1e-6


def test_more_columns_than_whitening_serves() -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(300, 2100)) + 5.0
    y = X[:, :5].sum(axis=1) + generator.normal(size=300)
    problem = Problem(X=X, y=y, alpha=0.1)
    result = fastgd.fit(**problem.arguments())
    assert (result.status, result.precondition) == ("converged", "scale")
    assert problem.excess(result.coef, result.intercept) <= 1e-4
    # the line search needs no more than a rough step to begin with
    assert result.n_passes <= result.n_iter + 12


def test_separable_classes_are_told() -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 3))
    y = X @ [1.0, 2.0, -1.0] > 0.1
    for solver in SOLVERS:
        result = fastgd.fit(X, y, loss="log_loss", solver=solver)
        assert result.status == "converged"
        assert "the classes are separable" in result.message
        assert np.all((X @ result.coef + result.intercept > 0.0) == y)
    assert "separable" not in fastgd.fit(X, y, loss="log_loss", alpha=1e-3).message


def test_time_limit() -> None:
    problem = make_problem("log_loss", 2000, 20)
    with pytest.warns(fastgd.ConvergenceWarning, match=r"max_time=1e-06 s .* raise max_time"):
        result = fastgd.fit(**problem.arguments(), solver="sgd", max_time=1e-6)
    assert (result.status, result.n_iter) == ("time_limit", 1)
    assert problem.value(result.coef, result.intercept) == pytest.approx(result.objective)
    unlimited = fastgd.fit(**problem.arguments(), solver="sgd", max_time=1e6)
    assert unlimited.status == "converged"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"learning_rate": "constant"}, "learning_rate='auto'"),
        ({"update": "momentum"}, "update='auto' for solver 'batch'"),
        ({"solver": "sgd", "average": True}, "average=False"),
    ],
)
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_whitening_says_what_it_needs(arguments: dict[str, Any], expected: str) -> None:
    problem = make_problem()
    with pytest.raises(ValueError, match=f"precondition: expected with 'whiten' {expected}"):
        fastgd.fit(**problem.arguments(), precondition="whiten", **arguments)
    # left to itself, the metric follows what was asked for
    fitted = fastgd.fit(**replace(problem, alpha=0.1).arguments(), **arguments)
    assert fitted.precondition in ("none", "scale")


@pytest.mark.parametrize(
    "arguments", [{"solver": "sgd"}, {"learning_rate": "constant"}, {"alpha": 1, "l1_ratio": 1}]
)
def test_quasi_newton_says_what_it_needs(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="update: expected with 'lbfgs' solver='batch'"):
        fastgd.fit(np.eye(3), np.arange(3.0), update="lbfgs", **arguments)


@pytest.mark.parametrize("loss", LOSSES)
def test_columns_that_hardly_differ_are_told_apart(loss: str) -> None:
    """Their difference is below the ridge of the Hessian, and holds a good part of the signal."""
    generator = np.random.default_rng(11)
    base = generator.normal(size=(60, 5))
    signal = generator.normal(size=(60, 3))
    near = base[:, :3] + signal * [1e-7, 1e-9, 1e-10]
    X = np.column_stack([base, near, near[:, 0], base.sum(axis=1)]) * 10.0 ** np.arange(-5, 5)
    z = base[:, 4] + 2.0 * signal.sum(axis=1) + generator.logistic(size=60)
    y = (z > 0.0).astype(float) if loss == "log_loss" else z
    problem = Problem(X=X, y=y, loss=loss, epsilon=1.35)
    least = problem.newton_optimum()
    # without the differences the loss is far higher
    coarse = replace(problem, X=base).newton_optimum()
    assert coarse > 1.5 * least
    for solver in SOLVERS:
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert (result.status, result.n_iter <= 30) == ("converged", True)
        assert problem.value(result.coef, result.intercept) <= (1 + 1e-4) * least
        assert "2 columns (8, 9) made up of others, up to rounding" in result.message
        assert "3 columns (5, 6, 7) made up of others but for little" in result.message


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_exact_fits_end_at_once(loss: str, dtype: type) -> None:
    """What is left is the rounding of predictors, whose terms are larger than targets."""
    generator = np.random.default_rng(4)
    group = np.eye(4)[generator.integers(0, 4, 200)]
    base = np.array([0, 1e3, -500, 10]) + np.round(100.0 * generator.normal(size=(200, 4)), 1)
    X = np.column_stack([base, base @ [1.0, 1.0, -1.0, 2.0], group]).astype(dtype)
    y = X[:, 0].astype(np.float64) - X[:, 1] + 7.0 * group[:, 2]
    problem = Problem(X=X, y=y, loss=loss, epsilon=1.35)
    result = fastgd.fit(**problem.arguments(), solver="batch")
    assert (result.status, result.n_iter <= 2) == ("converged", True)
    rounding = np.finfo(dtype).eps * (np.abs(X.astype(np.float64)) @ np.abs(result.coef)).max()
    assert problem.value(result.coef, result.intercept) <= rounding**2


@pytest.mark.parametrize("loss", LOSSES)
def test_rounding_moves_no_coefficient_along_what_predicts_alike(loss: str) -> None:
    """Gradients in float32 are noise there: coefficients of 0.5 had grown to hundreds."""
    generator = np.random.default_rng(2)
    n = 20_000
    levels = [generator.integers(0, k, n) for k in (3, 4, 9)]
    X = np.column_stack([*(np.eye(k)[g] for k, g in zip((3, 4, 9), levels, strict=True))])
    X = np.column_stack([X, np.minimum(generator.geometric(0.01, n), 300)]).astype(np.float32)
    z = levels[0] - 0.5 * levels[2] + 0.01 * X[:, -1] + generator.logistic(size=n)
    y = (z > 0.0).astype(float) if loss == "log_loss" else z
    problem = Problem(X=X, y=y, loss=loss, epsilon=0.5)
    least = problem.newton_optimum()
    for solver in SOLVERS:
        result = fastgd.fit(**problem.arguments(), solver=solver)
        assert (result.status, result.n_iter <= 40) == ("converged", True)
        assert np.abs(result.coef).max() < 10.0
        assert problem.value(result.coef, result.intercept) <= (1 + 1e-5) * least


def test_rounding_that_matters_is_told() -> None:
    """Means of 1e5 deviations: float32 coefficients cannot say it better; float64 ones can."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(500, 3)) + 1e5
    y = X @ [1.0, 2.0, -1.0] + 0.1 * generator.normal(size=500)
    assert "rounding" not in fastgd.fit(X, y).message
    assert "may make up 0." in fastgd.fit(X.astype(np.float32), y, alpha=1e-6).message
    exact = fastgd.fit(X, X @ [1.0, 2.0, -1.0]).message
    assert "every row is fitted, as far as rounding" in exact
    assert "promises more" not in exact
    separable = fastgd.fit(X, X[:, 0] > 1e5, loss="log_loss").message
    assert "separable" in separable
    assert "promises more" not in separable
