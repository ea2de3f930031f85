"""How often a fit read the rows of X: counted where they are read, whatever read them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import SOLVERS, make_problem

import fastgd

MOMENTS = 1
MEASURE = 1
PLAIN: dict[str, Any] = {"learning_rate": "constant", "eta0": 1e-3, "tol": None}


def test_squared_error_on_few_rows_is_four_passes() -> None:
    result = fastgd.fit(**make_problem().arguments())
    gradient, hessian = 1, 1  # of all rows: there are too few for a sample
    assert result.n_passes == MOMENTS + gradient + hessian + MEASURE
    assert "1 (4.0 passes over X)" in repr(result)


@pytest.mark.parametrize("epochs", [1, 5])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_plain_epoch_is_one_pass(solver: str, epochs: int) -> None:
    problem = make_problem("huber", n=1000)
    result = fastgd.fit(**problem.arguments(), solver=solver, max_iter=epochs, **PLAIN)
    # batch descent measures each point it steps from, the others only the last one
    assert result.n_passes == epochs + MEASURE
    assert result.history.n_passes[-1] == result.n_passes


@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_each_measure_of_a_stochastic_fit_is_one_pass_more(solver: str) -> None:
    problem = make_problem(n=1000)
    options = PLAIN | {"tol": 0.0, "max_iter": 4}
    with pytest.warns(fastgd.ConvergenceWarning):
        result = fastgd.fit(**problem.arguments(), solver=solver, **options)
    np.testing.assert_array_equal(result.history.n_passes, 2 * np.arange(1, 5))


@pytest.mark.parametrize("batch_size", [7, 256, 999])
@pytest.mark.parametrize("columns", [4, 700])
def test_rows_that_wait_for_their_batch_count_once(batch_size: int, columns: int) -> None:
    """The largest batch of 700 columns is summed by the whole team, the others are not."""
    problem = make_problem(n=1000, d=columns)
    options = PLAIN | {"solver": "minibatch", "batch_size": batch_size, "max_iter": 3}
    assert fastgd.fit(**problem.arguments(), **options).n_passes == 3 + MEASURE


@pytest.mark.parametrize("solver", SOLVERS)
def test_threads_and_layout_do_not_matter(solver: str) -> None:
    problem = make_problem("log_loss", n=3000, d=20)
    X = problem.X.astype(np.float32)
    layouts = [X, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]]
    passes = {
        fastgd.fit(layout, problem.y, loss="log_loss", solver=solver, n_threads=threads).n_passes
        for layout in layouts
        for threads in (1, 2)
    }
    assert len(passes) == 1


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_sample_counts_for_its_rows(solver: str) -> None:
    """Its moments, Hessians, gradients and trial steps are all an epoch needs beside its passes."""
    n, d = 20_000, 63
    sample = 100 * (d + 1) / n
    problem = make_problem("log_loss", n, d)
    result = fastgd.fit(**problem.arguments(), solver=solver)
    assert result.precondition == "whiten"
    spent = np.diff(result.history.n_passes, prepend=MOMENTS)
    plain = 1 if solver == "batch" else 2
    assert np.all(spent >= plain)
    extra = (spent - plain) / sample
    assert 0.99 <= extra[0] <= 100.0
    # its Hessian and a trial, whose gradient is the next step's where that starts there
    assert len(extra) >= 2
    assert np.all(extra[1:] <= (2.01 if solver == "batch" else 3.01))
    assert result.n_passes >= result.history.n_passes[-1]


@pytest.mark.parametrize(
    ("penalty", "least", "most"),
    [
        pytest.param({}, 1, 1, id="one along the gradient, for a line search"),
        pytest.param({"alpha": 1e-3, "l1_ratio": 1.0}, 2, 31, id="power iterations"),
    ],
)
def test_finding_the_first_step_counts_for_its_rows(
    penalty: dict[str, float], least: int, most: int
) -> None:
    n, epochs = 400_000, 2
    share = 2**18 / n  # 8 MiB of four columns
    problem = make_problem("huber", n=n, d=4)
    arguments = {**problem.arguments(), **penalty}
    result = fastgd.fit(**arguments, precondition="scale", tol=None, max_iter=epochs)
    for_the_step = (result.n_passes - MOMENTS - epochs - MEASURE) / share
    assert for_the_step == pytest.approx(round(for_the_step))
    assert least <= round(for_the_step) <= most
