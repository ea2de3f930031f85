"""The same fit again, bit for bit: threads, repeats, chunks, checkpoints and seeds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import LOSSES, SOLVERS, make_problem
from scipy import sparse

import fastgd
from fastgd import _core

if TYPE_CHECKING:
    from collections.abc import Callable

DTYPES = ("f4", "f8")
LEVELS = _core.isa_levels()

# Enough bytes for all eight threads to be given work.
LARGE = {"n": 15_011, "d": 37}


def digest(*arrays: Any) -> str:
    """Return a hash of the bits of arrays and numbers."""
    return hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).hexdigest()


def fit_digest(solver: str, dtype: str, n_threads: int | None) -> str:
    """Return a hash of all that a fit with automatic and one with given steps tell."""
    weights = np.linspace(0.5, 2.0, LARGE["n"])
    penalty = {"alpha": 1e-3, "l1_ratio": 0.5}
    problem = make_problem("log_loss", **LARGE, dtype=dtype, sample_weight=weights, **penalty)
    seen = []
    for options in ({}, {"learning_rate": "invscaling", "update": "momentum", "average": True}):
        result = fastgd.fit(
            **problem.arguments(),
            solver=solver,
            batch_size=2000,
            max_iter=3,
            tol=None,
            n_threads=n_threads,
            **options,
        )
        history = result.history
        seen += [result.coef, result.intercept, history.objective, history.gradient_norm]
    return digest(*seen)


def gradient_digest(loss: str, dtype: str, n_threads: int | None) -> str:
    """Return a hash of value and gradient for several outputs."""
    problem = make_problem(loss, **LARGE, dtype=dtype, outputs=None if loss == "log_loss" else 3)
    coef = np.linspace(-1.0, 1.0, problem.targets.shape[1] * LARGE["d"])
    arguments = problem.point_arguments() | {"coef": coef.reshape(-1, LARGE["d"])}
    value = fastgd.value(**arguments, n_threads=n_threads)
    return digest(value, *fastgd.value_and_gradient(**arguments, n_threads=n_threads))


def digests_by_threads() -> dict[str, list[str]]:
    """Return the hashes of every calculation, repeated and for several numbers of threads."""
    threads = (1, 1, 2, 3, 8, None)
    fits = {
        f"{solver} {dtype}": [fit_digest(solver, dtype, n) for n in threads]
        for solver in SOLVERS
        for dtype in DTYPES
    }
    gradients = {
        f"{loss} {dtype}": [gradient_digest(loss, dtype, n) for n in threads]
        for loss in LOSSES
        for dtype in DTYPES
    }
    return fits | gradients


@pytest.mark.parametrize("rows", ["sparse", "wide"])
def test_threads_change_no_bit_of_many_columns(rows: str) -> None:
    """Few blocks of rows: all threads add their sums up, column by column."""
    rng = np.random.default_rng(5)
    X: Any
    if rows == "wide":
        X = rng.standard_normal((700, 9_000))
        y = X[:, 0] > X[:, 1]
    else:
        X = sparse.random_array((60_000, 30_000), density=3e-4, format="csr", rng=rng)
        y = X.sum(axis=1) > np.median(X.sum(axis=1))

    def seen(n_threads: int) -> str:
        result = fastgd.fit(
            X, y, loss="log_loss", alpha=1e-5, max_iter=6, tol=None, n_threads=n_threads
        )
        history = result.history
        return digest(result.coef, result.intercept, history.objective, history.gradient_norm)

    assert len({seen(n_threads) for n_threads in (1, 2, 3, 8)}) == 1


@pytest.mark.parametrize("shuffle", ["block", "full", False])
def test_threads_change_no_bit_of_wide_batches(shuffle: Any) -> None:
    """A batch of megabytes is a block of rows, which threads share part by part."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((1_000, 3_000))
    y = X[:, 0] > X[:, 1]

    def seen(n_threads: int) -> str:
        result = fastgd.fit(
            X, y, loss="log_loss", solver="minibatch", batch_size=250, shuffle=shuffle,
            alpha=1e-3, max_iter=3, tol=None, n_threads=n_threads,
        )  # fmt: skip
        return digest(result.coef, result.intercept, result.history.objective)

    assert len({seen(n_threads) for n_threads in (1, 2, 3, 8)}) == 1


@pytest.mark.parametrize("level", LEVELS)
def test_threads_and_repeats_change_no_bit(level: str, run_python: Callable[..., str]) -> None:
    code = """
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from fastgd import _core
        from test_determinism import digests_by_threads
        print(json.dumps([_core.isa_level(), digests_by_threads()]))
    """
    used, digests = json.loads(run_python(code, str(Path(__file__).parent), FASTGD_ISA=level))
    assert used == level
    assert {name: len(set(hashes)) for name, hashes in digests.items()} == dict.fromkeys(digests, 1)
    assert len({hashes[0] for hashes in digests.values()}) == len(digests)


@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree_to_rounding(level: str, run_python: Callable[..., str]) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from test_determinism import fits_of_all_solvers
        print(fits_of_all_solvers())
    """
    printed = run_python(code, str(Path(__file__).parent), FASTGD_ISA=level)
    np.testing.assert_allclose(json.loads(printed), fits_of_all_solvers(), rtol=0, atol=1e-10)


def fits_of_all_solvers() -> list[list[float]]:
    """Return float64 coefficients after a few automatic epochs of each solver."""
    problem = make_problem("log_loss", 2000, 11, alpha=1e-3, mean=3.0)
    return [
        fastgd.fit(**problem.arguments(), solver=solver, max_iter=4, tol=None).coef.tolist()
        for solver in SOLVERS
    ]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shuffle", ["block", "full"])
@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
class TestSeed:
    """Only `random_state` decides the order of rows."""

    @staticmethod
    def fit(solver: str, shuffle: Any, dtype: str, **seed: Any) -> bytes:
        problem = make_problem("squared_error", 1000, 5, dtype=dtype)
        options: dict[str, Any] = {"learning_rate": "constant", "max_iter": 2, "tol": None}
        result = fastgd.fit(
            **problem.arguments(), solver=solver, shuffle=shuffle, **options, **seed
        )
        return bytes(result.coef.tobytes())

    def test_a_number_is_its_own_order(self, solver: str, shuffle: Any, dtype: str) -> None:
        orders = [
            self.fit(solver, shuffle, dtype, random_state=seed) for seed in (0, 1, 2, 2**64 - 1)
        ]
        assert len(set(orders)) == 4
        assert orders[1] == self.fit(solver, shuffle, dtype, random_state=np.uint8(1))
        assert orders[0] == self.fit(solver, shuffle, dtype)

    def test_generators_are_drawn_from(self, solver: str, shuffle: Any, dtype: str) -> None:
        for make in (np.random.default_rng, np.random.RandomState):
            generator = make(7)
            first = self.fit(solver, shuffle, dtype, random_state=generator)
            assert first == self.fit(solver, shuffle, dtype, random_state=make(7))
            assert first != self.fit(solver, shuffle, dtype, random_state=generator)

    def test_none_is_fresh(self, solver: str, shuffle: Any, dtype: str) -> None:
        fits = {self.fit(solver, shuffle, dtype, random_state=None) for _ in range(3)}
        assert len(fits) == 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_order_of_rows_needs_no_seed_where_there_is_none(solver: str) -> None:
    problem = make_problem("squared_error", 1000, 5)
    shuffle: Any = "block" if solver == "batch" else False
    fits = [
        fastgd.fit(**problem.arguments(), solver=solver, shuffle=shuffle, random_state=seed)
        for seed in (0, 1)
    ]
    np.testing.assert_array_equal(fits[0].coef, fits[1].coef)


def make_options(
    solver: str, update: str, batch_size: int, average: bool, eta0: float
) -> _core.FitOptions:
    options = _core.FitOptions()
    options.solver = _core.Solver[solver]
    options.update = _core.Update[update]
    options.batch_size = batch_size
    options.average = average
    options.eta0 = eta0
    options.rate = _core.Rate.constant
    options.set_penalty(0.1, 0.2, _core.PenaltyScale.raw)
    options.n_threads = 2
    return options


def make_descent(dtype: str, options: _core.FitOptions, d: int, outputs: int) -> Any:
    kind = _core.DescentFloat32 if dtype == "f4" else _core.DescentFloat64
    return kind(
        "huber", _core.LossParameters(0.5), options, np.zeros((outputs, d)), np.zeros(outputs)
    )


def feed(descent: Any, problem: Any, ends: list[int]) -> None:
    """Hand over one epoch of rows in chunks that end at `ends`."""
    begin = 0
    for end in [*sorted(ends), len(problem.X)]:
        rows = slice(begin, end)
        weights = None if problem.sample_weight is None else problem.sample_weight[rows]
        offset = None if problem.offset is None else problem.offset[rows]
        descent.consume(problem.X[rows], problem.y[rows], weights, offset)
        begin = end
    descent.finish_epoch()


ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw")
# All that go together: batch descent has no adaptive updates.
STEPS = [(solver, update) for solver in SOLVERS for update in ("plain", "momentum", "nesterov")] + [
    (solver, update) for solver in ("minibatch", "sgd") for update in ADAPTIVE
]
DESCENTS = {
    "steps": st.sampled_from(STEPS),
    "average": st.booleans(),
    "dtype": st.sampled_from(DTYPES),
    "batch_size": st.sampled_from([1, 7, 64, 256, 5000]),
    "d": st.sampled_from([1, 5, 33, 600]),
    "extras": st.booleans(),
}


@settings(max_examples=150)
@given(**DESCENTS, data=st.data())
def test_chunks_and_checkpoints_change_no_bit(
    steps: tuple[str, str],
    average: bool,
    dtype: str,
    batch_size: int,
    d: int,
    extras: bool,
    data: st.DataObject,
) -> None:
    solver, update = steps
    n, outputs = (700, 2) if d > 100 else (3000, 2)
    generator = np.random.default_rng(0)
    given_extras = {
        "sample_weight": generator.uniform(0.0, 2.0, size=n),
        "offset": generator.normal(size=(n, outputs)),
    }
    problem = make_problem(
        "huber", n, d, outputs=outputs, dtype=dtype, **(given_extras if extras else {})
    )
    options = make_options(solver, update, batch_size, average, eta0=0.1 / (d + 5))
    whole = make_descent(dtype, options, d, outputs)
    chunked = make_descent(dtype, options, d, outputs)
    for _ in range(3):
        feed(whole, problem, [])
        feed(chunked, problem, data.draw(st.lists(st.integers(0, n), max_size=8)))
        # what the state holds is all there is: another descent goes on from it
        state = json.loads(json.dumps(chunked.state()))
        chunked = make_descent(dtype, options, d, outputs)
        chunked.restore(state)
    assert digest(*whole.coefficients()) == digest(*chunked.coefficients())
    assert whole.state() == chunked.state()


@settings(max_examples=80)
@given(**DESCENTS)
def test_descent_is_what_fit_drives(
    steps: tuple[str, str],
    average: bool,
    dtype: str,
    batch_size: int,
    d: int,
    extras: bool,
) -> None:
    solver, update = steps
    n = 600
    offset = np.random.default_rng(0).normal(size=(n, 2)) if extras else None
    batch_size, eta0 = min(batch_size, n), 0.1 / (d + 5)
    problem = make_problem(
        "huber", n, d, outputs=2, dtype=dtype, epsilon=0.5, alpha=0.1, l1_ratio=0.2, offset=offset
    )
    descent = make_descent(dtype, make_options(solver, update, batch_size, average, eta0), d, 2)
    for _ in range(3):
        feed(descent, problem, [100, 333])
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,
        update=update,  # type: ignore[arg-type]
        average=average,
        batch_size=batch_size,
        learning_rate="constant",
        eta0=eta0,
        shuffle=False,
        max_iter=3,
        tol=None,
    )
    coef, intercept = descent.coefficients()
    assert digest(coef.astype(dtype), intercept.astype(dtype)) == digest(
        result.coef, result.intercept
    )
