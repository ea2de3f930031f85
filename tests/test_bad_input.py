"""Every bad call ends in one exact error, worded alike, and leaves nothing half-done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bad_calls import BadCall, bad, fails_cleanly, wrong

import fastgd

pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")

NAN, INF = float("nan"), float("inf")
N_ROWS, N_COLUMNS = 20, 3
_rng = np.random.default_rng(7)
X = _rng.normal(size=(N_ROWS, N_COLUMNS))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * _rng.normal(size=N_ROWS)
Y2 = np.stack([Y, -Y], axis=1)
LABELS = (np.median(Y) < Y).astype(np.int64)
ONES = np.ones(N_ROWS)
DATES = np.full(N_ROWS, np.datetime64("2013-01-01"))
MIXED = np.array([[1.0, "AA", None]] * N_ROWS, dtype=object)

GOOD_CALLS: dict[str, dict[str, Any]] = {
    "fit": {"X": X, "y": Y, "max_iter": 20},
    "duality_gap": {"X": X, "y": Y, "coef": np.zeros(N_COLUMNS), "alpha": 0.1},
    "value": {"X": X, "y": Y, "coef": np.zeros(N_COLUMNS)},
    "value_and_gradient": {"X": X, "y": Y, "coef": np.zeros(N_COLUMNS)},
}
BINARY = {"loss": "log_loss", "y": LABELS}
OUTPUTS = {"y": Y2}
SGD = {"solver": "sgd"}
MINI = {"solver": "minibatch", "batch_size": 5}
OPTIMAL = {"solver": "sgd", "alpha": 0.1, "learning_rate": "optimal"}

MATRIX = "a 2-D array of at least one row and one column"
REAL_ARRAY = "an array of real numbers"
FINITE = "finite values, neither NaN nor inf"
ROWS = "shape (20,) or (20, n_outputs), a row for each row of X"
TWO_LABELS = "two distinct labels"
KNOWN_LABELS = "labels within {0, 1} or {-1, +1}"
LOSS = f"one of {', '.join(map(repr, fastgd.losses.catalog))} or a Loss of fastgd.losses"
SOLVER = "one of 'auto', 'batch', 'minibatch', 'sgd'"
SCHEDULE = (
    "one of 'auto', 'constant', 'invscaling', 'optimal', 'adaptive', 'pa1', 'pa2' or a callable"
)
UPDATE = (
    "one of 'auto', 'plain', 'momentum', 'nesterov', 'lbfgs', 'adagrad', 'rmsprop', 'adam', 'adamw'"
)
PENALTY_SCALE = "one of 'raw', 'std'"
PRECONDITION = "one of 'auto', 'none', 'scale', 'whiten'"
SHUFFLE = "one of 'block', 'full' or False"
NONNEGATIVE = "a finite number >= 0"
POSITIVE = "a finite number > 0"
COUNT = "an integer >= 1"
TIME = "a finite number > 0 or None (no limit)"
TOL = "a finite number >= 0 or None (never stop early)"
SEED = "an integer in [0, 18446744073709551615] or None or a numpy Generator or RandomState"
AVERAGE = "an integer >= 1 or one of True, False"
THREADS = "an integer >= 1 or None (all this process may use)"
FLAG = "True or False"
ANSWER = "a callable that returns True to stop, else False or None"


def with_entry(array: np.ndarray, place: int | tuple[int, int], entry: float) -> np.ndarray:
    """Return a float64 copy of `array` with one other entry."""
    changed = array.astype(np.float64)
    changed[place] = entry
    return changed


def returning(answer: object) -> Any:
    """Return a callable that takes one argument and gives `answer`."""
    return lambda _: answer


def steps_until_infinity(epoch: int) -> float:
    """Return a small step, but an infinite one in the third epoch."""
    return INF if epoch == 2 else 1e-3


X_CASES = [
    bad("X-1d", MATRIX, "shape (20,)", X=X[:, 0]),
    bad("X-3d", MATRIX, "shape (20, 3, 1)", X=X[:, :, np.newaxis]),
    bad("X-scalar", MATRIX, "shape ()", X=1.0),
    bad("X-no-rows", MATRIX, "shape (0, 3)", X=X[:0], y=Y[:0]),
    bad("X-no-columns", MATRIX, "shape (20, 0)", X=X[:, :0]),
    bad("X-empty-list", MATRIX, "shape (0,)", X=[], y=[]),
    bad("X-ragged", "an array of numbers", "an object of type list", X=[[1, 2], [3]]),
    wrong("X-none", REAL_ARRAY, "None", X=None),
    wrong("X-dict", REAL_ARRAY, "an object of type dict", X={"a": [1.0]}),
    wrong("X-complex", REAL_ARRAY, "dtype complex128", X=X + 0j),
    wrong("X-text", REAL_ARRAY, "dtype <U1", X=np.full((N_ROWS, 3), "a")),
    wrong("X-bytes", REAL_ARRAY, "dtype |S1", X=np.full((N_ROWS, 3), b"a")),
    wrong("X-dates", REAL_ARRAY, "dtype datetime64[D]", X=DATES[:, np.newaxis]),
    wrong("X-times", REAL_ARRAY, "dtype timedelta64[D]", X=(DATES - DATES)[:, np.newaxis]),
    wrong(
        "X-text-column",
        REAL_ARRAY,
        "dtype object with 'AA' (str) at position 1 of its first row",
        X=MIXED,
    ),
    wrong("X-objects", REAL_ARRAY, "dtype object", X=X.astype(object)),
    bad(
        "X-masked",
        "no masked entries",
        "3 of 60",
        X=np.ma.masked_array(X, mask=np.arange(N_ROWS)[:, np.newaxis] * [1, 1, 1] == 4),
    ),
    bad("X-nan", FINITE, "nan at row 3, column 2", X=with_entry(X, (3, 2), NAN)),
    bad("X-inf", FINITE, "inf at row 0, column 1", X=with_entry(X, (0, 1), INF)),
    bad(
        "X-nan-value",
        FINITE,
        "-inf at row 19, column 0",
        call="value",
        X=with_entry(X, (19, 0), -INF),
    ),
    bad(
        "X-nan-gradient",
        FINITE,
        "nan at row 7, column 1",
        call="value_and_gradient",
        X=with_entry(X, (7, 1), NAN),
    ),
    bad("X-1d-value", MATRIX, "shape (20,)", call="value", X=X[:, 0]),
]

Y_CASES = [
    bad("y-short", ROWS, "shape (19,)", y=Y[1:]),
    bad("y-long", ROWS, "shape (21,)", y=np.append(Y, 0.0)),
    bad("y-row", ROWS, "shape (1, 20)", y=Y[np.newaxis]),
    bad("y-3d", ROWS, "shape (20, 1, 1)", y=Y[:, np.newaxis, np.newaxis]),
    bad("y-scalar", ROWS, "shape ()", y=1.0),
    bad("y-no-columns", ROWS, "shape (20, 0)", y=Y2[:, :0]),
    bad("y-short-value", ROWS, "shape (3,)", call="value", y=Y[:3]),
    wrong("y-none", REAL_ARRAY, "None", y=None),
    wrong("y-text", REAL_ARRAY, "dtype <U3", y=["yes", "no"] * 10),
    wrong("y-complex", REAL_ARRAY, "dtype complex128", y=Y + 0j),
    wrong("y-dates", REAL_ARRAY, "dtype datetime64[D]", y=DATES),
    wrong(
        "y-objects",
        REAL_ARRAY,
        "dtype object with None at position 0 of its first row",
        y=np.array([None] * N_ROWS),
    ),
    bad("y-nan", FINITE, "nan at row 5", y=with_entry(Y, 5, NAN)),
    bad("y-inf", FINITE, "inf at row 4, column 1", y=with_entry(Y2, (4, 1), INF)),
    bad("one-class", TWO_LABELS, "1.0 in every row", given=BINARY, y=ONES),
    bad(
        "three-classes",
        "two distinct labels, here 0 and 2",
        "1 at row 1",
        given=BINARY,
        y=np.arange(N_ROWS) % 3,
    ),
    bad(
        "close-classes",
        TWO_LABELS,
        "16777216 and 16777217, equal in float32",
        given=BINARY,
        y=LABELS + 2**24,
    ),
    bad("nan-class", FINITE, "nan at row 2", given=BINARY, y=with_entry(Y, 2, NAN)),
    bad(
        "two-label-columns",
        "one column of labels for loss='log_loss'",
        "shape (20, 2)",
        given=BINARY,
        y=np.stack([LABELS, LABELS], axis=1),
    ),
    bad("label-2", KNOWN_LABELS, "2.0 at row 0", call="value", given=BINARY, y=2 * ONES),
    bad(
        "labels-mixed",
        KNOWN_LABELS,
        "0 at row 1",
        call="value_and_gradient",
        given=BINARY,
        y=1 - np.arange(N_ROWS) % 3,
    ),
]

WEIGHT_CASES = [
    bad("weight-short", "shape (20,)", "shape (19,)", sample_weight=ONES[1:]),
    bad("weight-2d", "shape (20,)", "shape (20, 1)", sample_weight=ONES[:, np.newaxis]),
    wrong("weight-name", REAL_ARRAY, "'balanced' (str)", sample_weight="balanced"),
    bad(
        "weight-negative", "weights >= 0", "-0.5 at row 6", sample_weight=with_entry(ONES, 6, -0.5)
    ),
    bad("weight-zeros", "at least one weight > 0", "only zeros", sample_weight=0 * ONES),
    bad("weight-nan", FINITE, "nan at row 8", sample_weight=with_entry(ONES, 8, NAN)),
    bad("weight-inf", FINITE, "inf at row 0", call="value", sample_weight=with_entry(ONES, 0, INF)),
]

SINGLE = "shape (20,) or shape (20, 1)"
OFFSET_CASES = [
    bad("offset-short", SINGLE, "shape (3,)", offset=ONES[:3]),
    bad("offset-1d", "shape (20, 2)", "shape (20,)", given=OUTPUTS, offset=ONES),
    bad("offset-nan", FINITE, "nan at row 9", offset=with_entry(ONES, 9, NAN)),
    wrong("offset-complex", REAL_ARRAY, "dtype complex128", offset=ONES + 0j),
    bad("offset-value", SINGLE, "shape (20, 2)", call="value", offset=Y2),
]

PER_COLUMN = "shape (3,) or shape (1, 3)"
PER_OUTPUT = "a number or shape (1,)"
START_CASES = [
    bad("init-shape", PER_COLUMN, "shape (4,)", coef_init=np.zeros(4)),
    bad(
        "init-transposed", "shape (2, 3)", "shape (3, 2)", given=OUTPUTS, coef_init=np.zeros((3, 2))
    ),
    bad("init-nan", FINITE, "nan at output 0, feature 1", coef_init=[0, NAN, 0]),
    wrong("init-text", REAL_ARRAY, "'zeros' (str)", coef_init="zeros"),
    bad("init-intercept", PER_OUTPUT, "shape (2,)", intercept_init=[0.0, 0.0]),
    bad("init-intercept-inf", FINITE, "inf at output 0", intercept_init=INF),
    bad("coef-shape", PER_COLUMN, "shape (2,)", call="value", coef=np.zeros(2)),
    wrong("coef-none", REAL_ARRAY, "None", call="value_and_gradient", coef=None),
    bad("intercept-shape", PER_OUTPUT, "shape (3,)", call="value", intercept=ONES[:3]),
]

NAME_CASES = [
    bad("loss", LOSS, "'log_los'; did you mean 'log_loss'?", loss="log_los"),
    bad(
        "loss-value", LOSS, "'squared'; did you mean 'squared_error'?", call="value", loss="squared"
    ),
    wrong(
        "loss-not-called",
        "a name or a Loss of fastgd.losses",
        "an object of type function; call the function, as in fastgd.losses.huber()",
        loss=fastgd.losses.huber,
    ),
    wrong("loss-none", LOSS, "None", loss=None),
    bad("solver", SOLVER, "'mini-batch'; did you mean 'minibatch'?", solver="mini-batch"),
    bad("solver-case", SOLVER, "'SGD'; did you mean 'sgd'?", solver="SGD"),
    bad("solver-far", SOLVER, "'lbfgs'", solver="lbfgs"),
    wrong("solver-none", SOLVER, "None", solver=None),
    bad(
        "schedule",
        SCHEDULE,
        "'inv_scaling'; did you mean 'invscaling'?",
        learning_rate="inv_scaling",
    ),
    wrong("schedule-number", SCHEDULE, "0.1 (float)", learning_rate=0.1),
    bad(
        "optimal-without-penalty",
        "a schedule that needs no penalty when alpha is 0",
        "'optimal'",
        given=OPTIMAL,
        blamed="learning_rate",
        alpha=0.0,
    ),
    bad("update", UPDATE, "'nestorov'; did you mean 'nesterov'?", update="nestorov"),
    bad("precondition", PRECONDITION, "'white'; did you mean 'whiten'?", precondition="white"),
    wrong("precondition-flag", PRECONDITION, "False (bool)", precondition=False),
    bad("shuffle", SHUFFLE, "'blocks'; did you mean 'block'?", given=SGD, shuffle="blocks"),
    wrong("shuffle-true", SHUFFLE, "True (bool)", given=SGD, shuffle=True),
    wrong("shuffle-none", SHUFFLE, "None", given=SGD, shuffle=None),
]

NUMBER_CASES = [
    bad("alpha-negative", NONNEGATIVE, "-1.0", alpha=-1.0),
    bad("alpha-nan", NONNEGATIVE, "nan", alpha=NAN),
    bad("alpha-inf", NONNEGATIVE, "inf", alpha=INF),
    wrong("alpha-text", NONNEGATIVE, "'0.1' (str)", alpha="0.1"),
    wrong("alpha-bool", NONNEGATIVE, "True (bool)", alpha=True),
    wrong("alpha-complex", NONNEGATIVE, "1j (complex)", alpha=1j),
    wrong("alpha-array", NONNEGATIVE, "an array of shape (20,) and dtype float64", alpha=ONES),
    bad("alpha-value", NONNEGATIVE, "-2", call="value", alpha=-2),
    bad("l1_ratio-high", "a finite number in [0, 1]", "1.5", l1_ratio=1.5),
    bad("l1_ratio-low", "a finite number in [0, 1]", "-0.1", l1_ratio=-0.1),
    bad("penalty_scale-std", PENALTY_SCALE, "'Std'; did you mean 'std'?", penalty_scale="Std"),
    bad("penalty_scale-row", PENALTY_SCALE, "'row'; did you mean 'raw'?", penalty_scale="row"),
    bad("penalty_scale-value", PENALTY_SCALE, "'sd'", call="value", penalty_scale="sd"),
    bad(
        "penalty_scale-gradient",
        PENALTY_SCALE,
        "'std_'",
        call="value_and_gradient",
        penalty_scale="std_",
    ),
    bad("penalty_scale-gap", PENALTY_SCALE, "'max'", call="duality_gap", penalty_scale="max"),
    wrong("penalty_scale-none", PENALTY_SCALE, "None", penalty_scale=None),
    wrong("penalty_scale-flag", PENALTY_SCALE, "True (bool)", penalty_scale=True),
    bad(
        "penalty_scale-adamw",
        "with 'adamw' and an l2 penalty penalty_scale='raw'",
        "another",
        blamed="update",
        given={"solver": "minibatch", "batch_size": 5, "learning_rate": "constant", "alpha": 0.1},
        update="adamw",
        penalty_scale="std",
    ),
    bad("penalty_factor-shape", "shape (3,)", "shape (2,)", penalty_factor=[1.0, 2.0]),
    bad("penalty_factor-sign", "factors >= 0", "-1.0 at feature 0", penalty_factor=[-1, 0, 1]),
    bad("eta0-zero", POSITIVE, "0.0", eta0=0.0),
    bad("eta0-negative", POSITIVE, "-1", eta0=-1),
    bad("power_t-negative", NONNEGATIVE, "-0.5", power_t=-0.5),
    wrong("power_t-none", NONNEGATIVE, "None", power_t=None),
    bad("momentum-one", "a finite number in [0, 1)", "1.0", momentum=1.0),
    bad("momentum-low", "a finite number in [0, 1)", "-0.1", momentum=-0.1),
    bad("max_iter-zero", COUNT, "0", max_iter=0),
    wrong("max_iter-float", COUNT, "100.0 (float)", max_iter=100.0),
    wrong("max_iter-bool", COUNT, "True (bool)", max_iter=True),
    bad("max_time-zero", TIME, "0", max_time=0),
    bad("max_time-nan", TIME, "nan", max_time=NAN),
    wrong("max_time-text", TIME, "'1 h' (str)", max_time="1 h"),
    bad("tol-negative", TOL, "-1e-05", tol=-1e-5),
    bad("tol-nan", TOL, "nan", tol=NAN),
    wrong("tol-text", TOL, "'auto' (str)", tol="auto"),
    bad("batch_size-zero", COUNT, "0", given=MINI, batch_size=0),
    wrong("batch_size-float", COUNT, "2.5 (float)", given=MINI, batch_size=2.5),
    bad(
        "batch_size-beyond-rows",
        "an integer in [1, 20], the rows of X",
        "21",
        given=MINI,
        batch_size=21,
    ),
    bad("seed-negative", SEED, "-1", random_state=-1),
    bad("seed-large", SEED, "18446744073709551616", random_state=2**64),
    wrong("seed-float", SEED, "1.0 (float)", random_state=1.0),
    wrong("seed-text", SEED, "'today' (str)", random_state="today"),
    bad("average-negative", AVERAGE, "-1", given=SGD, average=-1),
    bad("average-zero", AVERAGE, "0", given=SGD, average=0),
    wrong("average-float", AVERAGE, "2.5 (float)", given=SGD, average=2.5),
    wrong("average-text", AVERAGE, "'yes' (str)", given=SGD, average="yes"),
    bad("threads-zero", THREADS, "0", n_threads=0),
    bad("threads-negative", THREADS, "-1", n_threads=-1),
    wrong("threads-bool", THREADS, "True (bool)", n_threads=True),
    bad("threads-gradient", THREADS, "0", call="value_and_gradient", n_threads=0),
    wrong("fit_intercept-int", FLAG, "1 (int)", fit_intercept=1),
    wrong("progress-text", FLAG, "'bar' (str)", progress="bar"),
]

FIRST = "learning_rate(0)"
CALLABLE_CASES = [
    wrong("step-text", NONNEGATIVE, "'a' (str)", blamed=FIRST, learning_rate=returning("a")),
    wrong("step-none", NONNEGATIVE, "None", blamed=FIRST, learning_rate=returning(None)),
    bad("step-nan", NONNEGATIVE, "nan", blamed=FIRST, learning_rate=returning(NAN)),
    bad("step-low", NONNEGATIVE, "-1", blamed=FIRST, given=MINI, learning_rate=returning(-1)),
    bad(
        "step-inf-later",
        NONNEGATIVE,
        "inf",
        given={"tol": None},
        blamed="learning_rate(2)",
        learning_rate=steps_until_infinity,
    ),
    wrong("callback", "a callable or None", "7 (int)", callback=7),
    wrong("callback-text", ANSWER, "'stop' (str) from it", callback=returning("stop")),
    wrong("callback-int", ANSWER, "0 (int) from it", given=MINI, callback=returning(0)),
]

TABLE = [
    *X_CASES,
    *Y_CASES,
    *WEIGHT_CASES,
    *OFFSET_CASES,
    *START_CASES,
    *NAME_CASES,
    *NUMBER_CASES,
    *CALLABLE_CASES,
]


def numbers_from(function: str, arguments: dict[str, Any]) -> list[Any]:
    """Call a public function and return the numbers it gives back."""
    result = getattr(fastgd, function)(**arguments)
    if isinstance(result, fastgd.FitResult):
        return [result.coef, result.intercept, result.n_iter, result.history.objective]
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("row", TABLE)
def test_error_leaves_nothing_half_done(row: BadCall) -> None:
    fails_cleanly(row, GOOD_CALLS[row.function], numbers_from)
