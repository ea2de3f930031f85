"""Bad calls of `diagnose` end as those of `fit` do."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bad_calls import BadCall, fails_cleanly
from test_bad_input import TABLE, X, Y

import fastgd

OF_DIAGNOSE = set(inspect.signature(fastgd.diagnose).parameters)

SHARED_WITH_FIT = [
    pytest.param(replace(row.values[0], function="diagnose"), id=row.id)
    for row in TABLE
    if row.values[0].function == "fit"
    and set(row.values[0].given | row.values[0].changes) <= OF_DIAGNOSE
]


def figures_of(function: str, arguments: dict[str, Any]) -> list[Any]:
    """Diagnose and return numbers."""
    found = fastgd.diagnose(**arguments)
    return [found.mean, found.scale, *found.spectrum.values()]


@pytest.mark.parametrize("row", SHARED_WITH_FIT)
def test_diagnose_fails_as_fit_does(row: BadCall) -> None:
    fails_cleanly(row, {"X": X, "y": Y}, figures_of)


def test_most_of_the_table_is_shared() -> None:
    blamed = {name for row in SHARED_WITH_FIT for name in row.values[0].changes}
    assert blamed == OF_DIAGNOSE


def test_two_classes_are_asked_for() -> None:
    with pytest.raises(ValueError, match="two distinct labels"):
        fastgd.diagnose(X, np.zeros(20), loss="log_loss")
