"""Several classes: one model of all, or each against the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import losses
from ..solve import fit
from ._one_vs_rest import fit_one_vs_rest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..losses import Loss
    from ..result import FitResult


def loss_of(loss: Loss, n_classes: int) -> Loss:
    """Return the loss that is minimised: softmax of two classes is a log loss of the second."""
    two = loss.targets == "classes" and n_classes == 2
    return losses.log_loss() if two else loss


def fit_classes(
    X: Any,
    codes: NDArray[np.intp],
    coef_init: NDArray[np.float64] | None,
    intercept_init: NDArray[np.float64] | None,
    settings: dict[str, Any],
) -> list[FitResult]:
    """Fit all classes, as `fit_one_vs_rest` does; a joint fit has one result."""
    loss = settings["loss"]
    if loss.name == "squared_error" and codes.max() > 1:
        # no other loss bends alike for all classes: these share a Hessian and each reading of X
        settings = settings | {"loss": replace(loss, targets="one-vs-rest")}
    if settings["loss"].joint:
        return [fit(X, codes, coef_init=coef_init, intercept_init=intercept_init, **settings)]
    return fit_one_vs_rest(X, codes, coef_init, intercept_init, settings)


def parameters_of(results: Sequence[FitResult]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the coefficients (K, d) and intercepts (K,) of all fits."""
    coef = np.concatenate([np.atleast_2d(one.coef) for one in results])
    intercept = np.concatenate([np.atleast_1d(one.intercept) for one in results])
    return coef, intercept.astype(coef.dtype)


def positive_of(loss: Loss, n_classes: int) -> list[float | None]:
    """Return the code of each descent's positive class, as a stream takes it."""
    if loss.joint:
        return [None]
    return [float(k) for k in range(n_classes)] if n_classes > 2 else [1.0]
