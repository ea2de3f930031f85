"""How a fit ended, in words: what was reached and what would help."""

from __future__ import annotations

import math
from contextvars import ContextVar
from typing import TYPE_CHECKING

from . import _core

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._heldout import HeldOut
    from .result import History


_NAMED_COLUMNS = 5
# Times tol: a height that does not go with a fit that is done.
_MUCH = 100.0
# Of an objective: a share of rounding worth a word.
_MUCH_ROUNDING = 1e-3

# Set by those who tell of several fits at once.
quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def is_unfinished(status: str, tol: float | None) -> bool:
    """Return whether a fit ended before it converged, unless that was asked for."""
    if status == "iteration_limit":
        return tol is not None
    return status in ("time_limit", "diverged")


def describe_end(
    fitted: _core._Fitted,
    history: History,
    options: _core.FitOptions,
    rate: str | Callable[[int], object],
    heldout: HeldOut | None,
) -> str:
    """Return the message of a result, from what the core handed back."""
    status = fitted["status"].name
    epochs = len(history.objective)
    after = f"after {epochs} epoch{'s' if epochs != 1 else ''}"
    if status == "diverged" and options.rate in (_core.Rate.pa1, _core.Rate.pa2):
        return (
            f"diverged {after}: the objective grew to {history.objective[-1]:.3g} with "
            f"eta0={options.eta0:g}; steps overshoot on rows of norm below 1, of which the "
            "intercept is no part, and on rows of weight above 1: take a smaller eta0, smaller "
            "weights, or fit_intercept=False and a column of ones"
        )
    if status == "diverged":
        used = float(history.learning_rate[-1])
        safe = fitted["safe_step"]
        return (
            f"diverged {after}: the objective grew to {history.objective[-1]:.3g} with a step of "
            f"{used:.3g} on the columns as given, driven by {describe_limit(safe)}; a step of "
            f"{safe['rate']:.3g} would have been safe, learning_rate='auto' scales the columns and "
            "needs no step"
        )
    reached = (
        f"objective {fitted['objective']:.6g}{_height(fitted)}, "
        f"gradient norm {fitted['gradient_norm']:.3g}" + _remarks(fitted) + _kept_epoch(heldout)
    )
    if status == "converged":
        return f"converged {after}: {reached}; tol={options.tol:g}{_stuck(fitted, options)}"
    if status == "stopped":
        if heldout is not None and heldout.exhausted:
            idle = heldout.patience
            return (
                f"stopped by the validation loss {after}, the last {idle} without one lower by "
                f"more than tol={options.tol:g}: {reached}"
            )
        return f"stopped by the callback {after}: {reached}"
    if status == "time_limit":
        return (
            f"stopped at max_time={options.max_time:g} s before convergence, {after}: {reached}; "
            "raise max_time or tol"
        )
    if options.tol is None:
        return f"all {epochs} epochs run (tol=None): {reached}"
    cure = "raise max_iter or tol"
    if rate != "auto":
        cure += ", or use learning_rate='auto'"
    return f"stopped at max_iter={options.max_iter} before convergence: {reached}; {cure}"


def _height(fitted: _core._Fitted) -> str:
    """Return how far above the optimum that is thought to lie, to follow the objective."""
    height, objective = fitted["suboptimality"], abs(fitted["objective"])
    if math.isnan(height) or objective == 0.0:
        return ""
    return f", above the optimum by about {height / objective:.1g} of it"


def _stuck(fitted: _core._Fitted, options: _core.FitOptions) -> str:
    """Return that a fit ended with much left to gain, for the end of a sentence."""
    if fitted["separable"] or fitted["objective"] <= fitted["rounded"]:
        return ""
    if options.tol is None or not fitted["suboptimality"] > _MUCH * options.tol * abs(
        fitted["objective"]
    ):
        return ""
    return (
        ", but the last epochs gained nothing where the gradient promises more: what is left is "
        "hidden by rounding, or no step finds it"
    )


def _kept_epoch(heldout: HeldOut | None) -> str:
    """Return which epoch's coefficients the result holds, for the end of a sentence."""
    if heldout is None or heldout.best_epoch is None:
        return ""
    epochs = heldout.best_epoch + 1
    return (
        f"; these are the coefficients after epoch {epochs}, whose validation loss "
        f"{heldout.best_loss:.6g} is the least"
    )


def describe_limit(step: _core._SafeStep) -> str:
    """Name the column or the row that keeps a step short, and by how much."""
    share = f"{100.0 * step['share']:.3g} % of the smoothness"
    if step["limit"] == _core.Limit.row:
        return (
            f"row {step['index']} (its norm is {step['share']:.3g} times the root mean square of "
            "all rows')"
        )
    if step["limit"] == _core.Limit.column:
        return f"column {step['index']} ({share})"
    if step["limit"] == _core.Limit.intercept:
        return f"the intercept ({share})"
    return f"the penalty ({share})"


def _rounding(fitted: _core._Fitted) -> str:
    """Return what rounding has to do with an objective, for the end of a sentence."""
    rounded, objective = fitted["rounded"], fitted["objective"]
    if not rounded > _MUCH_ROUNDING * objective:
        return ""
    if objective <= rounded:
        return "; every row is fitted, as far as rounding of coefficients and predictions tells"
    return (
        f"; rounding of coefficients and predictions may make up {rounded / objective:.1g} of the "
        "objective: columns less far from 0, or float64 in the place of float32, tell more"
    )


def _remarks(fitted: _core._Fitted) -> str:
    """Return what is peculiar about the data and their use, for the end of a sentence."""
    remarks = ""
    if fitted["second_moments_from"] is not None:
        remarks += (
            f"; X was read {fitted['n_passes']:.3g} times, from epoch "
            f"{fitted['second_moments_from'] + 1} on its second moments gave the gradients"
        )
    remarks += _rounding(fitted)
    if fitted["separable"]:
        remarks += (
            "; the classes are separable: without a penalty nothing bounds coefficients and the "
            "loss goes to 0, so the fit ends near 0; alpha > 0 gives one least point"
        )
    remarks += _of_columns(
        fitted["dependent"],
        "made up of others, up to rounding: of the coefficients that predict alike these are one "
        "choice",
    )
    remarks += _of_columns(
        fitted["told_apart"],
        "made up of others but for little: large coefficients that cancel tell them apart",
    )
    return remarks


def _of_columns(columns: list[int], what: str) -> str:
    """Return what some columns are, for the end of a sentence."""
    if not columns:
        return ""
    named = ", ".join(str(j) for j in columns[:_NAMED_COLUMNS])
    more = ", ..." if len(columns) > _NAMED_COLUMNS else ""
    return f"; {len(columns)} column{'s' if len(columns) > 1 else ''} ({named}{more}) {what}"
