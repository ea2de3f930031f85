"""The catalog of losses: which ones exist, their parameter and the targets they accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ._validation import check_choice, check_real, describe, message

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Loss", "huber", "log_loss", "squared_error"]


@dataclass(frozen=True)
class Loss:
    r"""A pointwise loss :math:`\ell(y, z)` of target `y` and linear predictor `z`.

    Made by the functions of this module, which check the parameter; the arithmetic is in the core.

    Attributes
    ----------
    name : str
        Name of the loss, as `fit` accepts it.
    parameter : float
        The one number the loss is adjusted by, in its own unit; 0.0 for a loss that has none.
    targets : {"real", "binary"}
        Whether `y` holds real numbers or one of two labels.
    link : {"identity", "log", "logit"}
        What the linear predictor is of the mean of `y`.
    """

    name: str
    parameter: float
    targets: Literal["real", "binary"]
    link: Literal["identity", "log", "logit"] = "identity"


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


# The order is the order in which messages list the names.
catalog: dict[str, Callable[[], Loss]] = {
    "squared_error": squared_error,
    "log_loss": log_loss,
    "huber": huber,
}


def resolve(loss: str | Loss) -> Loss:
    """Return the loss of that name with its default parameter, or the `Loss` that was given.

    Parameters
    ----------
    loss : str or Loss
        A name in the catalog or a loss made by one of the functions of this module.

    Returns
    -------
    Loss
        The loss.

    Raises
    ------
    TypeError
        If `loss` is neither a name nor a `Loss`.
    ValueError
        If no loss has this name.
    """
    if isinstance(loss, Loss):
        check_choice("loss", loss.name, tuple(catalog))
        return loss
    alternative = "a Loss of fastgd.losses"
    if callable(loss):
        cure = "call the function, as in fastgd.losses.huber()"
        raise TypeError(message("loss", f"a name or {alternative}", describe(loss), cure))
    return catalog[check_choice("loss", loss, tuple(catalog), alternative=alternative)]()
