"""The duality gap: never below the height above the optimum, and 0 where that is 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bad_calls import BadCall, bad, fails_cleanly, wrong
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LOSSES, Problem, make_problem
from test_bad_input import (
    BINARY,
    FINITE,
    FLAG,
    GOOD_CALLS,
    KNOWN_LABELS,
    NAN,
    NONNEGATIVE,
    ONES,
    PER_COLUMN,
    THREADS,
    X,
    numbers_from,
    with_entry,
)

import fastgd

GAP: dict[str, Any] = {"call": "duality_gap"}

PENALTIES: dict[str, dict[str, float]] = {
    "none": {"alpha": 0.0},
    "l2": {"alpha": 0.1},
    "l1": {"alpha": 0.05, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.1, "l1_ratio": 0.5},
}


def gap_at(problem: Problem, coef: Any, intercept: Any, **options: Any) -> float:
    free = problem.fit_intercept
    arguments = problem.point_arguments() | {"coef": coef, "intercept": intercept}
    return fastgd.duality_gap(**arguments, fit_intercept=free, **options)


def extras(n: int, seed: int = 0) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    weights = generator.uniform(0.0, 2.0, size=n)
    weights[::7] = 0.0
    return {"sample_weight": weights, "offset": generator.normal(size=n)}


@settings(max_examples=150)
@given(
    loss=st.sampled_from(LOSSES),
    alpha=st.sampled_from([0.0, 1e-3, 0.1, 10.0]),
    l1_ratio=st.sampled_from([0.0, 0.3, 1.0]),
    fit_intercept=st.booleans(),
    with_extras=st.booleans(),
    n=st.integers(2, 60),
    d=st.integers(1, 8),
    seed=st.integers(0, 2**16),
    size=st.sampled_from([0.0, 1e-3, 1.0, 30.0]),
    intercept=st.floats(-3, 3),
)
def test_the_optimum_lies_no_lower(
    loss: str,
    alpha: float,
    l1_ratio: float,
    fit_intercept: bool,
    with_extras: bool,
    n: int,
    d: int,
    seed: int,
    size: float,
    intercept: float,
) -> None:
    """Wherever the coefficients are; the fit's own objective bounds the optimum from above."""
    problem = make_problem(
        loss,
        n,
        d,
        seed=seed,
        alpha=alpha,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        **(extras(n, seed) if with_extras else {}),
    )
    intercept = intercept if fit_intercept else 0.0
    coef = size * np.random.default_rng(seed).normal(size=d)
    here = problem.value(coef, intercept)
    gap = gap_at(problem, coef, intercept)
    assert 0.0 <= gap <= here * (1.0 + 1e-12)
    y = problem.y if loss != "log_loss" or problem.y.min() < problem.y.max() else None
    if y is None:
        return  # one class: there is nothing to fit
    best = fastgd.fit(**problem.arguments(), tol=1e-10, max_iter=300)
    reached = problem.value(best.coef, best.intercept)
    assert gap >= here - reached - 1e-12 * here
    assert gap_at(problem, best.coef, best.intercept) >= 0.0


@pytest.mark.parametrize("with_extras", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elastic net"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gap_closes(loss: str, penalty: str, fit_intercept: bool, with_extras: bool) -> None:
    problem = make_problem(
        loss,
        500,
        6,
        epsilon=0.5,
        fit_intercept=fit_intercept,
        **PENALTIES[penalty],
        **(extras(500) if with_extras else {}),
    )
    # with an l1 penalty the gap shrinks with the gradient: go on to where that is rounding
    result = fastgd.fit(**problem.arguments(), tol=None, max_iter=10)
    assert gap_at(problem, result.coef, result.intercept) <= 1e-8 * result.objective


@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_the_gap_is_of_the_size_of_the_height(loss: str) -> None:
    """With a ridge penalty it is of second order, as the height is."""
    problem = make_problem(loss, 500, 6, epsilon=0.5, alpha=0.1)
    best = fastgd.fit(**problem.arguments(), tol=1e-15, max_iter=300)
    direction = np.random.default_rng(0).normal(size=6)
    for step in (0.1, 0.01, 1e-3):
        coef, intercept = best.coef + step * direction, best.intercept + step
        height = problem.value(coef, intercept) - best.objective
        assert height <= gap_at(problem, coef, intercept) <= 30.0 * height


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_outputs_are_problems_of_their_own(penalty: str, fit_intercept: bool) -> None:
    problem = make_problem(
        "huber", 300, 4, outputs=3, epsilon=0.5, fit_intercept=fit_intercept, **PENALTIES[penalty]
    )
    generator = np.random.default_rng(1)
    coef = 0.1 * generator.normal(size=(3, 4))
    intercept = 0.1 * generator.normal(size=3) if fit_intercept else np.zeros(3)
    together = gap_at(problem, coef, intercept)
    alone = [gap_at(replace(problem, y=problem.y[:, k]), coef[k], intercept[k]) for k in range(3)]
    # for all outputs together one kind of point is taken
    assert together >= sum(alone) * (1.0 - 1e-12)
    if penalty != "elastic net":
        assert together == pytest.approx(sum(alone), rel=1e-12)


def test_an_intercept_held_is_an_offset() -> None:
    problem = make_problem(n=100, alpha=0.1)
    best = fastgd.fit(**problem.arguments())
    arguments = problem.point_arguments() | {"coef": best.coef}
    held = fastgd.duality_gap(**arguments, intercept=0.7, fit_intercept=False)
    moved = fastgd.duality_gap(
        **arguments | {"offset": np.full(100, 0.7)}, intercept=0.0, fit_intercept=False
    )
    assert held == pytest.approx(moved, rel=1e-12)
    assert held < fastgd.duality_gap(**arguments, intercept=0.7)


@pytest.mark.parametrize("loss", LOSSES)
def test_without_a_penalty_it_is_the_objective(loss: str) -> None:
    problem = make_problem(loss)
    assert gap_at(problem, np.ones(5), 0.1) == pytest.approx(
        problem.value(np.ones(5), 0.1), rel=1e-12
    )


def test_a_gradient_of_zero_is_optimal() -> None:
    X, y = np.array([[1.0], [-1.0]]), np.array([2.0, 2.0])
    assert fastgd.duality_gap(X, y, [0.0], 2.0) == 0.0


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_threads_and_layouts_change_no_bit(penalty: str, layout: Any, dtype: str) -> None:
    problem = make_problem("log_loss", 20_011, 37, scale=3.0, **PENALTIES[penalty])
    X = np.asarray(problem.X.astype(dtype), order=layout)
    coef = np.linspace(-0.1, 0.1, 37)
    gaps = {
        gap_at(replace(problem, X=X), coef, 0.1, n_threads=threads)
        for threads in (1, 2, 3, 8, None)
    }
    assert len(gaps) == 1
    wide = replace(problem, X=X.astype("f8"))
    near = 1e-12 if dtype == "f8" else 1e-4
    assert gaps.pop() == pytest.approx(gap_at(wide, coef, 0.1), rel=near)


def test_an_objective_beyond_the_floats_has_no_bound() -> None:
    assert fastgd.duality_gap([[1e200]], [0.0], [1.0]) == np.inf


BAD_CALLS = [
    bad("gap-X-nan", FINITE, "nan at row 3, column 2", **GAP, X=with_entry(X, (3, 2), NAN)),
    bad("gap-coef-shape", PER_COLUMN, "shape (2,)", **GAP, coef=np.zeros(2)),
    bad("gap-alpha", NONNEGATIVE, "-1", **GAP, alpha=-1),
    bad("gap-label", KNOWN_LABELS, "2.0 at row 0", **GAP, given=BINARY, y=2 * ONES),
    bad("gap-threads", THREADS, "0", **GAP, n_threads=0),
    wrong("gap-intercept", FLAG, "1 (int)", **GAP, fit_intercept=1),
]


@pytest.mark.parametrize("row", BAD_CALLS)
def test_error_leaves_nothing_half_done(row: BadCall) -> None:
    fails_cleanly(row, GOOD_CALLS[row.function], numbers_from)
