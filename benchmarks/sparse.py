"""Epochs of sparse text-like rows beside SGDClassifier's: ``python -m benchmarks.sparse``."""

from __future__ import annotations

import argparse
import sys
import warnings
from statistics import median
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import SGDClassifier

import fastgd

from . import machine
from .console import positive, warn_of_load
from .stopwatch import epochs
from .synthetic import text_like
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCHS = 3
_PENALTIES: dict[str, dict[str, Any]] = {
    "no penalty": {"alpha": 0.0},
    "l2": {"alpha": 1e-6},
    "l1": {"alpha": 1e-6, "l1_ratio": 1.0},
}


def main() -> int:
    """Print nanoseconds a number stored of an epoch, with each penalty.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sparse", description=__doc__)
    parser.add_argument("--rows", type=positive, default=1_000_000)
    parser.add_argument("--stored", type=positive, nargs="+", default=[9, 75], help="a row")
    parser.add_argument("--pairs", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=1)
    options = parser.parse_args()
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    warnings.simplefilter("ignore")  # of fits that end at max_iter
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    rows: list[tuple[str, ...]] = [("epoch", "stored", "fastgd ns", "scikit-learn ns", "ratio")]
    for stored in options.stored:
        X, y = text_like(options.rows, stored)
        for name in _PENALTIES:
            pairs = [
                (
                    epochs(_ours(name, options.threads, X, y))(_EPOCHS),
                    epochs(_theirs(name, X, y))(_EPOCHS),
                )
                for _ in range(options.pairs)
            ]
            mine, other = (median(side) * 1e9 / X.nnz for side in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            rows.append((name, str(stored), f"{mine:.2f}", f"{other:.2f}", f"{ratio:.1f}"))
    print_table(rows, text_columns={0})
    return 0


def _ours(penalty: str, threads: int, X: Any, y: Any) -> Callable[[int], Any]:
    return lambda count: fastgd.fit(
        *(X, y),
        loss="log_loss",
        solver="sgd",
        learning_rate="constant",
        eta0=0.5,
        max_iter=count,
        tol=None,
        n_threads=threads,
        **_PENALTIES[penalty],
    )


def _theirs(penalty: str, X: Any, y: Any) -> Callable[[int], Any]:
    kind = {"no penalty": None}.get(penalty, penalty)
    alpha = _PENALTIES[penalty]["alpha"]
    return lambda count: SGDClassifier(
        loss="log_loss",
        penalty=kind,
        alpha=alpha,
        learning_rate="constant",
        eta0=0.5,
        max_iter=count,
        tol=None,
    ).fit(X, y)


if __name__ == "__main__":
    sys.exit(main())
