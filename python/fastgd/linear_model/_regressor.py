"""Regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from .. import losses
from .._validation import message
from ..solve import fit
from . import _stream
from ._base import LinearModel, all_or_nothing
from ._partial import take_steps, takes_steps
from ._rows import weights_of_stream
from ._settings import resolve_loss
from ._warnings import told_later, warn_if_unfinished

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from ..losses import Loss

__all__ = ["GDRegressor"]

_TARGETS = ("real", "non-negative", "positive")


class GDRegressor(RegressorMixin, LinearModel):  # type: ignore[misc]
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        with all_or_nothing(self):
            matrix, targets = self._validated(X, y, reset=True)
            n_rows, n_features = matrix.shape
            n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
            coef, intercept = self._start(coef_init, intercept_init, (n_outputs, n_features))
            with told_later():
                result = fit(
                    matrix,
                    targets,
                    coef_init=coef,
                    intercept_init=intercept,
                    sample_weight=sample_weight,
                    epochs_before=self._epochs_before(n_rows),
                    **self._settings(),
                )
            self._keep([result], n_rows)
            self.coef_ = result.coef
            self.intercept_ = np.atleast_1d(result.intercept).astype(result.coef.dtype, copy=False)
            self.history_ = result.history
            self.result_ = result
        warn_if_unfinished([result], [None], self.tol)
        return self

    @available_if(takes_steps)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        with all_or_nothing(self):
            matrix, targets = self._validated(X, y, reset=not hasattr(self, "coef_"))
            columns = targets[:, np.newaxis] if targets.ndim == 1 else targets
            shape = (matrix.shape[1],) if targets.ndim == 1 else (columns.shape[1], matrix.shape[1])
            if hasattr(self, "coef_") and len(self.intercept_) != columns.shape[1]:
                expected = f"{len(self.intercept_)} outputs, those of the rows before"
                raise ValueError(message("y", expected, f"shape {targets.shape}"))
            weights = weights_of_stream(sample_weight, len(matrix))
            take_steps(self, _stream.Rows(matrix, columns, weights), [None], shape)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        z = self._linear_predictor(X)
        return np.exp(z) if self._loss().link == "log" else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        known = self.loss if isinstance(self.loss, str) else getattr(self.loss, "name", None)
        if known in losses.catalog:
            tags.target_tags.positive_only = losses.resolve(known).targets != "real"
        return tags

    def _validated(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        # fit finds what is not finite as it reads
        checked: tuple[NDArray[Any], NDArray[Any]] = validate_data(
            self,
            X,
            y,
            reset=reset,
            multi_output=True,
            y_numeric=True,
            ensure_all_finite=not reset,
        )
        return checked

    def _loss(self) -> Loss:
        return resolve_loss(self.loss, self.epsilon, _TARGETS, "GDClassifier takes it")
