"""From what the core fitted to the result that the caller gets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ._messages import describe_end, is_unfinished, quiet
from .plan import as_carried_out
from .result import ConvergenceWarning, FitResult, History

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import _core
    from ._heldout import HeldOut
    from ._hooks import Shape
    from .plan import Plan


def result_of(
    fitted: _core._Fitted,
    options: _core.FitOptions,
    rate: str | Callable[[Any], object],
    plan: Plan,
    shape: Shape,
    heldout: HeldOut | None,
    **asked: Any,
) -> FitResult:
    """Return the result, `asked` being what it repeats of the call."""
    n_iter = fitted["n_iter"]
    validation = np.full(n_iter, np.nan) if heldout is None else np.array(heldout.history)
    history = History(**fitted["history"], validation=validation)
    status = fitted["status"].name
    if status == "stopped" and heldout is not None and heldout.exhausted:
        status = "validation_stop"
    return FitResult(
        coef=shape.of_coef(fitted["coef"]),
        intercept=shape.of_intercept(fitted["intercept"]),
        n_iter=n_iter,
        n_passes=fitted["n_passes"],
        status=status,
        objective=fitted["objective"],
        gradient_norm=fitted["gradient_norm"],
        suboptimality=fitted["suboptimality"],
        message=describe_end(fitted, history, options, rate, heldout),
        precondition=fitted["precondition"].name,
        plan=as_carried_out(plan, fitted),
        history=history,
        separable=fitted["separable"],
        **asked,
    )


def warn_if_cut_short(result: FitResult, tol: float | None, *, stacklevel: int) -> None:
    """Warn of a fit that ended before it converged, unless all its epochs were wanted."""
    if is_unfinished(result.status, tol) and not quiet.get():
        warnings.warn(result.message, ConvergenceWarning, stacklevel=stacklevel + 1)
