"""Losses of labels."""

from __future__ import annotations

from .._validation import check_real
from ._loss import Loss
from ._smoothing import check_smoothing

__all__ = [
    "hinge",
    "log_loss",
    "modified_huber",
    "perceptron",
    "smoothed_hinge",
    "softmax",
    "squared_hinge",
]


def log_loss() -> Loss:
    r"""Negative log-likelihood of a label, for logistic regression with two classes.

    .. math:: \ell(y, z) = \log(1 + e^{-y z}), \qquad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Returns
    -------
    Loss
        The loss, for binary targets.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed.,
       Springer, 2009, section 4.4.
    """
    return Loss("log_loss", 0.0, "binary", "logit")


def hinge(*, smoothing: float | None = None) -> Loss:
    r"""Shortfall of the margin below 1, for support vector machines.

    .. math:: \ell(y, z) = \max(0, 1 - y z), \qquad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Parameters
    ----------
    smoothing : float, optional
        Width, in units of `z`, on which a kink is rounded off, >= 0; see Notes. By default left to
        `fit`.

    Returns
    -------
    Loss
        The loss, for binary targets.

    Raises
    ------
    TypeError
        If `smoothing` is not a real number.
    ValueError
        If `smoothing` is not finite or below 0.

    Notes
    -----
    The loss has a kink at a margin of 1. With a `smoothing` :math:`h` the slope rises evenly over a
    width :math:`h` about it instead of jumping: the loss stays as it is further than :math:`h / 2`
    away and is at most :math:`h / 8` higher nearer. `fit` takes 0.001 for steps of its own.

    References
    ----------
    .. [1] C. Cortes, V. Vapnik, "Support-Vector Networks", Machine Learning 20, 1995, pp. 273-297.
    """
    return Loss("hinge", 0.0, "binary", smoothing=check_smoothing(smoothing))


def squared_hinge() -> Loss:
    r"""Squared shortfall of the margin below 1, for support vector machines.

    .. math:: \ell(y, z) = \max(0, 1 - y z)^2, \qquad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Returns
    -------
    Loss
        The loss, for binary targets.

    References
    ----------
    .. [1] R.-E. Fan et al., "LIBLINEAR: A Library for Large Linear Classification", Journal of
       Machine Learning Research 9, 2008, pp. 1871-1874.
    """
    return Loss("squared_hinge", 0.0, "binary")


def modified_huber() -> Loss:
    r"""Squared hinge that grows no faster than linearly, for labels with errors.

    .. math::

       \ell(y, z) = \begin{cases}
           \max(0, 1 - y z)^2 & y z \ge -1 \\
           -4 y z & y z < -1
       \end{cases}
       \qquad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Returns
    -------
    Loss
        The loss, for binary targets.

    References
    ----------
    .. [1] T. Zhang, "Solving large scale linear prediction problems using stochastic gradient
       descent algorithms", ICML, 2004.
    """
    return Loss("modified_huber", 0.0, "binary")


def smoothed_hinge(width: float = 1.0) -> Loss:
    r"""Hinge whose kink is a parabola as wide as asked for.

    .. math::

       \ell(y, z) = \begin{cases}
           0 & u \le 0 \\
           u^2 / (2 h) & 0 < u \le h \\
           u - h / 2 & u > h
       \end{cases}
       \qquad u = 1 - y z, \quad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Parameters
    ----------
    width : float, default=1.0
        The width h of the parabola, > 0, in units of the margin.

    Returns
    -------
    Loss
        The loss, for binary targets.

    Raises
    ------
    TypeError
        If `width` is not a real number.
    ValueError
        If `width` is not finite and positive.

    References
    ----------
    .. [1] J. D. M. Rennie, N. Srebro, "Loss Functions for Preference Levels: Regression with
       Discrete Ordered Labels", IJCAI Workshop on Advances in Preference Handling, 2005.
    """
    return Loss("smoothed_hinge", check_real("width", width, low=0.0, low_open=True), "binary")


def perceptron(*, smoothing: float | None = None) -> Loss:
    r"""Negative margin of rows on the wrong side, for the perceptron.

    .. math:: \ell(y, z) = \max(0, -y z), \qquad y \in \{-1, +1\}

    The larger of the two labels found in `y` is taken as :math:`+1`.

    Parameters
    ----------
    smoothing : float, optional
        Width, in units of `z`, on which a kink is rounded off, >= 0; see Notes. By default left to
        `fit`.

    Returns
    -------
    Loss
        The loss, for binary targets.

    Raises
    ------
    TypeError
        If `smoothing` is not a real number.
    ValueError
        If `smoothing` is not finite or below 0.

    Notes
    -----
    Coefficients of 0 are a least point of this loss: it is made for steps of a size of the caller's
    that end once all rows are on their side, as ``solver="sgd", learning_rate="constant"`` takes
    them. With a `smoothing` :math:`h` the slope falls from -1 to 0 at margins from :math:`-h / 2`
    to :math:`h / 2`; the least point is then the one that a `smoothed_hinge` of width 2 has, times
    :math:`h / 2`. `fit` takes a width of 0.001 for steps of its own.

    References
    ----------
    .. [1] F. Rosenblatt, "The Perceptron: A Probabilistic Model for Information Storage and
       Organization in the Brain", Psychological Review 65(6), 1958, pp. 386-408.
    """
    return Loss("perceptron", 0.0, "binary", smoothing=check_smoothing(smoothing))


def softmax() -> Loss:
    r"""Negative log-likelihood of one of K classes, for multinomial logistic regression.

    .. math:: \ell(y, z) = \log \sum_{k=1}^K e^{z_k} - z_y

    One model of all classes: each has coefficients and an intercept, K x d in all, and every row of
    X is read once for all of them. Only their differences matter; without a penalty the fit leaves
    their sum at 0.

    Returns
    -------
    Loss
        The loss, for targets that are one of K >= 2 labels, in ascending order of these.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed.,
       Springer, 2009, section 4.4.
    """
    return Loss("softmax", 0.0, "classes", "logit")
