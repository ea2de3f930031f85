"""Losses of real targets."""

from __future__ import annotations

from .._validation import check_real
from ._loss import Loss
from ._smoothing import check_smoothing

__all__ = [
    "epsilon_insensitive",
    "huber",
    "quantile",
    "squared_epsilon_insensitive",
    "squared_error",
]


def squared_error() -> Loss:
    r"""Half the squared residual, for least squares regression.

    .. math:: \ell(y, z) = \tfrac{1}{2} (z - y)^2

    Returns
    -------
    Loss
        The loss, for real targets in one or several outputs.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed.,
       Springer, 2009, section 3.2.
    """
    return Loss("squared_error", 0.0, "real")


def huber(epsilon: float = 0.1) -> Loss:
    r"""Squared error near zero, absolute error beyond `epsilon`, for regression with outliers.

    .. math::

       \ell(y, z) = \begin{cases}
           \tfrac{1}{2} r^2 & |r| \le \epsilon \\
           \epsilon |r| - \tfrac{1}{2} \epsilon^2 & |r| > \epsilon
       \end{cases}
       \qquad r = z - y

    Parameters
    ----------
    epsilon : float, default=0.1
        Residual at which the loss turns from quadratic to linear, > 0, in the unit of `y`.

    Returns
    -------
    Loss
        The loss, for real targets in one or several outputs.

    Raises
    ------
    TypeError
        If `epsilon` is not a real number.
    ValueError
        If `epsilon` is not finite and positive.

    References
    ----------
    .. [1] P. J. Huber, "Robust Estimation of a Location Parameter", The Annals of Mathematical
       Statistics 35(1), 1964, pp. 73-101.
    """
    return Loss("huber", check_real("epsilon", epsilon, low=0.0, low_open=True), "real")


def epsilon_insensitive(epsilon: float = 0.1, *, smoothing: float | None = None) -> Loss:
    r"""Absolute residual beyond `epsilon`, for support vector regression.

    .. math:: \ell(y, z) = \max(0, |z - y| - \epsilon)

    Parameters
    ----------
    epsilon : float, default=0.1
        Residual up to which a row costs nothing, >= 0, in the unit of `y`.
    smoothing : float, optional
        Width, in units of `z`, on which a kink is rounded off, >= 0; see Notes. By default left to
        `fit`.

    Returns
    -------
    Loss
        The loss, for real targets in one or several outputs; with ``epsilon=0`` the absolute error.

    Raises
    ------
    TypeError
        If `epsilon` or `smoothing` is not a real number.
    ValueError
        If `epsilon` or `smoothing` is not finite or below 0.

    Notes
    -----
    The loss has kinks at residuals of :math:`\pm\epsilon`. With a `smoothing` :math:`h` the slope
    rises evenly over a width :math:`h` about each instead of jumping: the loss stays as it is
    further than :math:`h / 2` away and is at most :math:`h / 8` higher nearer. `fit` takes a
    thousandth of the median distance of `y` from its median for steps of its own.

    References
    ----------
    .. [1] V. N. Vapnik, "The Nature of Statistical Learning Theory", Springer, 1995, chapter 6.
    """
    width = check_smoothing(smoothing)
    return Loss(
        "epsilon_insensitive", check_real("epsilon", epsilon, low=0.0), "real", smoothing=width
    )


def squared_epsilon_insensitive(epsilon: float = 0.1) -> Loss:
    r"""Squared residual beyond `epsilon`, for support vector regression.

    .. math:: \ell(y, z) = \max(0, |z - y| - \epsilon)^2

    Parameters
    ----------
    epsilon : float, default=0.1
        Residual up to which a row costs nothing, >= 0, in the unit of `y`.

    Returns
    -------
    Loss
        The loss, for real targets in one or several outputs.

    Raises
    ------
    TypeError
        If `epsilon` is not a real number.
    ValueError
        If `epsilon` is not finite or below 0.

    References
    ----------
    .. [1] C.-H. Ho, C.-J. Lin, "Large-scale Linear Support Vector Regression", Journal of Machine
       Learning Research 13, 2012, pp. 3323-3348.
    """
    return Loss("squared_epsilon_insensitive", check_real("epsilon", epsilon, low=0.0), "real")


def quantile(quantile: float = 0.5, *, smoothing: float | None = None) -> Loss:
    r"""Pinball loss, for the regression of a quantile.

    .. math:: \ell(y, z) = \begin{cases} (1 - q) (z - y) & z > y \\ q (y - z) & z \le y \end{cases}

    Parameters
    ----------
    quantile : float, default=0.5
        The quantile q of `y` that the predictor estimates, in (0, 1); at 0.5 the loss is half the
        absolute error.
    smoothing : float, optional
        Width, in units of `z`, on which a kink is rounded off, >= 0; see Notes. By default left to
        `fit`.

    Returns
    -------
    Loss
        The loss, for real targets in one or several outputs.

    Raises
    ------
    TypeError
        If `quantile` or `smoothing` is not a real number.
    ValueError
        If `quantile` is not within (0, 1), or `smoothing` not finite or below 0.

    Notes
    -----
    The loss has a kink where `z` is `y`. With a `smoothing` :math:`h` the slope rises evenly over a
    width :math:`h` about it instead of jumping: the loss stays as it is further than :math:`h / 2`
    away and is at most :math:`h / 8` higher nearer. `fit` takes a thousandth of the median distance
    of `y` from its median for steps of its own.

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978, pp. 33-50.
    .. [2] S. Zheng, "Gradient descent algorithms for quantile regression with smooth
       approximation", International Journal of Machine Learning and Cybernetics 2, 2011,
       pp. 191-207.
    """
    share = check_real("quantile", quantile, low=0.0, high=1.0, low_open=True, high_open=True)
    return Loss("quantile", share, "real", smoothing=check_smoothing(smoothing))
