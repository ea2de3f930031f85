"""What happens to the output of a fitted model when an input changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._matrix import check_matrix
from ._plot import axes_or_new
from ._validation import (
    check_sample_weight,
    compute_dtype,
    message,
    raise_if_non_finite,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Effects"]

_SHOWN_INPUTS = 20
_SHOWN_OUTPUTS = 3
_WIDTH = 13


@dataclass(frozen=True, eq=False, repr=False)
class Effects:
    """Change of a fitted model's output when one input rises and the others stay.

    The model is linear, so that the change is the same wherever the input starts. For a log loss
    the output is the log-odds of the positive class: what multiplies its odds is `odds_ratio`.

    Attributes
    ----------
    names : tuple of str
        Inputs: the names of the columns of `X` if it has any, else "column 0" and so on.
    per_unit : ndarray of shape (d,) or (K, d), float64
        Change of the output per unit of each input: the coefficients.
    per_deviation : ndarray of shape (d,) or (K, d), float64
        Change per standard deviation of each input, comparable between inputs.
    scale : ndarray of shape (d,), float64
        Weighted standard deviation of each input.
    loss : str
        Name of the loss of the fit.
    classes : ndarray of shape (2,) or (K,), or None
        The negative and the positive class, or that of each output; None for real targets.
    """

    names: tuple[str, ...]
    per_unit: NDArray[np.float64]
    per_deviation: NDArray[np.float64]
    scale: NDArray[np.float64]
    loss: str
    classes: NDArray[Any] | None = None

    @property
    def odds_ratio(self) -> NDArray[np.float64] | None:
        """Return what a unit of each input multiplies the odds by; None unless for a log loss."""
        return _exponential(self.per_unit) if self.loss == "log_loss" else None

    @property
    def odds_ratio_per_deviation(self) -> NDArray[np.float64] | None:
        """Return what a standard deviation multiplies the odds by; None unless for a log loss."""
        return _exponential(self.per_deviation) if self.loss == "log_loss" else None

    @property
    def order(self) -> NDArray[np.intp]:
        """Return inputs by their largest change per standard deviation, the largest first."""
        largest = np.abs(np.atleast_2d(self.per_deviation)).max(axis=0)
        return np.argsort(-largest, kind="stable")

    def __repr__(self) -> str:
        """Return a table of the inputs, the largest effect first."""
        per_unit, per_deviation = map(np.atleast_2d, (self.per_unit, self.per_deviation))
        columns = {"deviation": self.scale}
        for k in range(min(len(per_unit), _SHOWN_OUTPUTS)):
            of = f" {self._name(k)}" if len(per_unit) > 1 else ""
            columns |= {f"per unit{of}": per_unit[k], f"per dev.{of}": per_deviation[k]}
        ratios = self.odds_ratio, self.odds_ratio_per_deviation
        if len(per_unit) == 1 and ratios[0] is not None and ratios[1] is not None:
            columns |= {"odds, unit": np.ravel(ratios[0]), "odds, dev.": np.ravel(ratios[1])}
        shown = self.order[:_SHOWN_INPUTS]
        names = [_shortened(self.names[j]) for j in shown]
        width = max(map(len, ["input", *names]))
        cell = max(_WIDTH, *(len(name) + 2 for name in columns))
        lines = [
            f"Effects: change of {self._output()} when one input rises and the others stay",
            f"  {'input':<{width}}" + "".join(f"{name:>{cell}}" for name in columns),
        ]
        for j, name in zip(shown, names, strict=True):
            cells = (f"{values[j]:>{cell}.4g}" for values in columns.values())
            lines.append(f"  {name:<{width}}" + "".join(cells))
        if len(self.names) > len(shown):
            lines.append(f"  ... and {len(self.names) - len(shown)} smaller")
        if len(per_unit) > _SHOWN_OUTPUTS:
            lines.append(f"  ... and {len(per_unit) - _SHOWN_OUTPUTS} more outputs")
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the change per standard deviation of the twenty inputs that matter most.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            What was drawn on.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        axes = axes_or_new(ax)
        outputs = np.atleast_2d(self.per_deviation)
        shown = self.order[:_SHOWN_INPUTS]
        places = np.arange(len(shown))
        thickness = 0.8 / len(outputs)
        for k, changes in enumerate(outputs):
            offset = (k - (len(outputs) - 1) / 2) * thickness
            label = f"output {self._name(k)}" if len(outputs) > 1 else None
            axes.barh(places + offset, changes[shown], thickness, label=label)
        axes.set_yticks(places, [_shortened(self.names[j]) for j in shown])
        axes.invert_yaxis()
        axes.axvline(0.0, color="black", linewidth=0.8)
        axes.set_xlabel(f"change of {self._output()} per standard deviation")
        if len(outputs) > 1:
            axes.legend()
        return axes

    def _output(self) -> str:
        if self.per_unit.ndim == 2:
            return "the outputs" if self.classes is None else "each class's output"
        return "the output" if self.classes is None else f"the log-odds of class {self.classes[1]}"

    def _name(self, output: int) -> str:
        several = self.classes is not None and self.per_unit.ndim == 2
        return _shortened(str(self.classes[output])) if several else str(output)  # type: ignore[index]


def effects_of(
    coef: NDArray[Any],
    loss: str,
    classes: NDArray[Any] | None,
    X: ArrayLike,
    sample_weight: ArrayLike | None,
) -> Effects:
    """Return the effects of the columns of `X` on a model with these coefficients."""
    matrix = check_matrix(X)
    n_rows, n_features = matrix.shape
    if n_features != coef.shape[-1]:
        expected = f"{coef.shape[-1]} columns, as in the fit"
        raise ValueError(message("X", expected, f"shape {matrix.shape}"))
    moments = _core.column_moments(
        matrix,
        check_sample_weight(sample_weight, n_rows),
        single_precision=compute_dtype(matrix) == np.float32,
        n_threads=0,
    )
    raise_if_non_finite("X", matrix, moments["non_finite"])
    scale = np.sqrt(moments["variance"])
    per_unit = coef.astype(np.float64)
    names = getattr(matrix, "names", [f"column {j}" for j in range(n_features)])
    return Effects(tuple(names), per_unit, per_unit * scale, scale, loss, classes)


def _exponential(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        result: NDArray[np.float64] = np.exp(values)
    return result


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else name[:21] + "..."
