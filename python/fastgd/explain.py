"""`explain_plan`: what `fit` would do, without fitting."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from . import losses
from ._matrix import check_matrix
from ._options import build_options
from ._targets import check_targets
from .solve import fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .plan import Plan

__all__ = ["explain_plan"]

_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_OPTIONS = [
    name
    for name, parameter in inspect.signature(build_options).parameters.items()
    if parameter.kind is _KEYWORD_ONLY
]


def explain_plan(X: ArrayLike, y: ArrayLike, **options: Any) -> Plan:
    """Say which solver, metric and update `fit` would take for these arguments, and why.

    Also which epochs would read X: second moments may take its place. Nothing is fitted: shapes,
    element type, loss, penalty and threads decide, and what is asked for by name. The estimates
    come from one formula for each solver: about as many readings of X as default fits were seen to
    need, times the time of one, plus that of Hessians.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, d)
        Features, as for `fit`.
    y : array_like of shape (n,) or (n, K)
        Targets, as for `fit`.
    **options
        Any other argument of `fit`.

    Returns
    -------
    Plan
        The choices, the reason and the estimated seconds of each solver.

    Raises
    ------
    TypeError
        If `fit` knows no such argument, or one has the wrong type.
    ValueError
        If an argument has the wrong shape or range.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> fastgd.explain_plan(np.zeros((1000, 5)), np.zeros(1000)).solver
    'batch'
    >>> fastgd.explain_plan(np.zeros((1000, 5)), np.zeros(1000), update="adam").solver
    'minibatch'
    """
    bound = inspect.signature(fit).bind(X, y, **options)
    bound.apply_defaults()
    matrix = check_matrix(X)
    loss = losses.resolve(bound.arguments["loss"])
    targets = check_targets(y, len(matrix), loss, need_both_classes=loss.joint)
    _, _, plan = build_options(
        matrix,
        targets.values.shape[1],
        loss,
        **{name: bound.arguments[name] for name in _OPTIONS},
    )
    return plan
