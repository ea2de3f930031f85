"""Every bad call with bounds ends in one exact error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bad_calls import BadCall, bad, fails_cleanly, wrong
from oracle import make_problem

import fastgd
from fastgd import _core

pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")

INF = np.inf
ONE = make_problem(n=20, d=3)
TWO = make_problem(n=20, d=3, outputs=2)
GOOD: dict[str, Any] = {"X": ONE.X, "y": ONE.y, "max_iter": 5}
OUTPUTS = {"y": TWO.y}
PAIR = "None or a pair (low, high), each None, a number or an array"
SHAPES = "a number or shape (3,) or shape (1, 3)"
NUMBERS = "an array of real numbers"
LOW_FINITE = "bounds that leave coefficients finite, not inf"
HIGH_FINITE = "bounds that leave coefficients finite, not -inf"

BAD_CALLS = [
    wrong("number", PAIR, "0 (int)", bounds=0),
    wrong("text", PAIR, "'positive' (str)", bounds="positive"),
    wrong("array", PAIR, "an array of shape (2,) and dtype int64", bounds=np.array([0, 1])),
    wrong("set", PAIR, "an object of type set", bounds={0, 1}),
    bad("three", PAIR, "3 of them", bounds=(0, 1, 2)),
    bad("empty", PAIR, "0 of them", bounds=()),
    bad("low-shape", SHAPES, "shape (2,)", bounds=([0, 0], None), blamed="bounds[0]"),
    bad("high-shape", SHAPES, "shape (4,)", bounds=(None, np.ones(4)), blamed="bounds[1]"),
    bad(
        "outputs",
        "a number or shape (3,) or shape (2, 3)",
        "shape (2,)",
        bounds=([0, 0], None),
        blamed="bounds[0]",
        given=OUTPUTS,
    ),
    bad(
        "columns",
        "a number or shape (1, 3)",
        "shape (3, 1)",
        bounds=(np.zeros((3, 1)), None),
        blamed="bounds[0]",
    ),
    wrong("low-text", NUMBERS, "'a' (str)", bounds=("a", None), blamed="bounds[0]"),
    wrong(
        "high-objects",
        NUMBERS,
        "dtype object",
        bounds=(None, [1.0, None, 2.0]),
        blamed="bounds[1]",
    ),
    bad("low-nan", "no NaN", "nan at feature 1", bounds=([0, np.nan, 0], 1), blamed="bounds[0]"),
    bad("high-nan", "no NaN", "nan at feature 0", bounds=(0, np.nan), blamed="bounds[1]"),
    bad("low-inf", LOW_FINITE, "it at feature 2", bounds=([0, 0, INF], INF), blamed="bounds[0]"),
    bad("high-inf", HIGH_FINITE, "it at feature 0", bounds=(-INF, -INF), blamed="bounds[1]"),
    bad("crossed", "low <= high", "1.0 > 0.5 at feature 1", bounds=([0, 1, 0], 0.5)),
    bad(
        "crossed-output",
        "low <= high",
        "2.0 > 1.0 at output 1, feature 2",
        bounds=([[0, 0, 0], [0, 0, 2]], 1),
        given=OUTPUTS,
    ),
    bad(
        "start",
        "within bounds, [0, 1]",
        "-0.5 at output 0, feature 1",
        coef_init=[0.0, -0.5, 0.0],
        given={"bounds": (0, 1)},
    ),
    bad(
        "lbfgs",
        "with 'lbfgs' solver='batch', learning_rate='auto', no l1 penalty and no bounds",
        "another",
        update="lbfgs",
        given={"solver": "batch", "bounds": (0, None)},
    ),
]


def numbers_from(function: str, arguments: dict[str, Any]) -> list[Any]:
    result = fastgd.fit(**arguments)
    return [result.coef, result.history.objective]


@pytest.mark.parametrize("row", BAD_CALLS)
def test_bad_bounds(row: BadCall) -> None:
    fails_cleanly(row, GOOD, numbers_from)


def test_bounds_of_the_core_match_its_coefficients() -> None:
    """The border of memory: anything else is checked before."""
    options = _core.FitOptions()
    options.set_bounds(np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="bounds"):
        _core.DescentFloat64(
            "squared_error", _core.LossParameters(), options, np.zeros((1, 2)), np.zeros(1)
        )
    options.set_bounds(np.zeros(2), np.ones(1))
    with pytest.raises(ValueError, match="bounds"):
        _core.DescentFloat64(
            "squared_error", _core.LossParameters(), options, np.zeros((1, 2)), np.zeros(1)
        )
