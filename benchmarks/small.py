"""What little data costs, in calls, fits and the import: ``python -m benchmarks.small``."""

from __future__ import annotations

import subprocess
import sys
import warnings
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import SGDClassifier, SGDRegressor

import fastgd
from fastgd import GDClassifier, GDRegressor

from . import machine
from .console import warn_of_load
from .interval import median_interval
from .stopwatch import calls
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_PAIRS = 15
_CALLS = 1000

# Table, ours, theirs: the same penalty where theirs has one by default.
_FITS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "diabetes, numbers": (load_diabetes, GDRegressor(), SGDRegressor()),
    "digits, log loss each against the rest": (
        *(load_digits, GDClassifier(alpha=1e-4), SGDClassifier(loss="log_loss")),
    ),
    "digits, one model of all": (
        *(load_digits, GDClassifier(loss="softmax", alpha=1e-4), SGDClassifier(loss="log_loss")),
    ),
}


def main() -> int:
    """Time calls, imports and fits in alternating pairs and print medians and their ratio.

    Returns
    -------
    int
        0.
    """
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    # theirs end at max_iter
    warnings.simplefilter("ignore")
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    cells: list[tuple[str, ...]] = [("table", "fastgd ms", "scikit-learn ms", "ratio [95 % CI]")]
    for name, (load, ours, theirs) in _FITS.items():
        X, y = load(return_X_y=True)
        pairs = [(_seconds(ours, X, y), _seconds(theirs, X, y)) for _ in range(_PAIRS)]
        mine, other = (median(side) * 1e3 for side in zip(*pairs, strict=True))
        ratio, low, high = median_interval([b / a for a, b in pairs])
        cells.append((name, f"{mine:.2f}", f"{other:.1f}", f"{ratio:.1f} [{low:.1f}, {high:.1f}]"))
    print_table(cells, text_columns={0})
    _print_calls()
    _print_imports()
    return 0


def _print_calls() -> None:
    """Print microseconds of a gradient of 100 x 10 beside numpy's two products."""
    rng = np.random.default_rng(0)
    X, y, coef = rng.standard_normal((100, 10)), rng.standard_normal(100), np.zeros(10)
    sides = (
        calls(partial(fastgd.value_and_gradient, X, y, coef)),
        calls(lambda: X.T @ (X @ coef - y)),
    )
    pairs = [tuple(side(_CALLS) for side in sides) for _ in range(_PAIRS)]
    mine, other = (median(side) * 1e6 for side in zip(*pairs, strict=True))
    print(f"\nvalue_and_gradient of 100 x 10: {mine:.1f} us; numpy's two products: {other:.1f} us")


def _print_imports() -> None:
    """Print milliseconds of an import in a fresh process, after numpy's and of numpy."""
    source = (
        "from time import perf_counter as now; a = now(); import numpy; b = now(); import fastgd; "
        "print(1e3 * (now() - b), 1e3 * (b - a))"
    )
    times = [
        tuple(map(float, subprocess.check_output([sys.executable, "-c", source]).split()))
        for _ in range(_PAIRS)
    ]
    mine, numpys = (median(side) for side in zip(*times, strict=True))
    print(f"import fastgd after numpy: {mine:.0f} ms; import numpy: {numpys:.0f} ms")


def _seconds(model: Any, X: Any, y: Any) -> float:
    start = perf_counter()
    model.fit(X, y)
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
