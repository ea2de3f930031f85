"""The estimators among scikit-learn's tools: searches, pipelines, calibration, routing."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastgd
from fastgd.linear_model import GDClassifier, GDRegressor

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(2)
X = RNG.normal(size=(200, 4))
Y = X @ [1.0, -1.0, 0.5, 0.0] + RNG.normal(size=200)
LABELS = np.where(Y > 0, "up", "down")
WEIGHTS = RNG.integers(0, 3, size=200).astype(float)


def test_importing_the_package_leaves_scikit_learn_alone(run_python: Callable[..., str]) -> None:
    code = """
        import sys, fastgd
        assert not {"sklearn", "scipy"} & set(sys.modules)
        assert {"GDRegressor", "GDClassifier", "linear_model"} <= set(dir(fastgd))
        kind = fastgd.GDRegressor
        assert "sklearn" in sys.modules
        assert kind is fastgd.linear_model.GDRegressor
        print(kind.__name__)
    """
    assert run_python(code).strip() == "GDRegressor"


def test_without_scikit_learn_the_extra_is_named(run_python: Callable[..., str]) -> None:
    code = """
        import sys
        sys.modules["sklearn"] = None
        import fastgd
        for name in ("GDRegressor", "linear_model"):
            try:
                getattr(fastgd, name)
            except ImportError as error:
                print(error)
    """
    expected = "fastgd.linear_model needs scikit-learn >= 1.6; pip install 'fastgd[sklearn]'"
    assert run_python(code).splitlines() == [expected] * 2


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="module 'fastgd' has no attribute 'GDMagic'"):
        fastgd.GDMagic  # noqa: B018


def test_kinds_and_tags() -> None:
    assert is_regressor(GDRegressor())
    assert is_classifier(GDClassifier())
    assert sklearn.utils.get_tags(GDRegressor()).target_tags.multi_output
    assert sklearn.utils.get_tags(GDRegressor(loss="no such loss")).input_tags.sparse


@pytest.mark.parametrize("kind", [GDRegressor, GDClassifier])
def test_clones_and_copies(kind: Any) -> None:
    model = kind(alpha=0.5, loss=fastgd.losses.huber(2.0)).fit(X, Y > 0)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    assert not hasattr(fresh, "coef_")
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        assert other.history_.objective.tolist() == model.history_.objective.tolist()


def test_grid_search_over_losses_and_penalties() -> None:
    grid = {"loss": ["squared_error", "huber"], "alpha": [0.0, 0.01, 10.0], "penalty": ["l1", "l2"]}
    search = GridSearchCV(GDRegressor(), grid, cv=3).fit(X, Y)
    assert search.best_params_["alpha"] < 10.0
    assert search.best_score_ > 0.6


def test_cross_validation_by_two_processes() -> None:
    alone = cross_val_score(GDClassifier(alpha=0.01), X, LABELS, cv=3)
    shared = cross_val_score(GDClassifier(alpha=0.01), X, LABELS, cv=3, n_jobs=2)
    np.testing.assert_array_equal(alone, shared)
    assert alone.min() > 0.6


@pytest.mark.parametrize("classifier", [GDClassifier(), GDClassifier(loss="squared_error")])
def test_calibration(classifier: GDClassifier) -> None:
    features, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), CalibratedClassifierCV(classifier, cv=3))
    assert model.fit(features, y).score(features, y) > 0.94


def test_several_outputs_by_one_fit_or_by_many() -> None:
    both = np.stack([Y, -2.0 * Y + 1.0], axis=1)
    joint = GDRegressor().fit(X, both)
    apart = MultiOutputRegressor(GDRegressor()).fit(X, both)
    np.testing.assert_allclose(joint.predict(X), apart.predict(X), rtol=1e-6, atol=1e-6)


def test_names_of_columns_go_through_a_pipeline() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, GDRegressor()).fit(frame, Y)
    assert pipeline[-1].feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        pipeline[-1].predict(frame[["b", "a", "c", "d"]])


def test_weights_are_routed_through_a_search_in_a_pipeline() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        regressor = GDRegressor().set_fit_request(sample_weight=True)
        scorer = get_scorer("r2").set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), regressor)
        search = GridSearchCV(pipeline, {"gdregressor__alpha": [0.01, 0.1]}, cv=3, scoring=scorer)
        search.fit(X, Y, sample_weight=WEIGHTS)
        alone = clone(search.best_estimator_).fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(search.predict(X), alone.predict(X))
    unweighted = clone(search.best_estimator_).fit(X, Y)
    assert not np.allclose(search.predict(X), unweighted.predict(X))


def test_partial_fit_takes_routed_classes() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        model = GDClassifier().set_partial_fit_request(classes=True, sample_weight=True)
        model.partial_fit(X, LABELS, classes=["down", "up"], sample_weight=WEIGHTS)
    assert model.score(X, LABELS) > 0.6


def test_numpy_under_array_api_dispatch(run_python: Callable[..., str]) -> None:
    code = """
        import numpy as np, sklearn, fastgd
        X = np.random.default_rng(0).normal(size=(50, 3))
        with sklearn.config_context(array_api_dispatch=True):
            for model, y in ((fastgd.GDRegressor(), X[:, 0]), (fastgd.GDClassifier(), X[:, 0] > 0)):
                print(model.fit(X, y).score(X, y) > 0.9)
    """
    pytest.importorskip("sklearn.externals.array_api_compat", reason="dispatch needs a package")
    assert run_python(code, SCIPY_ARRAY_API="1").split() == ["True"] * 2
