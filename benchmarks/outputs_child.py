"""One side of a pair with K outputs, in a process of its own: make the data, warm up, time."""

from __future__ import annotations

import json
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

import fastgd

if TYPE_CHECKING:
    from collections.abc import Callable

_SEED = 22
_SECONDS = 0.5
_LEAST_RUNS = 3


def main() -> None:
    """Measure what the arguments say: side, dtype, loss, rows, columns, outputs, threads."""
    side, dtype, loss, *sizes = sys.argv[1:]
    run = _work(side, dtype, loss, *map(int, sizes))
    run()  # warm-up: code, threads and pages are there from here on
    times: list[float] = []
    while sum(times) < _SECONDS or len(times) < _LEAST_RUNS:
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    print(json.dumps({"seconds": median(times)}))


def _work(
    side: str, dtype: str, loss: str, rows: int, columns: int, outputs: int, threads: int
) -> Callable[[], object]:
    generator = np.random.default_rng(_SEED)
    X = generator.standard_normal((rows, columns), dtype=np.float32).astype(dtype)
    y = generator.standard_normal((rows, outputs), dtype=np.float32).astype(dtype)
    coef = generator.standard_normal((outputs, columns)).astype(dtype)
    if side == "numpy":
        return lambda: (X @ coef.T, y.T @ X)
    if loss == "softmax":
        loss, y = ("softmax", y.argmax(axis=1)) if outputs > 1 else ("log_loss", y > 0)
        coef /= np.sqrt(columns)
    if outputs == 1:
        y, coef = np.ravel(y), coef[0]
    return lambda: fastgd.value_and_gradient(X, y, coef, loss=loss, n_threads=threads)


if __name__ == "__main__":
    main()
