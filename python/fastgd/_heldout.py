"""Rows that take no part in the fit: their mean loss after each epoch says when to stop."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _core
from ._matrix import check_matrix
from ._targets import Targets, check_targets
from ._validation import (
    BLOCK_ROWS,
    check_integer,
    check_offset,
    check_real,
    check_sample_weight,
    describe,
    message,
    raise_if_non_finite,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ._matrix import Matrix
    from ._problem import Problem
    from .losses import Loss


class Rows(NamedTuple):
    """Checked rows of one call."""

    X: Matrix
    targets: Targets
    sample_weight: NDArray[Any] | None
    offset: NDArray[Any] | None
    dtype: np.dtype[Any]  # computed in


class HeldOut:
    """Rows that only judge: which epoch serves them best, and when no better one is to come.

    Attributes
    ----------
    patience : int
        Epochs without a gain that end the fit.
    history : list of float
        Mean loss after each epoch.
    best_epoch : int or None
        Epoch of the least one, from 0; None before any was finite.
    exhausted : bool
        Whether the last epochs gained nothing: time to stop.
    """

    def __init__(
        self,
        rows: Rows,
        loss: Loss,
        options: _core.FitOptions,
        patience: int,
        index: NDArray[np.int64] | None = None,
    ) -> None:
        self._arguments: dict[str, Any] = {
            "X": rows.X,
            "y": rows.targets.values,
            "sample_weight": rows.sample_weight,
            "offset": rows.offset,
            "positive_label": rows.targets.positive,
            "loss": loss.name,
            "parameters": loss.core_parameters,
            "alpha": 0.0,
            "l1_ratio": 0.0,
            "penalty_scale": _core.PenaltyScale.raw,
            "single_precision": rows.dtype == np.float32,
            "n_threads": options.n_threads,
            "rows": index,
        }
        self._tol = options.tol
        self._mark = math.inf  # the loss at the last gain
        self._idle = 0  # epochs since then
        self.patience = patience
        self.history: list[float] = []
        self.best_epoch: int | None = None
        self.exhausted = False

    def loss_at(self, coef: NDArray[np.float64], intercept: NDArray[np.float64]) -> float:
        """Return the mean loss of these rows, without penalty."""
        return _core.objective_at(
            **self._arguments, coef=coef, intercept=intercept, with_gradient=False
        )

    def judge(self, coef: NDArray[np.float64], intercept: NDArray[np.float64]) -> float:
        """Measure and remember the loss after one more epoch."""
        loss = self.loss_at(coef, intercept)
        if math.isfinite(loss) and loss < self.best_loss:
            self.best_epoch = len(self.history)
        self.history.append(loss)
        tol = 0.0 if self._tol is None else self._tol
        # slow progress counts once its epochs together gained enough
        gained = loss < self._mark - tol * abs(self._mark) if self._mark < math.inf else True
        self._mark = loss if gained and math.isfinite(loss) else self._mark
        self._idle = 0 if gained else self._idle + 1
        self.exhausted = self._tol is not None and self._idle >= self.patience
        return loss

    @property
    def best_loss(self) -> float:
        """Least mean loss so far."""
        return math.inf if self.best_epoch is None else self.history[self.best_epoch]

    @property
    def improved(self) -> bool:
        """Whether the last epoch is the best."""
        return self.best_epoch == len(self.history) - 1


def hold_out(
    rows: Rows,
    loss: Loss,
    options: _core.FitOptions,
    *,
    validation_fraction: object,
    validation_set: object,
    n_iter_no_change: object,
) -> tuple[HeldOut | None, NDArray[Any] | None]:
    """Return the rows that judge the fit, if any, and the weights of those that are fitted."""
    patience = check_integer("n_iter_no_change", n_iter_no_change, 1)
    if validation_set is not None:
        if validation_fraction is not None:
            expected = "None, as validation_fraction is given"
            raise ValueError(message("validation_set", expected, describe(validation_set)))
        given = _check_set(validation_set, rows, loss)
        return _checked(HeldOut(given, loss, options, patience), given, rows), rows.sample_weight
    if validation_fraction is None:
        return None, rows.sample_weight
    index, weights = _draw(rows, validation_fraction, options)
    return HeldOut(rows, loss, options, patience, index), weights


def hold_out_of_classes(
    rows: Rows,
    problems: Sequence[Problem],
    *,
    validation_fraction: object,
    n_iter_no_change: object,
) -> tuple[Sequence[HeldOut | None], NDArray[Any] | None]:
    """Return the same for each class against the rest: the same rows judge all of them.

    `rows` tell the classes apart, those of each problem one from the others.
    """
    patience = check_integer("n_iter_no_change", n_iter_no_change, 1)
    if validation_fraction is None:
        return [None] * len(problems), rows.sample_weight
    index, weights = _draw(rows, validation_fraction, problems[0].options)
    return [HeldOut(one.rows, one.loss, one.options, patience, index) for one in problems], weights


def _draw(
    rows: Rows, validation_fraction: object, options: _core.FitOptions
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the rows that are held out, and the weights of those that are fitted."""
    words = "None (hold out no rows)"
    bounds: dict[str, Any] = {"low": 0.0, "high": 1.0, "low_open": True, "high_open": True}
    fraction = check_real("validation_fraction", validation_fraction, **bounds, alternative=words)
    index = draw_rows(rows.targets, fraction, options.seed)
    return index, _kept_weights(rows, index)


def draw_rows(targets: Targets, fraction: float, seed: int) -> NDArray[np.int64]:
    """Return that share of the rows, of each class for labels, drawn by the seed alone.

    Of each class at least one row is drawn, if it has two, and one left. Every block of rows gives
    its share, so that what is needed to draw them stays small.
    """
    n_rows = len(targets.values)
    # the stream of a bit generator, unlike those of Generator's methods, stays with every numpy
    generator = np.random.Philox(seed)
    seen: dict[float, int] = {}  # rows of each class so far
    taken: dict[float, int] = {}  # those drawn
    drawn = np.zeros(n_rows, dtype=np.bool_)
    for start in range(0, n_rows, BLOCK_ROWS):
        block = targets.values[start : start + BLOCK_ROWS, 0]
        keys = generator.random_raw(len(block))
        for label in [0.0] if targets.classes is None else np.unique(block).tolist():
            rows = np.arange(len(block))
            if targets.classes is not None:
                rows = np.flatnonzero(block == label)
            seen[label] = seen.get(label, 0) + len(rows)
            share = min(max(round(fraction * seen[label]), 1), seen[label] - 1)
            count = max(share - taken.get(label, 0), 0)
            if count:
                drawn[start + rows[np.argpartition(keys[rows], count - 1)[:count]]] = True
            taken[label] = taken.get(label, 0) + count
    index = np.flatnonzero(drawn).astype(np.int64, copy=False)
    if not index.size:
        expected = "rows to spare: two at least, two of a class for labels"
        raise ValueError(message("validation_fraction", expected, f"{n_rows}"))
    return index


def _kept_weights(rows: Rows, index: NDArray[np.int64]) -> NDArray[Any]:
    """Return sample weights that are 0 in the rows of `index`."""
    if rows.sample_weight is None:
        kept = np.ones(len(rows.X), dtype=np.bool_)
        kept[index] = False
        return kept
    weights = rows.sample_weight.copy()
    weights[index] = 0
    for some, name in ((weights, "kept"), (rows.sample_weight[index], "held out")):
        if not some.any():
            cure = "drop rows of weight 0 first, or take another random_state"
            expected = f"at least one weight > 0 among the rows {name} by validation_fraction"
            raise ValueError(message("sample_weight", expected, "only zeros", cure))
    return weights


def _check_set(validation_set: object, fitted: Rows, loss: Loss) -> Rows:
    """Return rows of the user's own, shaped and labelled as those of the fit."""
    expected = "a tuple (X, y), (X, y, sample_weight) or (X, y, sample_weight, offset), or None"
    if not isinstance(validation_set, (tuple, list)):
        raise TypeError(message("validation_set", expected, describe(validation_set)))
    if not 2 <= len(validation_set) <= 4:
        got = f"{len(validation_set)} entries"
        raise ValueError(message("validation_set", expected, got))
    X, y, sample_weight, offset = (*validation_set, None, None)[:4]
    columns, outputs = fitted.X.shape[1], fitted.targets.values.shape[1]
    with _naming("validation_set"):
        matrix = check_matrix(X)
        if matrix.shape[1] != columns:
            got = f"shape {matrix.shape}"
            raise ValueError(message("X", f"{columns} columns, those of the fit", got))
        labels = fitted.targets.classes
        targets = check_targets(y, len(matrix), loss, need_both_classes=False, labels=labels)
        if targets.values.shape[1] != outputs:
            expected = f"{outputs} column{'s' if outputs > 1 else ''}, those of the fit"
            raise ValueError(message("y", expected, f"shape {np.shape(y)}"))
        return Rows(
            matrix,
            targets,
            check_sample_weight(sample_weight, len(matrix)),
            check_offset(offset, len(matrix), outputs),
            fitted.dtype,
        )


def _checked(heldout: HeldOut, rows: Rows, fitted: Rows) -> HeldOut:
    """Return `heldout` once X is known to be finite: 0 times NaN or infinity is NaN."""
    outputs = fitted.targets.values.shape[1]
    zeros = np.zeros((outputs, rows.X.shape[1]))
    if not math.isfinite(heldout.loss_at(zeros, np.zeros(outputs))):
        found = _core.first_non_finite(rows.X, rows.dtype == np.float32)
        with _naming("validation_set"):
            raise_if_non_finite("X", rows.X, found)
    return heldout


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say of errors raised within which argument they are about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}, {error}") from None
