"""What a fit hands back: coefficients, how it ended and how it went there."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .effects import effects_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .effects import Effects
    from .plan import Plan

__all__ = ["ConvergenceWarning", "EpochInfo", "FitResult", "History"]

_SHOWN_VALUES = 4


class ConvergenceWarning(UserWarning):
    """The fit ended before it converged; the text says what was reached and what helps."""


@dataclass(frozen=True, eq=False)
class EpochInfo:
    """State of the fit after one epoch, as the callback gets it.

    Attributes
    ----------
    epoch : int
        Number of the epoch, from 0.
    coef : ndarray of shape (d,) or (K, d)
        Coefficients after this epoch; read-only.
    intercept : float or ndarray of shape (K,)
        Intercept after this epoch.
    objective : float
        Penalised mean loss; NaN where the solver did not evaluate it. Of a loss with kinks the
        first epochs may round them off more widely than asked for, and measure that.
    gradient_norm : float
        Euclidean norm of the objective's gradient; NaN where the solver did not evaluate it.
    learning_rate : float
        Step size of this epoch.
    seconds : float
        Wall time since the start of the fit.
    n_passes : float
        Passes over the rows of X since then, as `FitResult` counts them.
    validation : float
        Mean loss of the rows held out; NaN where none are.
    """

    epoch: int
    coef: NDArray[Any]
    intercept: float | NDArray[Any]
    objective: float
    gradient_norm: float
    learning_rate: float
    seconds: float
    n_passes: float
    validation: float = math.nan

    def __post_init__(self) -> None:
        """Give out views that cannot be written, so that no callback steers the fit unseen."""
        for name in ("coef", "intercept"):
            values = getattr(self, name)
            if isinstance(values, np.ndarray):
                view = values.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """Course of a fit, one entry an epoch.

    Attributes
    ----------
    objective : ndarray of shape (n_iter,), float64
        Penalised mean loss; NaN where the solver did not evaluate it. Of a loss with kinks the
        first epochs may round them off more widely than asked for, and measure that.
    gradient_norm : ndarray of shape (n_iter,), float64
        Euclidean norm of the objective's gradient; NaN where the solver did not evaluate it.
    learning_rate : ndarray of shape (n_iter,), float64
        Step size.
    seconds : ndarray of shape (n_iter,), float64
        Wall time since the start of the fit.
    n_passes : ndarray of shape (n_iter,), float64
        Passes over the rows of X since then, as `FitResult` counts them.
    validation : ndarray of shape (n_iter,), float64
        Mean loss of the rows held out; NaN where none are.
    """

    objective: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    seconds: NDArray[np.float64]
    n_passes: NDArray[np.float64]
    validation: NDArray[np.float64]

    def __repr__(self) -> str:
        """Return the number of epochs and where the objective went, on one line."""
        n = len(self.objective)
        epochs = f"{n} epoch{'s' * (n != 1)}"
        return f"History({epochs}, objective {_first_to_last(self.objective)})"


@dataclass(frozen=True, eq=False, repr=False)
class FitResult:
    """Fitted linear model and the story of its fit.

    Attributes
    ----------
    coef : ndarray of shape (d,) or (K, d)
        Coefficients W, (K, d) if `y` had two dimensions; in the unit of `y` (of the log-odds for
        a log loss) per unit of the column of `X`.
    intercept : float or ndarray of shape (K,)
        Intercept b; 0 if none was fitted and none was given.
    objective : float
        Penalised mean loss at these coefficients.
    gradient_norm : float
        Euclidean norm of the objective's gradient there, on the columns as given; with an l1
        penalty or bounds, of what of it leads down: the shortest subgradient, without slopes that
        point out of the bounds.
    suboptimality : float
        How far the objective is estimated to lie above the optimum: half the squared norm of the
        gradient in the metric of the Hessian, and what later steps would add at the rate of the
        last. Exact, up to rounding, for squared error with the Hessian of all rows, but for a
        factor of 2 at most where kinks or bounds stop a step. NaN where it is not known: only
        "whiten" takes a Hessian, and with tol=None few epochs are measured. `duality_gap` gives a
        proven bound.
    n_iter : int
        Epochs done.
    n_passes : float
        How many times the rows of X were read in all: rows read over n. Column moments are one
        pass; so are the steps of a stochastic epoch and each measure of the objective; rows of a
        sample (for "whiten", or for the step size) are the fraction that they are of X. An epoch
        of batch descent is one pass, and what its metric needs; none where second moments, a pass
        themselves, have taken the place of X (see the notes of `fit`). Rows used twice while in
        cache count once; y, weights and the loss of rows held out do not count. Where the fit is
        one of the rows' inner products (see the notes of `fit`), readings of these count like X.
    status : {"converged", "iteration_limit", "time_limit", "validation_stop", "stopped", \
"diverged"}
        How the fit ended; "stopped" is by the callback.
    message : str
        The same in words: what was reached and, unless it converged, what helps.
    precondition : {"none", "scale", "whiten"}
        The metric that the steps were taken in.
    plan : Plan
        Solver, metric and update that were used, and why.
    loss : str
        Name of the loss.
    history : History
        Objective, gradient norm, step size and time of each epoch.
    classes : ndarray of shape (K,) or None
        The labels in `y`, ascending, of two the negative one first; None for real targets.
    separable : bool
        Whether the fit ended because a plane divides the classes: without a penalty the loss goes
        to 0.
    alpha : float
        Strength of the penalty.
    l1_ratio : float
        Share of the l1 norm in it.
    penalty_scale : {"raw", "std"}
        What it measures coefficients in: their own units, or those of columns divided by their
        standard deviation.
    penalty_factor : ndarray of shape (d,) or None
        Its factors on each feature; None for 1.
    bounds : tuple of ndarray or None
        Lower and upper bounds as given, each shaped as `coef`; None where there are none.
    """

    coef: NDArray[Any]
    intercept: float | NDArray[Any]
    objective: float
    gradient_norm: float
    suboptimality: float
    n_iter: int
    n_passes: float
    status: str
    message: str
    precondition: str
    plan: Plan
    loss: str
    history: History
    classes: NDArray[Any] | None = None
    separable: bool = False
    alpha: float = 0.0
    l1_ratio: float = 0.0
    penalty_scale: str = "raw"
    penalty_factor: NDArray[np.float64] | None = None
    bounds: tuple[NDArray[Any], NDArray[Any]] | None = None

    def __repr__(self) -> str:
        """Return a table of status, epochs, objective, gradient norm, model and message."""
        passes = f"{self.n_passes:.1f} passes over X"
        rows = {
            "status": self.status,
            "epochs": f"{self.n_iter} ({passes}), precondition {self.precondition!r}",
            "objective": _first_to_last(self.history.objective, self.objective),
            "penalty": self._penalty(),
            "bounds": self._bounds(),
            "validation": _least(self.history.validation),
            "gradient norm": _first_to_last(self.history.gradient_norm, self.gradient_norm),
            "suboptimality": _with_share(self.suboptimality, self.objective),
            "coef": f"{_first_few(self.coef)} shape {self.coef.shape}, {self.coef.dtype}",
            "intercept": _first_few(self.intercept),
            "classes": "" if self.classes is None else str(self.classes.tolist()),
            "message": self.message,
        }
        lines = [
            textwrap.fill(text, 100, initial_indent=f"  {name:<15}", subsequent_indent=" " * 17)
            for name, text in rows.items()
            if text
        ]
        return "\n".join([type(self).__name__, *lines])

    def _penalty(self) -> str:
        """Return strength, share and scale of the penalty; "" if there is none."""
        if not self.alpha:
            return ""
        share = f", l1_ratio {self.l1_ratio:g}" if self.l1_ratio else ""
        factors = "" if self.penalty_factor is None else f" x {_first_few(self.penalty_factor)}"
        return f"alpha {self.alpha:g}{factors}{share}{in_scale(self.penalty_scale)}"

    def _bounds(self) -> str:
        """Return how many coefficients lie at a bound; "" if there are none."""
        if self.bounds is None:
            return ""
        low, high = (side.astype(self.coef.dtype) for side in self.bounds)
        # in float32 the nearest number inside stands for a bound
        held = (self.coef <= np.nextafter(low, np.inf)) | (self.coef >= np.nextafter(high, -np.inf))
        return f"{np.count_nonzero(held)} of {self.coef.size} coefficients at one"

    def effects(self, X: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Effects:
        """Tell what happens to the output when an input changes.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Rows over which inputs vary, such as those of the fit; names of columns are kept.
        sample_weight : array_like of shape (n,), optional
            Weights >= 0, not all zero; by default every row weighs 1.

        Returns
        -------
        Effects
            Change per unit and per standard deviation of each input; odds ratios for a log loss.

        Raises
        ------
        TypeError
            If an argument has the wrong type.
        ValueError
            If an argument has the wrong shape or range, or holds NaN or infinity.

        Examples
        --------
        >>> import numpy as np, fastgd
        >>> X = np.array([[1.0, 0.0], [2.0, 4.0], [3.0, 0.0], [4.0, 4.0]])
        >>> fastgd.fit(X, X @ [3.0, 1.0]).effects(X)
        Effects: change of the output when one input rises and the others stay
          input       deviation     per unit     per dev.
          column 0        1.118            3        3.354
          column 1            2            1            2
        """
        return effects_of(self.coef, self.loss, self.classes, X, sample_weight)


def in_scale(penalty_scale: str) -> str:
    """Return what a penalty measures coefficients in, to follow its strength; "" for their own."""
    return "" if penalty_scale == "raw" else " on coefficients per standard deviation"


def _first_to_last(history: NDArray[np.float64], last: float | None = None) -> str:
    """Return the first value that was evaluated and the last one, as in "0.693 -> 0.211"."""
    evaluated = history[~np.isnan(history)].tolist()
    if last is not None:
        evaluated = [*evaluated[:-1], last]
    if not evaluated:
        return "not evaluated"
    return " -> ".join(f"{value:.6g}" for value in dict.fromkeys([evaluated[0], evaluated[-1]]))


def _with_share(part: float, whole: float) -> str:
    """Return a part and its share of the whole; "" if it is not known."""
    if math.isnan(part):
        return ""
    share = f" ({part / abs(whole):.2g} of the objective)" if whole else ""
    return f"about {part:.3g}{share}"


def _least(history: NDArray[np.float64]) -> str:
    """Return the least value and its epoch, as in "0.231 after epoch 3"; "" if there is none."""
    if not np.isfinite(history).any():
        return ""
    epoch = int(np.nanargmin(history))
    return f"{history[epoch]:.6g} after epoch {epoch + 1}, the least of {len(history)}"


def _first_few(values: float | NDArray[Any]) -> str:
    """Return a number, or an array's first values in brackets."""
    if np.ndim(values) == 0:
        return f"{float(values):.6g}"
    flat = np.ravel(values)
    shown = [f"{value:.6g}" for value in flat[:_SHOWN_VALUES]]
    return f"[{', '.join(shown + ['...'] * (flat.size > _SHOWN_VALUES))}]"
