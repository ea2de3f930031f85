"""Several classes by a binary fit each, all of which share each reading of X."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core
from .._bounds import check_bounds
from .._heldout import Rows, hold_out_of_classes
from .._hooks import rate_hook
from .._matrix import check_matrix
from .._problem import pose
from .._targets import Targets
from .._validation import compute_dtype, raise_if_non_finite
from ..losses._smoothing import rounded_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .._problem import Problem
    from ..losses import Loss
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
    settings = dict(settings)
    held_out = {name: settings.pop(name) for name in ("validation_fraction", "n_iter_no_change")}
    if settings["n_threads"] is None and X.nbytes < SMALL_BYTES:
        settings["n_threads"] = 1
    classes = np.arange(codes.max() + 1)
    every_class = Targets(codes[:, np.newaxis], classes, None, None, one_dimensional=True)
    dtype = compute_dtype(X, settings["dtype"])
    rows = Rows(X, every_class, settings.pop("sample_weight"), None, dtype)
    told_apart = classes if len(classes) > 2 else classes[1:]
    problems = list(_problems(rows, told_apart, coef_init, intercept_init, **settings))
    heldouts, weights = hold_out_of_classes(rows, problems, **held_out)
    one = problems[0]
    fitted = _core.fit_classes(
        X=X,
        y=every_class.values,
        sample_weight=weights,
        loss=one.loss.name,
        classes=[
            (
                float(code),
                problem.loss.core_parameters,
                problem.options,
                problem.coef,
                problem.intercept,
                problem.on_epoch(heldout),
            )
            for code, problem, heldout in zip(told_apart, problems, heldouts, strict=True)
        ],
        single_precision=one.single_precision,
        on_rate=rate_hook(one.rate),
    )
    raise_if_non_finite("X", X, fitted[0]["non_finite"])
    return [
        problem.result_of(of_class, heldout)
        for problem, of_class, heldout in zip(problems, fitted, heldouts, strict=True)
    ]


def _problems(
    rows: Rows,
    classes: NDArray[np.intp],
    coef_init: NDArray[np.float64] | None,
    intercept_init: NDArray[np.float64] | None,
    *,
    loss: Loss,
    bounds: object,
    **settings: Any,
) -> Iterator[Problem]:
    """Yield the fit of each class."""
    box = check_bounds(bounds, len(classes), rows.X.shape[1])
    automatic = settings["learning_rate"] == "auto"
    for k, code in enumerate(classes):
        targets = replace(
            rows.targets, classes=np.array([-1, 1]), negative=None, positive=float(code)
        )
        yield pose(
            rows._replace(targets=targets),
            _settled(loss, rows, code, automatic=automatic),
            coef_init=None if coef_init is None else coef_init[k],
            intercept_init=None if intercept_init is None else intercept_init[k],
            bounds=None if box is None else (box.low[k], box.high[k]),
            **settings,
        )


def _settled(loss: Loss, rows: Rows, code: np.intp, *, automatic: bool) -> Loss:
    """Return the loss with its kinks rounded off as the targets -1 and +1 ask for."""
    own = rows.targets.values == code
    signs = np.where(own, np.int8(1), np.int8(-1))
    return rounded_off(loss, signs, rows.sample_weight, automatic=automatic)
