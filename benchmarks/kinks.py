"""Fits of losses with kinks on many columns: ``python -m benchmarks.kinks``."""

from __future__ import annotations

import argparse
import sys
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.svm import LinearSVC, LinearSVR

import fastgd
from fastgd import losses

from . import machine
from .console import positive, say, warn_of_load
from .synthetic import embeddings
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Model = tuple[NDArray[Any], float]

_EPOCHS = 50  # of scikit-learn's stochastic descent
_EPSILON = 0.1
# As the kinks are, not rounded off: what everybody's coefficients are judged by.
_LOSSES = {
    "hinge": losses.hinge(smoothing=0.0),
    "epsilon_insensitive": losses.epsilon_insensitive(_EPSILON, smoothing=0.0),
    "quantile": losses.quantile(0.5, smoothing=0.0),
}


def main() -> int:
    """Print the seconds of whole fits, and how far above the lowest objective each ended.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinks", description=__doc__)
    parser.add_argument("--rows", type=positive, default=20_000)
    parser.add_argument("--columns", type=positive, default=768)
    parser.add_argument("--alpha", type=float, nargs="+", default=[1e-4, 1e-5])
    options = parser.parse_args()
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    warnings.simplefilter("ignore")  # of fits that do not converge: where they end is shown
    print(f"{description['processor']}, {description['date']}, {description['versions']}")
    print(f"{options.rows:,} x {options.columns:,} float32, all threads of those that use them\n")
    X, y = embeddings(options.rows, options.columns)
    table: list[tuple[str, ...]] = [("loss", "alpha", "fit", "seconds", "objective", "above")]
    for name in _LOSSES:
        target = np.where(y > 0.0, 1.0, -1.0) if name == "hinge" else y
        for alpha in options.alpha:
            table.extend(_beside_each_other(name, X, target, alpha))
    print_table(table, text_columns={0, 2})
    return 0


def _beside_each_other(
    loss: str, X: NDArray[Any], y: NDArray[Any], alpha: float
) -> list[tuple[str, ...]]:
    ended = []
    for name, fit in _fits(loss, alpha).items():
        start = perf_counter()
        coef, intercept = fit(X, y)
        taken = perf_counter() - start
        objective = fastgd.value(
            X, y, coef.ravel().astype(float), intercept, loss=_LOSSES[loss], alpha=alpha
        )
        say(f"{loss}, {alpha:g}, {name}: {taken:.2f} s, {objective:.7g}")
        ended.append((name, taken, objective))
    least = min(objective for *_, objective in ended)
    return [
        (loss, f"{alpha:g}", name, f"{taken:.2f}", f"{at:.7g}", f"{at / least - 1.0:.1e}")
        for name, taken, at in ended
    ]


def _fits(loss: str, alpha: float) -> dict[str, Callable[[NDArray[Any], NDArray[Any]], _Model]]:
    def ours(**asked: Any) -> Callable[[NDArray[Any], NDArray[Any]], _Model]:
        def fit(X: NDArray[Any], y: NDArray[Any]) -> _Model:
            result = fastgd.fit(X, y, loss=loss, alpha=alpha, **asked)
            return result.coef, float(np.ravel(result.intercept)[0])

        return fit

    def theirs(make: Callable[[int], Any]) -> Callable[[NDArray[Any], NDArray[Any]], _Model]:
        def fit(X: NDArray[Any], y: NDArray[Any]) -> _Model:
            model = make(len(X)).fit(X, y)
            return model.coef_, float(np.ravel(model.intercept_)[0])

        return fit

    fits = {"fastgd": ours(), 'fastgd, precondition="whiten"': ours(precondition="whiten")}
    stochastic = {"alpha": alpha, "max_iter": _EPOCHS, "tol": None, "random_state": 0}
    # an intercept that hardly bears a penalty
    linear = {"intercept_scaling": 10.0, "random_state": 0}
    if loss == "hinge":
        fits["LinearSVC"] = theirs(lambda n: LinearSVC(loss="hinge", C=1 / (n * alpha), **linear))
        fits[f"SGDClassifier, {_EPOCHS} epochs"] = theirs(
            lambda _: SGDClassifier(loss="hinge", **stochastic)
        )
    elif loss == "epsilon_insensitive":
        fits["LinearSVR"] = theirs(
            lambda n: LinearSVR(epsilon=_EPSILON, C=1 / (n * alpha), **linear)
        )
        fits[f"SGDRegressor, {_EPOCHS} epochs"] = theirs(
            lambda _: SGDRegressor(loss="epsilon_insensitive", epsilon=_EPSILON, **stochastic)
        )
    return fits


if __name__ == "__main__":
    sys.exit(main())
