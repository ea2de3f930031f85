"""One fit as the core takes it: checked arguments in, result out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._bounds import check_bounds, check_start
from ._hooks import Shape, epoch_hook
from ._matrix import maps_of
from ._options import build_options, check_callback
from ._outcome import result_of
from ._penalty import check_penalty_factor
from .losses._custom_check import check_objective

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from . import _core
    from ._bounds import Bounds
    from ._heldout import HeldOut, Rows
    from ._progress import ProgressBar
    from .losses import Loss
    from .plan import Plan
    from .result import FitResult


@dataclass(frozen=True, eq=False)
class Problem:
    """What is asked for, and of which rows.

    Attributes
    ----------
    rows : Rows
        All rows, those held out included.
    loss : Loss
        The loss, its kinks settled.
    options : FitOptions
        How it is fitted.
    rate : str or callable
        The learning rate as asked for.
    plan : Plan
        How the solver was chosen.
    bounds : Bounds or None
        Of the coefficients.
    coef, intercept : ndarray
        Where the fit starts.
    callback : callable or None
        The caller's own, checked.
    asked : dict
        What the result repeats of the call.
    """

    rows: Rows
    loss: Loss
    options: _core.FitOptions
    rate: str | Callable[[Any], object]
    plan: Plan
    bounds: Bounds | None
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    callback: Callable[[Any], object] | None
    asked: dict[str, Any]

    @property
    def single_precision(self) -> bool:
        """Whether the core computes in float32."""
        return bool(self.rows.dtype == np.float32)

    @property
    def _shape(self) -> Shape:
        return Shape(self.rows.dtype, self.rows.targets.one_dimensional)

    def on_epoch(
        self, heldout: HeldOut | None, bar: ProgressBar | None = None
    ) -> Callable[..., tuple[bool, bool]] | None:
        """Return what the core calls after each epoch, if anything is to be."""
        return epoch_hook(self.callback, bar, self._shape, heldout, maps_of(self.rows.X))

    def result_of(self, fitted: _core._Fitted, heldout: HeldOut | None) -> FitResult:
        """Return the result, once X is known to be finite."""
        check_objective(self.loss, fitted["objective"])
        one_dimensional = self.rows.targets.one_dimensional
        return result_of(
            fitted,
            *(self.options, self.rate, self.plan, self._shape, heldout),
            loss=self.loss.name,
            classes=self.rows.targets.classes,
            bounds=(
                None if self.bounds is None else self.bounds.shown(one_dimensional=one_dimensional)
            ),
            **self.asked,
        )


def pose(
    rows: Rows,
    loss: Loss,
    *,
    coef_init: object,
    intercept_init: object,
    bounds: object,
    callback: object,
    **settings: Any,
) -> Problem:
    """Return the problem of these rows; `settings` are further arguments of `build_options`."""
    n_outputs, n_features = rows.targets.values.shape[1], rows.X.shape[1]
    options, rate, plan = build_options(rows.X, n_outputs, loss, bounds=bounds, **settings)
    box = check_bounds(bounds, n_outputs, n_features)
    return Problem(
        *(rows, loss, options, rate, plan, box),
        *check_start(coef_init, intercept_init, box, n_outputs, n_features),
        check_callback(callback),
        {
            "alpha": float(settings["alpha"]),
            "l1_ratio": float(settings["l1_ratio"]),
            "penalty_scale": settings["penalty_scale"],
            "penalty_factor": check_penalty_factor(settings["penalty_factor"], n_features),
        },
    )
