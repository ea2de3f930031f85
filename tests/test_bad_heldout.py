"""Every bad way of holding rows out ends in one exact error, as in test_bad_input."""

from __future__ import annotations

import numpy as np
import pytest
from bad_calls import BadCall, bad, fails_cleanly, wrong
from test_bad_input import (
    BINARY,
    COUNT,
    FINITE,
    GOOD_CALLS,
    LABELS,
    MATRIX,
    N_ROWS,
    NAN,
    ONES,
    REAL_ARRAY,
    ROWS,
    Y2,
    X,
    Y,
    numbers_from,
    with_entry,
)

from fastgd._heldout import draw_rows
from fastgd._targets import Targets

pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")

HELD_OUT = {"validation_fraction": 0.25, "tol": None}
FRACTION = "a finite number in (0, 1) or None (hold out no rows)"
SET = "a tuple (X, y), (X, y, sample_weight) or (X, y, sample_weight, offset), or None"
JUDGE = "validation_set, "
# The one row that the smallest share of them is.
HELD_ROW = int(draw_rows(Targets(Y[:, np.newaxis], None, None, None, True), 1 / N_ROWS, 0)[0])

TABLE = [
    bad("fraction-zero", FRACTION, "0.0", given=HELD_OUT, validation_fraction=0.0),
    bad("fraction-one", FRACTION, "1", given=HELD_OUT, validation_fraction=1),
    bad("fraction-nan", FRACTION, "nan", given=HELD_OUT, validation_fraction=NAN),
    wrong("fraction-bool", FRACTION, "True (bool)", given=HELD_OUT, validation_fraction=True),
    bad(
        "fraction-of-one-row",
        "rows to spare: two at least, two of a class for labels",
        "1",
        given=HELD_OUT,
        blamed="validation_fraction",
        X=X[:1],
        y=Y[:1],
    ),
    bad(
        "weight-held-out",
        "at least one weight > 0 among the rows kept by validation_fraction",
        "only zeros",
        given=HELD_OUT | {"validation_fraction": 0.99},
        sample_weight=with_entry(0 * ONES, HELD_ROW, 1.0),
    ),
    bad(
        "weight-kept",
        "at least one weight > 0 among the rows held out by validation_fraction",
        "only zeros",
        given=HELD_OUT | {"validation_fraction": 0.01},
        sample_weight=with_entry(ONES, HELD_ROW, 0.0),
    ),
    bad("patience-zero", COUNT, "0", given=HELD_OUT, n_iter_no_change=0),
    wrong("patience-none", COUNT, "None", n_iter_no_change=None),
    bad(
        "both-ways",
        "None, as validation_fraction is given",
        "an object of type tuple",
        given=HELD_OUT,
        validation_set=(X, Y),
    ),
    wrong("set-array", SET, "an array of shape (20, 3) and dtype float64", validation_set=X),
    bad("set-of-one", SET, "1 entries", validation_set=(X,)),
    bad("set-of-five", SET, "5 entries", validation_set=(X, Y, None, None, None)),
    bad("set-X-1d", MATRIX, "shape (20,)", blamed=JUDGE + "X", validation_set=(X[:, 0], Y)),
    bad(
        "set-X-columns",
        "3 columns, those of the fit",
        "shape (20, 2)",
        blamed=JUDGE + "X",
        validation_set=(X[:, :2], Y),
    ),
    bad(
        "set-X-nan",
        FINITE,
        "nan at row 3, column 2",
        blamed=JUDGE + "X",
        validation_set=(with_entry(X, (3, 2), NAN), Y),
    ),
    bad("set-y-short", ROWS, "shape (3,)", blamed=JUDGE + "y", validation_set=(X, Y[:3])),
    bad(
        "set-y-outputs",
        "1 column, those of the fit",
        "shape (20, 2)",
        blamed=JUDGE + "y",
        validation_set=(X, Y2),
    ),
    bad(
        "set-labels",
        "labels within {0, 1}, those of the fit",
        "-1 at row 0",
        given=BINARY,
        blamed=JUDGE + "y",
        validation_set=(X, LABELS - 1 - LABELS[0]),
    ),
    bad(
        "set-weight",
        "weights >= 0",
        "-1.0 at row 0",
        blamed=JUDGE + "sample_weight",
        validation_set=(X, Y, -ONES),
    ),
    wrong(
        "set-offset-text",
        REAL_ARRAY,
        "'a' (str)",
        blamed=JUDGE + "offset",
        validation_set=(X, Y, None, "a"),
    ),
]


@pytest.mark.parametrize("row", TABLE)
def test_error_leaves_nothing_half_done(row: BadCall) -> None:
    fails_cleanly(row, GOOD_CALLS[row.function], numbers_from)
