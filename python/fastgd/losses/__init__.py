"""The catalog of losses: which ones exist, their parameter and the targets they accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._validation import check_choice, describe, message
from ._classification import (
    hinge,
    log_loss,
    modified_huber,
    perceptron,
    smoothed_hinge,
    softmax,
    squared_hinge,
)
from ._custom import custom
from ._loss import Loss
from ._means import gamma, poisson, tweedie
from ._regression import (
    epsilon_insensitive,
    huber,
    quantile,
    squared_epsilon_insensitive,
    squared_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Loss",
    "custom",
    "epsilon_insensitive",
    "gamma",
    "hinge",
    "huber",
    "log_loss",
    "modified_huber",
    "perceptron",
    "poisson",
    "quantile",
    "smoothed_hinge",
    "softmax",
    "squared_epsilon_insensitive",
    "squared_error",
    "squared_hinge",
    "tweedie",
]

# The order is the order in which messages list the names.
catalog: dict[str, Callable[[], Loss]] = {
    factory.__name__: factory
    for factory in (
        squared_error,
        log_loss,
        huber,
        epsilon_insensitive,
        squared_epsilon_insensitive,
        quantile,
        hinge,
        squared_hinge,
        modified_huber,
        smoothed_hinge,
        perceptron,
        softmax,
        poisson,
        gamma,
        tweedie,
    )
}

# What other libraries call them.
_ELSEWHERE = {
    **dict.fromkeys(("mse", "ols", "square", "squared", "gaussian", "normal"), "'squared_error'"),
    **dict.fromkeys(("logistic", "log", "logloss", "binomial", "cross_entropy"), "'log_loss'"),
    **dict.fromkeys(("mae", "absolute_error", "l1"), "fastgd.losses.epsilon_insensitive(0.0)"),
    "pinball": "'quantile'",
    "sqhinge": "'squared_hinge'",
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
        if loss.functions is None:
            check_choice("loss", loss.name, tuple(catalog))
        return loss
    alternative = "a Loss of fastgd.losses"
    if callable(loss):
        cure = "call the function, as in fastgd.losses.huber()"
        raise TypeError(message("loss", f"a name or {alternative}", describe(loss), cure))
    choice = check_choice(
        "loss", loss, tuple(catalog), alternative=alternative, elsewhere=_ELSEWHERE
    )
    return catalog[choice]()
