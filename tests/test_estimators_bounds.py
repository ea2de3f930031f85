"""penalty_factor and bounds of the estimators: those of `fit`, held by every step of a stream."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import fastgd
from fastgd.linear_model import GDClassifier, GDRegressor

INF = np.inf
RNG = np.random.default_rng(5)
X = RNG.normal(loc=[0.0, 1.0, -2.0, 0.5], size=(203, 4))
Y = X @ [1.0, -1.0, 0.5, 2.0] + 1.0 + RNG.normal(size=203)
Y2 = np.stack([Y, X[:, 0] - Y], axis=1)
LABELS = np.array(["a", "b", "c"])[np.digitize(Y, [-0.5, 1.5])]
CLASSES = np.unique(LABELS)

# a side without 0, a sign, a fixed coefficient, and one without bounds
LOW, HIGH = np.array([0.2, -INF, 0.3, -INF]), np.array([INF, 0.0, 0.3, INF])
LOW3 = np.stack([LOW, [-INF, 0.1, -0.2, -0.5], np.full(4, -0.1)])
HIGH3 = np.stack([HIGH, [0.4, INF, -0.1, 0.5], np.full(4, 0.1)])
FACTOR = np.array([1.0, 0.0, 2.0, 0.5])

STREAMS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd", "learning_rate": "constant"},
    "minibatch": {"solver": "minibatch", "batch_size": 16, "learning_rate": "invscaling"},
    "momentum": {"solver": "minibatch", "batch_size": 8, "learning_rate": "constant",
                 "update": "nesterov"},
    "adam": {"solver": "sgd", "learning_rate": "constant", "update": "adam"},
    "averaged": {"solver": "sgd", "learning_rate": "constant", "average": True},
    "auto": {},
}  # fmt: skip


def within(coef: Any, low: Any, high: Any) -> bool:
    return bool(((coef >= low) & (coef <= high)).all())


@pytest.mark.parametrize("solver", ["auto", "batch", "minibatch", "sgd"])
def test_they_are_those_of_fit(solver: Any) -> None:
    named: dict[str, Any] = {"alpha": 0.3, "penalty_factor": FACTOR, "bounds": (LOW, HIGH)}
    model = GDRegressor(solver=solver, **named).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, fastgd.fit(X, Y, solver=solver, **named).coef)
    both = GDRegressor(solver=solver, **named).fit(X, Y2)
    np.testing.assert_array_equal(both.coef_, fastgd.fit(X, Y2, solver=solver, **named).coef)


@pytest.mark.parametrize("bounds", [(LOW, HIGH), (LOW3, HIGH3), (0.0, None), (LOW3, None)])
def test_each_class_has_its_own_or_all_the_same(bounds: Any) -> None:
    named: dict[str, Any] = {"alpha": 0.01, "penalty_factor": FACTOR}
    model = GDClassifier(bounds=bounds, **named).fit(X, LABELS)
    low, high = (
        np.broadcast_to(free if side is None else side, (3, 4))
        for side, free in zip(bounds, (-INF, INF), strict=True)
    )
    assert within(model.coef_, low, high)
    for k, label in enumerate(CLASSES):
        one = fastgd.fit(X, label == LABELS, loss="log_loss", bounds=(low[k], high[k]), **named)
        np.testing.assert_array_equal(model.coef_[k], one.coef)
    two = GDClassifier(bounds=(LOW, HIGH), **named).fit(X, LABELS == "a")
    assert two.coef_.shape == (1, 4)
    assert within(two.coef_, LOW, HIGH)


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_are_within_from_their_first_row(kind: str) -> None:
    model = GDRegressor(bounds=(LOW, HIGH), eta0=0.05, **STREAMS[kind])
    several = GDRegressor(bounds=(LOW3[:2], HIGH3[:2]), eta0=0.05, **STREAMS[kind])
    classes = GDClassifier(bounds=(LOW3, HIGH3), eta0=0.05, **STREAMS[kind])
    for i in range(40):
        assert within(model.partial_fit(X[i : i + 1], Y[i : i + 1]).coef_, LOW, HIGH)
        assert within(several.partial_fit(X[i : i + 1], Y2[i : i + 1]).coef_, LOW3[:2], HIGH3[:2])
        classes.partial_fit(X[i : i + 1], LABELS[i : i + 1], classes=CLASSES)
        assert within(classes.coef_, LOW3, HIGH3)


@pytest.mark.parametrize("kind", ["sgd", "minibatch", "momentum", "averaged"])
def test_chunks_are_one_epoch_of_fit_bit_for_bit(kind: str) -> None:
    named: dict[str, Any] = {
        "alpha": 0.1, "penalty": "elasticnet", "penalty_factor": FACTOR, "eta0": 0.02,
        "max_iter": 1, "tol": None, "shuffle": False,
    } | STREAMS[kind]  # fmt: skip
    for estimator, y, bounds, classes in (
        (GDRegressor, Y, (LOW, HIGH), {}),
        (GDRegressor, Y2, (LOW3[:2], HIGH3[:2]), {}),
        (GDClassifier, LABELS, (LOW3, HIGH3), {"classes": CLASSES}),
        (GDClassifier, LABELS == "a", (LOW, HIGH), {"classes": [False, True]}),
    ):
        streamed, fitted = (estimator(bounds=bounds, **named) for _ in range(2))
        for begin in range(0, len(X), 50):
            streamed.partial_fit(X[begin : begin + 50], y[begin : begin + 50], **classes)
        fitted.fit(X, y)
        np.testing.assert_array_equal(streamed.coef_, fitted.coef_, strict=True)
        np.testing.assert_array_equal(streamed.intercept_, fitted.intercept_, strict=True)


@pytest.mark.parametrize("kind", STREAMS)
def test_bounds_may_come_later(kind: str) -> None:
    free = GDRegressor(eta0=0.02, max_iter=5, tol=None, **STREAMS[kind])
    for fitted in (copy.deepcopy(free).partial_fit(X[:100], Y[:100]), free.fit(X, Y)):
        assert not within(fitted.coef_, LOW, HIGH)
        later = copy.deepcopy(fitted).set_params(bounds=(LOW, HIGH))
        assert within(later.partial_fit(X[100:], Y[100:]).coef_, LOW, HIGH)
        later = copy.deepcopy(fitted).set_params(bounds=(LOW, HIGH), warm_start=True)
        assert within(later.fit(X, Y).coef_, LOW, HIGH)


def test_warm_starts_on_numbers_that_single_precision_has_not() -> None:
    """The nearest ones are beyond what was asked for: a second fit takes no offence."""
    model = GDRegressor(bounds=(0.2, 0.2), warm_start=True).fit(X.astype(np.float32), Y)
    assert (model.coef_ == np.float32(0.2)).all()
    assert (model.fit(X.astype(np.float32), Y).coef_ == np.float32(0.2)).all()


def test_features_without_penalty() -> None:
    strong = GDRegressor(alpha=1e3, penalty="l1", penalty_factor=[1, 0, 1, 1]).fit(X, Y)
    assert (strong.coef_ != 0.0).tolist() == [False, True, False, False]
    model = GDClassifier(alpha=1e3, penalty="l1", penalty_factor=[1, 0, 1, 1]).fit(X, LABELS)
    assert ((model.coef_ != 0.0) == [False, True, False, False]).all()


def test_clones_searches_and_prints() -> None:
    model = GDRegressor(penalty_factor=FACTOR, bounds=(LOW, None))
    fresh = clone(model).get_params()
    np.testing.assert_array_equal(fresh["penalty_factor"], FACTOR)
    np.testing.assert_array_equal(fresh["bounds"][0], LOW)
    assert "bounds=" in repr(model)
    choices = [None, (0.0, None), (-HIGH, -LOW)]
    search = GridSearchCV(GDRegressor(), {"bounds": choices}, cv=3).fit(X, Y)
    assert search.best_params_ == {"bounds": None}
    assert search.set_params(estimator__bounds=(0.0, 0.0)).estimator.bounds == (0.0, 0.0)
    assert len(search.cv_results_["mean_test_score"]) == 3


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"bounds": 0.0}, "^bounds: expected None or a pair"),
        ({"bounds": (1.0, 0.0)}, "^bounds: expected low <= high, got 1.0 > 0.0"),
        ({"bounds": (np.zeros(3), None)}, r"^bounds\[0\]: expected a number or shape .*got"),
        ({"bounds": (np.zeros((2, 4)), None)}, r"^bounds\[0\]: expected a number or shape .*got"),
        ({"penalty_factor": [1.0, -1.0, 1.0, 1.0]}, "^penalty_factor: expected factors >= 0"),
        ({"penalty_factor": np.ones(3)}, "^penalty_factor: expected shape"),
    ],
)
def test_wrong_ones_are_told(parameters: dict[str, Any], expected: str) -> None:
    for model, y, more in (
        (GDRegressor(**parameters), Y, {}),
        (GDClassifier(**parameters), LABELS, {"classes": CLASSES}),
    ):
        with pytest.raises((TypeError, ValueError), match=expected):
            model.fit(X, y)
        with pytest.raises((TypeError, ValueError), match=expected):
            model.partial_fit(X, y, **more)
        assert not hasattr(model, "coef_")
