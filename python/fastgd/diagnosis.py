"""What `diagnose` hands back: figures of conditioning, and words for them."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._findings import describe_findings
from ._plot import axes_or_new
from .result import in_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["Dependency", "Diagnosis"]

_IN_WORDS = {"none": "as given", "scale": "scaled", "whiten": "whitened"}


@dataclass(frozen=True)
class Dependency:
    """A column that others make up: the sum of `parts` times their columns, and `constant`.

    Attributes
    ----------
    column : int
        Index of the column.
    parts : dict of int to float
        Factor of each column it is made of.
    constant : float
        What is left without them; 0 without an intercept.
    exact : bool
        Whether nothing but rounding keeps the column from that sum. If False its second moments
        do not tell them apart, but its numbers do, and so does `fit` where it whitens.
    """

    column: int
    parts: dict[int, float]
    constant: float
    exact: bool

    def __str__(self) -> str:
        """Return the equation, as in "column 4 = 2.54 * column 1 + 3"."""
        terms = [
            f"column {j}" if f"{factor:.6g}" == "1" else f"{factor:.6g} * column {j}"
            for j, factor in self.parts.items()
        ]
        if self.constant or not terms:
            terms.append(f"{self.constant:.6g}")
        return f"column {self.column} = " + " + ".join(terms)


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """How well conditioned the gradients of a linear model are.

    Columns are counted from 0. Formulas are those of `diagnose`.

    Attributes
    ----------
    n_rows, n_features : int
        Shape of `X`.
    rows_examined : int
        Rows whose second moments `spectrum`, `dependent` and the like come from.
    loss : str
        Name of the loss.
    alpha : float
        Strength of the l2 penalty.
    penalty_scale : {"raw", "std"}
        What it measures coefficients in.
    penalty_factor : ndarray of shape (d,) or None
        Its factors on each feature; None for 1, or without a penalty.
    fit_intercept : bool
        Whether an intercept is counted.
    mean : ndarray of shape (d,)
        Weighted mean of each column.
    scale : ndarray of shape (d,)
        Weighted standard deviation of each column.
    constant : tuple of int
        Columns with one value in all rows.
    dependent : tuple of Dependency
        Columns that others make up, up to rounding; duplicates are made up of one.
    near_duplicates : tuple of (int, int, float)
        Pairs of other columns and their correlation, 0.999 or more in size (without an
        intercept, about 0), the strongest first.
    variance_inflation : ndarray of shape (d,)
        How many times the variance of a column exceeds what the others leave of it: 1 for a
        column that correlates with none. Infinite for dependent columns; NaN for constant ones
        and beyond 2,047 columns.
    spectrum : dict of str to ndarray
        Eigenvalues of the Hessian in the metrics "none" (columns as given), "scale" and, up to
        2,047 columns, "whiten", descending, over the directions gradients point in.
    exact : bool
        False if `spectrum` comes from Lanczos' method before it settled: condition numbers are
        then lower bounds.
    expected_epochs : dict of str to dict
        Epochs to tol=1e-6 in each metric, of solver "batch", "minibatch" (256 rows a step) and
        "sgd", and of batch descent with a "plain" constant step; in orders of magnitude.
    safe_rate : dict of str to float
        Constant step of solver "batch" and "sgd" on the columns as given that cannot diverge.
    limited_by : dict of str to str
        The column or the row that keeps that step short.
    separable : bool or None
        Whether a plane divides the classes; None for real targets, or if a fit of 50 epochs did
        not tell.
    """

    n_rows: int
    n_features: int
    rows_examined: int
    loss: str
    alpha: float
    penalty_scale: str
    penalty_factor: NDArray[Any] | None
    fit_intercept: bool
    mean: NDArray[Any]
    scale: NDArray[Any]
    constant: tuple[int, ...]
    dependent: tuple[Dependency, ...]
    near_duplicates: tuple[tuple[int, int, float], ...]
    variance_inflation: NDArray[Any]
    spectrum: dict[str, NDArray[Any]]
    exact: bool
    expected_epochs: dict[str, dict[str, float]]
    safe_rate: dict[str, float]
    limited_by: dict[str, str]
    separable: bool | None

    @property
    def smoothness(self) -> float:
        """Return the largest eigenvalue of the Hessian, columns as given; 0 if all are 0."""
        values = self.spectrum["none"]
        return float(values[0]) if len(values) else 0.0

    @property
    def condition(self) -> dict[str, float]:
        """Return the condition number in each metric: the largest eigenvalue over the smallest."""
        return {
            metric: float(values[0] / values[-1]) if len(values) else 1.0
            for metric, values in self.spectrum.items()
        }

    @property
    def gradient_ratio(self) -> float:
        """Return how much longer gradients are in one direction than another, columns as given.

        For residuals that favour no direction: the square root of the condition number.
        """
        return math.sqrt(self.condition["none"])

    @property
    def findings(self) -> tuple[str, ...]:
        """Return what stands out, each with what to do about it."""
        return tuple(describe_findings(self))

    def __repr__(self) -> str:
        """Return the figures as a table, then the findings in words."""
        condition = ", ".join(
            f"{number:.3g} {_IN_WORDS[metric]}" for metric, number in self.condition.items()
        )
        rows = {
            "data": f"{self.n_rows} rows, {self.n_features} columns, loss {self.loss!r}"
            + (f", alpha {self.alpha:g}{in_scale(self.penalty_scale)}" if self.alpha else "")
            + (
                f"; what follows from {self.rows_examined} rows"
                if self.rows_examined < self.n_rows
                else ""
            ),
            "smoothness": f"{self.smoothness:.3g}; gradients up to {self.gradient_ratio:.3g} times "
            "as long in one direction as in another",
            "constant step": self._safe_steps(),
            "condition": condition + ("" if self.exact else ", at least"),
        }
        lines = [_filled(f"  {name:<15}", text) for name, text in rows.items()]
        for metric, epochs in self.expected_epochs.items():
            if metric == "none":
                lines.append("  epochs to 1e-6 " + "".join(f"{solver:>11}" for solver in epochs))
            cells = (f"{number:>11.3g}" for number in epochs.values())
            lines.append(f"    {_IN_WORDS[metric]:<13}" + "".join(cells))
        lines.append("  findings")
        lines += [_filled("  - ", finding) for finding in self.findings]
        return "\n".join([type(self).__name__, *lines])

    def _safe_steps(self) -> str:
        """Name the longest safe steps and what limits them, once if that is the same."""
        rate, limit = self.safe_rate, self.limited_by
        if limit["batch"] == limit["sgd"]:
            return (
                f"at most {rate['batch']:.3g} (batch), {rate['sgd']:.3g} (sgd) on the columns as "
                f"given, for {limit['batch']}"
            )
        return "; ".join(
            f"at most {rate[solver]:.3g} ({solver}) on the columns as given, for {limit[solver]}"
            for solver in rate
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the eigenvalues of each metric over their largest, on a logarithmic scale.

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
        for metric, values in self.spectrum.items():
            label = f"{_IN_WORDS[metric]}: condition {self.condition[metric]:.3g}"
            axes.semilogy(range(1, len(values) + 1), values / values[0], ".-", label=label)
        # what differs little looks alike
        axes.set_ylim(bottom=min(axes.get_ylim()[0], 0.05), top=2.0)
        axes.set_xlabel("direction, the steepest first")
        axes.set_ylabel("curvature / largest curvature")
        axes.set_title("How unevenly the objective bends")
        axes.legend()
        return axes


def _filled(label: str, text: str) -> str:
    return textwrap.fill(text, 100, initial_indent=label, subsequent_indent=" " * len(label))
