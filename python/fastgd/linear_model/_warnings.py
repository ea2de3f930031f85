"""The warning that a fit ended early, under both packages' names."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sklearn.exceptions

from .. import result
from .._messages import is_unfinished, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..result import FitResult

__all__ = ["ConvergenceWarning", "told_later", "warn_if_unfinished", "worst_status"]

# The worst first.
_STATUSES = (
    "diverged",
    "time_limit",
    "iteration_limit",
    "stopped",
    "validation_stop",
    "converged",
)


class ConvergenceWarning(result.ConvergenceWarning, sklearn.exceptions.ConvergenceWarning):
    """A fit ended before it converged; filters for either package's warning know it."""


def worst_status(results: Sequence[FitResult]) -> str:
    """Return the worst way that one of the fits ended in."""
    return min((one.status for one in results), key=_STATUSES.index)


def warn_if_unfinished(
    results: Sequence[FitResult], names: Sequence[object], tol: float | None
) -> None:
    """Warn once for all fits of an estimator; names tell them apart if they are several."""
    unfinished = [
        f"class {name!r}: {one.message}" if len(results) > 1 else one.message
        for name, one in zip(names, results, strict=True)
        if is_unfinished(one.status, tol)
    ]
    if unfinished:
        more = f" (and {len(unfinished) - 1} more classes)" if len(unfinished) > 1 else ""
        warnings.warn(unfinished[0] + more, ConvergenceWarning, stacklevel=3)


@contextmanager
def told_later() -> Iterator[None]:
    """Keep fits from warning by themselves."""
    token = quiet.set(True)
    try:
        yield
    finally:
        quiet.reset(token)
