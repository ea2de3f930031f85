"""What a fit hands back: how it reads, and that it stays as it is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd


def make_history(n_epochs: int = 3) -> fastgd.History:
    falling = np.geomspace(0.693147, 0.25, n_epochs)
    return fastgd.History(
        falling,
        falling / 1000,
        np.ones(n_epochs),
        np.arange(n_epochs) / 10,
        np.arange(n_epochs) + 2.5,
        np.full(n_epochs, np.nan),
    )


def make_plan() -> fastgd.Plan:
    seconds = {"batch": 0.25, "minibatch": 0.5, "sgd": 1.0}
    return fastgd.Plan("batch", "whiten", "plain", 100, "least estimated time", seconds)


def make_result(**changes: Any) -> fastgd.FitResult:
    result = fastgd.FitResult(
        coef=np.arange(6) / 7,
        intercept=0.125,
        objective=0.25,
        gradient_norm=0.00025,
        suboptimality=5e-8,
        n_iter=3,
        n_passes=4.54,
        status="converged",
        message="the gradient norm 2.5e-04 is below tol",
        precondition="whiten",
        plan=make_plan(),
        loss="squared_error",
        history=make_history(),
        classes=None,
    )
    return dataclasses.replace(result, **changes)


def test_repr_tells_the_story() -> None:
    assert repr(make_result(classes=np.array([0, 1]))) == "\n".join(
        [
            "FitResult",
            "  status         converged",
            "  epochs         3 (4.5 passes over X), precondition 'whiten'",
            "  objective      0.693147 -> 0.25",
            "  gradient norm  0.000693147 -> 0.00025",
            "  suboptimality  about 5e-08 (2e-07 of the objective)",
            "  coef           [0, 0.142857, 0.285714, 0.428571, ...] shape (6,), float64",
            "  intercept      0.125",
            "  classes        [0, 1]",
            "  message        the gradient norm 2.5e-04 is below tol",
        ]
    )


def test_repr_of_several_outputs() -> None:
    result = make_result(coef=np.ones((2, 3), np.float32), intercept=np.array([1.0, -1.0]))
    text = repr(result)
    assert "[1, 1, 1, 1, ...] shape (2, 3), float32\n" in text
    assert "intercept      [1, -1]\n" in text
    assert "classes" not in text


def test_repr_of_few_coefficients_shows_all() -> None:
    assert "[1, 2] shape (2,)" in repr(make_result(coef=np.array([1.0, 2.0])))


def test_repr_ends_with_the_objective_of_the_coefficients() -> None:
    """The best epoch need not be the last one."""
    history = dataclasses.replace(make_history(), objective=np.array([2.0, 0.25, 0.5]))
    assert "objective      2 -> 0.25\n" in repr(make_result(history=history, objective=0.25))


def test_repr_keeps_lines_short_and_message_whole() -> None:
    message = "the objective still falls; " * 10 + "scale the columns"
    text = repr(make_result(coef=np.ones(1_000_000), message=message))
    assert max(map(len, text.splitlines())) <= 100
    assert message in " ".join(text.split())


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ([np.nan, np.nan], "not evaluated"),
        ([], "not evaluated"),
        ([np.nan, 2.0, np.nan, 1.0, np.nan], "2 -> 1"),
        ([1.0, np.inf], "1 -> inf"),
        ([np.nan, 3.0], "3"),
        ([3.0], "3"),
    ],
)
def test_repr_of_epochs_not_evaluated(objective: list[float], words: str) -> None:
    history = dataclasses.replace(make_history(), objective=np.array(objective))
    epochs = "1 epoch" if len(objective) == 1 else f"{len(objective)} epochs"
    assert repr(history) == f"History({epochs}, objective {words})"


@pytest.mark.parametrize("value", [make_result(), make_history()])
def test_fields_cannot_be_set(value: Any) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)


def test_callback_gets_views_it_cannot_write() -> None:
    coef, intercept = np.zeros((2, 3)), np.zeros(2)
    info = fastgd.EpochInfo(0, coef, intercept, 1.0, 0.1, 0.01, 0.5, 3.0)
    for given, seen in ((coef, info.coef), (intercept, info.intercept)):
        assert isinstance(seen, np.ndarray)
        assert np.shares_memory(given, seen)
        assert given.flags.writeable
        assert not seen.flags.writeable
    assert fastgd.EpochInfo(0, coef, 0.5, 1.0, 0.1, 0.01, 0.5, 3.0).intercept == 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.epoch = 1  # type: ignore[misc]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_result_survives_copy_and_pickle(clone: Any) -> None:
    result = make_result(classes=np.array([-1, 1]))
    other = clone(result)
    assert repr(other) == repr(result)
    np.testing.assert_array_equal(other.coef, result.coef)
    np.testing.assert_array_equal(other.history.seconds, result.history.seconds)


def test_results_compare_by_identity() -> None:
    result = make_result()
    assert result == result
    assert result != make_result()


def test_warning_is_a_user_warning() -> None:
    assert issubclass(fastgd.ConvergenceWarning, UserWarning)
