"""partial_fit: where chunks end plays no part, and nothing is lost between calls."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from hypothesis import given
from hypothesis import strategies as st

import fastgd
from fastgd.linear_model import GDClassifier, GDRegressor

ROWS = 203  # fills no whole block at its end
RNG = np.random.default_rng(0)
X = RNG.normal(loc=[0.0, 1.0, 0.0, -2.0, 0.5], size=(ROWS, 5))
Y = X @ [1.0, -1.0, 0.5, 0.0, 2.0] + 1.0 + RNG.normal(size=ROWS)
Y2 = np.stack([Y, -0.5 * Y + X[:, 0]], axis=1)
LABELS = (Y > 1.0).astype(int)
THREE = np.array(["a", "b", "c"])[np.digitize(Y, [0.0, 2.0])]

KINDS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd"},
    "auto": {"solver": "auto"},
    "minibatch": {"solver": "minibatch", "batch_size": 32},
    "minibatch of 7": {"solver": "minibatch", "batch_size": 7},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.4},
    "optimal": {"solver": "sgd", "learning_rate": "optimal", "alpha": 0.5, "loss": "huber"},
    "momentum": {"solver": "minibatch", "batch_size": 10, "update": "momentum"},
    "single rows by adam": {"solver": "sgd", "update": "adam"},
    "ridge": {"solver": "sgd", "alpha": 0.1},
    "lasso": {"solver": "sgd", "alpha": 0.1, "penalty": "l1"},
    "averaged": {"solver": "sgd", "average": True},
    "averaged late": {"solver": "minibatch", "batch_size": 8, "average": 80},
    "no intercept": {"solver": "sgd", "fit_intercept": False},
    "huber": {"solver": "sgd", "loss": "huber", "epsilon": 0.5},
}


def regressor(kind: str, **more: Any) -> GDRegressor:
    return GDRegressor(**{"learning_rate": "constant", "eta0": 0.02} | KINDS[kind] | more)


def one_epoch(model: Any) -> Any:
    """The same model for `fit`, by one epoch in order."""
    solver = "sgd" if model.solver == "auto" else model.solver
    return model.__class__(**model.get_params() | {"solver": solver}).set_params(
        max_iter=1, tol=None, shuffle=False
    )


def stream(model: Any, y: Any, cuts: list[int], *, features: Any = X, **named: Any) -> Any:
    ends = sorted({*cuts, len(features)} - {0})
    for begin, end in zip([0, *ends], ends, strict=False):
        model.partial_fit(features[begin:end], y[begin:end], **named)
    return model


def assert_same(one: Any, two: Any) -> None:
    np.testing.assert_array_equal(one.coef_, two.coef_, strict=True)
    np.testing.assert_array_equal(one.intercept_, two.intercept_, strict=True)


cut_points = st.lists(st.integers(1, ROWS - 1), max_size=12)


@pytest.mark.parametrize("kind", KINDS)
@given(cuts=cut_points)
def test_chunks_are_one_epoch_of_fit_bit_for_bit(kind: str, cuts: list[int]) -> None:
    streamed = stream(regressor(kind), Y, cuts)
    fitted = one_epoch(regressor(kind)).fit(X, Y)
    assert_same(streamed, fitted)
    assert streamed.t_ == fitted.t_ == 1 + ROWS


@given(cuts=cut_points)
def test_chunks_of_several_outputs_single_precision_and_weights(cuts: list[int]) -> None:
    single = X.astype(np.float32)
    streamed = stream(regressor("minibatch"), Y2, cuts, features=single)
    assert streamed.coef_.dtype == np.float32
    assert streamed.coef_.shape == (2, 5)
    assert_same(streamed, one_epoch(regressor("minibatch")).fit(single, Y2))
    weights = np.resize([0.5, 1.5], ROWS - 1)  # of mean 1
    ends = sorted({*cuts, ROWS - 1})
    model = regressor("sgd")
    for begin, end in zip([0, *ends], ends, strict=False):
        model.partial_fit(X[begin:end], Y[begin:end], sample_weight=weights[begin:end])
    whole = one_epoch(regressor("sgd"))
    assert_same(model, whole.fit(X[:-1], Y[:-1], sample_weight=weights))


@pytest.mark.parametrize("cuts", [[], [1, 2999, 3000], [3001, 6500], [5, 1000, 4000, 6999]])
def test_chunks_of_batches_larger_than_the_cache(cuts: list[int]) -> None:
    wide = np.random.default_rng(4).normal(size=(7000, 100))
    named: dict[str, Any] = {"batch_size": 3000, "eta0": 0.1, "alpha": 0.1}
    fitted = one_epoch(regressor("minibatch", **named)).fit(wide, wide[:, 0])
    streamed = stream(regressor("minibatch", **named), wide[:, 0], cuts, features=wide)
    assert_same(streamed, fitted)


@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two", "three"])
@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@given(cuts=cut_points)
def test_chunks_of_classes(labels: Any, loss: str, cuts: list[int]) -> None:
    model = GDClassifier(loss=loss, solver="sgd", learning_rate="constant", eta0=0.05)
    streamed = stream(model, labels, cuts, classes=np.unique(labels))
    fitted = one_epoch(model).fit(X, labels)
    assert_same(streamed, fitted)
    assert streamed.predict(X).tolist() == fitted.predict(X).tolist()


@pytest.mark.parametrize("kind", ["sgd", "minibatch", "invscaling", "optimal", "momentum"])
def test_as_many_calls_with_all_rows_as_fit_has_epochs(kind: str) -> None:
    """Where the rows are whole blocks; else batches run on from one call into the next."""
    rows = 160
    model = regressor(kind)
    for _ in range(4):
        model.partial_fit(X[:rows], Y[:rows])
    assert_same(model, one_epoch(regressor(kind)).set_params(max_iter=4).fit(X[:rows], Y[:rows]))


@pytest.mark.parametrize("solver", ["sgd", "minibatch"])
@given(cuts=st.lists(st.integers(1, 10 * ROWS), max_size=8))
def test_chunks_play_no_part_in_automatic_steps(solver: Any, cuts: list[int]) -> None:
    """They come from the first rows, however these arrive."""
    rows = np.tile(X, (10, 1)) * [1.0, 1e5, 1e-5, 1.0, 30.0]
    targets = np.tile(Y, 10)
    model = GDRegressor(solver=solver, precondition="scale")
    assert_same(
        stream(model, targets, cuts, features=rows),
        stream(GDRegressor(solver=solver), targets, [], features=rows),
    )


@pytest.mark.parametrize("solver", ["sgd", "minibatch"])
@pytest.mark.parametrize("rows_a_call", [1, 10, ROWS])
def test_automatic_steps_learn_on_raw_columns(solver: Any, rows_a_call: int) -> None:
    raw = X * [1.0, 1e5, 1e-5, 1.0, 30.0]
    model = GDRegressor(solver=solver, batch_size=16)
    for _ in range(40):
        stream(model, Y, list(range(0, ROWS, rows_a_call)), features=raw)
    assert model.score(raw, Y) > 0.95 * GDRegressor().fit(raw, Y).score(raw, Y)


def test_a_column_that_is_constant_at_first_is_learnt() -> None:
    late = X.copy()
    late[:50, 0] = 0.0
    late[:50, 1] = 1.0
    model = GDRegressor()
    for _ in range(100):
        stream(model, Y, [50], features=late)
    assert model.score(late, Y) > 0.95 * GDRegressor().fit(late, Y).score(late, Y)


@given(cuts=cut_points, at=st.integers(0, 12))
def test_a_pickled_stream_goes_on_with_the_same_bits(cuts: list[int], at: int) -> None:
    for kind in ("minibatch", "momentum"):
        ends = sorted({*cuts, ROWS})
        model = regressor(kind)
        for i, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if i == at:
                model = pickle.loads(pickle.dumps(model))
            model.partial_fit(X[begin:end], Y[begin:end])
        assert_same(model, stream(regressor(kind), Y, []))


@pytest.mark.parametrize("rows", [100, 1500])
def test_a_pickled_stream_of_automatic_steps(rows: int) -> None:
    many, targets = np.tile(X, (10, 1)), np.tile(Y, 10)
    later = pickle.loads(pickle.dumps(GDRegressor().partial_fit(many[:rows], targets[:rows])))
    later.partial_fit(many[rows:], targets[rows:])
    assert_same(later, GDRegressor().partial_fit(many, targets))


def test_waiting_rows_are_copies() -> None:
    chunk, targets = X[:50].copy(), Y[:50].copy()
    model = regressor("minibatch").partial_fit(chunk, targets)
    chunk[:], targets[:] = np.nan, np.nan
    assert_same(model.partial_fit(X[50:], Y[50:]), stream(regressor("minibatch"), Y, []))


@pytest.mark.parametrize("kind", ["sgd", "minibatch", "invscaling", "ridge", "momentum"])
def test_rows_of_weight_zero_are_absent(kind: str) -> None:
    weights = (np.arange(ROWS) % 3 > 0).astype(float)
    weighted = regressor(kind).partial_fit(X, Y, sample_weight=weights)
    absent = regressor(kind).partial_fit(X[weights > 0], Y[weights > 0])
    assert_same(weighted, absent)
    assert weighted.t_ == absent.t_ == 1 + np.count_nonzero(weights)
    before = pickle.dumps(weighted)
    weighted.partial_fit(X, Y, sample_weight=np.zeros(ROWS))
    assert pickle.dumps(weighted) == before


def test_a_first_chunk_of_weight_zero_only_names_the_classes() -> None:
    model = GDClassifier().partial_fit(X, THREE, classes=["a", "b", "c"], sample_weight=[0] * ROWS)
    assert not model.coef_.any()
    assert model.t_ == 1
    model.partial_fit(X, THREE)
    assert_same(model, GDClassifier().partial_fit(X, THREE, classes=["a", "b", "c"]))


def test_it_goes_on_from_a_fit_and_from_coefficients_that_were_set() -> None:
    model = regressor("invscaling", max_iter=3, tol=None, shuffle=False)
    whole = one_epoch(regressor("invscaling")).set_params(max_iter=4).fit(X[:160], Y[:160])
    assert_same(model.fit(X[:160], Y[:160]).partial_fit(X[:160], Y[:160]), whole)
    model = regressor("sgd").partial_fit(X, Y)
    model.coef_ = np.zeros(5)
    model.intercept_ = np.zeros(1)
    assert_same(model.partial_fit(X[:160], Y[:160]), regressor("sgd").partial_fit(X[:160], Y[:160]))


def test_parameters_may_change_between_calls() -> None:
    model = regressor("sgd", eta0=0.02).partial_fit(X[:100], Y[:100])
    slower = pickle.loads(pickle.dumps(model)).set_params(eta0=1e-9).partial_fit(X[100:], Y[100:])
    np.testing.assert_allclose(slower.coef_, model.coef_, atol=1e-6)
    changes: list[dict[str, Any]] = [{"solver": "minibatch"}, {"average": True}, {"update": "adam"}]
    for change in changes:
        other = pickle.loads(pickle.dumps(model)).set_params(**change)
        assert np.isfinite(other.partial_fit(X[100:], Y[100:]).coef_).all()


def test_diverging_rows_leave_the_model_as_it_was() -> None:
    model = regressor("sgd").partial_fit(X, Y)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match="learning_rate: expected a step size that keeps"):
        model.partial_fit(X * 1e200, Y)
    assert pickle.dumps(model) == before


def test_results_of_a_fit_do_not_outlive_it() -> None:
    model = GDRegressor().fit(X, Y)
    assert isinstance(model.history_, fastgd.History)
    model.partial_fit(X, Y)
    assert not {"history_", "result_", "status_"} & set(vars(model))
    assert model.n_iter_ == 1
