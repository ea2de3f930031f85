"""How far given coefficients may lie above the optimum, proven by a point of the dual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from . import _core
from ._validation import check_flag
from .objective import blame_data, check_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .losses import Loss

__all__ = ["duality_gap"]


def duality_gap(
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
    fit_intercept: bool = True,
) -> float:
    r"""Return an upper bound on how far the objective at given coefficients exceeds the optimum.

    No objective falls below the dual's value at any of its points :math:`u`,

    .. math::

       D(u) = \frac{1}{\sum_i s_i} \sum_i s_i \left( o_i u_i - \ell^*(y_i, u_i) \right)
              - \Omega^*(-g), \qquad g = \frac{1}{\sum_i s_i} \sum_i s_i u_i x_i,

    with the conjugates :math:`\ell^*` of the loss and :math:`\Omega^*` of the penalty, and
    :math:`\sum_i s_i u_i = 0` if an intercept is fitted. The point taken is the derivative of the
    loss at `coef`; of the sign that outweighs the other a share is taken off, so that it sums to
    0, and of both so much that :math:`|g_j| \le \alpha \rho` where the penalty asks for it (times
    the column's `penalty_factor` and, with penalty_scale="std", its standard deviation). The bound
    holds up to the rounding of sums over the columns as given; towards the optimum it goes to 0. No
    bound exceeds the objective itself, as no loss is below 0; without a penalty on a column (alpha
    or its `penalty_factor` 0) it is no less than that unless the gradient there is 0
    (`FitResult.suboptimality` then tells more).
    Bounds of coefficients are unknown to it: the optimum within them is no lower, so that what it
    returns stays true, but does not go to 0.

    Parameters
    ----------
    X, y, coef, intercept, loss, sample_weight, offset, alpha, l1_ratio
        As in `value`.
    penalty_scale, penalty_factor, n_threads, dtype
        As in `value`.
    fit_intercept : bool, default=True
        Whether the optimum is one over intercepts too; else `intercept` stays as it is.

    Returns
    -------
    float
        The bound, >= 0, in the unit of the objective. Infinite where the objective is, or where
        the conjugate of the loss is not known.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument has the wrong shape or range, or holds NaN or infinity.

    References
    ----------
    .. [1] O. Fercoq, A. Gramfort, J. Salmon, "Mind the Duality Gap: Safer Rules for the Lasso",
       International Conference on Machine Learning, 2015.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 2.0])
    >>> result = fastgd.fit(X, y, alpha=0.1)
    >>> fastgd.duality_gap(X, y, result.coef, result.intercept, alpha=0.1) < 1e-9
    True
    """
    point = check_point(
        *(X, y, coef, intercept, loss, sample_weight, offset),
        *(alpha, l1_ratio, penalty_scale, penalty_factor, n_threads, dtype),
    )
    free = check_flag("fit_intercept", fit_intercept)
    gap = _core.duality_gap(**point.arguments, fit_intercept=free)
    if not math.isfinite(gap):
        blame_data(point)
    return gap
