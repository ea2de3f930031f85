"""Sparse X: what a dense one of the same numbers gives, from any format, and nothing written to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastgd

sp = pytest.importorskip("scipy.sparse")

# of a few diagonals alone would DIA make sense
pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")

FORMATS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
LOSSES = ("squared_error", "log_loss", "huber", "poisson", "quantile", "hinge")


def table(n: int = 600, d: int = 12, seed: int = 0) -> tuple[Any, Any]:
    """Columns of every share of zeros: one without numbers, one full and far from 0."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * (rng.random((n, d)) < np.linspace(0, 1, d) ** 2)
    X[:, -1] += 50.0
    z = X @ rng.standard_normal(d) / np.sqrt(d) + 0.3 * rng.standard_normal(n)
    return X, z - z.mean()


def targets(z: Any, loss: str) -> Any:
    if loss in ("log_loss", "hinge"):
        return np.where(z > 0, 1, -1)
    return np.random.default_rng(1).poisson(np.exp(0.3 * z / z.std())) if loss == "poisson" else z


def messy(X: Any, seed: int = 3, index: Any = np.int32) -> Any:
    """The same matrix, its rows out of order, some numbers in two parts, some zeros stored."""
    rng = np.random.default_rng(seed)
    csr = sp.csr_array(X)
    rows = np.repeat(np.arange(X.shape[0]), np.diff(csr.indptr))
    parts = rng.random(csr.nnz) < 0.3
    zeros = rng.integers(0, X.shape[0], 40), rng.integers(0, X.shape[1], 40)
    data = np.concatenate([np.where(parts, csr.data / 4, csr.data), 0.75 * csr.data[parts]])
    data = np.concatenate([data, np.zeros(40)])
    columns = np.concatenate([csr.indices, csr.indices[parts], zeros[1]])
    rows = np.concatenate([rows, rows[parts], zeros[0]])
    order = np.lexsort((rng.random(len(rows)), rows))
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=X.shape[0]))])
    result = sp.csr_array(X.shape)
    result.data, result.indices = data[order], columns[order].astype(index)
    result.indptr = starts.astype(index)
    return result


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [{}, {"alpha": 0.1}, {"alpha": 0.02, "l1_ratio": 1.0}])
def test_the_optimum_is_that_of_the_dense_rows(loss: str, penalty: dict[str, float]) -> None:
    X, z = table()
    y = targets(z, loss)
    weight = np.random.default_rng(2).random(len(X))
    options: dict[str, Any] = {"loss": loss, "sample_weight": weight, "tol": 1e-9, **penalty}
    dense = fastgd.fit(X, y, solver="batch", **options)
    sparse = fastgd.fit(messy(X), y, **options)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-6)
    assert sparse.plan.solver == "batch"


@pytest.mark.parametrize("precondition", ["none", "scale", "whiten"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_steps_are_those_of_the_dense_rows(precondition: Any, fit_intercept: bool) -> None:
    X, y = table()
    X[:, -1] -= 50.0  # the full column is not far off: "none" converges
    options: dict[str, Any] = {
        "precondition": precondition,
        "fit_intercept": fit_intercept,
        "alpha": 1e-3,
        "max_iter": 300,
        "tol": 1e-12,
    }
    dense = fastgd.fit(X, y, solver="batch", **options)
    sparse = fastgd.fit(sp.csr_array(X), y, **options)
    np.testing.assert_allclose(sparse.coef, dense.coef, atol=2e-5)
    np.testing.assert_allclose(sparse.intercept, dense.intercept, atol=2e-5)


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 60),
    d=st.integers(1, 20),
    outputs=st.integers(1, 3),
    density=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(["f8", "f4", "f2", "i1", "?", "u4", "i8", ">f8"]),
    index=st.sampled_from([np.int32, np.int64]),
)
def test_gradients_are_those_of_the_dense_rows(
    n: int, d: int, outputs: int, density: float, seed: int, dtype: str, index: Any
) -> None:
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((n, d)) < density, rng.integers(0, 5, (n, d)), 0).astype(dtype)
    y, coef = rng.standard_normal((n, outputs)), rng.standard_normal((outputs, d))
    weight, offset = rng.random(n) + 0.1, rng.standard_normal((n, outputs))
    csr = sp.csr_array(X.astype(float))
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    csr.data = csr.data.astype(dtype)
    options = {"sample_weight": weight, "offset": offset, "alpha": 0.1}
    value, gradient, intercept = fastgd.value_and_gradient(
        csr, y, coef, np.ones(outputs), **options
    )
    expected = fastgd.value_and_gradient(X, y, coef, np.ones(outputs), **options)
    tolerance = 1e-4 if np.dtype(dtype).itemsize <= 2 or dtype == "f4" else 1e-11
    assert value == pytest.approx(expected[0], rel=tolerance)
    np.testing.assert_allclose(gradient, expected[1], rtol=tolerance, atol=30 * tolerance)
    np.testing.assert_allclose(intercept, expected[2], rtol=tolerance, atol=30 * tolerance)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_formats(form: str, kind: str) -> None:
    X, y = table(200, 8)
    made = getattr(sp, f"{form}_{kind}")(X)
    result = fastgd.fit(made, y)
    np.testing.assert_allclose(result.coef, fastgd.fit(sp.csr_array(X), y).coef, rtol=1e-12)
    expected = "in place" if form == "csr" else f"converted from {form.upper()}: "
    assert expected in result.plan.storage
    assert result.plan.storage in repr(fastgd.explain_plan(made, y))


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_nothing_is_written_to(index: Any) -> None:
    X, y = table(300, 9)
    given = messy(X, index=index)
    before = [array.copy() for array in (given.data, given.indices, given.indptr)]
    for array in (given.data, given.indices, given.indptr):
        array.flags.writeable = False
    fastgd.fit(given, y)
    fastgd.diagnose(given, y)
    for array, was in zip((given.data, given.indices, given.indptr), before, strict=True):
        assert np.array_equal(array, was)
        assert array.dtype == was.dtype


@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "softmax"])
def test_bits_do_not_depend_on_threads(loss: str) -> None:
    rng = np.random.default_rng(5)
    X = sp.random_array((60_000, 40), density=0.2, rng=rng, format="csr")
    z = X @ rng.standard_normal(40) + 0.1 * rng.standard_normal(60_000)
    y = (
        z
        if loss == "squared_error"
        else (z > 0.5).astype(int) + (z > 1.0 if loss == "softmax" else 0)
    )
    one, two = (fastgd.fit(X, y, loss=loss, max_iter=6, tol=None, n_threads=n) for n in (1, 2))
    assert np.array_equal(one.coef, two.coef)
    assert np.array_equal(one.intercept, two.intercept)


def test_bits_of_quasi_newton_steps_do_not_depend_on_threads() -> None:
    """So many columns that threads share the work on coefficients, too."""
    rng = np.random.default_rng(8)
    X = sp.random_array((4_000, 90_000), density=2e-4, rng=rng, format="csr")
    y = np.where(X @ rng.standard_normal(90_000) > 0, 1, -1)
    one, two = (fastgd.fit(X, y, loss="log_loss", alpha=1e-4, n_threads=n) for n in (1, 2))
    assert one.plan.update == "lbfgs"
    assert np.array_equal(one.coef, two.coef)
    assert one.objective == two.objective


def test_float32_far_from_zero_keeps_its_digits() -> None:
    """A full column of year numbers beside rare ones, as one-hot tables have it."""
    rng = np.random.default_rng(6)
    X = np.zeros((4000, 6), dtype=np.float32)
    X[:, 0] = 2013 + rng.integers(0, 10, 4000)
    X[np.arange(4000), rng.integers(1, 6, 4000)] = 1
    y = X @ rng.standard_normal(6) + 0.01 * rng.standard_normal(4000)
    sparse = fastgd.fit(sp.csr_array(X), y, tol=1e-10)
    dense = fastgd.fit(X.astype(np.float64), y, solver="batch", tol=1e-10)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-3)


def test_more_columns_than_a_hessian_has() -> None:
    rng = np.random.default_rng(7)
    X = sp.random_array((1500, 5000), density=0.004, rng=rng, format="csr")
    y = X @ rng.standard_normal(5000)
    for loss, labels in (("squared_error", y), ("log_loss", y > 0)):
        sparse = fastgd.fit(X, labels, loss=loss, alpha=1e-3, tol=1e-9)
        dense = fastgd.fit(X.toarray(), labels, loss=loss, alpha=1e-3, tol=1e-9, solver="batch")
        assert sparse.objective == pytest.approx(dense.objective, rel=1e-6)


def test_nothing_is_made_dense() -> None:
    """Dense, these rows would take 60 GB."""
    rng = np.random.default_rng(8)
    X = sp.random_array((40_000, 200_000), density=1e-5, rng=rng, format="csr")
    y = np.asarray(X.sum(axis=1)) + 1.0
    result = fastgd.fit(X, y, alpha=1e-6)
    assert result.status == "converged"
    assert result.objective < 0.1 * y.var()


def test_centring_takes_as_few_epochs_as_on_dense_rows() -> None:
    """Positive numbers: the means of rare columns together are one steep direction."""
    rng = np.random.default_rng(9)
    X = sp.random_array((500, 3000), density=0.01, rng=rng, format="csr")
    y = X @ rng.standard_normal(3000)
    options: dict[str, Any] = {"alpha": 0.01, "l1_ratio": 0.5}
    sparse = fastgd.fit(X, y, **options)
    dense = fastgd.fit(X.toarray(), y, solver="batch", **options)
    assert sparse.n_iter <= 1.3 * dense.n_iter
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-5)


def test_columns_without_numbers_and_rows_without_numbers() -> None:
    X = sp.csr_array((100, 7))
    y = np.arange(100.0)
    result = fastgd.fit(X, y)
    assert not result.coef.any()
    assert result.intercept == pytest.approx(49.5)


def test_diagnosis_effects_and_gap_are_those_of_the_dense_rows() -> None:
    X, y = table(500, 7)
    given = messy(X)
    sparse, dense = fastgd.diagnose(given, y), fastgd.diagnose(X, y)
    for name in ("mean", "scale"):
        np.testing.assert_allclose(
            getattr(sparse, name), getattr(dense, name), rtol=1e-12, atol=1e-14
        )
    assert sparse.constant == dense.constant
    assert sparse.condition["none"] == pytest.approx(dense.condition["none"], rel=1e-6)
    assert sparse.safe_rate["batch"] == pytest.approx(dense.safe_rate["batch"], rel=1e-6)
    result = fastgd.fit(given, y, alpha=0.1)
    per_deviation = result.effects(given).per_deviation
    np.testing.assert_allclose(per_deviation, result.effects(X).per_deviation, rtol=1e-9)
    gaps = [
        fastgd.duality_gap(some, y, result.coef, result.intercept, alpha=0.1) for some in (given, X)
    ]
    assert gaps[0] == pytest.approx(gaps[1], rel=1e-4, abs=1e-9)


def test_held_out_rows() -> None:
    X, y = table()
    options: dict[str, Any] = {"validation_fraction": 0.2, "tol": 1e-9}
    sparse = fastgd.fit(sp.csr_array(X), y, **options)
    dense = fastgd.fit(X, y, solver="batch", **options)
    assert sparse.history.validation.min() == pytest.approx(
        dense.history.validation.min(), rel=1e-5
    )


def test_standard_deviations_in_the_penalty() -> None:
    X, y = table()
    options: dict[str, Any] = {"alpha": 0.1, "penalty_scale": "std", "tol": 1e-10}
    sparse = fastgd.fit(sp.csr_array(X), y, **options)
    dense = fastgd.fit(X, y, solver="batch", **options)
    np.testing.assert_allclose(sparse.coef, dense.coef, atol=1e-5)


@pytest.mark.parametrize("form", FORMATS)
def test_estimators(form: str) -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    made = sp.csr_array(X).asformat(form)
    regressor = linear_model.GDRegressor(alpha=0.1).fit(made, z)
    np.testing.assert_allclose(regressor.predict(made), regressor.predict(X), rtol=1e-10)
    labels = np.digitize(z, [-0.5, 0.5])
    for loss in ("log_loss", "softmax", "squared_error"):
        model = linear_model.GDClassifier(loss=loss, alpha=0.1).fit(made, labels)
        np.testing.assert_allclose(
            model.decision_function(made), model.decision_function(X), atol=1e-10
        )
        expected = linear_model.GDClassifier(loss=loss, alpha=0.1, solver="batch").fit(X, labels)
        assert abs(model.score(made, labels) - expected.score(X, labels)) < 0.01
        assert np.array_equal(model.sparsify().predict(made), model.densify().predict(X))
