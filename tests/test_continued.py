"""Fits that go on from another: with steps of the caller's, two make one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastgd

RNG = np.random.default_rng(5)
X = RNG.normal(size=(150, 4))
Y = X @ [1.0, -1.0, 0.5, 0.0] + RNG.normal(size=150)


@pytest.mark.parametrize("shuffle", ["block", "full", False])
@pytest.mark.parametrize(
    "rate", ["constant", "invscaling", "optimal", lambda epoch: 0.1 / (1 + epoch)]
)
@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
def test_two_fits_make_one(solver: Any, rate: Any, shuffle: Any) -> None:
    given: dict[str, Any] = {
        "solver": solver, "learning_rate": rate, "shuffle": shuffle, "batch_size": 16,
        "loss": "huber", "alpha": 0.1, "tol": None, "update": "plain",
    }  # fmt: skip
    whole = fastgd.fit(X, Y, max_iter=7, **given)
    first = fastgd.fit(X, Y, max_iter=3, **given)
    second = fastgd.fit(
        X, Y, max_iter=4, epochs_before=3, coef_init=first.coef, intercept_init=first.intercept,
        **given,
    )  # fmt: skip
    np.testing.assert_array_equal(second.coef, whole.coef)
    assert second.intercept == whole.intercept
    rates = [*first.history.learning_rate, *second.history.learning_rate]
    np.testing.assert_array_equal(rates, whole.history.learning_rate)
