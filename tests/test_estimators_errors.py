"""Wrong calls of the estimators: each says what is wrong and changes nothing."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.exceptions import NotFittedError

from fastgd.linear_model import GDClassifier, GDRegressor

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 3))
Y = X @ [1.0, -1.0, 0.5] + RNG.normal(size=60)
LABELS = np.array(["a", "b", "c"])[RNG.integers(0, 3, size=60)]

PARAMETERS: list[tuple[dict[str, Any], str]] = [
    ({"loss": "log_loss"}, "loss: expected a loss for targets that are real .*GDClassifier takes"),
    ({"loss": "squared_eror"}, "loss: expected .*did you mean 'squared_error'"),
    ({"loss": "mse"}, "loss: expected .*did you mean 'squared_error'"),
    ({"loss": "absolute_error"}, r"did you mean fastgd.losses.epsilon_insensitive\(0.0\)"),
    ({"loss": "huber", "epsilon": -1.0}, "epsilon: expected a finite number > 0"),
    ({"penalty": "l3"}, "penalty: expected one of 'l2', 'l1', 'elasticnet' or None, got 'l3'"),
    ({"alpha": -1.0}, "alpha: expected a finite number >= 0"),
    ({"penalty": "elasticnet", "l1_ratio": None}, "l1_ratio: expected a finite number in"),
    ({"penalty": "elasticnet", "l1_ratio": 2.0}, "l1_ratio: expected a finite number in"),
    ({"max_iter": 0}, "max_iter: expected an integer >= 1"),
    ({"tol": -1.0}, "tol: expected"),
    ({"shuffle": "rows"}, "shuffle: expected"),
    ({"verbose": -1}, "verbose: expected an integer >= 0"),
    ({"random_state": -1}, "random_state: expected"),
    ({"learning_rate": "pa3"}, "learning_rate: expected .*did you mean 'pa"),
    ({"learning_rate": "pa1"}, "loss: expected with learning_rate='pa1' 'hinge' or"),
    ({"learning_rate": "optimal"}, "learning_rate: expected a schedule that needs no penalty"),
    ({"eta0": 0.0}, "eta0: expected a finite number > 0"),
    ({"early_stopping": 1}, "early_stopping: expected True or False"),
    ({"warm_start": "yes"}, "warm_start: expected True or False"),
    ({"solver": "saga"}, "solver: expected"),
    ({"n_threads": 0}, "n_threads: expected"),
    ({"callback": "print"}, "callback: expected a callable or None"),
    ({"callback": "print", "verbose": 1}, "callback: expected a callable or None"),
]

STREAMS: list[tuple[dict[str, Any], str]] = [
    ({"early_stopping": True}, "early_stopping: expected for partial_fit False"),
    ({"learning_rate": lambda epoch: 0.1}, "learning_rate: expected for partial_fit a name"),
    ({"update": "adam"}, "learning_rate: expected for partial_fit another than .auto"),
    ({"precondition": "whiten"}, "precondition: expected for partial_fit another than 'whiten'"),
    ({"penalty_scale": "std", "alpha": 0.1}, "penalty_scale: "),
    ({"batch_size": 0}, "batch_size: expected an integer >= 1"),
    ({"eta0": -1.0}, "eta0: expected"),
]


def refused(model: Any, call: str, expected: str, *arguments: Any, **named: Any) -> None:
    """The call raises, and the model is as it was."""
    before = pickle.dumps(vars(model).get("coef_")), set(vars(model))
    with pytest.raises((ValueError, TypeError), match=expected):
        getattr(model, call)(*arguments, **named)
    assert (pickle.dumps(vars(model).get("coef_")), set(vars(model))) == before


@pytest.mark.parametrize(("parameters", "expected"), PARAMETERS)
def test_parameters(parameters: dict[str, Any], expected: str) -> None:
    refused(GDRegressor(**parameters), "fit", expected, X, Y)
    refused(GDRegressor().fit(X, Y).set_params(**parameters), "fit", expected, X[:, :2], Y)


@pytest.mark.parametrize(("parameters", "expected"), STREAMS)
def test_parameters_of_streams(parameters: dict[str, Any], expected: str) -> None:
    refused(GDRegressor(**parameters), "partial_fit", expected, X, Y)
    begun = GDRegressor().partial_fit(X, Y).set_params(**parameters)
    refused(begun, "partial_fit", expected, X, Y)


def test_a_batch_takes_no_chunks() -> None:
    with pytest.raises(AttributeError) as caught:
        GDRegressor(solver="batch").partial_fit(X, Y)
    assert "solver: expected 'auto', 'sgd' or 'minibatch' for partial_fit" in str(
        caught.value.__cause__
    )


@pytest.mark.parametrize("n_jobs", [0, 1.5, "all"])
def test_jobs(n_jobs: Any) -> None:
    refused(GDClassifier(n_jobs=n_jobs), "fit", "n_jobs: expected an integer", X, LABELS)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1, -2, -100])
def test_jobs_are_threads_and_change_no_bit(n_jobs: Any) -> None:
    model = GDClassifier(alpha=0.1, n_jobs=n_jobs).fit(X, LABELS)
    alone = GDClassifier(alpha=0.1, n_threads=1).fit(X, LABELS)
    np.testing.assert_array_equal(model.coef_, alone.coef_)


def test_data() -> None:
    model = GDClassifier(alpha=0.1).fit(X, LABELS)
    refused(model, "fit", "y: expected at least two classes, got one class, 'a'", X, ["a"] * 60)
    refused(model, "fit", "Unknown label type", X, Y)
    refused(model, "fit", "sample_weight: expected weights >= 0", X, LABELS, sample_weight=-X[:, 0])
    refused(model, "fit", "sample_weight: expected at least one", X, LABELS, sample_weight=[0] * 60)
    refused(model, "fit", "X: expected finite values", np.where(X > 1, np.nan, X), LABELS)
    refused(model, "predict", "features", X[:, :2])
    warm = GDClassifier(alpha=0.1, warm_start=True).fit(X, LABELS)
    for other, y in ((X[:, :2], LABELS), (X, LABELS == "a")):
        refused(warm, "fit", r"^coef_ \(warm_start=True\): expected shape", other, y)
    refused(GDRegressor(), "fit", "inconsistent numbers of samples", X, Y[:-1])
    refused(GDClassifier(class_weight={"z": 1.0}), "fit", "class", X, LABELS)


def test_streams() -> None:
    first = GDClassifier()
    refused(
        first, "partial_fit", "classes: expected all labels .* got None in the first", X, LABELS
    )
    refused(first, "partial_fit", "classes: expected at least two", X, LABELS, classes=["a"])
    refused(
        first, "partial_fit", "y: expected labels among classes_, .* got 'c'", X, LABELS, ["a", "b"]
    )
    balanced = GDClassifier(class_weight="balanced")
    refused(balanced, "partial_fit", "class_weight: expected a dict", X, LABELS, ["a", "b", "c"])
    model = first.partial_fit(X, LABELS, classes=["c", "b", "a"])
    refused(model, "partial_fit", "classes: expected None or the classes of", X, LABELS, ["a", "b"])
    refused(model, "partial_fit", "y: expected labels among classes_", X, ["d"] * 60)
    refused(model, "partial_fit", "NaN", np.where(X > 1, np.nan, X), LABELS)
    refused(model, "partial_fit", "features", X[:, :2], LABELS)
    refused(model, "partial_fit", "sample_weight: expected shape", X, LABELS, sample_weight=[0, 0])
    regressor = GDRegressor().partial_fit(X, Y)
    for loss, expected in (("poisson", "y: expected targets >= 0"), ("gamma", "targets > 0")):
        refused(GDRegressor(loss=loss), "partial_fit", expected, X, np.minimum(Y, 0.0))
    refused(regressor, "partial_fit", "y: expected 1 outputs", X, np.stack([Y, Y], axis=1))


@pytest.mark.parametrize("call", ["predict", "effects"])
def test_unfitted(call: str) -> None:
    for model in (GDRegressor(), GDClassifier()):
        with pytest.raises(NotFittedError):
            getattr(model, call)(X)
    for call_without_rows in ("sparsify", "densify"):
        with pytest.raises(NotFittedError):
            getattr(GDRegressor(), call_without_rows)()
