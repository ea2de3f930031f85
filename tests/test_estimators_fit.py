"""fit of the estimators: the optimum of the peers, and what each parameter does."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn.exceptions
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LogisticRegression, Ridge

import fastgd
from fastgd.linear_model import ConvergenceWarning, GDClassifier, GDRegressor

DIABETES = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
RNG = np.random.default_rng(1)
X = RNG.normal(size=(150, 4))
Y = X @ [1.0, -1.0, 0.5, 0.0] + RNG.normal(size=150)
LABELS = np.array(["a", "b", "c"])[np.digitize(Y, [-1.0, 0.5])]


def objective(model: Any, features: Any, y: Any, loss: Any, alpha: float) -> float:
    coef = np.ravel(model.coef_)
    intercept = float(np.ravel(model.intercept_)[0])
    return fastgd.value(features, y, coef, intercept, loss=loss, alpha=alpha)


@pytest.mark.parametrize("solver", ["auto", "batch", "minibatch", "sgd"])
def test_optimum_of_ridge(solver: Any) -> None:
    features, y = DIABETES
    alpha = 1e-3
    peer = Ridge(alpha=alpha * len(y)).fit(features, y)
    model = GDRegressor(alpha=alpha, solver=solver, tol=1e-10).fit(features, y)
    reached, least = (objective(m, features, y, "squared_error", alpha) for m in (model, peer))
    assert reached <= least * (1 + 1e-6)
    np.testing.assert_allclose(model.predict(features), peer.predict(features), rtol=1e-2)


@pytest.mark.parametrize("solver", ["auto", "batch", "minibatch", "sgd"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 1: 0.5}])
def test_optimum_of_logistic_regression(solver: Any, class_weight: Any) -> None:
    features, y = CANCER
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    alpha = 0.01
    weights = np.ones(len(y))
    if class_weight == "balanced":
        weights = len(y) / (2.0 * np.bincount(y)[y])
    elif class_weight:
        weights = np.array([3.0, 0.5])[y]
    C = 1.0 / (alpha * weights.sum())
    peer = LogisticRegression(C=C, class_weight=class_weight, tol=1e-8, max_iter=10_000)
    peer.fit(features, y)
    model = GDClassifier(alpha=alpha, solver=solver, class_weight=class_weight, tol=1e-9)
    model.fit(features, y)
    reached, least = (
        fastgd.value(
            features,
            y,
            m.coef_[0],
            m.intercept_[0],
            loss="log_loss",
            alpha=alpha,
            sample_weight=weights,
        )
        for m in (model, peer)
    )
    assert reached <= least * (1 + 1e-6)
    np.testing.assert_allclose(
        model.predict_proba(features), peer.predict_proba(features), atol=2e-3
    )


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        ("l2", {"alpha": 0.1, "l1_ratio": 0.0}),
        ("l1", {"alpha": 0.1, "l1_ratio": 1.0}),
        ("elasticnet", {"alpha": 0.1, "l1_ratio": 0.3}),
        (None, {"alpha": 0.0}),
    ],
)
def test_penalties_by_name(penalty: Any, expected: dict[str, float]) -> None:
    model = GDRegressor(penalty=penalty, alpha=0.1, l1_ratio=0.3).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, fastgd.fit(X, Y, **expected).coef)


def test_parameters_reach_the_fit() -> None:
    named: dict[str, Any] = {
        "solver": "minibatch", "batch_size": 10, "max_iter": 7, "tol": None, "update": "nesterov",
        "momentum": 0.5, "learning_rate": "invscaling", "eta0": 0.1, "power_t": 0.4,
        "random_state": 5, "fit_intercept": False, "n_threads": 1, "penalty_scale": "std",
        "precondition": "scale",
    }  # fmt: skip
    model = GDRegressor(alpha=0.01, shuffle="full", **named).fit(X, Y)
    result = fastgd.fit(X, Y, alpha=0.01, shuffle="full", **named)
    np.testing.assert_array_equal(model.coef_, result.coef)
    assert model.intercept_ == [0.0]
    assert model.n_iter_ == len(model.history_.objective) == 7
    assert model.t_ == 1 + 7 * len(X)
    assert model.status_ == model.result_.status == "iteration_limit"


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    "rate", ["constant", "invscaling", "optimal", lambda epoch: 0.01 / (epoch + 1)]
)
@pytest.mark.parametrize("solver", ["sgd", "minibatch"])
def test_warm_starts_make_one_fit(solver: Any, rate: Any, shuffle: bool) -> None:
    settings: dict[str, Any] = {
        "solver": solver, "batch_size": 16, "learning_rate": rate, "shuffle": shuffle,
        "alpha": 0.1, "tol": None, "loss": "huber", "epsilon": 0.5,
    }  # fmt: skip
    whole = GDRegressor(max_iter=7, **settings).fit(X, Y)
    split = GDRegressor(max_iter=3, warm_start=True, **settings).fit(X, Y)
    split.set_params(max_iter=4).fit(X, Y)
    np.testing.assert_array_equal(split.coef_, whole.coef_)
    np.testing.assert_array_equal(split.intercept_, whole.intercept_)
    assert split.t_ == whole.t_ == 1 + 7 * len(X)
    again = GDRegressor(max_iter=3, **settings).fit(X, Y)
    np.testing.assert_array_equal(
        again.fit(X, Y).coef_, GDRegressor(max_iter=3, **settings).fit(X, Y).coef_
    )


def test_starts_are_taken() -> None:
    exact = GDRegressor().fit(X, Y)
    still = GDRegressor(solver="sgd", learning_rate="constant", eta0=1e-300, max_iter=1, tol=None)
    still.fit(X, Y, coef_init=exact.coef_, intercept_init=exact.intercept_)
    np.testing.assert_array_equal(still.coef_, exact.coef_)
    classes = GDClassifier(alpha=0.1).fit(X, LABELS)
    frozen = GDClassifier(**still.get_params() | {"loss": "log_loss"})
    frozen.fit(X, LABELS, coef_init=classes.coef_, intercept_init=classes.intercept_)
    np.testing.assert_array_equal(frozen.coef_, classes.coef_)
    with pytest.raises(ValueError, match=r"coef_init: expected shape \(3, 4\)"):
        frozen.fit(X, LABELS, coef_init=np.zeros((2, 4)))


@pytest.mark.parametrize("kind", [GDRegressor, GDClassifier])
def test_single_precision_stays_single(kind: Any) -> None:
    model = kind().fit(X.astype(np.float32), Y > 0)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    assert kind().fit(X, Y > 0).coef_.dtype == np.float64


def test_shapes_are_those_of_scikit_learn() -> None:
    one = GDRegressor().fit(X, Y)
    two = GDRegressor().fit(X, np.stack([Y, -Y], axis=1))
    assert (one.coef_.shape, one.intercept_.shape) == ((4,), (1,))
    assert (two.coef_.shape, two.intercept_.shape) == ((2, 4), (2,))
    assert one.predict(X).shape == (150,)
    assert two.predict(X).shape == (150, 2)
    binary = GDClassifier().fit(X, Y > 0)
    three = GDClassifier().fit(X, LABELS)
    assert (binary.coef_.shape, binary.intercept_.shape) == ((1, 4), (1,))
    assert (three.coef_.shape, three.intercept_.shape) == ((3, 4), (3,))
    assert binary.decision_function(X).shape == (150,)
    assert three.decision_function(X).shape == three.predict_proba(X).shape == (150, 3)
    assert len(three.history_) == len(three.result_) == 3


def test_each_class_against_all_others() -> None:
    model = GDClassifier(alpha=0.01).fit(X, LABELS)
    for k, label in enumerate(model.classes_):
        binary = GDClassifier(alpha=0.01).fit(X, label == LABELS)
        np.testing.assert_array_equal(model.coef_[k], binary.coef_[0])
    probability = model.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(probability))
    assert (model.predict(X) == model.classes_[probability.argmax(axis=1)]).all()


def test_probabilities_come_with_some_losses_alone() -> None:
    assert hasattr(GDClassifier(), "predict_proba")
    assert not hasattr(GDClassifier(loss="squared_error"), "predict_log_proba")
    assert not hasattr(GDClassifier(loss="no such loss"), "predict_proba")
    assert hasattr(GDRegressor(), "partial_fit")
    assert not hasattr(GDRegressor(solver="batch"), "partial_fit")


def test_digits_are_read() -> None:
    features, digits = load_digits(return_X_y=True)
    model = GDClassifier(alpha=1e-3, n_jobs=1).fit(features[:1200], digits[:1200])
    assert model.score(features[1200:], digits[1200:]) > 0.9


def test_held_out_rows_stop_a_fit() -> None:
    model = GDRegressor(
        early_stopping=True, solver="sgd", validation_fraction=0.3, n_iter_no_change=2
    )
    model.fit(X, Y)
    assert model.status_ == "validation_stop"
    assert np.isfinite(model.history_.validation).all()
    assert np.isnan(GDRegressor().fit(X, Y).history_.validation).all()


def test_a_line_an_epoch_and_the_callers_callback(capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    model = GDRegressor(solver="sgd", verbose=1, callback=lambda info: seen.append(info.epoch))
    model.fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == model.n_iter_ == len(seen)
    assert lines[0].startswith("-- Epoch 1: norm ")
    GDRegressor(callback=lambda info: True).fit(X, Y)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "category", [fastgd.ConvergenceWarning, sklearn.exceptions.ConvergenceWarning]
)
def test_one_warning_under_both_names(category: type[Warning]) -> None:
    slow: dict[str, Any] = {"solver": "sgd", "max_iter": 1}
    with pytest.warns(category, match="^stopped at max_iter=1"):
        GDRegressor(**slow).fit(X, Y)
    with pytest.warns(category, match=r"class 'a': .* \(and 2 more classes\)") as caught:
        model = GDClassifier(**slow).fit(X, LABELS)
    assert [w.category for w in caught] == [ConvergenceWarning]
    assert caught[0].filename == __file__
    assert model.status_ == "iteration_limit"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GDClassifier(**slow | {"tol": None}).fit(X, LABELS)


def test_classes_share_the_time() -> None:
    model = GDClassifier(solver="sgd", tol=None, max_iter=10**6, max_time=0.2)
    with pytest.warns(ConvergenceWarning, match="max_time"):
        model.fit(X, LABELS)
    assert max(one.seconds[-1] for one in model.history_) < 0.4


def test_sparse_coefficients_predict_alike() -> None:
    for model, y in ((GDRegressor(penalty="l1", alpha=0.2), Y), (GDClassifier(alpha=0.1), LABELS)):
        dense = model.fit(X, y).coef_
        predicted = model.predict(X)
        assert type(model.sparsify().coef_).__name__.startswith("csr")
        sparse = model.predict(X)
        assert np.array_equal(sparse, predicted) or np.allclose(sparse, predicted, rtol=1e-12)
        np.testing.assert_array_equal(model.densify().coef_, dense, strict=True)


def test_effects_name_inputs_and_classes() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    effects = GDClassifier(alpha=0.1).fit(frame, np.where(Y > 0, "up", "down")).effects(frame)
    assert effects.names == ("a", "b", "c", "d")
    assert "log-odds of class up" in repr(effects)
    several = GDClassifier(alpha=0.1).fit(frame, LABELS).effects(frame)
    assert several.per_unit.shape == (3, 4)
    heading = repr(several).splitlines()[1]
    assert "per unit c" in heading
    assert "odds" not in heading  # those of one class would pass for those of all
    with pytest.raises(ValueError, match="feature names"):
        GDRegressor().fit(frame, Y).effects(frame[["b", "a", "c", "d"]])
    assert GDRegressor().fit(X, Y).effects(X).odds_ratio is None


def test_weights_of_classes_are_weights_of_rows() -> None:
    rows = RNG.integers(1, 4, size=len(X))
    repeated = np.repeat(np.arange(len(X)), rows)
    for class_weight in ("balanced", {"a": 2.0}):
        model = GDClassifier(alpha=0.1, class_weight=class_weight, solver="batch", tol=1e-12)
        weighted = model.fit(X, LABELS, sample_weight=rows).coef_
        alike = model.fit(X[repeated], LABELS[repeated]).coef_
        np.testing.assert_allclose(weighted, alike, rtol=1e-7)
