"""Data that fit refuses once it looks inside: non-finite entries, text columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastgd

N_COLUMNS = 3
X = np.random.default_rng(0).normal(size=(6, N_COLUMNS))
Y = np.random.default_rng(1).normal(size=6)


@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    "lay_out",
    [np.ascontiguousarray, np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2]],
    ids=["C", "F", "strided"],
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_first_non_finite_entry_of_many(
    dtype: type, lay_out: Any, n_threads: int, solver: str
) -> None:
    rows: np.ndarray = np.resize(X, (5000, N_COLUMNS)).astype(dtype)
    rows[4999, 0] = rows[2500, 2] = rows[3000, 1] = np.inf
    rows[2500, 1] = np.nan
    with pytest.raises(ValueError, match=r"^X: .* got nan at row 2500, column 1; "):
        fastgd.fit(lay_out(rows), np.resize(Y, 5000), solver=solver, n_threads=n_threads)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"alpha": 0.1, "l1_ratio": 1.0},
        {"fit_intercept": False},
        {"loss": "huber"},
        {"tol": None},
    ],
    ids=["plain", "lasso", "no intercept", "huber", "unmeasured"],
)
def test_non_finite_entry_under_a_step_of_the_users(
    options: dict[str, Any], solver: Any, value: float
) -> None:
    """Columns are not looked at before such steps; no callback sees what comes of them."""
    seen: list[object] = []
    rows = np.resize(X, (500, N_COLUMNS))
    rows[499, 1] = value
    with pytest.raises(ValueError, match=f"^X: .* got {value} at row 499, column 1; "):
        fastgd.fit(
            rows,
            np.resize(Y, 500),
            solver=solver,
            learning_rate="constant",
            callback=seen.append,
            **options,
        )
    assert seen == []


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("learning_rate", ["auto", "constant"])
@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
def test_non_finite_entry_of_a_row_that_weighs_nothing(
    solver: Any, learning_rate: str, l1_ratio: float
) -> None:
    """It moves its own coefficient alone, which a soft threshold may set to 0."""
    rows = np.resize(X, (500, N_COLUMNS))
    rows[499, 1] = np.nan
    weights = np.ones(500)
    weights[499] = 0.0
    with pytest.raises(ValueError, match=r"^X: .* got nan at row 499, column 1; "):
        fastgd.fit(
            rows,
            np.resize(Y, 500),
            sample_weight=weights,
            solver=solver,
            learning_rate=learning_rate,
            alpha=0.1,
            l1_ratio=l1_ratio,
        )


def test_frame_with_a_text_column() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"distance": X[:, 0], "carrier": "AA"})
    with pytest.raises(TypeError, match=r"^X: .*, got column 'carrier' of dtype \w+; encode text"):
        fastgd.fit(frame, Y)


def test_exception_from_a_callable_comes_through() -> None:
    def fail(_: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fastgd.fit(X, Y, callback=fail)
    with pytest.raises(KeyError, match="mine"):
        fastgd.fit(X, Y, learning_rate=fail)
