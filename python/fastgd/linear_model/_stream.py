"""What partial_fit keeps between calls, so that chunks end nowhere that matters.

Rows are worked on in blocks: four of single-row steps, a batch of mini-batches. Rows that do not
fill one wait. A `Stream` therefore holds the state after the last whole block and a copy of the
rows since. Each call goes on from that state, keeps the new one, and takes the steps of what then
waits only for the coefficients it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import _core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..losses import Loss

    Descent: TypeAlias = _core.DescentFloat32 | _core.DescentFloat64
    State: TypeAlias = dict[str, list[float]]


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked rows, all of weight above 0.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Features.
    y : ndarray of shape (n, K)
        Targets, or one column of class codes.
    sample_weight : ndarray of shape (n,) or None
        Weights; None: every row weighs 1.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    sample_weight: NDArray[Any] | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.X)

    def pick(self, which: slice | NDArray[np.bool_]) -> Rows:
        """Return some of the rows; of a slice, views."""
        weights = self.sample_weight
        return Rows(self.X[which], self.y[which], None if weights is None else weights[which])

    def with_weight(self) -> Rows:
        """Return the rows that weigh something."""
        if self.sample_weight is None or self.sample_weight.all():
            return self
        return self.pick(self.sample_weight != 0)

    def followed_by(self, more: Rows) -> Rows:
        """Return a copy of these rows and `more`."""
        weights = None
        if self.sample_weight is not None or more.sample_weight is not None:
            weights = np.concatenate([_weights(self), _weights(more)])
        X, y = np.concatenate([self.X, more.X]), np.concatenate([self.y, more.y])
        return Rows(X, y, weights)


@dataclass(frozen=True, eq=False)
class Task:
    """What the descents of a stream do.

    Attributes
    ----------
    loss : Loss
        The loss.
    options : FitOptions
        Options of the core.
    positive : sequence of float or None
        One descent each: the code of its positive class, None for one of all outputs.
    """

    loss: Loss
    options: _core.FitOptions
    positive: Sequence[float | None]

    def kind(self) -> tuple[object, ...]:
        """Return what a state cannot outlive."""
        o = self.options
        rows = o.batch_size if o.solver == _core.Solver.minibatch else 1
        return (
            *(self.loss, o.solver.name, rows, o.update.name, o.rate.name, o.precondition.name),
            *(o.fit_intercept, o.average, o.average_after),
        )

    def descents(
        self, coef: NDArray[Any], intercept: NDArray[Any], dtype: np.dtype[Any]
    ) -> list[Descent]:
        """Return descents that start from coefficients of shape (K, d)."""
        kind = _core.DescentFloat32 if dtype == np.float32 else _core.DescentFloat64
        groups = [coef] if len(self.positive) == 1 else np.split(coef, len(coef))
        constants = [intercept] if len(self.positive) == 1 else np.split(intercept, len(coef))
        return [
            kind(self.loss.name, self.loss.parameter, self.options, *start)
            for start in zip(groups, constants, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Stream:
    """Where a stream of rows stands; nothing in it changes in place.

    Attributes
    ----------
    states : list of dict
        Of each descent after the last whole block.
    waiting : Rows
        Copies of the rows since then.
    coef : ndarray of shape (K, d), float64
        Coefficients after all rows.
    intercept : ndarray of shape (K,), float64
        Intercepts after all rows.
    dtype : dtype
        What the descents compute in.
    kind : tuple
        Of the task; another begins a new stream.
    """

    states: list[State]
    waiting: Rows
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    dtype: np.dtype[Any]
    kind: tuple[object, ...]

    def goes_on(self, task: Task, coef: NDArray[Any], intercept: NDArray[Any]) -> bool:
        """Return whether this is the task, and the coefficients are still those shown."""
        return (
            self.kind == task.kind()
            and np.array_equal(coef, self.coef.astype(self.dtype))
            and np.array_equal(intercept, self.intercept.astype(self.dtype))
        )


def begin(task: Task, coef: NDArray[Any], intercept: NDArray[Any], first: Rows) -> Stream:
    """Return a stream at the given coefficients; `first` tells metric and automatic step."""
    start = coef.astype(np.float64), intercept.astype(np.float64)
    descents = task.descents(*start, coef.dtype)
    for descent, positive in zip(descents, task.positive, strict=True):
        descent.adapt_to(first.X, first.y, first.sample_weight, positive)
    states = [descent.state() for descent in descents]
    return Stream(states, first.pick(slice(0)), *start, coef.dtype, task.kind())


def advance(stream: Stream, task: Task, rows: Rows) -> Stream:
    """Return the stream after some more rows; those given are not kept, what waits is copied."""
    descents = task.descents(stream.coef, stream.intercept, stream.dtype)
    for descent, state in zip(descents, stream.states, strict=True):
        descent.restore(state)
    states, waiting = stream.states, stream.waiting
    block = descents[0].block_rows()
    total = len(waiting) + len(rows)
    if total >= block:
        whole = total // block * block - len(waiting)
        _consume(descents, task, waiting)
        _consume(descents, task, rows.pick(slice(whole)))
        states = [descent.state() for descent in descents]
        waiting, rows = rows.pick(slice(0)), rows.pick(slice(whole, None))
    waiting = waiting.followed_by(rows)
    _consume(descents, task, waiting)
    for descent in descents:
        descent.finish_epoch()
    coef, intercept = zip(*(descent.coefficients() for descent in descents), strict=True)
    shown = np.concatenate(coef), np.concatenate(intercept)
    return Stream(states, waiting, *shown, stream.dtype, stream.kind)


def _consume(descents: list[Descent], task: Task, rows: Rows) -> None:
    if len(rows) == 0:
        return
    for descent, positive in zip(descents, task.positive, strict=True):
        descent.consume(rows.X, rows.y, rows.sample_weight, None, positive)


def _weights(rows: Rows) -> NDArray[Any]:
    return np.ones(len(rows)) if rows.sample_weight is None else rows.sample_weight
