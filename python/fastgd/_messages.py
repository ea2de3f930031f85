"""How a fit ended, in words: what was reached and what would help."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import _core
    from .result import History


def describe_end(
    status: str,
    objective: float,
    gradient_norm: float,
    history: History,
    options: _core.FitOptions,
    rate: str | Callable[[int], object],
    safe_rate: float,
) -> str:
    """Return the message of a result."""
    epochs = len(history.objective)
    after = f"after {epochs} epoch{'s' if epochs != 1 else ''}"
    if status == "diverged":
        used = float(history.learning_rate[-1])
        return (
            f"diverged {after}: the objective grew to {history.objective[-1]:.3g} with a step of "
            f"{used:.3g} on the columns as given; a step of {safe_rate:.3g} would have been safe, "
            "learning_rate='auto' scales the columns and needs no step"
        )
    reached = f"objective {objective:.6g}, gradient norm {gradient_norm:.3g}"
    if status == "converged":
        return f"converged {after}: {reached}; tol={options.tol:g}"
    if status == "stopped":
        return f"stopped by the callback {after}: {reached}"
    if options.tol is None:
        return f"all {epochs} epochs run (tol=None): {reached}"
    cure = "raise max_iter or tol"
    if rate != "auto":
        cure += ", or use learning_rate='auto'"
    return f"stopped at max_iter={options.max_iter} before convergence: {reached}; {cure}"
