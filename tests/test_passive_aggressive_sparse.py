"""Passive-aggressive steps along sparse rows: those along the same rows in full."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd

sp = pytest.importorskip("scipy.sparse")

RULES = ["pa1", "pa2"]
KINKED = ["hinge", "epsilon_insensitive"]
PENALTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "ridge": {"alpha": 0.05},
    "lasso": {"alpha": 0.02, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.03, "l1_ratio": 0.5},
    "factors": {"alpha": 0.05, "penalty_factor": np.linspace(0, 2, 15)},
    "bounds": {"alpha": 0.05, "bounds": (-0.05, 0.1)},
}


def table(n: int = 400, d: int = 15) -> tuple[Any, Any]:
    """Columns of every share of zeros, some rows of nothing else, and numbers that follow them."""
    rng = np.random.default_rng(d)
    X = rng.standard_normal((n, d)) * (rng.random((n, d)) < np.linspace(0.05, 0.9, d))
    X[5::17] = 0.0
    return X, X @ rng.standard_normal(d) / np.sqrt(d) + 0.3 * rng.standard_normal(n)


def stored(X: Any) -> Any:
    """The rows as CSR, one of zeros that are stored."""
    csr = sp.csr_array(X)
    csr.data[csr.indptr[8] : csr.indptr[9]] = 0.0
    X[8] = 0.0
    return csr


def weights(n: int) -> Any:
    drawn = np.random.default_rng(9).uniform(0.0, 1.5, size=n)
    drawn[3] = 0.0
    return drawn


def steps(rule: str, **more: Any) -> dict[str, Any]:
    own = {"learning_rate": rule, "eta0": 0.3, "max_iter": 3, "tol": None, "shuffle": False}
    return own | more


@pytest.mark.parametrize("average", [False, True, 150])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", KINKED)
@pytest.mark.parametrize("rule", RULES)
def test_steps(rule: str, loss: Any, penalty: str, average: Any) -> None:
    X, z = table()
    csr = stored(X)
    y = np.where(z > 0, 1, -1) if loss == "hinge" else z
    own = steps(rule, loss=loss, average=average, **PENALTIES[penalty])
    for weight, intercept in itertools.product((None, weights(len(z))), (True, False)):
        fits = [
            fastgd.fit(some, y, sample_weight=weight, fit_intercept=intercept, **own)
            for some in (csr, X)
        ]
        np.testing.assert_allclose(fits[0].coef, fits[1].coef, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(fits[0].intercept, fits[1].intercept, rtol=1e-9, atol=1e-10)
        assert fits[0].objective == pytest.approx(fits[1].objective, rel=1e-9)


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
@pytest.mark.parametrize("rule", RULES)
def test_any_way_of_storing_rows(rule: str, dtype: Any, index: Any) -> None:
    X, z = table()
    X = np.rint(2.0 * X).astype(dtype)
    csr = sp.csr_array(X)
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    own = steps(rule, loss="epsilon_insensitive", alpha=0.02, l1_ratio=0.5)
    dense = fastgd.fit(X, z, **own)
    rounding = 1e-10 if dtype == np.float64 else 1e-4
    for some in (csr, csr.tocsc(), csr.tocoo()):
        np.testing.assert_allclose(fastgd.fit(some, z, **own).coef, dense.coef, atol=rounding)


@pytest.mark.parametrize("rule", RULES)
def test_several_outputs(rule: str) -> None:
    X, z = table()
    Y = np.stack([z, 1.0 - z, X[:, -1]], axis=1)
    own = steps(rule, loss="epsilon_insensitive", alpha=0.01, l1_ratio=0.3)
    fits = [fastgd.fit(some, Y, **own) for some in (sp.csr_array(X), X)]
    np.testing.assert_allclose(fits[0].coef, fits[1].coef, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_a_fit_goes_on_from_another(rule: str) -> None:
    X, z = table()
    csr = sp.csr_array(X)
    own = steps(rule, loss="epsilon_insensitive", alpha=0.01)
    whole = fastgd.fit(csr, z, **own | {"max_iter": 5})
    first = fastgd.fit(csr, z, **own | {"max_iter": 2})
    rest = fastgd.fit(
        csr, z, coef_init=first.coef, intercept_init=first.intercept, epochs_before=2, **own
    )
    np.testing.assert_allclose(rest.coef, whole.coef, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rule", RULES)
def test_columns_that_no_row_stores_change_nothing(rule: str) -> None:
    X, z = table()
    few = sp.csr_array(X)
    used = 40 * np.arange(X.shape[1]) + 3
    many = sp.csr_array((few.data, used[few.indices], few.indptr), shape=(len(z), 1000))
    own = steps(rule, loss="epsilon_insensitive", alpha=0.01)
    result = fastgd.fit(many, z, **own)
    np.testing.assert_array_equal(result.coef[used], fastgd.fit(few, z, **own).coef)
    assert np.count_nonzero(result.coef) <= len(used)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_classes(rule: str, several: bool) -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    labels = np.digitize(z, [-0.4, 0.4] if several else [0.0])
    named = steps(rule, loss="hinge", penalty=None, class_weight="balanced")
    models = [linear_model.GDClassifier(**named).fit(some, labels) for some in (sp.csr_array(X), X)]
    np.testing.assert_allclose(models[0].coef_, models[1].coef_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(models[0].intercept_, models[1].intercept_, rtol=1e-9, atol=1e-10)
    streamed = [linear_model.GDClassifier(**named | {"class_weight": None}) for _ in range(2)]
    for begin, end in itertools.pairwise([0, 1, 90, 91, 400]):
        for model, some in zip(streamed, (sp.csr_array(X), X), strict=True):
            model.partial_fit(some[begin:end], labels[begin:end], classes=np.unique(labels))
    np.testing.assert_allclose(streamed[0].coef_, streamed[1].coef_, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("average", [False, 60])
@pytest.mark.parametrize("penalty", ["l2", "l1"])
@pytest.mark.parametrize("rule", RULES)
def test_chunks_are_the_whole(rule: str, penalty: str, average: Any) -> None:
    """Wherever they end, and a stream is written down and read: rows of zeros are no steps."""
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    csr = sp.csr_array(X)
    named = steps(
        rule, loss="epsilon_insensitive", penalty=penalty, alpha=0.05, average=average, max_iter=1
    )
    whole = linear_model.GDRegressor(**named).fit(csr, z)
    parts, full = linear_model.GDRegressor(**named), linear_model.GDRegressor(**named)
    for begin, end in itertools.pairwise([0, 1, 22, 130, 131, 400]):
        parts = pickle.loads(pickle.dumps(parts))
        parts.partial_fit(csr[begin:end], z[begin:end])
        full.partial_fit(X[begin:end], z[begin:end])
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    np.testing.assert_array_equal(parts.intercept_, whole.intercept_)
    np.testing.assert_allclose(parts.coef_, full.coef_, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rule", [*RULES, "invscaling"])
def test_steps_owed_keep_their_length_when_eta0_changes(rule: str) -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    # columns that fall behind by some calls
    X[:, :8] *= np.random.default_rng(1).random((len(z), 8)) < 0.2
    named = steps(rule, loss="epsilon_insensitive", penalty="l1", alpha=0.05)
    models = [linear_model.GDRegressor(**named) for _ in range(2)]
    for begin in range(0, len(z), 8):
        for model, some in zip(models, (sp.csr_array(X), X), strict=True):
            model.set_params(eta0=0.3 / (8 + begin))
            model.partial_fit(some[begin : begin + 8], z[begin : begin + 8])
    np.testing.assert_allclose(models[0].coef_, models[1].coef_, rtol=1e-9, atol=1e-10)


PEERS: list[dict[str, Any]] = [
    {},
    {"eta0": 0.05, "max_iter": 3},
    {"eta0": 0.3, "penalty": "l2", "alpha": 0.02},
]


@pytest.mark.parametrize("arguments", PEERS, ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_scikit_learn_takes_the_same_steps(rule: str, arguments: dict[str, Any]) -> None:
    """Without an intercept, of which it learns a hundredth on sparse rows."""
    peer = pytest.importorskip("sklearn.linear_model")
    linear_model = pytest.importorskip("fastgd.linear_model")
    try:
        peer.SGDClassifier(learning_rate="pa1").fit([[0.0], [1.0]], [0, 1])
    except ValueError:
        pytest.skip("scikit-learn is older than 1.8")
    X, z = table()
    csr = stored(X)
    named = {"penalty": None, "eta0": 1.0, "max_iter": 1} | arguments
    named |= {"learning_rate": rule, "shuffle": False, "tol": None, "fit_intercept": False}
    labels = np.digitize(z, [-0.4, 0.4])
    for ours, theirs, y, loss in (
        (linear_model.GDClassifier, peer.SGDClassifier, labels, "hinge"),
        (linear_model.GDRegressor, peer.SGDRegressor, z, "epsilon_insensitive"),
    ):
        models = [
            kind(loss=loss, **named).fit(csr, y, sample_weight=weights(len(z)))
            for kind in (ours, theirs)
        ]
        np.testing.assert_allclose(models[0].coef_, models[1].coef_, rtol=1e-9, atol=1e-10)
