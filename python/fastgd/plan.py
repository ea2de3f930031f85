"""Which solver a fit takes, by what each is expected to cost."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import _core

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "WHITENED_COLUMNS",
    "Plan",
    "Work",
    "as_carried_out",
    "choose_solver",
    "describe_reading",
]

# Columns up to which the core takes a Hessian.
WHITENED_COLUMNS = _core.most_gram_columns()

# Readings of X, and epochs, about as many as default fits needed; the proximal one is a guess.
_WHITENED_READINGS = 8.0
_LBFGS_READINGS = 40.0
_PROXIMAL_READINGS = 150.0
_LBFGS_READINGS_AT_KINKS = 150.0
# Of a loss whose curvature changes on the way.
_HESSIANS = 4.0
_HESSIANS_AT_KINKS = 16.0
_WHITENED_EPOCHS = 7.0
_SCALED_EPOCHS = 15.0
# A row of an epoch costs a prediction at the anchor too, and the epoch's measure a reading.
_READINGS_AN_EPOCH = 2.5
# With fewer rows than this a column, noise outweighs what the rows tell.
_ROWS_A_COLUMN = 10.0


@dataclass(frozen=True)
class Work:
    """What the cost of a fit depends on.

    Attributes
    ----------
    n_rows, n_columns, n_outputs : int
        Shape of the problem.
    itemsize : int
        Bytes of a number of X.
    quadratic : bool
        Whether the loss bends the same everywhere.
    proximal : bool
        Whether there is an l1 penalty or a bound.
    kinked : bool
        Whether the loss has kinks, rounded off or not.
    joint : bool
        Whether one loss is that of all outputs together.
    n_threads : int
        Threads the fit may use.
    reading_width : int
        Columns of dense rows that take as long to read, where these are sparse; else 0.
    for_batch : str
        Why steps of few rows are no choice; "" if they are one.
    """

    n_rows: int
    n_columns: int
    n_outputs: int
    itemsize: int
    quadratic: bool
    proximal: bool
    n_threads: int
    for_batch: str = ""
    reading_width: int = 0
    kinked: bool = False
    joint: bool = False

    def reading(self, n_threads: int) -> float:
        """Return the seconds of one gradient of all rows on so many threads."""
        shape = (self.n_rows, self.reading_width or self.n_columns, self.n_outputs)
        return _core.seconds_of_reading(*shape, self.itemsize) / n_threads

    def hessian(self, n_threads: int) -> float:
        """Return the seconds of a Hessian, of all rows or of those the core would take."""
        width = self.n_columns + 1.0
        reading_width = self.reading_width or self.n_columns
        wanted = _core.rows_of_hessian(self.n_rows, self.n_columns, reading_width, self.quadratic)
        rows = min(float(self.n_rows), wanted)
        return _core.seconds_of_products(rows * width**2 / n_threads + width**3 / 3.0)

    def whitens(self) -> bool:
        """Return whether default steps are taken in the metric of the Hessian."""
        if self.n_columns > WHITENED_COLUMNS:
            return False
        # its products are those of dense rows
        return not self.reading_width or self.hessian(1) <= _LBFGS_READINGS * self.reading(1)

    def quasi_newton_first(self) -> int:
        """Return the epochs of batch descent without a Hessian that cost half of what those do.

        0 where that is too few to end a fit, or where such steps are none for the problem.
        """
        if not self.whitens() or self.proximal or self.joint or self.n_outputs > 1:
            return 0
        # of one thread each: results have the same bits for any number
        epochs = 0.5 * self.hessians() * self.hessian(1) / self.reading(1)
        return int(epochs) if epochs > self.lbfgs_readings() else 0

    def hessians(self) -> float:
        """Return about how many Hessians a default fit takes."""
        if self.kinked:
            return _HESSIANS_AT_KINKS
        return 1.0 if self.quadratic else _HESSIANS

    def lbfgs_readings(self) -> float:
        """Return about how many readings quasi-Newton steps take to the end of a fit."""
        return _LBFGS_READINGS_AT_KINKS if self.kinked else _LBFGS_READINGS

    def seconds(self) -> dict[str, float]:
        """Return the estimated time of each solver with default steps."""
        whitens = self.whitens()
        reading = self.reading(self.n_threads)
        hessian = self.hessian(self.n_threads) * self.hessians() if whitens else 0.0
        if self.quasi_newton_first():
            batch = self.lbfgs_readings() * reading
        elif whitens:
            batch = hessian + (3.0 if self.quadratic else _WHITENED_READINGS) * reading
        else:
            batch = (_PROXIMAL_READINGS if self.proximal else _LBFGS_READINGS) * reading
        scarce = max(1.0, _ROWS_A_COLUMN * self.n_columns / self.n_rows)
        epochs = _WHITENED_EPOCHS if whitens else _SCALED_EPOCHS * scarce
        own = epochs * (_READINGS_AN_EPOCH - 1.0)
        return {
            "batch": batch,
            # meetings of the threads keep small batches from the speed of whole passes
            "minibatch": hessian + (1.5 * own + epochs) * reading,
            "sgd": hessian + own * self.reading(1) + epochs * reading,
        }


@dataclass(frozen=True, repr=False)
class Plan:
    """The choices of a fit and why they were made.

    Attributes
    ----------
    solver : {"batch", "minibatch", "sgd"}
        The descent.
    precondition : {"none", "scale", "whiten"}
        Metric of its steps.
    update : str
        Rule of its steps.
    batch_size : int
        Rows of a step.
    reason : str
        What decided about the solver.
    seconds : Mapping of str to float
        Estimated time of each solver with default steps, from the shape of the problem alone:
        right in order of magnitude on an ordinary machine.
    reading : str
        Which epochs read X: all, or only those before its second moments take its place.
    storage : str
        How a sparse X is held, and what converting it cost; "" for a dense one.
    """

    solver: str
    precondition: str
    update: str
    batch_size: int
    reason: str
    seconds: Mapping[str, float]
    reading: str = "by every epoch"
    storage: str = ""

    def __repr__(self) -> str:
        """Return a table of the choices, the reason and the estimates."""
        estimates = ", ".join(f"{name} {value:.2g} s" for name, value in self.seconds.items())
        rows = {
            "solver": self.solver,
            "precondition": self.precondition,
            "update": self.update,
            "rows a step": f"{self.batch_size}",
            "because": self.reason,
            **({"X": self.storage} if self.storage else {}),
            "X is read": self.reading,
            "estimates": estimates,
        }
        lines = [
            textwrap.fill(text, 100, initial_indent=f"  {name:<15}", subsequent_indent=" " * 17)
            for name, text in rows.items()
        ]
        return "\n".join([type(self).__name__, *lines])


def choose_solver(
    solver: str,
    work: Work,
    *,
    rate: object,
    update: object,
    variance_reduction: object,
    averaged: bool,
) -> tuple[str, str]:
    """Return the solver and the reason for it.

    What the caller asked for decides first: only descent by few rows can average, reduce variance
    or adapt to each coefficient. Else the least estimated time does.
    """
    if solver != "auto":
        return solver, "the caller's choice"
    if update in ("adagrad", "rmsprop", "adam", "adamw"):
        return "minibatch", f"update={update!r} is for steps of few rows"
    if averaged or variance_reduction not in ("auto", "none"):
        asked = "average" if averaged else f"variance_reduction={variance_reduction!r}"
        return "sgd", f"{asked} is for steps of few rows"
    if rate in ("invscaling", "optimal", "adaptive", "pa1", "pa2"):
        return "sgd", f"learning_rate={rate!r} is a schedule of single rows"
    if rate != "auto":
        return "batch", "steps of the caller's choice on all rows converge if they are short enough"
    if update != "auto":
        return "batch", f"update={update!r} with automatic steps is for all rows at once"
    if work.for_batch:
        return "batch", work.for_batch
    seconds = work.seconds()
    best = min(seconds, key=seconds.__getitem__)
    return best, f"least estimated time for {work.n_rows:,} rows x {work.n_columns:,} columns"


def describe_reading(epochs_before: int | None, max_iter: int) -> str:
    """Return which epochs read X, given how many do before its second moments take its place."""
    if epochs_before is None:
        return "by every epoch"
    if epochs_before == 0:
        return (
            "where the fit starts and once for second moments, which give every later gradient of "
            f"a squared error: less work than reading X in {max_iter:,} epochs"
        )
    return (
        f"by each of the first {epochs_before:,} epochs; if more follow, that has cost as much as "
        "second moments do, which then give every later gradient of a squared error"
    )


def as_carried_out(plan: Plan, fitted: _core._Fitted) -> Plan:
    """Return the plan with the metric that the fit took and whether second moments served it."""
    reading = plan.reading
    if fitted["squares_overflow"]:
        reading = "by every epoch, and once in vain: squares overflow, so no second moments"
    metric = fitted["precondition"].name
    # the Hessian's metric, once it was taken after all
    update = "plain" if (plan.precondition, metric) == ("scale", "whiten") else plan.update
    return replace(plan, precondition=metric, update=update, reading=reading)
