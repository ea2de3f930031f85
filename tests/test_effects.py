"""What a fitted model's inputs do to its output."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import make_problem

import fastgd

X = np.array([[1.0, 0.0, 5.0], [2.0, 4.0, 5.0], [3.0, 0.0, 5.0], [4.0, 4.0, 5.0]])
SPREAD = [np.sqrt(1.25), 2.0, 0.0]


def fitted(y: npt.ArrayLike, **options: Any) -> fastgd.FitResult:
    return fastgd.fit(X, y, **options)


def test_effects_of_an_exact_fit() -> None:
    found = fitted(X @ [3.0, -1.0, 0.0]).effects(X)
    np.testing.assert_allclose(found.per_unit, [3, -1, 0], atol=1e-9)
    np.testing.assert_allclose(found.scale, SPREAD)
    np.testing.assert_allclose(found.per_deviation, [3 * SPREAD[0], -2, 0], atol=1e-9)
    np.testing.assert_array_equal(found.order, [0, 1, 2])
    assert found.odds_ratio is None
    assert found.odds_ratio_per_deviation is None
    assert (found.loss, found.classes) == ("squared_error", None)


@given(st.integers(0, 2), st.floats(-5, 5), st.floats(-3, 3))
def test_the_output_changes_by_the_effect(column: int, start: float, step: float) -> None:
    problem = make_problem(n=50, d=3)
    result = fastgd.fit(problem.X, problem.y)
    row = np.full(3, start)
    moved = row.copy()
    moved[column] += step
    change = moved @ result.coef - row @ result.coef
    assert change == pytest.approx(step * result.effects(problem.X).per_unit[column], abs=1e-12)


@given(st.floats(1e-3, 1e3))
def test_per_deviation_does_not_depend_on_the_unit(factor: float) -> None:
    problem = make_problem(n=50, d=3)
    scaled = problem.X * [1.0, factor, 1.0]
    one, two = (fastgd.fit(x, problem.y).effects(x) for x in (problem.X, scaled))
    np.testing.assert_allclose(two.per_deviation, one.per_deviation, rtol=1e-8)
    np.testing.assert_allclose(two.per_unit * [1, factor, 1], one.per_unit, rtol=1e-8)


def test_odds_multiply_with_the_inputs() -> None:
    problem = make_problem("log_loss", n=300, d=2)
    labels = np.where(problem.y > 0, 7, 3)
    result = fastgd.fit(problem.X, labels, loss="log_loss", alpha=0.01)
    found = result.effects(problem.X)

    def odds(row: npt.NDArray[np.float64]) -> float:
        p = 1 / (1 + np.exp(-(row @ result.coef + result.intercept)))
        return float(p / (1 - p))

    at = np.array([0.3, -0.2])
    assert found.odds_ratio is not None
    assert found.odds_ratio_per_deviation is not None
    for j, unit in enumerate(np.eye(2)):
        assert odds(at + unit) / odds(at) == pytest.approx(found.odds_ratio[j])
        deviation = unit * found.scale[j]
        assert odds(at + deviation) / odds(at) == pytest.approx(found.odds_ratio_per_deviation[j])
    assert "the log-odds of class 7" in repr(found)
    assert "odds, unit" in repr(found)


def test_odds_beyond_all_numbers_are_infinite() -> None:
    found = fastgd.effects.Effects(
        ("a",), np.array([1e4]), np.array([-1e4]), np.ones(1), "log_loss", np.array([0, 1])
    )
    assert (found.odds_ratio, found.odds_ratio_per_deviation) == (np.inf, 0.0)


def test_several_outputs() -> None:
    problem = make_problem(n=100, d=4, outputs=3)
    result = fastgd.fit(problem.X, problem.y)
    found = result.effects(problem.X)
    assert found.per_unit.shape == found.per_deviation.shape == (3, 4)
    np.testing.assert_allclose(found.per_deviation, result.coef * problem.X.std(axis=0))
    largest = np.abs(found.per_deviation).max(axis=0)
    assert np.all(np.diff(largest[found.order]) <= 0)
    assert "change of the outputs" in repr(found)
    assert "per unit 2" in repr(found)


def test_weights_are_repetitions() -> None:
    result = fitted(X @ [3.0, -1.0, 0.0])
    weights = np.array([0, 1, 2, 3])
    one = result.effects(X, sample_weight=weights)
    two = result.effects(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(one.per_deviation, two.per_deviation, rtol=1e-12)


def test_repr_is_a_table_with_the_largest_first() -> None:
    assert repr(fitted(X @ [0.5, -1.0, 0.0]).effects(X)).splitlines() == [
        "Effects: change of the output when one input rises and the others stay",
        "  input       deviation     per unit     per dev.",
        "  column 1            2           -1           -2",
        "  column 0        1.118          0.5        0.559",
        "  column 2            0            0            0",
    ]


def test_repr_of_many_inputs_and_outputs_is_cut() -> None:
    problem = make_problem(n=200, d=30, outputs=5)
    text = repr(fastgd.fit(problem.X, problem.y).effects(problem.X))
    assert len(text.splitlines()) == 2 + 20 + 2
    assert text.endswith("  ... and 10 smaller\n  ... and 2 more outputs")


def test_names_of_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["dep_delay", 2, "a name of many, many characters"])
    found = fitted(X @ [3.0, -1.0, 0.0]).effects(frame)
    assert found.names == ("dep_delay", "2", "a name of many, many characters")
    assert "  a name of many, many ..." in repr(found)


def test_survives_copy_and_pickle() -> None:
    found = fitted(X @ [3.0, -1.0, 0.0]).effects(X)
    for other in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert repr(other) == repr(found)


@pytest.mark.parametrize("outputs", [None, 2])
def test_plot_draws_a_bar_an_input(outputs: int | None) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    problem = make_problem(n=100, d=25, outputs=outputs)
    found = fastgd.fit(problem.X, problem.y).effects(problem.X)
    axes = found.plot()
    widths = np.array([bar.get_width() for bar in axes.patches]).reshape(-1, 20)
    expected = np.atleast_2d(found.per_deviation)[:, found.order[:20]]
    np.testing.assert_allclose(widths, expected)
    assert found.plot(axes) is axes
    pyplot.close(axes.figure)


def test_plot_without_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted(X @ [3.0, -1.0, 0.0]).effects(X)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'fastgd\[plot\]'"):
        found.plot()
