"""What solver="auto" costs beside the best fixed solver: ``python -m benchmarks.choice``."""

from __future__ import annotations

import argparse
import sys
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import fastgd

from . import machine
from .console import positive, say, warn_of_load
from .synthetic import badly_scaled, labels, tall, ten_classes, text_like, wide
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    _Problem = tuple[Any, NDArray[Any], dict[str, Any]]

_SOLVERS = ("auto", "batch", "minibatch", "sgd")
# Above the optimum, relative.
_CLOSE = 1e-4
# What a user would ask for, from little to much.
_TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)


def main() -> int:
    """Print the seconds of each solver until its fit ends close to the optimum.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choice", description=__doc__)
    parser.add_argument("--case", nargs="+", choices=_CASES, default=list(_CASES))
    parser.add_argument("--repeats", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=None)
    parser.add_argument("--scale", type=positive, default=1, help="divides the rows")
    parser.add_argument("--seconds", type=positive, default=60, help="that one fit may take")
    options = parser.parse_args()
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    warnings.simplefilter("ignore")  # of fits that end at max_time
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    rows: list[tuple[str, ...]] = [("case", "shape", *_SOLVERS, "auto took", "to the best")]
    for name in options.case:
        X, y, arguments = _CASES[name](options.scale)
        limits = {"n_threads": options.threads, "max_time": float(options.seconds)}
        rows.append((name, f"{X.shape[0]:,} x {X.shape[1]:,}"))
        rows[-1] += tuple(_beside_each_other(X, y, arguments | limits, options.repeats))
    print_table(rows, text_columns={0, 1, 6})
    return 0


def _beside_each_other(
    X: Any, y: NDArray[Any], arguments: dict[str, Any], repeats: int
) -> Iterator[str]:
    """Yield the seconds of each solver, what auto took, and its time over that of the best."""
    goal = dict(arguments, tol=1e-12, max_iter=5000, max_time=300.0)
    least = fastgd.fit(X, y, **{"solver": "batch", **goal}).objective
    seconds: dict[str, float | None] = {}
    for solver in _SOLVERS:
        seconds[solver] = _seconds_to_close(X, y, dict(arguments, solver=solver), least, repeats)
        yield "never" if seconds[solver] is None else f"{seconds[solver]:.3f}"
    yield fastgd.fit(X, y, **dict(arguments, tol=_TOLERANCES[0])).plan.solver
    known = [value for value in seconds.values() if value is not None]
    mine = seconds["auto"]
    yield "never" if mine is None else f"{mine / min(known):.2f}"


def _seconds_to_close(
    X: Any, y: NDArray[Any], arguments: dict[str, Any], least: float, repeats: int
) -> float | None:
    """Return the least seconds of the first tolerance whose fit ends close to the optimum."""
    for tol in _TOLERANCES:
        start = perf_counter()
        result = fastgd.fit(X, y, **arguments, tol=tol)
        seconds = perf_counter() - start
        above = result.objective / least - 1.0
        say(f"{arguments['solver']}, tol={tol:g}: {seconds:.3f} s, {above:.1e} above")
        if above <= _CLOSE:
            return min([seconds, *(_seconds(X, y, arguments, tol) for _ in range(repeats - 1))])
        if result.status == "time_limit":
            break
    return None


def _seconds(X: Any, y: NDArray[Any], arguments: dict[str, Any], tol: float) -> float:
    start = perf_counter()
    fastgd.fit(X, y, **arguments, tol=tol)
    return perf_counter() - start


def _wide(scale: int) -> _Problem:
    return *wide(scale), {"loss": "log_loss", "alpha": 1e-2}


def _tall(scale: int) -> _Problem:
    return *tall(scale), {"loss": "log_loss"}


def _badly_scaled(scale: int) -> _Problem:
    return *badly_scaled(scale), {"loss": "log_loss"}


def _softmax(scale: int) -> _Problem:
    return *ten_classes(scale), {"loss": "softmax", "alpha": 1e-4}


def _dense(scale: int) -> _Problem:
    X = np.random.default_rng(1).standard_normal((500_000 // scale, 100))
    return X, labels(X, 2), {"loss": "log_loss"}


def _sparse(scale: int) -> _Problem:
    X, y = text_like(200_000 // scale, 75)
    return X, y, {"loss": "log_loss", "alpha": 1.0 / len(y), "fit_intercept": False}


def _lasso(scale: int) -> _Problem:
    rng = np.random.default_rng(9)
    X = rng.standard_normal((200_000 // scale, 200))
    coef = np.where(np.arange(200) % 10 == 0, rng.standard_normal(200), 0.0)
    return X, X @ coef + rng.standard_normal(len(X)), {"alpha": 0.02, "l1_ratio": 1.0}


_CASES: dict[str, Callable[[int], _Problem]] = {
    "dense": _dense,
    "sparse": _sparse,
    "wide": _wide,
    "tall": _tall,
    "badly scaled": _badly_scaled,
    "l1": _lasso,
    "softmax": _softmax,
}


if __name__ == "__main__":
    sys.exit(main())
