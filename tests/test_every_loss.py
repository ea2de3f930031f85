"""Every loss of the catalog: its value and slope by definition, its optimum by other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import SOLVERS
from scipy.optimize import linprog
from sklearn.linear_model import QuantileRegressor

import fastgd
from fastgd import losses

FloatArray = npt.NDArray[np.float64]

LOSSES = [
    losses.squared_error(),
    losses.log_loss(),
    losses.huber(0.7),
    losses.epsilon_insensitive(0.3),
    losses.squared_epsilon_insensitive(0.3),
    losses.quantile(0.8),
    losses.hinge(),
    losses.squared_hinge(),
    losses.modified_huber(),
    losses.smoothed_hinge(0.5),
    losses.poisson(),
    losses.gamma(),
    losses.tweedie(1.4),
]
NAMES = [loss.name for loss in LOSSES]


def by_definition(loss: losses.Loss, y: FloatArray, z: FloatArray) -> FloatArray:
    """Loss of each row, its kinks left as they are; labels are -1 and +1."""
    p, r, m = loss.parameter, z - y, y * z
    if loss.targets in ("non-negative", "positive"):
        return half_deviance({"poisson": 1.0, "gamma": 2.0}.get(loss.name, p), y, np.exp(z))
    formulas: dict[str, Any] = {
        "squared_error": lambda: r**2 / 2,
        "log_loss": lambda: np.logaddexp(0.0, -m),
        "huber": lambda: np.where(abs(r) <= p, r**2 / 2, p * abs(r) - p**2 / 2),
        "epsilon_insensitive": lambda: np.maximum(0.0, abs(r) - p),
        "squared_epsilon_insensitive": lambda: np.maximum(0.0, abs(r) - p) ** 2,
        "quantile": lambda: np.maximum((1 - p) * r, -p * r),
        "hinge": lambda: np.maximum(0.0, 1 - m),
        "squared_hinge": lambda: np.maximum(0.0, 1 - m) ** 2,
        "modified_huber": lambda: np.where(m >= -1, np.maximum(0.0, 1 - m) ** 2, -4 * m),
        "smoothed_hinge": lambda: np.where(
            m > 1 - p, np.maximum(0.0, 1 - m) ** 2 / (2 * p), 1 - m - p / 2
        ),
        "perceptron": lambda: np.maximum(0.0, -m),
    }
    return np.asarray(formulas[loss.name]())


def half_deviance(power: float, y: FloatArray, mean: FloatArray) -> FloatArray:
    """Half the unit deviance of Tweedie variates."""
    log_y = np.log(np.where(y > 0, y, 1.0))
    if power == 1.0:
        return mean - y * np.log(mean) + y * log_y - y
    if power == 2.0:
        return np.log(mean) - log_y + y / mean - 1.0
    a, b = 2.0 - power, 1.0 - power
    return y**a / (a * b) - y * mean**b / b + mean**a / a


def targets_for(loss: losses.Loss, z: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Targets that follow a linear predictor with noise."""
    n = len(z)
    if loss.targets == "binary":
        return np.where(z + rng.logistic(size=n) > 0, 1.0, -1.0)
    if loss.targets == "positive":
        return rng.gamma(2.0, np.exp(z) / 2)
    if loss.targets == "non-negative":
        return rng.poisson(np.exp(z)).astype(np.float64)
    return z + rng.standard_t(3, size=n)


def table(loss: losses.Loss, n: int = 600, d: int = 6, seed: int = 0) -> tuple[Any, Any, Any]:
    """Correlated columns of many sizes, targets and weights."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, d))
    Z[:, 1] += 2.0 * Z[:, 0]
    y = targets_for(loss, Z @ rng.normal(size=d) / d + 0.4, rng)
    size = 10.0 ** np.linspace(-3, 4, d)
    return Z * size + 5.0 * size, y, rng.uniform(0.2, 2.0, size=n)


@pytest.mark.parametrize("loss", [*LOSSES, losses.perceptron()], ids=[*NAMES, "perceptron"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_is_the_formula(loss: losses.Loss, dtype: type) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 4)).astype(dtype)
    w = rng.normal(size=4)
    y = targets_for(loss, X @ w, rng).astype(dtype).astype(np.float64)
    s = rng.uniform(size=500)
    expected = np.average(by_definition(loss, y, X.astype(np.float64) @ w + 0.2), weights=s)
    got = fastgd.value(X, y, w, 0.2, loss=loss, sample_weight=s)
    assert got == pytest.approx(expected, rel=1e-12 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_gradient_is_the_limit_of_differences(loss: losses.Loss) -> None:
    X, y, s = table(loss)
    X = X / X.std(axis=0)
    loss = losses.Loss(
        loss.name, loss.parameter, loss.targets, loss.link, 0.5 * bool(loss.smoothing is None)
    )
    w = np.linspace(-0.2, 0.3, X.shape[1]) / 5
    _, gradient, of_intercept = fastgd.value_and_gradient(X, y, w, 0.1, loss=loss, sample_weight=s)
    h = 1e-6
    for j in range(len(w) + 1):
        move = np.zeros(len(w) + 1)
        move[j] = h
        up, down = (
            fastgd.value(X, y, w + t * move[:-1], 0.1 + t * move[-1], loss=loss, sample_weight=s)
            for t in (1.0, -1.0)
        )
        slope = np.append(gradient, of_intercept)[j]
        assert (up - down) / (2 * h) == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("solver", [*SOLVERS, "auto"])
@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_default_fit_of_a_raw_table_is_optimal(loss: losses.Loss, solver: Any) -> None:
    X, y, s = table(loss)
    result = fastgd.fit(X, y, loss=loss, solver=solver, sample_weight=s)
    assert result.status == "converged"
    tight = fastgd.fit(X, y, loss=loss, solver="batch", sample_weight=s, tol=1e-10)
    assert result.objective <= tight.objective * (1 + 2e-6)
    # no step of a tenth of a standard error improves on what is called the optimum
    rng = np.random.default_rng(0)
    for _ in range(20):
        move = rng.normal(size=X.shape[1] + 1) / np.append(X.std(axis=0), 1.0) / 200
        there = fastgd.value(
            X,
            y,
            tight.coef + move[:-1],
            tight.intercept + move[-1] - X.mean(0) @ move[:-1],
            loss=loss,
            sample_weight=s,
        )
        here = fastgd.value(X, y, tight.coef, tight.intercept, loss=loss, sample_weight=s)
        assert there >= here * (1 - 1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_penalised_fit_is_optimal_on_any_solver(loss: losses.Loss, l1_ratio: float) -> None:
    X, y, _ = table(loss)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    objectives = [
        fastgd.fit(X, y, loss=loss, alpha=0.02, l1_ratio=l1_ratio, **options).objective
        for options in ({"solver": "batch", "tol": 1e-10}, *({"solver": s} for s in SOLVERS))
    ]
    # rows that pass a kink change how it bends: the last digits come slowly
    assert max(objectives) <= objectives[0] * (1 + (2e-6 if loss.smoothing is not None else 2e-5))


def excess(loss: losses.Loss, X: Any, y: Any, found: Any, best: Any, alpha: float = 0.0) -> float:
    """Relative height of what was found above what another library found, by the exact loss."""
    ours, theirs = (
        fastgd.value(X, y, coef, intercept, loss=loss, alpha=alpha)
        for coef, intercept in (found, best)
    )
    return (ours - theirs) / theirs


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantiles_are_those_of_a_linear_program(quantile: float) -> None:
    loss = losses.quantile(quantile)
    X, y, _ = table(loss)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    best = QuantileRegressor(quantile=quantile, alpha=0.0).fit(Z, y)
    result = fastgd.fit(Z, y, loss=loss)
    assert excess(loss, Z, y, (result.coef, result.intercept), (best.coef_, best.intercept_)) < 1e-5
    assert np.mean(y < Z @ result.coef + result.intercept) == pytest.approx(quantile, abs=0.02)


def test_lasso_of_a_quantile_is_that_of_a_linear_program() -> None:
    X, y, _ = table(losses.quantile())
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    best = QuantileRegressor(quantile=0.5, alpha=0.05).fit(Z, y)
    result = fastgd.fit(Z, y, loss="quantile", alpha=0.05, l1_ratio=1.0)
    ours, theirs = (
        fastgd.value(Z, y, c, b, loss="quantile", alpha=0.05, l1_ratio=1.0)
        for c, b in ((result.coef, result.intercept), (best.coef_, best.intercept_))
    )
    assert ours <= theirs * (1 + 1e-5)
    assert np.array_equal(result.coef == 0.0, np.abs(best.coef_) < 1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-1e3, 1e3), scale=st.sampled_from([1e-6, 1e5]))
def test_quantiles_follow_their_targets(seed: int, shift: float, scale: float) -> None:
    X, y, _ = table(losses.quantile(), 200, 3, seed)
    raw = fastgd.fit(X, y, loss=losses.quantile(0.7), tol=1e-9)
    moved = fastgd.fit(X, scale * (y + shift), loss=losses.quantile(0.7), tol=1e-9)
    assert moved.objective == pytest.approx(scale * raw.objective, rel=1e-4)


def test_absolute_errors_are_those_of_a_linear_program() -> None:
    X, y, _ = table(losses.epsilon_insensitive(), 200, 3)
    n = len(y)
    Z = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(n)])
    least = linprog(
        np.r_[np.zeros(4), np.full(2 * n, 1 / n)],
        A_eq=np.column_stack([Z, np.eye(n), -np.eye(n)]),
        b_eq=y,
        bounds=[(None, None)] * 4 + [(0, None)] * (2 * n),
    )
    result = fastgd.fit(X, y, loss=losses.epsilon_insensitive(0.0))
    value = fastgd.value(X, y, result.coef, result.intercept, loss=losses.epsilon_insensitive(0.0))
    assert value <= least.fun * (1 + 1e-5)


@pytest.mark.parametrize("name", ["hinge", "squared_hinge", "modified_huber", "smoothed_hinge"])
def test_separable_classes_are_divided(name: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 4)) * [1e-3, 1.0, 1e3, 1.0]
    y = (X[:, 1] > 0.1 * X[:, 3]).astype(int)
    X = X[np.abs(X[:, 1] - 0.1 * X[:, 3]) > 0.05]
    y = (X[:, 1] > 0.1 * X[:, 3]).astype(int)
    result = fastgd.fit(X, y, loss=name)
    assert result.status == "converged"
    assert result.separable
    assert "separable" in result.message
    assert ((X @ result.coef + result.intercept > 0) == y).all()


def test_rosenblatt_s_rule_divides_classes() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(500, 5))
    y = X @ [1.0, -2.0, 0.5, 0.0, 1.0] > 0
    X[y] += 0.3 * np.array([1.0, -2.0, 0.5, 0.0, 1.0])
    result = fastgd.fit(
        X, y, loss="perceptron", solver="sgd", learning_rate="constant", eta0=1.0, max_iter=200
    )
    assert ((X @ result.coef + result.intercept > 0) == y).all()
    assert result.objective == 0.0


@pytest.mark.parametrize("solver", ["sgd", "minibatch", "batch"])
def test_rosenblatt_s_rule_on_classes_that_overlap(solver: Any) -> None:
    """Its objective starts at 0: that it grows is no divergence."""
    X, y, _ = table(losses.perceptron())
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    result = fastgd.fit(
        Z, y, loss="perceptron", solver=solver, learning_rate="constant", eta0=1.0, max_iter=20,
        tol=None,
    )  # fmt: skip
    assert result.status == "iteration_limit"
    assert np.mean((Z @ result.coef + result.intercept > 0) == (y > 0)) > 0.55


def test_perceptron_of_own_steps_is_a_smoothed_hinge() -> None:
    X, y, _ = table(losses.perceptron())
    perceptron = fastgd.fit(X, y, loss=losses.perceptron(smoothing=0.01), tol=1e-10)
    shift = 0.5  # its border in widths
    hinge = fastgd.fit(X, y, loss=losses.smoothed_hinge(2.0), tol=1e-10)
    assert perceptron.objective == pytest.approx(0.01 * shift * hinge.objective, rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "kind", "got"),
    [
        ("poisson", ">= 0", "-1.0 at row 3"),
        ("gamma", "> 0", "0.0 at row 1"),
        ("tweedie", ">= 0", "-1.0 at row 3"),
    ],
)
@pytest.mark.parametrize("call", [fastgd.fit, fastgd.diagnose])
def test_targets_that_are_no_means(loss: str, kind: str, got: str, call: Any) -> None:
    X = np.arange(5.0)[:, None]
    with pytest.raises(
        ValueError, match=f"^y: expected targets {kind} for loss='{loss}', got {got}"
    ):
        call(X, [1.0, 0.0, 2.0, -1.0, 3.0], loss=loss)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_diagnosis_knows_every_loss(loss: losses.Loss) -> None:
    X, y, _ = table(loss)
    found = fastgd.diagnose(X, y, loss=loss)
    assert all(np.isfinite(rate) and rate > 0 for rate in found.safe_rate.values())
