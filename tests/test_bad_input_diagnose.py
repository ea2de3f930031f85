"""Bad calls of `diagnose` end as those of `fit` do, bad calls of `effects` alike."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bad_calls import BadCall, bad, fails_cleanly
from test_bad_input import FINITE, MATRIX, NAN, ONES, TABLE, X, Y, with_entry

import fastgd

OF_DIAGNOSE = set(inspect.signature(fastgd.diagnose).parameters)

SHARED_WITH_FIT = [
    pytest.param(replace(row.values[0], function="diagnose"), id=row.id)
    for row in TABLE
    if row.values[0].function == "fit"
    and set(row.values[0].given | row.values[0].changes) <= OF_DIAGNOSE
]

EFFECTS_CASES = [
    bad("columns", "3 columns, as in the fit", "shape (20, 2)", X=X[:, 1:]),
    bad("X-1d", MATRIX, "shape (20,)", X=X[:, 0]),
    bad("X-nan", FINITE, "nan at row 3, column 2", X=with_entry(X, (3, 2), NAN)),
    bad("weight-short", "shape (20,)", "shape (19,)", sample_weight=ONES[1:]),
    bad(
        "weight-negative", "weights >= 0", "-0.5 at row 6", sample_weight=with_entry(ONES, 6, -0.5)
    ),
]


def figures_of(function: str, arguments: dict[str, Any]) -> list[Any]:
    """Diagnose and return numbers."""
    found = fastgd.diagnose(**arguments)
    return [found.mean, found.scale, *found.spectrum.values()]


def effects_of(function: str, arguments: dict[str, Any]) -> list[Any]:
    """Take effects of a fit and return numbers."""
    found = fastgd.fit(X, Y).effects(**arguments)
    return [found.per_unit, found.per_deviation, found.scale]


@pytest.mark.parametrize("row", SHARED_WITH_FIT)
def test_diagnose_fails_as_fit_does(row: BadCall) -> None:
    fails_cleanly(row, {"X": X, "y": Y}, figures_of)


@pytest.mark.parametrize("row", EFFECTS_CASES)
def test_effects_fail_alike(row: BadCall) -> None:
    fails_cleanly(row, {"X": X}, effects_of)


def test_most_of_the_table_is_shared() -> None:
    blamed = {name for row in SHARED_WITH_FIT for name in row.values[0].changes}
    assert blamed == OF_DIAGNOSE


def test_two_classes_are_asked_for() -> None:
    with pytest.raises(ValueError, match="two distinct labels"):
        fastgd.diagnose(X, np.zeros(20), loss="log_loss")
