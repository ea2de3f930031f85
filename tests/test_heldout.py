"""Rows held out: they take no part in the fit, and say which epoch to return and when to stop."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd
from fastgd import _core
from fastgd._heldout import draw_rows
from fastgd._targets import check_targets

pytestmark = pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")

# Path and end without any stopping, so that no epoch is judged.
ALL_EPOCHS: dict[str, Any] = {"tol": None, "max_iter": 4}


def held_out_rows(problem: Problem, fraction: float, seed: int = 0) -> np.ndarray:
    """Return which rows `validation_fraction` holds out."""
    loss = fastgd.losses.catalog[problem.loss]()
    binary = problem.loss == "log_loss"
    targets = check_targets(problem.y, len(problem.X), loss, need_both_classes=binary)
    mask = np.zeros(len(problem.X), dtype=bool)
    mask[draw_rows(targets, fraction, seed)] = True
    return mask


def part(problem: Problem, rows: np.ndarray) -> Problem:
    """Return the problem of some rows alone."""
    weights, offset = problem.sample_weight, problem.offset
    return replace(
        problem,
        X=problem.X[rows],
        y=problem.y[rows],
        sample_weight=None if weights is None else weights[rows],
        offset=None if offset is None else offset[rows],
    )


def mean_loss(problem: Problem, coef: Any, intercept: Any) -> float:
    return replace(problem, alpha=0.0).value(coef, intercept)


def overfitting(loss: str = "squared_error", n: int = 60) -> Problem:
    """Return a problem with nearly as many columns as rows: its optimum serves no other rows."""
    return make_problem(loss, n, 40, noise=1.5)


@settings(max_examples=60)
@given(
    n=st.integers(2, 300),
    fraction=st.floats(1e-3, 0.999),
    seed=st.integers(0, 2**64 - 1),
    positives=st.integers(1, 299),
)
def test_share_of_each_class(n: int, fraction: float, seed: int, positives: int) -> None:
    """Of each class that share to the nearest row, but one is left and one taken of two."""
    y = np.zeros(n)
    y[: min(positives, n - 1)] = 1.0
    for loss in ("squared_error", "log_loss"):
        problem = Problem(X=np.zeros((n, 1)), y=y, loss=loss)
        groups = [y == 0.0, y == 1.0] if loss == "log_loss" else [y == y]
        sizes = [int(group.sum()) for group in groups]
        if max(sizes) == 1:
            with pytest.raises(ValueError, match=r"^validation_fraction: expected rows to spare"):
                held_out_rows(problem, fraction, seed)
            continue
        rows = held_out_rows(problem, fraction, seed)
        np.testing.assert_array_equal(rows, held_out_rows(problem, fraction, seed))
        for group, size in zip(groups, sizes, strict=True):
            held = int(rows[group].sum())
            share = min(max(fraction * size, 1.0), size - 1.0)
            assert abs(held - share) <= 0.5


def test_every_block_of_rows_gives_its_share() -> None:
    n = 2**21 + 12_345
    y = np.zeros(n, "i1")
    y[2**20 - 100 : 2**20 + 1] = 1  # one of them in another block
    rows = held_out_rows(Problem(X=np.zeros((n, 1)), y=y, loss="log_loss"), 0.3)
    assert rows[y == 1].sum() == 30
    for start in range(0, n, 2**20):
        block = rows[start : start + 2**20]
        assert abs(block.sum() - 0.3 * len(block)) <= 2.0


def test_the_rows_drawn_stay_the_same() -> None:
    """A change here changes every fit with validation_fraction."""
    problem = make_problem(n=1000)
    drawn = [np.flatnonzero(held_out_rows(problem, 0.01, seed)).tolist() for seed in (0, 1)]
    assert drawn[0] != drawn[1]
    assert hashlib.sha256(repr(drawn).encode()).hexdigest()[:16] == "1d1da6b9525090cf"


@pytest.mark.parametrize("extras", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_held_out_rows_take_no_part(solver: str, loss: str, extras: bool) -> None:
    """The optimum is that of the other rows; batch descent goes there by the same steps."""
    generator = np.random.default_rng(0)
    given_extras = {
        "sample_weight": generator.uniform(0.5, 2.0, size=600),
        "offset": generator.normal(size=600),
    }
    problem = make_problem(loss, 600, 5, alpha=0.01, **(given_extras if extras else {}))
    held = held_out_rows(problem, 0.3)
    kept = part(problem, ~held)
    # no epoch is better for the rows held out than the last: they agree with the others
    result = fastgd.fit(
        **problem.arguments(), solver=solver, validation_fraction=0.3, tol=1e-9, n_iter_no_change=99
    )
    alone = fastgd.fit(**kept.arguments(), solver=solver, tol=1e-9)
    if solver == "batch":
        assert result.n_iter == alone.n_iter
        np.testing.assert_allclose(result.history.objective, alone.history.objective, rtol=1e-9)
    least = kept.optimum()
    assert result.history.objective[-1] == pytest.approx(least, rel=1e-4)
    expected = mean_loss(part(problem, held), result.coef, result.intercept)
    assert np.min(result.history.validation) == pytest.approx(expected, rel=1e-10)
    assert result.objective == pytest.approx(kept.value(result.coef, result.intercept), rel=1e-10)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "steps",
    [{}, {"precondition": "scale"}, {"learning_rate": "constant", "eta0": 1e-6}],
    ids=["auto", "scale", "as given"],
)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_what_lies_in_held_out_rows_changes_no_bit(
    solver: str, loss: str, steps: dict[str, Any], dtype: str
) -> None:
    problem = make_problem(loss, 30_000, 4, dtype=dtype, alpha=1e-3, mean=2.0)
    X, y = problem.X.copy(), problem.y.copy()
    rare = np.random.default_rng(0).choice(30_000, 40)
    X[rare, 0] = 200.0  # outlying rows that belong to the sample of the Hessian
    held = held_out_rows(problem, 0.6)
    seen: list[list[Any]] = []
    for factor in (1.0, 1e36):  # products of rows overflow in float32
        path: list[Any] = []
        X[held] *= dtype_of(dtype)(factor)
        if loss != "log_loss":
            y[held] *= factor
        fastgd.fit(
            **replace(problem, X=X, y=y).arguments(),
            solver=solver,
            validation_fraction=0.6,
            callback=lambda info, path=path: path.append((info.coef.copy(), info.objective)),
            **ALL_EPOCHS,
            **steps,
        )
        seen.append(path)
    assert len(seen[0]) == 4
    for (one, objective), (other, again) in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_equal(objective, again)


def dtype_of(name: str) -> Any:
    return np.dtype(name).type


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_best_epoch_is_returned(solver: str, loss: str, measured: bool) -> None:
    problem = overfitting(loss)
    other = make_problem(loss, 500, 40, noise=1.5, seed=0)
    validation = part(other, np.arange(500) >= 60)
    seen: list[fastgd.EpochInfo] = []
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,
        learning_rate="constant",
        eta0=0.01,
        precondition="scale",
        batch_size=10,
        max_iter=60,
        tol=1e-12 if measured else None,
        n_iter_no_change=60,
        validation_set=(validation.X, validation.y),
        callback=seen.append,
    )
    losses = [mean_loss(validation, info.coef, info.intercept) for info in seen]
    np.testing.assert_allclose(result.history.validation, losses, rtol=1e-10)
    np.testing.assert_array_equal(result.history.validation, [info.validation for info in seen])
    best = int(np.argmin(losses))
    np.testing.assert_array_equal(result.coef, seen[best].coef)
    assert result.intercept == seen[best].intercept
    assert result.objective == pytest.approx(problem.value(result.coef, result.intercept), rel=1e-9)
    left = np.linalg.norm(problem.least_subgradient(result.coef, result.intercept))
    assert result.gradient_norm == pytest.approx(left, rel=1e-6)
    assert f"after epoch {best + 1}, whose validation loss {min(losses):.6g}" in result.message
    assert f"{min(losses):.6g} after epoch {best + 1}" in repr(result)
    # noisy epochs may find nothing better for a quarter of them
    assert result.status == ("iteration_limit" if result.n_iter == 60 else "converged")
    assert result.n_iter == len(seen) > 45


@pytest.mark.parametrize("patience", [1, 3])
@pytest.mark.parametrize("solver", SOLVERS)
def test_stops_once_no_epoch_is_better(solver: str, patience: int) -> None:
    problem = make_problem(n=1000, d=40, noise=1.5)
    fitted, validation = part(problem, np.arange(1000) < 50), part(problem, np.arange(1000) >= 50)
    options: dict[str, Any] = {"precondition": "scale", "batch_size": 10, "tol": 1e-4}
    result = fastgd.fit(
        **fitted.arguments(),
        solver=solver,
        validation_set=(validation.X, validation.y),
        n_iter_no_change=patience,
        **options,
    )
    losses = result.history.validation
    best = int(np.argmin(losses))
    assert result.status == "validation_stop"
    assert best < result.n_iter - 1 or patience == 1
    # none of the last epochs gained, and every run of idle epochs before was shorter
    mark, idle, longest = losses[0], 0, []
    for loss in losses[1:]:
        gained = loss < mark - 1e-4 * mark
        mark, idle = (loss, 0) if gained else (mark, idle + 1)
        longest.append(idle)
    assert longest[-1] == patience == max(longest)
    assert result.message.startswith(f"stopped by the validation loss after {result.n_iter} epoch")
    assert f"the last {patience} without one lower by more than tol=0.0001" in result.message
    expected = mean_loss(validation, result.coef, result.intercept)
    assert expected == pytest.approx(losses[best], rel=1e-10)


def test_stopping_early_is_no_failure(recwarn: pytest.WarningsRecorder) -> None:
    problem = overfitting()
    result = fastgd.fit(
        **problem.arguments(), precondition="scale", validation_fraction=0.2, n_iter_no_change=1
    )
    assert result.status == "validation_stop"
    assert not recwarn.list


@pytest.mark.parametrize("solver", SOLVERS)
def test_without_tol_no_fit_is_stopped(solver: str) -> None:
    result = fastgd.fit(
        **overfitting().arguments(),
        solver=solver,
        validation_fraction=0.5,
        tol=None,
        max_iter=30,
        n_iter_no_change=1,
    )
    assert (result.status, result.n_iter) == ("iteration_limit", 30)
    assert np.isfinite(result.history.validation).all()


def test_nothing_is_measured_where_none_is_held_out() -> None:
    seen: list[fastgd.EpochInfo] = []
    result = fastgd.fit(**make_problem().arguments(), callback=seen.append)
    assert np.isnan(result.history.validation).all()
    assert len(result.history.validation) == result.n_iter
    assert np.isnan(seen[0].validation)
    assert "validation" not in repr(result)
    assert "validation" not in result.message


@pytest.mark.parametrize("labels", [(0, 1), (-1, 1), (3, 7)])
def test_sets_of_ones_own_hold_the_labels_of_the_fit(labels: tuple[int, int]) -> None:
    problem = make_problem("log_loss", 400, 3)
    named = np.where(problem.y > 0.0, labels[1], labels[0])
    kept, other = np.arange(400) < 300, np.arange(400) >= 300
    first = fastgd.fit(
        problem.X[kept],
        named[kept],
        loss="log_loss",
        validation_set=(problem.X[other], named[other]),
    )
    losses = first.history.validation
    expected = part(problem, other).value(first.coef, first.intercept)
    assert losses.min() == pytest.approx(expected, rel=1e-10)
    # one class is enough there
    positive = other & (problem.y > 0.0)
    alone = fastgd.fit(
        problem.X[kept],
        named[kept],
        loss="log_loss",
        validation_set=(problem.X[positive], named[positive]),
    )
    expected = part(problem, positive).value(alone.coef, alone.intercept)
    assert alone.history.validation.min() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda X: X.astype("f4"), np.ndarray.tolist])
def test_sets_of_ones_own_with_weights_and_offset(layout: Any) -> None:
    generator = np.random.default_rng(0)
    problem = make_problem("huber", 400, 3, outputs=2, epsilon=0.5)
    validation = make_problem(
        "huber",
        100,
        3,
        outputs=2,
        seed=1,
        epsilon=0.5,
        sample_weight=generator.integers(0, 3, size=100),
        offset=generator.normal(size=(100, 2)),
    )
    entries = (layout(validation.X), validation.y, validation.sample_weight, validation.offset)
    for count in (2, 3, 4):
        result = fastgd.fit(**problem.arguments(), validation_set=entries[:count])
        judged = replace(
            validation,
            sample_weight=validation.sample_weight if count > 2 else None,
            offset=validation.offset if count > 3 else None,
        )
        expected = judged.value(result.coef, result.intercept)
        assert result.history.validation.min() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_callbacks_are_called_as_without(solver: str) -> None:
    problem = overfitting()
    options: dict[str, Any] = {"solver": solver, "validation_fraction": 0.2, "tol": None}

    def stop(info: fastgd.EpochInfo) -> bool:
        return info.epoch == 2

    result = fastgd.fit(**problem.arguments(), callback=stop, **options)
    assert (result.status, result.n_iter) == ("stopped", 3)
    assert result.message.startswith("stopped by the callback after 3 epochs: objective ")
    assert "whose validation loss" in result.message

    def fail(info: fastgd.EpochInfo) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fastgd.fit(**problem.arguments(), callback=fail, **options)


@pytest.mark.parametrize("solver", SOLVERS)
def test_diverging_returns_the_best_epoch_before(solver: str) -> None:
    problem = make_problem(n=500, d=4)
    seen: list[fastgd.EpochInfo] = []
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,
        learning_rate=lambda epoch: [0.01, 0.01, 1e3][min(epoch, 2)],
        validation_fraction=0.2,
        callback=seen.append,
    )
    assert result.status == "diverged"
    best = int(np.nanargmin(result.history.validation))
    assert best < 2
    np.testing.assert_array_equal(result.coef, seen[best].coef)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_threads_change_no_bit(solver: str, dtype: str) -> None:
    problem = make_problem("log_loss", 15_011, 37, dtype=dtype)
    options: dict[str, Any] = {"solver": solver, "max_iter": 3, "validation_fraction": 0.25}
    fits = [
        fastgd.fit(**problem.arguments(), n_threads=threads, **options)
        for threads in (1, 2, 8, None)
    ]
    for result in fits[1:]:
        np.testing.assert_array_equal(result.coef, fits[0].coef)
        np.testing.assert_array_equal(result.history.validation, fits[0].history.validation)


def test_rows_of_the_core_are_rows_of_X() -> None:
    """The border of memory: anything else is checked before."""
    arguments: dict[str, Any] = {
        **make_problem(n=10).point_arguments(),
        "positive_label": None,
        "parameters": _core.LossParameters(),
        "penalty_scale": _core.PenaltyScale.raw,
        "coef": np.zeros((1, 5)),
        "intercept": np.zeros(1),
        "single_precision": False,
        "with_gradient": False,
        "n_threads": 1,
    }
    for row in (-1, 10):
        with pytest.raises(IndexError, match="rows of X"):
            _core.objective_at(**arguments, rows=np.array([0, row]))
