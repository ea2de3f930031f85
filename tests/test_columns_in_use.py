"""Columns that no row stores anything of cost a fit nothing and change no bit of it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.linear_model import GDClassifier

sp = pytest.importorskip("scipy.sparse")

N_COLUMNS = 5000


def hashed(n: int = 500, d: int = 30, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Rows of few columns, the same numbers among thousands, where those are, and targets."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * (rng.random((n, d)) < 0.3)
    used = np.sort(rng.choice(N_COLUMNS, d, replace=False))
    few = sp.csr_array(X)
    many = sp.csr_array((few.data, used[few.indices], few.indptr), shape=(n, N_COLUMNS))
    return few, many, used, X @ rng.standard_normal(d) + rng.logistic(size=n)


@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss", "hinge"])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("bounded", [False, True])
def test_fits_are_those_of_the_columns_in_use(
    solver: Any, loss: str, index: Any, bounded: bool
) -> None:
    few, many, used, z = hashed()
    many.indices = many.indices.astype(index)
    y = z if loss == "squared_error" else np.where(z > 0, 1, -1)
    factor = np.random.default_rng(1).random(N_COLUMNS)
    low = np.where(factor < 0.5, -0.1, 0.0)
    own = {"penalty_factor": factor[used], "bounds": (low[used], 1.0) if bounded else None}
    of_all = {"penalty_factor": factor, "bounds": (low, 1.0) if bounded else None}
    options = {"solver": solver, "loss": loss, "alpha": 0.01, "l1_ratio": 0.3}
    options |= {"max_iter": 15, "tol": None}
    expected = fastgd.fit(few, y, **options, **own)
    result = fastgd.fit(many, y, **options, **of_all)
    np.testing.assert_array_equal(result.coef[used], expected.coef)
    assert np.count_nonzero(result.coef) == np.count_nonzero(expected.coef)
    assert result.intercept == expected.intercept
    assert result.objective == expected.objective
    assert result.n_iter == expected.n_iter


@pytest.mark.parametrize("loss", ["softmax", "log_loss"])
def test_classes(loss: str) -> None:
    few, many, used, z = hashed()
    y = np.digitize(z, np.quantile(z, [0.3, 0.6]))
    expected = GDClassifier(loss=loss, alpha=0.01).fit(few, y)
    model = GDClassifier(loss=loss, alpha=0.01).fit(many, y)
    np.testing.assert_array_equal(model.coef_[:, used], expected.coef_)
    np.testing.assert_array_equal(model.predict(many), expected.predict(few))
    assert model.coef_.shape == (3, N_COLUMNS)
    assert np.count_nonzero(model.coef_) == np.count_nonzero(expected.coef_)


def test_whoever_looks_in_sees_all_columns() -> None:
    _, many, used, z = hashed()
    seen = []
    fastgd.fit(many, z, max_iter=3, tol=None, callback=lambda info: seen.append(info.coef.copy()))
    assert all(coef.shape == (N_COLUMNS,) for coef in seen)
    assert set(np.flatnonzero(seen[-1])) == set(used)


def test_what_no_row_stores_keeps_where_it_starts() -> None:
    _, many, used, z = hashed()
    unused = np.setdiff1d(np.arange(N_COLUMNS), used)[[0, 7, -1]]
    start = np.zeros(N_COLUMNS)
    start[unused] = 2.5
    result = fastgd.fit(many, z, coef_init=start)
    np.testing.assert_array_equal(result.coef[unused], 2.5)
    penalised = fastgd.fit(many, z, coef_init=start, alpha=0.1)
    np.testing.assert_allclose(penalised.coef[unused], 0.0, atol=1e-3)
    np.testing.assert_allclose(result.coef[used], fastgd.fit(many, z).coef[used], rtol=1e-4)


def test_bounds_that_keep_a_column_from_zero_hold_if_no_row_stores_it() -> None:
    _, many, used, z = hashed()
    unused = np.setdiff1d(np.arange(N_COLUMNS), used)[3]
    low = np.full(N_COLUMNS, -np.inf)
    low[unused] = 0.5
    assert fastgd.fit(many, z, bounds=(low, None)).coef[unused] >= 0.5


def test_columns_are_told_by_the_numbers_they_have() -> None:
    _, many, used, z = hashed()
    twice = sp.hstack([many, 2.0 * many[:, used[4:5]]]).tocsr()
    assert re.search(rf"column \(({used[4]}|{N_COLUMNS})\)", fastgd.fit(twice, z).message)
    steep = many @ sp.diags_array(np.where(np.arange(N_COLUMNS) == used[5], 1e6, 1.0))
    with pytest.warns(fastgd.ConvergenceWarning, match=rf"column {used[5]}\b"):
        fastgd.fit(steep.tocsr(), z, solver="batch", learning_rate="constant", eta0=0.1)


def test_what_is_not_finite_is_found_in_its_place() -> None:
    _, many, _, z = hashed()
    many.data[7] = np.nan
    row = np.searchsorted(many.indptr, 7, side="right") - 1
    with pytest.raises(ValueError, match=f"row {row}, column {many.indices[7]};"):
        fastgd.fit(many, z)


def test_the_plan_is_that_of_the_columns_in_use() -> None:
    few, many, _, z = hashed()
    plan, expected = fastgd.fit(many, z).plan, fastgd.fit(few, z).plan
    assert (plan.solver, plan.precondition) == (expected.solver, expected.precondition)
    assert f"30 of {N_COLUMNS:,} columns" in repr(plan)


def test_many_in_use_are_taken_as_they_are() -> None:
    _, many, used, z = hashed()
    dense = sp.csr_array(many[:, : used[-1] + 1][:, used])
    assert "columns in use" not in repr(fastgd.fit(dense, z).plan)
