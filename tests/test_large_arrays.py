"""Arrays of more than 2^31 elements: 22 million rows of 100 float32, 8.8 GB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import SOLVERS, Problem, make_problem

import fastgd
from fastgd import _core

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

BLOCK, TIMES, D = 110_000, 100, 100


@pytest.fixture(scope="module")
def halves() -> list[Problem]:
    """Rows that the data repeat: the first throughout its first half, the second thereafter."""
    return [make_problem("squared_error", BLOCK, D, dtype="f4", seed=seed) for seed in (0, 1)]


@pytest.fixture(scope="module")
def data(halves: list[Problem]) -> Iterator[tuple[Any, Any]]:
    rows = 2 * TIMES * BLOCK
    X, y = np.empty((rows, D), np.float32), np.empty(rows)
    assert X.size > 2**31
    for i in range(2 * TIMES):
        part = slice(i * BLOCK, (i + 1) * BLOCK)
        X[part], y[part] = halves[i // TIMES].X, halves[i // TIMES].y
    yield X, y
    del X, y


def test_value_and_gradient_are_the_mean_of_the_halves(data: Any, halves: list[Problem]) -> None:
    coef = np.linspace(-1.0, 1.0, D)
    got = fastgd.value_and_gradient(*data, coef, 0.5)
    parts = [fastgd.value_and_gradient(half.X, half.y, coef, 0.5) for half in halves]
    for i in range(3):
        expected = 0.5 * (np.asarray(parts[0][i]) + parts[1][i])
        np.testing.assert_allclose(got[i], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_epoch_is_that_of_the_blocks_one_by_one(
    solver: str, data: Any, halves: list[Problem]
) -> None:
    options = _core.FitOptions()
    options.solver = _core.Solver[solver]
    options.eta0 = 1e-4
    descent = _core.DescentFloat32(
        "squared_error", _core.LossParameters(), options, np.zeros((1, D)), np.zeros(1)
    )
    for half in halves:
        for _ in range(TIMES):
            descent.consume(half.X, half.y[:, None])
    descent.finish_epoch()
    result = fastgd.fit(
        *data,
        solver=solver,  # type: ignore[arg-type]
        shuffle=False,
        learning_rate="constant",
        eta0=1e-4,
        max_iter=1,
        tol=None,
    )
    np.testing.assert_array_equal(result.coef, descent.coefficients()[0][0].astype("f4"))


@pytest.mark.parametrize("shuffle", ["block", "full"])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_a_shuffled_epoch_takes_rows_from_all_over(
    solver: str, shuffle: Any, data: Any, halves: list[Problem]
) -> None:
    """It ends near the optimum of both halves together."""
    result = fastgd.fit(*data, solver=solver, shuffle=shuffle, max_iter=1, tol=None)  # type: ignore[arg-type]
    A = [np.column_stack([half.X, np.ones(BLOCK)]).astype("f8") for half in halves]
    normal = sum(a.T @ a for a in A)
    exact = np.linalg.solve(normal, sum(a.T @ h.y for a, h in zip(A, halves, strict=True)))
    np.testing.assert_allclose(result.coef, exact[:-1], atol=0.02)
