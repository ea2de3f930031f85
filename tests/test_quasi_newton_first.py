"""Where a Hessian costs more than many passes, steps without one come first, in one fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastgd

N, D = 3000, 400


def table(kind: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return columns and a predictor to which all directions matter alike."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((N, D))
    coef = rng.standard_normal(D) / np.sqrt(D)
    z = X @ coef
    if kind == "pairs that hardly differ":
        X = np.hstack([X[:, : D // 2], X[:, : D // 2] + 1e-4 * X[:, D // 2 :]])
    if kind == "a few factors":
        X = X[:, :5] @ rng.standard_normal((5, D)) + 1e-2 * X
    return X, z


def targets(loss: str, z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(6)
    if loss == "log_loss":
        return (z + rng.logistic(size=N) > 0.0).astype(float)
    return rng.poisson(np.exp(0.5 * z)).astype(float)


def problem(kind: str, loss: str) -> dict[str, Any]:
    X, z = table(kind)
    return {"X": X, "y": targets(loss, z), "loss": loss}


@pytest.mark.parametrize("loss", ["log_loss", "poisson"])
@pytest.mark.parametrize(
    ("kind", "metric"),
    [("alike", "scale"), ("pairs that hardly differ", "whiten"), ("a few factors", "whiten")],
)
def test_both_ways_end_at_the_optimum(kind: str, metric: str, loss: str) -> None:
    asked = problem(kind, loss)
    result = fastgd.fit(**asked)
    exact = fastgd.fit(**asked, precondition="whiten", tol=1e-12)
    assert result.status == "converged"
    assert result.precondition == metric
    assert result.objective <= exact.objective * (1.0 + 1e-6)
    assert result.plan.update == ("lbfgs" if metric == "scale" else "plain")


def test_a_squared_error_of_many_columns() -> None:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((1800, 1500), dtype=np.float32)
    y = X[:, :9].sum(axis=1) + rng.standard_normal(1800)
    result = fastgd.fit(X, y, alpha=0.1)
    exact = fastgd.fit(X, y, alpha=0.1, precondition="whiten", tol=1e-12)
    assert (result.precondition, exact.precondition) == ("scale", "whiten")
    assert result.objective <= exact.objective * (1.0 + 1e-6)


@pytest.mark.parametrize(
    ("kind", "metric"), [("alike", "scale"), ("pairs that hardly differ", "whiten")]
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_told_apart_end_as_their_fits_alone(n_classes: int, kind: str, metric: str) -> None:
    X, z = table(kind)
    noise = np.random.default_rng(9).logistic(size=N)
    y = np.digitize(z + noise, [0.0, 2.0][: n_classes - 1])
    model = fastgd.GDClassifier(alpha=1e-12, n_threads=1).fit(X, y)
    results = model.result_ if n_classes > 2 else [model.result_]
    assert {result.precondition for result in results} == {metric}
    for label, result in zip(range(n_classes) if n_classes > 2 else [1], results, strict=True):
        alone = fastgd.fit(X, y == label, loss="log_loss", alpha=1e-12)
        assert result.objective == pytest.approx(alone.objective, rel=1e-6)
        if n_classes == 2:  # of several, one looks at columns and first steps for all
            assert (result.n_iter, result.n_passes) == (alone.n_iter, alone.n_passes)
        assert len(result.history.objective) == result.n_iter


@pytest.mark.parametrize("n", [5, 30, 60])
def test_an_exact_fit_asks_for_no_hessian(n: int) -> None:
    X, z = table("alike")
    result = fastgd.fit(X[:n], z[:n])
    assert (result.status, result.precondition) == ("converged", "scale")
    assert result.objective <= 1e-25 * np.mean(z[:n] ** 2)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "poisson"])
def test_a_ridge_bounds_the_height_without_a_hessian(loss: str, fit_intercept: bool) -> None:
    X, z = table("alike")
    y = z if loss == "squared_error" else targets(loss, z)
    asked = {"X": X[:60], "y": y[:60], "loss": loss, "fit_intercept": fit_intercept}
    result = fastgd.fit(**asked, alpha=0.5)
    exact = fastgd.fit(**asked, alpha=0.5, precondition="whiten", tol=1e-12)
    assert (result.status, result.precondition) == ("converged", "scale")
    assert result.objective <= exact.objective * (1.0 + 1e-6)
    # the moments' pass, the end on all rows, and where the intercept is a little off
    assert result.n_passes <= result.n_iter + 5


def test_many_epochs_leave_some_to_the_hessian() -> None:
    """Of five rows no scale tells how the ridge bends: quasi-Newton steps do not end in 1,000."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 2000))
    y = X[:, 0] + 0.1 * X[:, 1]
    result = fastgd.fit(X, y, alpha=0.01)
    assert (result.status, result.precondition) == ("converged", "whiten")
    centred = X - X.mean(axis=0)
    off = y - y.mean()
    dual = np.linalg.solve(centred @ centred.T + 5 * 0.01 * np.eye(5), off)
    coef = centred.T @ dual
    best = 0.5 * np.mean((off - centred @ coef) ** 2) + 0.005 * coef @ coef
    assert result.objective <= best * (1.0 + 1e-6)


def test_the_plan_says_so() -> None:
    X, z = table("alike")
    plan = fastgd.explain_plan(X, targets("log_loss", z), loss="log_loss")
    assert (plan.solver, plan.precondition, plan.update) == ("batch", "scale", "lbfgs")
    assert "a Hessian if" in plan.reason
    for other in ({"precondition": "whiten"}, {"l1_ratio": 1.0, "alpha": 0.1}, {"tol": None}):
        plan = fastgd.explain_plan(X, targets("log_loss", z), loss="log_loss", **other)
        assert "a Hessian if" not in plan.reason
    assert "a Hessian if" not in fastgd.explain_plan(X[:, :50], z).reason


def test_two_ways_are_one_fit() -> None:
    asked = problem("a few factors", "log_loss")
    seen: list[tuple[int, float]] = []
    result = fastgd.fit(**asked, callback=lambda at: seen.append((at.epoch, at.objective)))
    assert result.precondition == "whiten"
    history = result.history
    assert [epoch for epoch, _ in seen] == list(range(len(seen)))
    assert result.n_iter == len(seen) == len(history.objective)
    np.testing.assert_array_equal([objective for _, objective in seen], history.objective)
    assert np.all(np.diff(history.n_passes) > 0.0)
    assert np.all(np.diff(history.seconds) >= 0.0)
    assert result.n_passes >= history.n_passes[-1]


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 30, 60])
def test_epochs_of_both_count(max_iter: int) -> None:
    result = fastgd.fit(**problem("a few factors", "log_loss"), max_iter=max_iter, tol=0.0)
    assert result.n_iter == max_iter
    assert result.status == "iteration_limit"


@pytest.mark.parametrize("last", [3, 57])
def test_a_callback_stops_either(last: int) -> None:
    result = fastgd.fit(
        **problem("a few factors", "log_loss"), tol=0.0, callback=lambda at: at.epoch == last
    )
    assert result.status == "stopped"
    assert result.n_iter == last + 1


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_time_is_of_both() -> None:
    result = fastgd.fit(**problem("a few factors", "log_loss"), tol=0.0, max_time=1e-9)
    assert result.status == "time_limit"
    assert result.n_iter == 1


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_bits_do_not_depend_on_threads() -> None:
    asked = problem("a few factors", "log_loss")
    one, two = (fastgd.fit(**asked, n_threads=n, max_iter=70, tol=0.0) for n in (1, 2))
    np.testing.assert_array_equal(one.coef, two.coef)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_the_best_epoch_on_held_out_rows_may_be_of_the_first() -> None:
    rng = np.random.default_rng(7)
    factors = rng.standard_normal((5, D))
    X = rng.standard_normal((N, 5)) @ factors + 1e-2 * rng.standard_normal((N, D))
    y = (X[:, 0] + 5.0 * rng.logistic(size=N) > 0.0).astype(float)
    held = (X[2000:], y[2000:])
    rows = (X[:2000], y[:2000])
    result = fastgd.fit(
        *rows, loss="log_loss", validation_set=held, n_iter_no_change=1000, tol=0.0, max_iter=100
    )
    scores = result.history.validation
    assert result.precondition == "whiten"
    assert np.nanargmin(scores) < 20
    there = fastgd.value(*held, result.coef, result.intercept, loss="log_loss")
    assert there == pytest.approx(np.nanmin(scores), rel=1e-9)


def kinked(loss: str) -> dict[str, Any]:
    X, z = table("alike")
    noise = np.random.default_rng(10).normal(size=N)
    y = (z + noise > 0.0).astype(float) if loss == "hinge" else z + noise
    return {"X": X, "y": y, "loss": loss}


@pytest.mark.parametrize("alpha", [0.0, 1e-2])
@pytest.mark.parametrize("loss", ["hinge", "quantile", "epsilon_insensitive"])
def test_kinks_need_few_hessians(loss: str, alpha: float) -> None:
    asked = kinked(loss) | {"alpha": alpha}
    assert "a Hessian if" in fastgd.explain_plan(**asked).reason
    result = fastgd.fit(**asked)
    exact = fastgd.fit(**asked, precondition="whiten")
    assert result.status == "converged"
    assert result.objective <= exact.objective * (1.0 + 1e-5)
    assert result.n_passes < 0.6 * exact.n_passes or result.precondition == "scale"
    # as asked for, not as the first epochs round it off: that would be 1e-5 to 1e-3 off
    spread = 1.0 if loss == "hinge" else np.median(np.abs(asked["y"] - np.median(asked["y"])))
    rounded = getattr(fastgd.losses, loss)(smoothing=1e-3 * spread)
    at = (asked["X"], asked["y"], result.coef, result.intercept)
    measured = fastgd.value(*at, loss=rounded, alpha=alpha)
    assert result.objective == pytest.approx(measured, rel=1e-6)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("last", [0, 20, 60])
def test_epochs_of_wide_kinks_are_measured_as_asked_for(last: int) -> None:
    asked = kinked("hinge")
    result = fastgd.fit(**asked, tol=0.0, callback=lambda at: at.epoch == last)
    assert (result.status, result.n_iter) == ("stopped", last + 1)
    assert result.objective != result.history.objective[-1]
    rounded = fastgd.losses.hinge(smoothing=1e-3)
    measured = fastgd.value(asked["X"], asked["y"], result.coef, result.intercept, loss=rounded)
    assert result.objective == pytest.approx(measured, rel=1e-9)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 3, 5, 40])
def test_few_epochs_end_with_the_kinks_asked_for(max_iter: int) -> None:
    asked = kinked("quantile")
    result = fastgd.fit(**asked, tol=0.0, max_iter=max_iter)
    assert (result.status, result.n_iter) == ("iteration_limit", max_iter)
    assert len(result.history.objective) == max_iter
    at_zero = fastgd.value(asked["X"], asked["y"], np.zeros(D), 0.0, loss="quantile")
    assert result.objective <= at_zero * (1.0 + 1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_with_kinks_end_as_their_fits_alone(n_classes: int) -> None:
    X, z = table("alike")
    y = np.digitize(z + np.random.default_rng(9).normal(size=N), [0.0, 1.0][: n_classes - 1])
    model = fastgd.GDClassifier(loss="hinge", alpha=1e-2, n_threads=1).fit(X, y)
    results = model.result_ if n_classes > 2 else [model.result_]
    for label, result in zip(range(n_classes) if n_classes > 2 else [1], results, strict=True):
        alone = fastgd.fit(X, y == label, loss="hinge", alpha=1e-2)
        assert result.status == "converged"
        assert result.objective == pytest.approx(alone.objective, rel=1e-5)
        assert len(result.history.objective) == result.n_iter
