"""Steps along sparse rows: those along the same rows in full, whole fits and streams alike."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import fastgd

sp = pytest.importorskip("scipy.sparse")

STOCHASTIC = ("sgd", "minibatch")
PENALTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "ridge": {"alpha": 0.05},
    "lasso": {"alpha": 0.02, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.03, "l1_ratio": 0.5},
    "factors": {"alpha": 0.05, "l1_ratio": 0.5, "penalty_factor": np.linspace(0, 2, 15)},
    "bounds": {"alpha": 0.05, "bounds": (-0.05, 0.1)},
}
RATES: dict[str, dict[str, Any]] = {
    "constant": {"learning_rate": "constant", "eta0": 0.01},
    "invscaling": {"learning_rate": "invscaling", "eta0": 0.05},
    "cosine": {"learning_rate": fastgd.schedules.cosine(0.02, epochs=3)},
}


def table(n: int = 700, d: int = 15, seed: int = 0) -> tuple[Any, Any]:
    """Columns of every share of zeros, the last one full, and targets."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * (rng.random((n, d)) < np.linspace(0.01, 1, d) ** 2)
    z = X @ rng.standard_normal(d) / np.sqrt(d) + 0.3 * rng.standard_normal(n)
    return X, z


def both(X: Any, y: Any, **options: Any) -> tuple[Any, Any]:
    """Fits of the sparse and of the full rows, in the order of the rows."""
    fits = [fastgd.fit(some, y, shuffle=False, **options) for some in (sp.csr_array(X), X)]
    return fits[0], fits[1]


def assert_same(sparse: Any, dense: Any, atol: float = 1e-10) -> None:
    np.testing.assert_allclose(sparse.coef, dense.coef, atol=atol)
    np.testing.assert_allclose(sparse.intercept, dense.intercept, atol=atol)
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-9)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_steps(solver: Any, penalty: str, rate: str) -> None:
    X, z = table()
    weight = np.random.default_rng(2).random(len(X))
    own = {"solver": solver, "batch_size": 32, "max_iter": 3, "tol": None, "sample_weight": weight}
    for loss, y in (("squared_error", z), ("log_loss", np.where(z > 0, 1, -1))):
        assert_same(*both(X, y, loss=loss, **own, **PENALTIES[penalty], **RATES[rate]))


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("average", [False, 200])
@pytest.mark.parametrize("precondition", ["none", "scale"])
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_metrics_and_averages(solver: Any, precondition: Any, average: Any) -> None:
    X, z = table()
    X[:, -1] += 3.0
    options = {"precondition": precondition, "average": average, "max_iter": 3, "tol": None}
    if precondition == "none":
        options |= RATES["constant"]
    for penalty in ("none", "ridge", "lasso"):
        sparse, dense = both(X, z, solver=solver, **options, **PENALTIES[penalty])
        # full columns alone are centred: other steps in a metric, to the same end
        if precondition == "none":
            assert_same(sparse, dense)
        else:
            assert sparse.objective == pytest.approx(dense.objective, rel=0.05)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("penalty", ["none", "ridge", "lasso"])
@pytest.mark.parametrize("update", ["momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_updates(update: Any, penalty: str) -> None:
    X, z = table()
    options = {"solver": "minibatch", "batch_size": 16, "max_iter": 3, "tol": None}
    options |= {"update": update, **RATES["constant"], **PENALTIES[penalty]}
    assert_same(*both(X, z, **options))


@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "huber", "squared_hinge", "poisson"])
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_default_steps_reach_the_optimum(solver: Any, loss: str) -> None:
    X, z = table(2000)
    y = {"log_loss": z > 0, "squared_hinge": z > 0, "poisson": np.exp(z / 4).round()}.get(loss, z)
    given: dict[str, Any] = {"loss": loss, "alpha": 0.01}
    best = fastgd.fit(X, y, solver="batch", tol=1e-10, **given).objective
    for matrix in (sp.csr_array(X), sp.csc_array(X)):
        assert fastgd.fit(matrix, y, solver=solver, **given).objective <= best * (1 + 1e-4)


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_classes(solver: Any) -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table(1500)
    labels = np.digitize(z, [-0.5, 0.5])
    for loss in ("log_loss", "softmax"):
        model = linear_model.GDClassifier(loss=loss, alpha=0.01, solver=solver)
        expected = linear_model.GDClassifier(loss=loss, alpha=0.01).fit(X, labels)
        scores = model.fit(sp.csr_array(X), labels).decision_function(X)
        np.testing.assert_allclose(scores, expected.decision_function(X), atol=0.1)


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("penalty", ["none", "ridge", "lasso"])
def test_chunks_are_the_whole(solver: Any, penalty: str) -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    csr = sp.csr_array(X)
    own = {"solver": solver, "batch_size": 32, "learning_rate": "constant", "eta0": 0.01}
    own |= {"precondition": "none", **PENALTIES[penalty]}
    if own.get("alpha"):
        own["penalty"] = "l1" if own.pop("l1_ratio", 0.0) else "l2"
    whole = linear_model.GDRegressor(max_iter=1, tol=None, shuffle=False, **own)
    whole.fit(csr, z)
    parts, full = linear_model.GDRegressor(**own), linear_model.GDRegressor(**own)
    for begin, end in itertools.pairwise([0, 1, 130, 131, 400, 700]):
        parts.partial_fit(csr[begin:end], z[begin:end])
        full.partial_fit(X[begin:end], z[begin:end])
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    np.testing.assert_allclose(parts.coef_, full.coef_, atol=1e-12)


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("average", [False, True])
def test_a_stream_whose_penalty_changes(solver: Any, average: bool) -> None:
    """What columns owe to steps before the change is told by the penalty of then."""
    linear_model = pytest.importorskip("fastgd.linear_model")
    X, z = table()
    csr = sp.csr_array(X)
    own = {"solver": solver, "batch_size": 16, "learning_rate": "constant", "eta0": 0.02}
    own |= {"penalty": "elasticnet", "l1_ratio": 0.6, "precondition": "none", "average": average}
    sparse, full = linear_model.GDRegressor(**own), linear_model.GDRegressor(**own)
    changes: list[dict[str, Any]] = [
        {"alpha": 0.2},
        {"alpha": 0.001},
        {"penalty_factor": np.linspace(0, 3, 15), "alpha": 0.1},
        {"bounds": (-0.05, 0.05), "penalty_factor": None},
        {"bounds": None, "alpha": 0.0},
    ]
    for change, begin in zip(changes, range(0, 700, 140), strict=True):
        for model, rows in ((sparse, csr), (full, X)):
            model.set_params(**change).partial_fit(
                rows[begin : begin + 135], z[begin : begin + 135]
            )
        np.testing.assert_allclose(sparse.coef_, full.coef_, atol=1e-12)
