"""Several classes by one binary fit each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from .._bounds import check_bounds
from .._validation import check_matrix
from ..solve import fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..result import FitResult

# X up to here stays in a core's cache: threads would wait for each other more than they gain.
SMALL_BYTES = 2**21


def fit_one_vs_rest(
    X: Any,
    codes: NDArray[np.intp],
    coef_init: NDArray[np.float64] | None,
    intercept_init: NDArray[np.float64] | None,
    settings: dict[str, Any],
) -> list[FitResult]:
    """Fit each class against all others; of two classes the second alone.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, d)
        Features, which all fits read in place.
    codes : ndarray of shape (n,)
        Class of each row, from 0; every class occurs.
    coef_init : ndarray of shape (K, d) or None
        Where to start, with K = 1 for two classes.
    intercept_init : ndarray of shape (K,) or None
        Where to start.
    settings : dict
        Further arguments of `fit`; `max_time` is what all fits share, `bounds` may have a row for
        each.

    Returns
    -------
    list of FitResult
        K results, in the order of the classes.
    """
    X = check_matrix(X)
    n_classes = int(codes.max()) + 1
    classes = range(n_classes) if n_classes > 2 else [1]
    box = check_bounds(settings["bounds"], len(classes), X.shape[1])
    max_time = settings["max_time"]
    if settings["n_threads"] is None and X.nbytes < SMALL_BYTES:
        settings = settings | {"n_threads": 1}
    began = time.perf_counter()
    results = []
    for k, code in enumerate(classes):
        settings = settings | {"bounds": None if box is None else (box.low[k], box.high[k])}
        if isinstance(max_time, (int, float)) and k > 0:
            left = max_time - (time.perf_counter() - began)
            # a class that gets no time still gets an epoch, as any fit does
            settings = settings | {"max_time": max(left / (len(classes) - k), 1e-9)}
        results.append(
            fit(
                X,
                np.where(codes == code, 1, -1).astype(np.int8),
                coef_init=None if coef_init is None else coef_init[k],
                intercept_init=None if intercept_init is None else intercept_init[k],
                **settings,
            )
        )
    return results
