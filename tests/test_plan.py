"""`solver="auto"`: what is asked for decides, then the least estimated time; the result says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import make_problem

import fastgd
from fastgd.plan import WHITENED_COLUMNS, Work

SMALL = Work(1000, 10, 1, 8, quadratic=True, proximal=False, n_threads=2)


@pytest.mark.parametrize(
    ("options", "solver"),
    [
        ({}, "batch"),
        ({"solver": "sgd"}, "sgd"),
        ({"solver": "minibatch", "batch_size": 10}, "minibatch"),
        ({"update": "adam"}, "minibatch"),
        ({"update": "lbfgs"}, "batch"),
        ({"average": True}, "sgd"),
        ({"variance_reduction": "svrg"}, "sgd"),
        ({"learning_rate": "invscaling", "eta0": 1e-3}, "sgd"),
        ({"learning_rate": "constant", "eta0": 1e-3}, "batch"),
        ({"learning_rate": fastgd.schedules.cosine(1e-3, epochs=5)}, "batch"),
    ],
)
def test_what_is_asked_for_decides(options: dict[str, Any], solver: str) -> None:
    arguments = make_problem("squared_error", 200, 4).arguments() | options
    arguments |= {"max_iter": 2, "tol": None}
    plan = fastgd.explain_plan(**arguments)
    assert plan.solver == solver
    assert plan.batch_size == {"batch": 200, "sgd": 1}.get(solver, options.get("batch_size", 200))
    result = fastgd.fit(**arguments)
    assert result.plan == plan
    assert result.precondition == plan.precondition


def test_a_named_solver_and_the_chosen_one_give_the_same_fit() -> None:
    arguments = make_problem("log_loss", 500, 6).arguments()
    chosen = fastgd.fit(**arguments)
    named = fastgd.fit(**arguments, solver=chosen.plan.solver)
    np.testing.assert_array_equal(chosen.coef, named.coef)
    assert named.plan.reason == "the caller's choice"


@given(
    n_rows=st.integers(1, 10**9),
    n_columns=st.integers(1, 10**6),
    n_outputs=st.integers(1, 20),
    itemsize=st.sampled_from([1, 2, 4, 8]),
    quadratic=st.booleans(),
    proximal=st.booleans(),
    n_threads=st.integers(1, 64),
)
def test_costs_grow_with_the_problem(**shape: Any) -> None:
    work = Work(**shape)
    costs = work.seconds()
    assert set(costs) == {"batch", "minibatch", "sgd"}
    assert all(0.0 < cost < np.inf for cost in costs.values())
    longer = replace(work, n_rows=20 * work.n_rows).seconds()
    assert longer["batch"] >= costs["batch"]
    more = replace(work, n_threads=2 * work.n_threads).seconds()
    assert all(more[name] <= costs[name] for name in costs)


def test_few_rows_a_column_are_no_work_for_single_rows() -> None:
    wide = replace(SMALL, n_rows=2000, n_columns=20_000).seconds()
    assert wide["batch"] < min(wide["minibatch"], wide["sgd"])


@pytest.mark.parametrize("columns", [WHITENED_COLUMNS, WHITENED_COLUMNS + 1])
def test_the_plan_knows_where_the_core_takes_a_hessian(columns: int) -> None:
    X = np.random.default_rng(0).normal(size=(5, columns))
    plan = fastgd.explain_plan(X, X[:, 0], max_iter=1, tol=None)
    result = fastgd.fit(X, X[:, 0], solver=plan.solver, max_iter=1, tol=None)
    assert result.precondition == plan.precondition
    assert plan.precondition == ("whiten" if columns == WHITENED_COLUMNS else "scale")


def test_nothing_is_read_for_a_plan() -> None:
    X = np.full((50, 3), np.nan)
    assert fastgd.explain_plan(X, np.arange(50.0)).solver == "batch"


def test_wrong_arguments_of_explain_plan() -> None:
    X = np.zeros((5, 2))
    with pytest.raises(TypeError, match="unexpected keyword argument 'solvers'"):
        fastgd.explain_plan(X, np.zeros(5), solvers="sgd")
    with pytest.raises(ValueError, match=r"^solver: expected one of 'auto', "):
        fastgd.explain_plan(X, np.zeros(5), solver="sag")


def test_the_plan_reads_well() -> None:
    plan = fastgd.Plan("sgd", "scale", "plain", 1, "average is for steps of few rows", {"sgd": 0.5})
    assert repr(plan).splitlines() == [
        "Plan",
        "  solver         sgd",
        "  precondition   scale",
        "  update         plain",
        "  rows a step    1",
        "  because        average is for steps of few rows",
        "  X is read      by every epoch",
        "  estimates      sgd 0.5 s",
    ]


def test_the_type_computed_in_decides_with_the_shape() -> None:
    X, y = np.ones((2000, 50), np.float32), np.zeros(2000)
    options: dict[str, Any] = {"solver": "batch", "update": "plain", "precondition": "scale"}
    options |= {"tol": None, "max_iter": 8}
    single = fastgd.explain_plan(X, y, **options).reading
    double = fastgd.explain_plan(X.astype(np.float64), y, **options).reading
    assert single != double
    assert fastgd.explain_plan(X, y, dtype="float64", **options).reading == double
