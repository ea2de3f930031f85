"""The loss of several classes together: multinomial logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import SOLVERS
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression

import fastgd
from fastgd.linear_model import GDClassifier

FloatArray = npt.NDArray[np.float64]


def table(n: int = 800, d: int = 6, k: int = 4, seed: int = 0) -> tuple[FloatArray, Any, Any]:
    """Correlated columns of many sizes, classes of unequal size, weights."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, d))
    Z[:, 1] += 2.0 * Z[:, 0]
    z = Z @ rng.normal(size=(d, k)) / 2 + np.linspace(1.0, -1.5, k)
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    y[:k] = np.arange(k)
    size = 10.0 ** np.linspace(-3, 4, d)
    return Z * size + 5.0 * size, y, rng.uniform(0.2, 2.0, size=n)


def objective(X: Any, y: Any, W: Any, b: Any, s: Any, l2: float = 0.0, l1: float = 0.0) -> float:
    z = X @ W.T + b
    rows = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    return float(np.average(rows, weights=s) + l2 / 2 * (W**2).sum() + l1 * np.abs(W).sum())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_and_gradient_are_the_formulas(dtype: Any) -> None:
    X, y, s = table()
    X = (X / X.std(axis=0)).astype(dtype)
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(4, 6)) / 10, rng.normal(size=4)
    value, gradient, of_intercept = fastgd.value_and_gradient(
        X, y, W, b, loss="softmax", sample_weight=s, alpha=0.1
    )
    p = softmax(X.astype(np.float64) @ W.T + b, axis=1)
    p[np.arange(len(y)), y] -= 1.0
    d = p * (s / s.sum())[:, None]
    rel = 1e-11 if dtype is np.float64 else 1e-5
    assert value == pytest.approx(objective(X.astype(np.float64), y, W, b, s, 0.1), rel=rel)
    np.testing.assert_allclose(gradient, d.T @ X.astype(np.float64) + 0.1 * W, rtol=rel, atol=rel)
    np.testing.assert_allclose(of_intercept, d.sum(axis=0), rtol=rel, atol=rel)
    assert fastgd.value(X, y, W, b, loss="softmax", sample_weight=s, alpha=0.1) == value


@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("alpha", [1e-3, 0.1])
def test_optimum_of_a_raw_table_is_that_of_newton_s_method(load: Any, alpha: float) -> None:
    data = load()
    best = LogisticRegression(
        C=1 / (alpha * len(data.target)), solver="newton-cg", tol=1e-12, max_iter=100_000
    ).fit(data.data, data.target)
    least = objective(data.data, data.target, best.coef_, best.intercept_, None, alpha)
    result = fastgd.fit(data.data, data.target, loss="softmax", alpha=alpha)
    assert result.status == "converged"
    assert result.objective == pytest.approx(
        objective(data.data, data.target, result.coef, result.intercept, None, alpha), rel=1e-9
    )
    assert result.objective <= least * (1 + 1e-6)
    np.testing.assert_array_equal(result.classes, [0, 1, 2])
    np.testing.assert_allclose(result.coef, best.coef_, rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_optimum_with_an_l1_penalty(l1_ratio: float) -> None:
    X, y, s = table()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    alpha = 0.02
    best = LogisticRegression(
        C=1 / (alpha * s.sum()), l1_ratio=l1_ratio, solver="saga", tol=1e-9, max_iter=100_000
    ).fit(Z, y, sample_weight=s)
    l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
    least = objective(Z, y, best.coef_, best.intercept_, s, l2, l1)
    for solver in ("auto", "minibatch"):
        result: Any = fastgd.fit(
            Z, y, loss="softmax", solver=solver, alpha=alpha, l1_ratio=l1_ratio, sample_weight=s
        )
        assert objective(Z, y, result.coef, result.intercept, s, l2, l1) <= least * (1 + 2e-6)


@pytest.mark.parametrize("solver", [*SOLVERS, "auto"])
def test_every_solver_leads_from_a_raw_table_to_one_optimum(solver: Any) -> None:
    X, y, s = table()
    best = fastgd.fit(X, y, loss="softmax", sample_weight=s, solver="batch", tol=1e-12)
    result = fastgd.fit(X, y, loss="softmax", sample_weight=s, solver=solver)
    assert result.status == "converged"
    assert result.objective <= best.objective * (1 + 1e-5)
    assert best.gradient_norm / np.linalg.norm(X.mean(axis=0)) < 1e-6


def test_two_classes_are_a_log_loss() -> None:
    X, y, _ = table(k=2)
    one = fastgd.fit(X, y, loss="log_loss", tol=1e-10)
    two = fastgd.fit(X, y, loss="softmax", tol=1e-10)
    assert two.objective == pytest.approx(one.objective, rel=1e-9)
    size = X.std(axis=0)
    np.testing.assert_allclose((two.coef[1] - two.coef[0]) * size, one.coef * size, rtol=1e-3)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 6), threads=st.integers(1, 3))
def test_coefficients_of_all_classes_add_up_to_nothing(seed: int, k: int, threads: int) -> None:
    X, y, s = table(300, 3, k, seed)
    result = fastgd.fit(
        X, y, loss="softmax", sample_weight=s, alpha=1e-3, penalty_scale="std", n_threads=threads
    )
    size = np.abs(result.coef).max(axis=0)
    assert (np.abs(result.coef.sum(axis=0)) <= 1e-6 * size).all()
    same = fastgd.fit(X, y, loss="softmax", sample_weight=s, alpha=1e-3, penalty_scale="std")
    np.testing.assert_array_equal(result.coef, same.coef)


def test_labels_are_any_numbers_and_models_in_their_order() -> None:
    X, y, _ = table(k=3)
    plain = fastgd.fit(X, y, loss="softmax", alpha=0.1)
    renamed = fastgd.fit(X, np.array([-7.5, 3.0, 100.0])[y], loss="softmax", alpha=0.1)
    np.testing.assert_array_equal(renamed.classes, [-7.5, 3.0, 100.0])
    np.testing.assert_array_equal(renamed.coef, plain.coef)
    assert plain.coef.shape == (3, 6)
    assert plain.intercept.shape == (3,)


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights_are_repetitions(solver: Any) -> None:
    X, y, _ = table(200, 3, 3)
    X = X / X.std(axis=0)
    times = np.random.default_rng(2).integers(0, 3, size=200)
    times[:3] = 1
    options: Any = {"loss": "softmax", "alpha": 0.1, "solver": solver}
    weighted = fastgd.fit(X, y, sample_weight=times, **options)
    repeated = fastgd.fit(np.repeat(X, times, axis=0), np.repeat(y, times), **options)
    assert weighted.objective == pytest.approx(repeated.objective, rel=3e-6)


def test_separable_classes_end_near_nothing() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 50)
    X = rng.normal(size=(150, 2)) * 0.1 + np.array([[0, 0], [3, 0], [0, 3]])[y]
    result = fastgd.fit(X, y, loss="softmax")
    assert result.separable
    assert "separable" in result.message
    assert ((X @ result.coef.T + result.intercept).argmax(axis=1) == y).all()


def test_held_out_rows_are_drawn_from_each_class() -> None:
    X, y, _ = table()
    result = fastgd.fit(X, y, loss="softmax", validation_fraction=0.2)
    assert np.isfinite(result.history.validation).all()
    again = fastgd.fit(X, y, loss="softmax", validation_set=(X[:50], y[:50]))
    least = np.nanmin(again.history.validation)
    found = fastgd.value(X[:50], y[:50], again.coef, again.intercept, loss="softmax")
    assert found == pytest.approx(least, rel=1e-6)
    with pytest.raises(ValueError, match=r"^validation_set, y: expected labels within \{0, 1, 2"):
        fastgd.fit(X, y, loss="softmax", validation_set=(X[:5], [0, 1, 2, 3, 4]))


def test_offsets_bounds_and_starts_have_a_column_or_row_for_each_class() -> None:
    X, y, _ = table(k=3)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    fixed = np.random.default_rng(5).normal(size=(3, 6))
    moved = fastgd.fit(Z, y, loss="softmax", alpha=0.01, offset=np.tile([1.0, -1.0, 0.0], (800, 1)))
    plain = fastgd.fit(Z, y, loss="softmax", alpha=0.01)
    np.testing.assert_allclose(moved.coef, plain.coef, atol=2e-3)
    boxed = fastgd.fit(Z, y, loss="softmax", bounds=(0, None))
    assert boxed.status == "converged"
    assert (boxed.coef >= 0.0).all()
    started = fastgd.fit(
        Z, y, loss="softmax", alpha=0.01, coef_init=fixed, intercept_init=[1, 2, 3]
    )
    assert started.objective == pytest.approx(plain.objective, rel=2e-6)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        ([1, 1, 1, 1, 1], "two distinct labels or more, got 1 in every row"),
        (np.eye(5), r"one column of labels for loss='softmax', got shape \(5, 5\)"),
        ([0, 1, np.nan, 2, 0], "finite values"),
    ],
)
def test_labels_that_are_none(y: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^y: expected {text}"):
        fastgd.fit(np.arange(10.0).reshape(5, 2), y, loss="softmax")


def test_whitening_knows_no_kinks_of_classes() -> None:
    X, y, _ = table()
    with pytest.raises(ValueError, match="neither l1 penalty nor bounds for loss 'softmax'"):
        fastgd.fit(X, y, loss="softmax", solver="batch", precondition="whiten", alpha=1, l1_ratio=1)
    plan = fastgd.fit(X, y, loss="softmax").plan
    assert (plan.solver, plan.precondition, plan.update) == ("batch", "whiten", "lbfgs")


def test_no_gap_is_known() -> None:
    X, y, _ = table()
    assert fastgd.duality_gap(X, y, np.zeros((4, 6)), 0.0, loss="softmax", alpha=1.0) == np.inf


@pytest.mark.parametrize("solver", [*SOLVERS, "auto"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_squared_errors_against_the_rest_are_outputs_of_one_fit(solver: Any, alpha: float) -> None:
    X, y, s = table()
    model = GDClassifier(loss="squared_error", solver=solver, alpha=alpha, tol=1e-12)
    model.fit(X, np.array(list("wxyz"))[y], sample_weight=s)
    assert isinstance(model.result_, fastgd.FitResult)
    for k in range(4):
        alone = fastgd.fit(
            X, np.where(y == k, 1.0, -1.0), solver="batch", alpha=alpha, sample_weight=s
        )
        reached = fastgd.value(
            X, np.where(y == k, 1.0, -1.0), model.coef_[k], model.intercept_[k],
            alpha=alpha, sample_weight=s,
        )  # fmt: skip
        assert reached <= alone.objective * (1 + 1e-8)
    assert list(model.classes_) == list("wxyz")


@pytest.mark.parametrize("solver", ["sgd", "minibatch"])
@pytest.mark.parametrize("loss", ["softmax", "squared_error", "log_loss"])
@settings(max_examples=8, deadline=None)
@given(ends=st.lists(st.integers(1, 149), max_size=4))
def test_chunks_of_several_classes_are_one_epoch(loss: str, solver: Any, ends: list[int]) -> None:
    X, y, _ = table(150, 3, 4)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    options: dict[str, Any] = {
        "loss": loss,
        "solver": solver,
        "batch_size": 16,
        "alpha": 0.01,
        "learning_rate": "constant",
        "eta0": 0.05,
        "shuffle": False,
    }
    whole = GDClassifier(tol=None, max_iter=1, **options).fit(X, y)
    chunked = GDClassifier(**options)
    for rows in np.split(np.arange(150), sorted(ends)):
        if len(rows):
            chunked.partial_fit(X[rows], y[rows], classes=np.arange(4))
    np.testing.assert_array_equal(chunked.coef_, whole.coef_)
    np.testing.assert_array_equal(chunked.intercept_, whole.intercept_)
