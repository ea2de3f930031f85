"""The objective and its gradient at given coefficients, in one reading of the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from . import _core, losses
from ._matrix import check_matrix
from ._penalty import check_penalty
from ._targets import check_targets
from ._validation import (
    check_coef,
    check_intercept,
    check_n_threads,
    check_offset,
    check_sample_weight,
    compute_dtype,
    raise_if_non_finite,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ._matrix import Matrix
    from .losses import Loss

__all__ = ["value", "value_and_gradient"]


class Point(NamedTuple):
    """Checked coefficients and the arguments of the core."""

    X: Matrix
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    arguments: dict[str, Any]


def check_point(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike,
    loss: str | Loss,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
    alpha: float,
    l1_ratio: float,
    penalty_scale: str,
    penalty_factor: ArrayLike | None,
    n_threads: int | None,
    dtype: str | None = None,
) -> Point:
    """Return checked arguments of a function of given coefficients."""
    matrix = check_matrix(X)
    n_rows, n_features = matrix.shape
    resolved = losses.resolve(loss)
    # as many classes as there are rows of coefficients
    classes = np.arange(len(np.atleast_2d(coef))) if resolved.joint else None
    targets = check_targets(y, n_rows, resolved, need_both_classes=False, labels=classes)
    n_outputs = targets.values.shape[1]
    coefs = check_coef("coef", coef, n_outputs, n_features)
    intercepts = check_intercept("intercept", intercept, n_outputs)
    arguments = {
        "X": matrix,
        "y": targets.values,
        "sample_weight": check_sample_weight(sample_weight, n_rows),
        "offset": check_offset(offset, n_rows, n_outputs),
        "positive_label": targets.positive,
        "loss": resolved.name,
        "parameters": resolved.core_parameters,
        **check_penalty(n_features, alpha, l1_ratio, penalty_scale, penalty_factor).arguments(),
        "coef": coefs,
        "intercept": intercepts,
        "single_precision": compute_dtype(matrix, dtype) == np.float32,
        "n_threads": check_n_threads(n_threads) or 0,
    }
    return Point(matrix, coefs, intercepts, arguments)


# Losses whose targets need no more than a look, by name.
_PLAIN_LOSSES = {
    name: made.core_parameters
    for name, make in losses.catalog.items()
    if (made := make()).targets in ("real", "binary")
}


def _at_once(
    X: object,
    y: object,
    coef: object,
    intercept: object,
    loss: object,
    sample_weight: object,
    offset: object,
    alpha: object,
    l1_ratio: object,
    penalty_scale: object,
    penalty_factor: object,
    n_threads: object,
    dtype: object,
    with_gradient: bool,
) -> Any:
    """Return what is asked for if all arguments are plain, else None: then they get checked."""
    if (
        sample_weight is not None
        or offset is not None
        or penalty_factor is not None
        or dtype is not None
        or type(loss) is not str
        or type(penalty_scale) is not str
        or penalty_scale != "raw"
        or not (n_threads is None or (type(n_threads) is int and 0 < n_threads < 2**31))
    ):
        return None
    parameters = _PLAIN_LOSSES.get(loss)
    if parameters is None:
        return None
    threads = n_threads or 0
    return _core.plain_objective_at(
        X, y, coef, intercept, loss, parameters, alpha, l1_ratio, threads, with_gradient
    )


def blame_data(point: Point) -> None:
    """Blame the data for a value that is not finite, unless the arithmetic alone overflowed."""
    found = _core.first_non_finite(point.X, point.arguments["single_precision"])
    raise_if_non_finite("X", point.X, found)


def value(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike = 0.0,
    *,
    loss: str | Loss = "squared_error",
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    penalty_scale: Literal["raw", "std"] = "raw",
    penalty_factor: ArrayLike | None = None,
    n_threads: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
) -> float:
    r"""Return the objective at given coefficients.

    .. math::

       F(W, b) = \frac{1}{\sum_i s_i} \sum_i s_i\, \ell(y_i, x_i^T W + b + o_i)
                 + \alpha \sum_{jk} f_j \left( \rho |q_j W_{jk}|
                 + \tfrac{1 - \rho}{2} (q_j W_{jk})^2 \right)

    with sample weights :math:`s`, offsets :math:`o`, :math:`\rho` the `l1_ratio` and :math:`f` the
    `penalty_factor`; :math:`q_j` is 1 or, with penalty_scale="std", the standard deviation of each
    column. The intercept is never
    penalised.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, d)
        Features: an array or table (pandas, polars, Arrow) of any layout and real type, never
        copied. C-ordered float32 and float64 are read in place, all else is converted a few rows
        at a time. float16, bfloat16 and integers of up to 16 bits are computed in float32, integers
        of more in float64. Matrices and arrays of scipy.sparse are read as compressed rows (CSR),
        with indices of either width, in any order, in one part or more; other formats are converted
        once.
    y : array_like of shape (n,) or (n, K)
        Targets; for binary losses labels within {0, 1} or {-1, +1}, for "softmax" numbers of
        classes from 0 to K - 1, with coefficients of shape (K, d).
    coef : array_like of shape (d,) or (K, d)
        Coefficients, in units of `y` per unit of each feature.
    intercept : float or array_like of shape (K,), default=0.0
        Intercept.
    loss : str or Loss, default="squared_error"
        Name of a loss or one made by `fastgd.losses`.
    sample_weight : array_like of shape (n,), optional
        Weights >= 0, not all zero; by default every row weighs 1.
    offset : array_like of shape (n,) or (n, K), optional
        Known part of the linear predictor, added to it.
    alpha : float, default=0.0
        Strength of the penalty, >= 0.
    l1_ratio : float, default=0.0
        Share of the l1 norm in the penalty, in [0, 1].
    penalty_scale : {"raw", "std"}, default="raw"
        What the penalty measures coefficients in, as in `fit`: "std" reads `X` once more for the
        standard deviations of its columns, unless `alpha` is 0.
    penalty_factor : array_like of shape (d,), optional
        Factors >= 0 of the penalty on each feature, by default 1, as in `fit`.
    n_threads : int, optional
        Threads to use; by default as many as this process may use, fewer on little data. The
        result has the same bits for any number.
    dtype : {"float32", "float64"}, optional
        What is computed in; by default what `X` tells.

    Returns
    -------
    float
        The objective, in the unit of the loss.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument has the wrong shape or range, or holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> fastgd.value(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]), np.array([0.5]))
    0.3125
    """
    plain: float | None = _at_once(
        X, y, coef, intercept, loss, sample_weight, offset,
        alpha, l1_ratio, penalty_scale, penalty_factor, n_threads, dtype, False,
    )  # fmt: skip
    if plain is not None:
        return plain
    point = check_point(
        *(X, y, coef, intercept, loss, sample_weight, offset),
        *(alpha, l1_ratio, penalty_scale, penalty_factor, n_threads, dtype),
    )
    result: float = _core.objective_at(**point.arguments, with_gradient=False)
    if not math.isfinite(result):
        blame_data(point)
    return result


def value_and_gradient(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike = 0.0,
    *,
    loss: str | Loss = "squared_error",
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    penalty_scale: Literal["raw", "std"] = "raw",
    penalty_factor: ArrayLike | None = None,
    n_threads: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
) -> tuple[float, NDArray[Any], NDArray[Any] | float]:
    r"""Return the objective and its gradient, reading `X` once.

    The objective is that of `value`. With :math:`d_i = \ell'(y_i, z_i)`, the derivative in the
    linear predictor,

    .. math::

       \nabla_W F = \frac{1}{\sum_i s_i} \sum_i s_i d_i x_i
                    + \alpha D (\rho Q \operatorname{sign}(W) + (1 - \rho) Q^2 W), \qquad
       \nabla_b F = \frac{1}{\sum_i s_i} \sum_i s_i d_i

    where Q and D hold the :math:`q_j` and :math:`f_j` and the sign of 0 is taken as 0. Rows of a
    tile stay in cache between the linear predictor and the gradient, so that memory is read once;
    partial sums are added in an order that does not depend on the threads.

    Parameters
    ----------
    X, y, coef, intercept, loss, sample_weight, offset, alpha, l1_ratio
        As in `value`.
    penalty_scale, penalty_factor, n_threads, dtype
        As in `value`.

    Returns
    -------
    value : float
        The objective.
    coef_gradient : ndarray shaped as `coef`
        Gradient in the coefficients; float32 if `coef` is, else float64.
    intercept_gradient : float or ndarray of shape (K,)
        Gradient in the intercept, shaped as it: a float for one number, which serves all outputs.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument has the wrong shape or range, or holds NaN or infinity.

    References
    ----------
    .. [1] L. Bottou, F. E. Curtis, J. Nocedal, "Optimization Methods for Large-Scale Machine
       Learning", SIAM Review 60(2), 2018, pp. 223-311.

    Examples
    --------
    A drop-in for `scipy.optimize.minimize`, without and with an intercept:

    >>> from scipy.optimize import minimize                                    # doctest: +SKIP
    >>> minimize(lambda w: fastgd.value_and_gradient(X, y, w)[:2], w0, jac=True)  # doctest: +SKIP
    """
    plain: tuple[float, NDArray[Any], float] | None = _at_once(
        X, y, coef, intercept, loss, sample_weight, offset,
        alpha, l1_ratio, penalty_scale, penalty_factor, n_threads, dtype, True,
    )  # fmt: skip
    if plain is not None:
        return plain
    point = check_point(
        *(X, y, coef, intercept, loss, sample_weight, offset),
        *(alpha, l1_ratio, penalty_scale, penalty_factor, n_threads, dtype),
    )
    result, coef_gradient, intercept_gradient = _core.objective_at(
        **point.arguments, with_gradient=True
    )
    if not math.isfinite(result):
        blame_data(point)
    given = np.asarray(coef)
    gradient = coef_gradient.reshape(given.shape)
    if given.dtype == np.float32:
        gradient = gradient.astype(np.float32)
    if np.ndim(intercept) == 0:  # one number moves all outputs
        return result, gradient, float(intercept_gradient.sum())
    return result, gradient, intercept_gradient
