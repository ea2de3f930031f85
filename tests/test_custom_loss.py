"""Losses of the caller's own: as good as those built in, and strict about what they are given."""

from __future__ import annotations

import copy
import ctypes
import doctest
import importlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from oracle import SOLVERS
from scipy import LowLevelCallable
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import fastgd
from fastgd import losses
from fastgd.losses import custom

EPSILON = 0.4


def squared_error(y: Any, z: Any) -> Any:
    return 0.5 * (z - y) ** 2


def squared_error_slope(y: Any, z: Any) -> Any:
    return z - y


def huber(y: Any, z: Any) -> Any:
    r = abs(z - y)
    return np.where(r <= EPSILON, 0.5 * r**2, EPSILON * r - 0.5 * EPSILON**2)


def log_cosh(y: Any, z: Any) -> Any:
    return np.logaddexp(z - y, y - z) - np.log(2.0)


def poisson(y: Any, z: Any) -> Any:
    return np.exp(z) - y * z + y * np.log(np.where(y > 0, y, 1.0)) - y


SQUARED_ERROR = custom(squared_error, squared_error_slope)
LOG_COSH = custom(log_cosh, lambda y, z: np.tanh(z - y), name="log_cosh")

# Each beside its like of the catalog.
PAIRS = {
    "squared_error": (SQUARED_ERROR, losses.squared_error()),
    "huber": (
        custom(huber, lambda y, z: np.clip(z - y, -EPSILON, EPSILON), curvature=1.0),
        losses.huber(EPSILON),
    ),
    "logistic": (
        custom(
            lambda y, z: np.logaddexp(0.0, -y * z),
            lambda y, z: -y * expit(-y * z),
            second_derivative=lambda y, z: expit(z) * expit(-z),
            targets="binary",
        ),
        losses.log_loss(),
    ),
    "poisson": (
        custom(poisson, lambda y, z: np.exp(z) - y, targets="non-negative", link="log"),
        losses.poisson(),
    ),
}


def table(like: losses.Loss, dtype: type = np.float64, n: int = 400) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 5.0, 0.2, 0.0]
    X[:, 3] += X[:, 0]
    z = X @ [0.5, -0.05, 2.0, 0.3]
    y: Any = z + rng.standard_t(3, size=n)
    if like.targets == "binary":
        y = np.where(y > 0, 1, 0)
    elif like.targets == "non-negative":
        y = rng.poisson(np.exp(z))
    return X.astype(dtype), y, rng.uniform(0.2, 2.0, size=n)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_and_gradient_are_those_of_the_catalog(name: str, dtype: type) -> None:
    ours, like = PAIRS[name]
    X, y, s = table(like, dtype, n=5000)
    where: dict[str, Any] = {
        "coef": np.array([0.3, -0.02, 0.5, 0.1]),
        "intercept": 0.1,
        "sample_weight": s * (np.arange(len(s)) % 7 > 0),
        "offset": 0.01 * s,
        "alpha": 0.3,
    }
    rel = 1e-12 if dtype is np.float64 else 1e-5
    got = fastgd.value_and_gradient(X, y, loss=ours, **where)
    expected = fastgd.value_and_gradient(X, y, loss=like, **where)
    assert got[0] == pytest.approx(expected[0], rel=rel)
    assert got[0] == pytest.approx(fastgd.value(X, y, loss=ours, **where), rel=1e-14)
    for ours_part, like_part in zip(got[1:], expected[1:], strict=True):
        np.testing.assert_allclose(ours_part, like_part, rtol=rel, atol=rel)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_optimum_is_that_of_the_catalog(name: str, solver: Any, dtype: type) -> None:
    ours, like = PAIRS[name]
    X, y, s = table(like, dtype)
    exact = dtype is np.float64
    options: dict[str, Any] = {"sample_weight": s, "alpha": 0.01, "tol": 1e-11 if exact else 1e-6}
    got = fastgd.fit(X, y, loss=ours, solver=solver, **options)
    best = fastgd.fit(X, y, loss=like, **options)
    assert got.status == "converged"
    assert got.objective <= best.objective * (1 + (1e-9 if exact else 2e-6))
    np.testing.assert_allclose(got.coef, best.coef, rtol=1e-4 if exact else 2e-2, atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"precondition": "scale"},
        {"alpha": 0.05, "l1_ratio": 1.0},
        {"bounds": (0.0, None)},
        {"solver": "minibatch", "update": "adam", "tol": None, "max_iter": 20},
        {"solver": "minibatch", "variance_reduction": "none", "tol": None, "max_iter": 20},
        {"solver": "sgd", "average": True, "max_iter": 20},
        {"solver": "sgd", "learning_rate": "optimal", "alpha": 0.1, "tol": None, "max_iter": 5},
        {"solver": "sgd", "alpha": 0.05, "l1_ratio": 0.5, "max_iter": 30},
    ],
    ids=str,
)
def test_options_serve_it_as_they_do_the_catalog(options: dict[str, Any]) -> None:
    ours, like = PAIRS["huber"]
    X, y, s = table(like)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        got = fastgd.fit(X, y, loss=ours, sample_weight=s, **options)
        expected = fastgd.fit(X, y, loss=like, sample_weight=s, **options)
    np.testing.assert_allclose(got.coef, expected.coef, rtol=2e-3, atol=2e-3)
    assert got.objective == pytest.approx(expected.objective, rel=1e-4)


def test_several_outputs_and_wide_rows() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 300))
    Y = X[:, :3] + rng.normal(size=(2000, 3))
    coef = rng.normal(size=(3, 300))
    got = fastgd.value_and_gradient(X, Y, coef, loss=SQUARED_ERROR)
    expected = fastgd.value_and_gradient(X, Y, coef)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-11, atol=1e-12)
    fitted = fastgd.fit(X, Y, loss=SQUARED_ERROR, tol=1e-12)
    np.testing.assert_allclose(fitted.coef, fastgd.fit(X, Y, tol=1e-12).coef, atol=1e-6)


def test_log_cosh_against_scipy() -> None:
    X, y, _ = table(losses.squared_error())

    def objective(w: Any) -> Any:
        return log_cosh(y, X @ w[:4] + w[4]).mean()

    best = minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    for solver in SOLVERS:
        got = fastgd.fit(X, y, loss=LOG_COSH, solver=solver, tol=1e-10)  # type: ignore[arg-type]
        assert got.objective == pytest.approx(best.fun, rel=1e-8)
        np.testing.assert_allclose(got.coef, best.x[:4], rtol=1e-3, atol=1e-4)


def test_targets_far_off_need_no_bound() -> None:
    X, y, _ = table(losses.squared_error())
    for far in (y + 1e4, 1e3 * y):
        got = fastgd.fit(X, far, loss=LOG_COSH, tol=1e-9)
        assert got.status == "converged"
        slope = fastgd.value_and_gradient(X, far, got.coef, got.intercept, loss=LOG_COSH)[1]
        assert np.abs(slope * X.std(axis=0)).max() < 1e-3


@pytest.mark.parametrize("solver", SOLVERS)
def test_same_bits_for_any_threads(solver: Any) -> None:
    X, y, _ = table(losses.squared_error(), n=30_000 if solver == "batch" else 2000)
    fits = [
        fastgd.fit(X, y, loss=LOG_COSH, solver=solver, n_threads=threads, max_iter=30)
        for threads in (1, 2, 3)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].coef, other.coef)
        assert fits[0].intercept == other.intercept


PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)


def compiled(kind: str) -> losses.Loss:
    """The squared error in compiled code, or in what looks like it."""
    if kind == "numba":
        numba = pytest.importorskip("numba")
        signature = numba.float64(numba.float64, numba.float64)
        pair = [numba.cfunc(signature)(f) for f in (squared_error, squared_error_slope)]
    else:
        pair = [PROTOTYPE(f) for f in (squared_error, squared_error_slope)]
        if kind == "LowLevelCallable":
            pair = [LowLevelCallable(f) for f in pair]
    return custom(*pair, curvature=1.0)


@pytest.mark.parametrize("kind", ["ctypes", "LowLevelCallable", "numba"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_functions(kind: str, dtype: type) -> None:
    loss = compiled(kind)
    X, y, s = table(losses.squared_error(), dtype, n=2000)
    w = np.ones(4)
    got = fastgd.value_and_gradient(X, y, w, loss=loss, sample_weight=s)
    expected = fastgd.value_and_gradient(X, y, w, sample_weight=s)
    rel = 1e-12 if dtype is np.float64 else 1e-5
    assert got[0] == pytest.approx(expected[0], rel=rel)
    np.testing.assert_allclose(got[1], expected[1], rtol=rel)
    best = fastgd.fit(X, y, sample_weight=s, tol=1e-9).coef
    for solver in SOLVERS:
        fitted = fastgd.fit(X, y, loss=loss, sample_weight=s, solver=solver, n_threads=2)  # type: ignore[arg-type]
        np.testing.assert_allclose(fitted.coef, best, rtol=2e-2)
    assert copy.deepcopy(loss) == loss
    assert hash(copy.deepcopy(loss)) == hash(loss)


def test_auto_takes_batch_for_callables_alone() -> None:
    X, y = np.zeros((1_000_000, 4), dtype=np.float32), np.zeros(1_000_000)
    assert fastgd.explain_plan(X, y, loss=SQUARED_ERROR).reason.startswith("a loss in Python")
    plan = fastgd.explain_plan(X, y, loss=compiled("ctypes"))
    assert "a loss in Python" not in plan.reason


class OutOfLuckError(Exception):
    """What only these tests raise."""


def failing(calls: int, error: BaseException) -> losses.Loss:
    """A squared error whose derivative raises after so many calls."""
    left = [calls]

    def slope(y: Any, z: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise error
        return z - y

    return custom(squared_error, slope, curvature=1.0)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("calls", [0, 3, 40])
@pytest.mark.parametrize(
    "error", [OutOfLuckError("no"), KeyboardInterrupt()], ids=["own", "Ctrl-C"]
)
def test_what_a_function_raises_comes_through(
    solver: Any, calls: int, error: BaseException
) -> None:
    X, y, _ = table(losses.squared_error(), n=30_000)
    with pytest.raises(type(error)) as caught:
        fastgd.fit(X, y, loss=failing(calls, error), solver=solver, n_threads=2)
    assert caught.value is error


@pytest.mark.parametrize("function", ["value", "value_and_gradient", "duality_gap"])
def test_what_a_function_raises_at_a_point(function: str) -> None:
    X, y, _ = table(losses.squared_error())
    loss = custom(lambda y, z: 1 // 0, squared_error_slope)
    with pytest.raises(ZeroDivisionError):
        getattr(fastgd, function)(X, y, np.zeros(4), loss=loss)
    gap = fastgd.duality_gap(X, y, np.zeros(4), loss=SQUARED_ERROR, alpha=0.1)
    assert gap == np.inf


def test_error_on_rows_held_out_and_in_a_stream() -> None:
    X, y, _ = table(losses.squared_error())
    with pytest.raises(OutOfLuckError):
        fastgd.fit(X, y, loss=failing(12, OutOfLuckError()), validation_set=(X[:9], y[:9]))
    loss = failing(1200, OutOfLuckError())
    model = fastgd.linear_model.GDRegressor(loss=loss).partial_fit(X, y)
    before = model.coef_.copy()
    with pytest.raises(OutOfLuckError):
        model.partial_fit(np.tile(X, (9, 1)), np.tile(y, 9))
    np.testing.assert_array_equal(model.coef_, before)


def fit_with(value: Any, derivative: Any, **options: Any) -> Any:
    X, y, _ = table(losses.squared_error())
    return fastgd.fit(X, y, loss=custom(value, derivative, **options))


@pytest.mark.parametrize(
    ("derivative", "error", "text"),
    [
        (lambda y, z: 1.0, ValueError, r"derivative: expected .* shape \(\d+,\).*got shape \(\)"),
        (lambda y, z: z[:-1], ValueError, r"derivative: expected an array .* got shape"),
        (lambda y, z: (z - y)[:, None], ValueError, "derivative: expected an array"),
        (lambda y, z: z + 1j, TypeError, "derivative: expected .* got dtype complex128"),
        (lambda y, z: None, TypeError, "derivative: expected .* got dtype object"),
        (lambda y, z: y - z, ValueError, "derivative: expected .*the slope of value at y=.*first"),
        (lambda y, z: 1.001 * (z - y), ValueError, "derivative: expected"),
        (lambda y, z: np.log(z - y), ValueError, "derivative: expected finite numbers .* nan at"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_derivative_that_is_refused(derivative: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fit_with(squared_error, derivative)


def test_exchanged_arguments_are_found() -> None:
    def linex(z: Any, y: Any) -> Any:
        return np.exp(z - y) - (z - y) - 1.0

    with pytest.raises(ValueError, match="target first and the linear predictor second"):
        fit_with(linex, lambda z, y: np.exp(z - y) - 1.0)


def test_value_that_is_refused() -> None:
    with pytest.raises(ValueError, match="value: expected a loss >= 0, got -"):
        fit_with(lambda y, z: squared_error(y, z) - 1.0, squared_error_slope)
    with pytest.raises(ValueError, match="value: expected finite numbers for loss='custom'"):
        fit_with(lambda y, z: np.full_like(z, np.inf), squared_error_slope)
    with pytest.raises(ValueError, match="curvature: expected with this loss a bound"):
        fit_with(lambda y, z: 0.0 * z, lambda y, z: 0.0 * z)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"value": 3}, TypeError, r"^value: expected a callable .* got 3 \(int\)"),
        ({"derivative": None}, TypeError, "^derivative: expected a callable .* got None"),
        ({"second_derivative": "f"}, TypeError, "^second_derivative: expected a callable"),
        ({"curvature": 0.0}, ValueError, "^curvature: expected a finite number > 0"),
        ({"targets": "count"}, ValueError, "^targets: expected one of"),
        ({"link": "log"}, ValueError, "^link: expected with 'log'"),
        ({"name": "huber"}, ValueError, "^name: expected a name that no loss"),
        ({"name": 1}, TypeError, "^name: expected a str"),
        (
            {"value": ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(abs)},
            TypeError,
            r"'double \(double, double\)', got the signature 'double \(double\)'",
        ),
        (
            {"value": ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float, ctypes.c_double)(max)},
            TypeError,
            r"got the signature 'c_float \(c_float, c_double\)'",
        ),
    ],
    ids=lambda part: ", ".join(part) if isinstance(part, dict) else None,
)
def test_arguments_that_are_refused(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    given: dict[str, Any] = {"value": squared_error, "derivative": squared_error_slope}
    with pytest.raises(error, match=text):
        custom(**(given | arguments))


def test_is_a_loss_like_others() -> None:
    assert SQUARED_ERROR == custom(squared_error, squared_error_slope) != LOG_COSH
    assert pickle.loads(pickle.dumps(SQUARED_ERROR)) == SQUARED_ERROR
    assert losses.resolve(LOG_COSH) is LOG_COSH
    X, y, _ = table(losses.squared_error())
    assert fastgd.fit(X, y, loss=LOG_COSH, validation_fraction=0.2).loss == "log_cosh"
    assert fastgd.diagnose(X, y, loss=LOG_COSH).loss == "log_cosh"
    ours, like = PAIRS["logistic"]
    X, y, _ = table(like)
    assert fastgd.diagnose(X, y, loss=ours).separable is False
    assert fastgd.diagnose(X, X[:, 0] > 0, loss=ours).separable is True
    assert fastgd.fit(X, X[:, 0] > 0, loss=ours).separable


def test_example_runs() -> None:
    assert doctest.testmod(importlib.import_module("fastgd.losses._custom")).failed == 0


def test_estimators() -> None:
    X, y, _ = table(losses.squared_error())
    model = fastgd.linear_model.GDRegressor(loss=SQUARED_ERROR, alpha=0.1)
    like = fastgd.linear_model.GDRegressor(alpha=0.1).fit(X, y)
    np.testing.assert_allclose(clone(model).fit(X, y).coef_, like.coef_, rtol=1e-4)
    search = GridSearchCV(model, {"alpha": [0.01, 1.0]}, cv=2).fit(X, y)
    assert search.best_estimator_.loss == SQUARED_ERROR
    assert model.partial_fit(X, y).coef_.shape == (4,)
    for name in ("logistic", "poisson"):
        ours, other = PAIRS[name]
        X, y, _ = table(other)
        kind = getattr(fastgd.linear_model, f"GD{'Classifier' if name[0] == 'l' else 'Regressor'}")
        got, expected = (kind(loss=loss, tol=1e-9).fit(X, y) for loss in (ours, other))
        np.testing.assert_allclose(got.predict(X), expected.predict(X), rtol=1e-3)
        assert hasattr(got, "predict_proba") is False
