"""Epochs of X in any layout beside float32 in C order: ``python -m benchmarks.layouts``."""

from __future__ import annotations

import argparse
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import fastgd

from . import machine
from .console import warn_of_load
from .interval import median_interval
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_COLUMNS = 100
_RATE: dict[str, Any] = {
    "learning_rate": "constant",
    "eta0": 1e-4,
    "precondition": "none",
    "tol": None,
}


def main() -> int:
    """Time each layout and float32 in C order in alternating pairs; print rates and ratios.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--layout", nargs="*", choices=_LAYOUTS, default=list(_LAYOUTS))
    parser.add_argument("--task", nargs="*", choices=_TASKS, default=list(_TASKS))
    arguments = parser.parse_args()
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    X = _integers(arguments.rows)
    y = X[:, 0] - X[:, 1]
    cells: list[tuple[str, ...]] = [
        ("layout", "task", "float32 C ns a row", "ns a row", "rate beside it [95 % CI]")
    ]
    for name in arguments.layout:
        held = _LAYOUTS[name](X)
        for task in arguments.task:
            seconds = _TASKS[task]
            pairs = [
                (seconds(X, y, arguments.threads), seconds(held, y, arguments.threads))
                for _ in range(arguments.pairs)
            ]
            plain, other = (median(side) * 1e9 / len(X) for side in zip(*pairs, strict=True))
            ratio, low, high = median_interval([a / b for a, b in pairs])
            cells.append(
                (name, task, f"{plain:.1f}", f"{other:.1f}", f"{ratio:.2f} [{low:.2f}, {high:.2f}]")
            )
        del held
    print_table(cells, text_columns={0, 1})
    return 0


def _integers(rows: int) -> Any:
    """Return integers that every type holds, as float32, filled without a large temporary."""
    X = np.empty((rows, _COLUMNS), np.float32)
    generator = np.random.default_rng(0)
    for begin in range(0, rows, 10_000):
        block = X[begin : begin + 10_000]
        block[...] = generator.integers(0, 2, block.shape, np.uint8)
    return X


def _in_arrow(X: Any) -> Any:
    import pyarrow

    names = [f"column {j}" for j in range(X.shape[1])]
    return pyarrow.table(dict(zip(names, map(np.ascontiguousarray, X.T), strict=True)))


def _in_chunks(X: Any) -> Any:
    import pyarrow

    third = len(X) // 3
    parts = [_in_arrow(X[:third]), _in_arrow(X[third : 2 * third]), _in_arrow(X[2 * third :])]
    return pyarrow.concat_tables(parts)


def _in_bfloat16(X: Any) -> Any:
    import ml_dtypes

    return X.astype(ml_dtypes.bfloat16)


_LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "float32 C": lambda X: X,
    "float32 F": np.asfortranarray,
    "float32 Arrow": _in_arrow,
    "float32 Arrow, 3 chunks": _in_chunks,
    "float32 byte-swapped": lambda X: X.astype(">f4"),
    "float64 C": lambda X: X.astype(np.float64),
    "float16 C": lambda X: X.astype(np.float16),
    "bfloat16 C": _in_bfloat16,
    "uint8 C": lambda X: X.astype(np.uint8),
    "uint8 F": lambda X: np.asfortranarray(X.astype(np.uint8)),
}


def _gradient(X: Any, y: Any, threads: int | None) -> float:
    coef = np.zeros(_COLUMNS)
    start = perf_counter()
    fastgd.value_and_gradient(X, y, coef, n_threads=threads)
    return perf_counter() - start


def _epoch(solver: Any) -> Callable[[Any, Any, int | None], float]:
    """Return what times one more epoch of two: where fits begin and end plays no part."""

    def seconds(X: Any, y: Any, threads: int | None) -> float:
        times = []
        for epochs in (1, 3):
            start = perf_counter()
            fastgd.fit(X, y, solver=solver, max_iter=epochs, n_threads=threads, **_RATE)
            times.append(perf_counter() - start)
        return (times[1] - times[0]) / 2

    return seconds


def _predict(X: Any, y: Any, threads: int | None) -> float:
    model = fastgd.GDRegressor(n_threads=threads)
    model.fit(X[:200] if not hasattr(X, "slice") else X.slice(0, 200), y[:200])
    start = perf_counter()
    model.predict(X)
    return perf_counter() - start


_TASKS: dict[str, Callable[[Any, Any, int | None], float]] = {
    "gradient": _gradient,
    "minibatch": _epoch("minibatch"),
    "sgd": _epoch("sgd"),
    "predict": _predict,
}

if __name__ == "__main__":
    sys.exit(main())
