"""partial_fit of both estimators: from checked rows to coefficients that have seen them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import numpy as np

from .._bounds import check_bounds
from .._matrix import check_matrix
from .._options import build_options
from .._validation import check_integer, compute_dtype, message
from ..solve import fit
from . import _stream
from ._settings import check_for_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._base import LinearModel

# What build_options takes, with the defaults of `fit`.
_OPTIONS = {
    name: inspect.signature(fit).parameters[name].default
    for name, parameter in inspect.signature(build_options).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}


def takes_steps(model: LinearModel) -> bool:
    """Return whether there is a partial_fit: batch descent has none."""
    if model.solver == "batch":
        expected = "'auto', 'sgd' or 'minibatch' for partial_fit"
        cure = "a step of 'batch' takes all rows"
        raise AttributeError(message("solver", expected, "'batch'", cure))
    return True


def take_steps(
    model: LinearModel,
    rows: _stream.Rows,
    positive: Sequence[float | None],
    shape: tuple[int, ...],
) -> None:
    """Go on with the model's stream, or begin one at its coefficients.

    Parameters
    ----------
    model : LinearModel
        Whose coefficients take part; of an unfitted one they are 0.
    rows : Rows
        Checked rows; those of weight 0 are as if they were absent.
    positive : sequence of float or None
        As in `Task`.
    shape : tuple of int
        Of `coef_`.
    """
    rows = rows.with_weight()
    if not hasattr(model, "coef_"):
        dtype = compute_dtype(rows.X, model.dtype)
        n_outputs = shape[0] if len(shape) == 2 else 1
        model.coef_, model.intercept_ = np.zeros(shape, dtype), np.zeros(n_outputs, dtype)
        model.n_iter_, model.t_ = 1, 1.0
    if len(rows) == 0:
        return
    model.n_iter_ = 1
    for of_a_fit in ("history_", "result_", "status_"):
        model.__dict__.pop(of_a_fit, None)
    intercept = model.intercept_
    coef = model._dense_coef().reshape(len(intercept), -1)
    task = _task_of(model, rows, positive)
    stream: _stream.Stream | None = getattr(model, "_stream", None)
    if stream is None or not stream.goes_on(task, coef, intercept):
        stream = _stream.begin(task, coef, intercept)
    stream = _stream.advance(stream, task, rows)
    if not stream.finite():
        expected = "a step size that keeps coefficients finite"
        cure = (
            "the model is as before these rows; take a smaller eta0, or learning_rate='auto' with "
            "first rows that are like the others"
        )
        got = "one that makes them overflow on these rows"
        raise ValueError(message("learning_rate", expected, got, cure))
    model._stream = stream
    shown, model.intercept_ = (values.astype(stream.dtype) for values in stream.shown)
    model.coef_ = shown.reshape(shape)
    model.t_ += len(rows)


def _task_of(
    model: LinearModel, rows: _stream.Rows, positive: Sequence[float | None]
) -> _stream.Task:
    settings = model._settings()
    check_for_stream(settings, early_stopping=model.early_stopping)
    batch_size = check_integer("batch_size", model.batch_size, 1)
    solver = "sgd" if model.solver == "auto" else model.solver
    own = {name: settings[name] for name in _OPTIONS if name in settings}
    # a batch may be longer than a chunk
    own |= {"solver": solver, "batch_size": 1}
    n_outputs = len(model.intercept_) // len(positive)
    box = check_bounds(own.pop("bounds"), len(model.intercept_), rows.X.shape[1])
    options, _, _ = build_options(
        check_matrix(rows.X), n_outputs, settings["loss"], **(_OPTIONS | own)
    )
    options.batch_size = batch_size
    options.steps_before = int(model.t_ - 1) // (batch_size if solver == "minibatch" else 1)
    return _stream.Task(settings["loss"], options, positive, n_outputs, box)
