"""Default fits of small tables beside scikit-learn's: ``python -m benchmarks.small``."""

from __future__ import annotations

import sys
import warnings
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import SGDClassifier, SGDRegressor

from fastgd import GDClassifier, GDRegressor

from . import machine
from .console import warn_of_load
from .interval import median_interval
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_PAIRS = 15

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
    """Time every fit in alternating pairs and print medians and their ratio.

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
    return 0


def _seconds(model: Any, X: Any, y: Any) -> float:
    start = perf_counter()
    model.fit(X, y)
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
