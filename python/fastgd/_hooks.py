"""What a running fit calls back: after each epoch, and for a step size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._matrix import check_map
from ._options import check_callback_answer, check_step_size
from .result import EpochInfo
from .schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ._heldout import HeldOut
    from ._progress import ProgressBar


@dataclass(frozen=True)
class Shape:
    """How coefficients look to the caller: dtype of the computation, shape of his `y`."""

    dtype: np.dtype[Any]
    one_dimensional: bool

    def of_coef(self, coef: NDArray[np.float64]) -> NDArray[Any]:
        values = coef.astype(self.dtype, copy=False)
        return values[0] if self.one_dimensional else values

    def of_intercept(self, intercept: NDArray[np.float64]) -> NDArray[Any] | float:
        if self.one_dimensional:
            return float(intercept[0])
        return intercept.astype(self.dtype, copy=False)


def epoch_hook(
    callback: Callable[[EpochInfo], object] | None,
    bar: ProgressBar | None,
    shape: Shape,
    heldout: HeldOut | None,
    maps: list[tuple[str, NDArray[Any]]],
) -> Callable[..., tuple[bool, bool]] | None:
    if callback is None and bar is None and heldout is None and not maps:
        return None

    def on_epoch(
        epoch: int,
        coef: NDArray[np.float64],
        intercept: NDArray[np.float64],
        *measures: float,
    ) -> tuple[bool, bool]:
        validation = math.nan if heldout is None else heldout.judge(coef, intercept)
        seen = shape.of_coef(coef), shape.of_intercept(intercept)
        info = EpochInfo(epoch, *seen, *(*measures, validation))
        if bar is not None:
            bar.show(info)
        stop = callback is not None and check_callback_answer(callback(info))
        # a file may be cut short while it is read
        for mapped in maps:
            check_map(*mapped)
        if heldout is None:
            return stop, False
        return stop or heldout.exhausted, heldout.improved

    return on_epoch


def rate_hook(rate: str | Callable[[Any], object]) -> Callable[[float], float] | None:
    if isinstance(rate, str):
        return None
    if isinstance(rate, Schedule):
        return lambda epoch: check_step_size(rate(epoch), epoch)
    return lambda epoch: check_step_size(rate(int(epoch)), int(epoch))
