"""Losses of targets >= 0 whose mean is the exponential of the linear predictor."""

from __future__ import annotations

from .._validation import check_real
from ._loss import Loss

__all__ = ["gamma", "poisson", "tweedie"]


def poisson() -> Loss:
    r"""Half the unit deviance of Poisson counts, for rates and counts.

    .. math:: \ell(y, z) = e^z - y z + y \log y - y

    Returns
    -------
    Loss
        The loss, for targets >= 0; the mean is :math:`e^z`.

    References
    ----------
    .. [1] P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed., Chapman and Hall, 1989,
       chapter 6.
    """
    return Loss("poisson", 0.0, "non-negative", "log")


def gamma() -> Loss:
    r"""Half the unit deviance of gamma variates, for positive amounts.

    .. math:: \ell(y, z) = z - \log y + y e^{-z} - 1

    Returns
    -------
    Loss
        The loss, for targets > 0; the mean is :math:`e^z`.

    References
    ----------
    .. [1] P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed., Chapman and Hall, 1989,
       chapter 8.
    """
    return Loss("gamma", 0.0, "positive", "log")


def tweedie(power: float = 1.5) -> Loss:
    r"""Half the unit deviance of Tweedie variates, for amounts that are often 0.

    .. math::

       \ell(y, z) = \frac{y^{2 - p}}{(1 - p)(2 - p)} - \frac{y e^{(1 - p) z}}{1 - p}
                    + \frac{e^{(2 - p) z}}{2 - p}

    with the limits :func:`poisson` at :math:`p = 1` and :func:`gamma` at :math:`p = 2`.

    Parameters
    ----------
    power : float, default=1.5
        The power p that the variance grows with the mean by, in [1, 2]: beyond, the loss is not
        convex in z.

    Returns
    -------
    Loss
        The loss, for targets >= 0 (> 0 at power 2); the mean is :math:`e^z`.

    Raises
    ------
    TypeError
        If `power` is not a real number.
    ValueError
        If `power` is not within [1, 2].

    References
    ----------
    .. [1] B. Jorgensen, "The Theory of Dispersion Models", Chapman and Hall, 1997, chapter 4.
    """
    variance_power = check_real("power", power, low=1.0, high=2.0)
    if variance_power == 1.0:
        return poisson()
    return (
        gamma() if variance_power == 2.0 else Loss("tweedie", variance_power, "non-negative", "log")
    )
