"""Sparse text-like rows beside the solvers of others: ``python -m benchmarks.sparse``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import warnings
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression, SGDClassifier

import fastgd

from . import machine
from .console import positive, say, warn_of_load
from .synthetic import text_like
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EPOCHS = 3
_PENALTIES: dict[str, dict[str, Any]] = {
    "no penalty": {"alpha": 0.0},
    "l2": {"alpha": 1e-6},
    "l1": {"alpha": 1e-6, "l1_ratio": 1.0},
}
# Above the optimum, relative.
_CLOSE = 1e-4


def main() -> int:
    """Print nanoseconds a number stored of an epoch, and seconds until close to the optimum.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sparse", description=__doc__)
    parser.add_argument("--rows", type=positive, default=1_000_000, help="of the epochs")
    parser.add_argument("--fit-rows", type=positive, default=200_000, help="of the whole fits")
    parser.add_argument("--stored", type=positive, nargs="+", default=[9, 75], help="a row")
    parser.add_argument("--pairs", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=1)
    options = parser.parse_args()
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    warnings.simplefilter("ignore")  # of fits that end at max_iter
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    epochs: list[tuple[str, ...]] = [("epoch", "stored", "fastgd ns", "scikit-learn ns", "ratio")]
    for stored in options.stored:
        X, y = text_like(options.rows, stored)
        for name in _PENALTIES:
            pairs = [
                (_epoch(_ours(name, options.threads), X, y), _epoch(_theirs(name), X, y))
                for _ in range(options.pairs)
            ]
            mine, other = (median(side) * 1e9 / X.nnz for side in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            epochs.append((name, str(stored), f"{mine:.2f}", f"{other:.2f}", f"{ratio:.1f}"))
    print_table(epochs, text_columns={0})
    print()
    fits: list[tuple[str, ...]] = [("log loss, alpha = 1/n", "stored", "seconds", "above")]
    for stored in options.stored:
        X, y = text_like(options.fit_rows, stored)
        fits += _whole_fits(X, y, stored, options.threads)
    print_table(fits, text_columns={0})
    return 0


def _ours(penalty: str, threads: int) -> Callable[[int], Any]:
    def model(epochs: int) -> Any:
        return lambda X, y: fastgd.fit(
            *(X, y),
            loss="log_loss",
            solver="sgd",
            learning_rate="constant",
            eta0=0.5,
            max_iter=epochs,
            tol=None,
            n_threads=threads,
            **_PENALTIES[penalty],
        )

    return model


def _theirs(penalty: str) -> Callable[[int], Any]:
    kind = {"no penalty": None}.get(penalty, penalty)
    alpha = _PENALTIES[penalty]["alpha"]

    def model(epochs: int) -> Any:
        return SGDClassifier(
            loss="log_loss",
            penalty=kind,
            alpha=alpha,
            learning_rate="constant",
            eta0=0.5,
            max_iter=epochs,
            tol=None,
        ).fit

    return model


def _epoch(model: Callable[[int], Any], X: Any, y: Any) -> float:
    """Return the seconds of an epoch: what more of them take longer."""
    return (_seconds(model(1 + _EPOCHS), X, y) - _seconds(model(1), X, y)) / _EPOCHS


def _seconds(fit: Callable[..., Any], X: Any, y: Any) -> float:
    start = perf_counter()
    fit(X, y)
    return perf_counter() - start


def _whole_fits(X: Any, y: Any, stored: int, threads: int) -> Iterator[tuple[str, ...]]:
    """Yield for each solver the first of its fits, ever longer ones, that is close enough."""
    alpha = 1.0 / len(y)
    least = fastgd.fit(
        X, y, loss="log_loss", alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=3000
    ).objective
    for name, fits in _solvers(alpha, threads).items():
        shown = ("never", "")
        for fit in fits:
            start = perf_counter()
            coef = fit(X, y)
            seconds = perf_counter() - start
            objective = fastgd.value(*(X, y, np.ravel(coef), 0.0), loss="log_loss", alpha=alpha)
            say(f"{name}: {seconds:.2f} s, {objective / least - 1.0:.1e} above")
            if objective <= least * (1.0 + _CLOSE):
                shown = (f"{seconds:.2f}", f"{objective / least - 1.0:.1e}")
                break
        yield name, str(stored), *shown


def _solvers(alpha: float, threads: int) -> dict[str, list[Callable[..., Any]]]:
    def ours(solver: Any, tol: float) -> Callable[..., Any]:
        return lambda X, y: (
            fastgd.fit(
                *(X, y),
                loss="log_loss",
                alpha=alpha,
                fit_intercept=False,
                solver=solver,
                tol=tol,
                n_threads=threads,
            ).coef
        )

    def theirs(solver: str, epochs: int) -> Callable[..., Any]:
        def fit(X: Any, y: Any) -> Any:
            C = 1.0 / (alpha * len(y))
            model = LogisticRegression(
                C=C, solver=solver, fit_intercept=False, max_iter=epochs, tol=1e-12
            )
            return model.fit(X, y).coef_

        return fit

    tolerances = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    ladder = (2, 5, 10, 20, 40, 80, 160)
    return {
        **{
            f"fastgd {s}": [ours(s, tol) for tol in tolerances]
            for s in ("auto", "sgd", "minibatch")
        },
        **{
            f"scikit-learn {s}": [theirs(s, epochs) for epochs in ladder]
            for s in ("lbfgs", "liblinear", "newton-cg", "sag", "saga")
        },
        **_liblinear(alpha),
        **_snapml(alpha, threads),
    }


def _liblinear(alpha: float) -> dict[str, list[Callable[..., Any]]]:
    """Return LIBLINEAR's own two solvers of this loss, if its package is installed."""
    if importlib.util.find_spec("liblinear") is None:
        return {}
    liblinear = importlib.import_module("liblinear.liblinearutil")

    def solver(number: int, tol: float) -> Callable[..., Any]:
        def fit(X: Any, y: Any) -> Any:
            C = 1.0 / (alpha * len(y))
            model = liblinear.train(
                liblinear.problem(2.0 * y - 1.0, X),
                liblinear.parameter(f"-q -s {number} -c {C:.17g} -e {tol}"),
            )
            return np.array(model.w[: X.shape[1]]) * model.label[0]

        return fit

    tolerances = (1e-1, 1e-2, 1e-3, 1e-4)
    return {
        f"LIBLINEAR {name}": [solver(number, tol) for tol in tolerances]
        for name, number in (("primal", 0), ("dual", 7))
    }


def _snapml(alpha: float, threads: int) -> dict[str, list[Callable[..., Any]]]:
    """Return snapml's solver, if it is installed."""
    if importlib.util.find_spec("snapml") is None:
        return {}
    snapml = importlib.import_module("snapml")

    def solver(epochs: int, *, dual: bool) -> Callable[..., Any]:
        def fit(X: Any, y: Any) -> Any:
            model = snapml.LogisticRegression(
                max_iter=epochs,
                regularizer=alpha * len(y),
                fit_intercept=False,
                tol=1e-10,
                n_jobs=threads,
                dual=dual,
            )
            return model.fit(X.astype(np.float32), y).coef_

        return fit

    ladder = (2, 3, 4, 5, 6, 8, 10, 20, 40, 80, 160)
    return {
        f"snapml {name}": [solver(epochs, dual=dual) for epochs in ladder]
        for name, dual in (("primal", False), ("dual", True))
    }


if __name__ == "__main__":
    sys.exit(main())
