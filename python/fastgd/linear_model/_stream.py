"""What partial_fit keeps between calls, so that chunks end nowhere that matters.

Rows are worked on in blocks: four of single-row steps, a batch of mini-batches. Rows that do not
fill one wait. A `Stream` therefore holds the state after the last whole block and a copy of the
rows since. Each call goes on from that state, keeps the new one, and takes the steps of what then
waits only for the coefficients it shows. Where metric or step come from the data, they come from
the first thousand rows, and until these are there all rows wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import scipy.sparse

from .. import _core
from .._matrix import check_matrix
from ..losses._smoothing import rounded_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .._bounds import Bounds
    from ..losses import Loss

    Descent: TypeAlias = _core.DescentFloat32 | _core.DescentFloat64
    State: TypeAlias = dict[str, list[float]]
    Start: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]

# Rows that tell metric and step.
FIRST_ROWS = 1024


@dataclass(frozen=True, eq=False)
class Rows:
    """Checked rows, all of weight above 0.

    Attributes
    ----------
    X : ndarray or sparse CSR matrix of shape (n, d)
        Features.
    y : ndarray of shape (n, K)
        Targets, or one column of class codes.
    sample_weight : ndarray of shape (n,) or None
        Weights; None: every row weighs 1.
    """

    X: Any
    y: NDArray[Any]
    sample_weight: NDArray[Any] | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    def pick(self, which: slice | NDArray[np.bool_]) -> Rows:
        """Return some of the rows; of a slice, views."""
        weights = self.sample_weight
        return Rows(self.X[which], self.y[which], None if weights is None else weights[which])

    def with_weight(self) -> Rows:
        """Return the rows that weigh something."""
        if self.sample_weight is None or self.sample_weight.all():
            return self
        return self.pick(self.sample_weight != 0)

    def copied(self) -> Rows:
        """Return a copy of these rows."""
        weights = self.sample_weight
        return Rows(self.X.copy(), self.y.copy(), None if weights is None else weights.copy())

    def followed_by(self, more: Rows) -> Rows:
        """Return a copy of these rows and `more`."""
        weights = None
        if self.sample_weight is not None or more.sample_weight is not None:
            weights = np.concatenate([_weights(self), _weights(more)])
        sparse = scipy.sparse.issparse(self.X) or scipy.sparse.issparse(more.X)
        parts = [self.X, more.X]
        X = scipy.sparse.vstack(parts).tocsr() if sparse else np.concatenate(parts)
        return Rows(X, np.concatenate([self.y, more.y]), weights)


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
    n_outputs : int
        Of all descents.
    bounds : Bounds or None
        Of the coefficients of all descents.
    """

    loss: Loss
    options: _core.FitOptions
    positive: Sequence[float | None]
    n_outputs: int
    bounds: Bounds | None = None

    def targets(self, rows: Rows) -> NDArray[Any]:
        """Return the targets as the descents take them: each class its code, if all share one."""
        return np.broadcast_to(rows.y, (len(rows), self.n_outputs)) if self.loss.joint else rows.y

    def first_rows(self) -> int:
        """Return how many rows tell metric and step; one where nothing is left to be told."""
        automatic = self.options.rate == _core.Rate.automatic
        scaled = self.options.precondition == _core.Precondition.scale
        return FIRST_ROWS if automatic or scaled else 1

    def kind(self) -> tuple[object, ...]:
        """Return what a state cannot outlive."""
        o = self.options
        rows = o.batch_size if o.solver == _core.Solver.minibatch else 1
        return (
            *(self.loss, o.solver.name, rows, o.update.name, o.rate.name, o.precondition.name),
            *(o.fit_intercept, o.average, o.average_after),
        )

    def descents(self, start: Start, dtype: np.dtype[Any], loss: Loss) -> list[Descent]:
        """Return descents from coefficients of shape (K, d), the width of kinks settled."""
        kind = _core.DescentFloat32 if dtype == np.float32 else _core.DescentFloat64
        parts = [np.split(values, len(self.positive)) for values in (*start, *(self.bounds or ()))]
        descents = []
        for coef, intercept, *box in zip(*parts, strict=True):
            if box:
                self.options.set_bounds(*box)
            descents.append(kind(loss.name, loss.core_parameters, self.options, coef, intercept))
        return descents


@dataclass(frozen=True, eq=False)
class Stream:
    """Where a stream of rows stands; nothing in it changes in place.

    Attributes
    ----------
    kind : tuple
        Of the task; another begins a new stream.
    dtype : dtype
        What the descents compute in.
    start : tuple of ndarray
        Coefficients of shape (K, d) and intercepts of shape (K,) before all rows, in float64.
    shown : tuple of ndarray
        The same after all rows.
    states : list of dict or None
        Of each descent after the last whole block; None until metric and step are known.
    waiting : Rows or None
        Copies of the rows since then.
    loss : Loss or None
        The task's, its kinks rounded off; None until metric and step are known.
    """

    kind: tuple[object, ...]
    dtype: np.dtype[Any]
    start: Start
    shown: Start
    states: list[State] | None = None
    waiting: Rows | None = None
    loss: Loss | None = None

    def goes_on(self, task: Task, coef: NDArray[Any], intercept: NDArray[Any]) -> bool:
        """Return whether this is the task, and the coefficients are still those shown."""
        same = zip((coef, intercept), self.shown, strict=True)
        return self.kind == task.kind() and all(
            np.array_equal(now, shown.astype(self.dtype)) for now, shown in same
        )

    def finite(self) -> bool:
        """Return whether all coefficients are finite."""
        return all(np.isfinite(values).all() for values in self.shown)


def begin(task: Task, coef: NDArray[Any], intercept: NDArray[Any]) -> Stream:
    """Return a stream at coefficients of shape (K, d), whose dtype it keeps."""
    start = coef.astype(np.float64), intercept.astype(np.float64)
    return Stream(task.kind(), coef.dtype, start, start)


def advance(stream: Stream, task: Task, rows: Rows) -> Stream:
    """Return the stream after some more rows; those given are not kept, what waits is copied."""
    states, waiting, loss = stream.states, stream.waiting, stream.loss
    if states is None or loss is None:
        # the start again, now that there are more of the first rows
        rows, waiting = rows if waiting is None else waiting.followed_by(rows), None
        first = rows.pick(slice(task.first_rows()))
        own_steps = task.options.rate == _core.Rate.automatic
        loss = rounded_off(task.loss, first.y, first.sample_weight, automatic=own_steps)
        descents = task.descents(stream.start, stream.dtype, loss)
        _adapt(descents, task, first)
        block = task.first_rows()
    else:
        descents = task.descents(stream.start, stream.dtype, loss)
        for descent, state in zip(descents, states, strict=True):
            descent.restore(state)
        block = descents[0].block_rows()
    n_waiting = 0 if waiting is None else len(waiting)
    if n_waiting + len(rows) >= block:
        block = descents[0].block_rows()
        whole = (n_waiting + len(rows)) // block * block - n_waiting
        _consume(descents, task, waiting)
        _consume(descents, task, rows.pick(slice(whole)))
        states = [descent.state() for descent in descents]
        rows, waiting = rows.pick(slice(whole, None)), None
    waiting = rows.copied() if waiting is None else waiting.followed_by(rows)
    _consume(descents, task, waiting)
    for descent in descents:
        descent.finish_epoch()
    coef, intercept = zip(*(descent.coefficients() for descent in descents), strict=True)
    shown = np.concatenate(coef), np.concatenate(intercept)
    return Stream(stream.kind, stream.dtype, stream.start, shown, states, waiting, loss)


def _adapt(descents: list[Descent], task: Task, first: Rows) -> None:
    X, y = check_matrix(first.X), task.targets(first)
    for descent, positive in zip(descents, task.positive, strict=True):
        descent.adapt_to(X, y, first.sample_weight, positive)


def _consume(descents: list[Descent], task: Task, rows: Rows | None) -> None:
    if rows is None or len(rows) == 0:
        return
    X, y = check_matrix(rows.X), task.targets(rows)
    for descent, positive in zip(descents, task.positive, strict=True):
        descent.consume(X, y, rows.sample_weight, None, positive)


def _weights(rows: Rows) -> NDArray[Any]:
    return np.ones(len(rows)) if rows.sample_weight is None else rows.sample_weight
