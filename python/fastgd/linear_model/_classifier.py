"""Classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import validate_data

from .._options import DEFAULT_BATCH_SIZE
from .._validation import check_sample_weight, message, shown
from . import _stream
from ._base import LinearModel, all_or_nothing
from ._one_vs_rest import fit_one_vs_rest
from ._partial import take_steps, takes_steps
from ._probability import BY_LOSS
from ._rows import codes_of, times_class_weight, weights_of_stream
from ._settings import resolve_loss
from ._warnings import told_later, warn_if_unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from ..losses import Loss
    from ..result import EpochInfo
    from ..schedules import Schedule

__all__ = ["GDClassifier"]


def _has_probabilities(classifier: GDClassifier) -> bool:
    name = classifier._loss().name
    if name not in BY_LOSS:
        losses = " and ".join(map(repr, BY_LOSS))
        raise AttributeError(f"probabilities come with the losses {losses}, not with {name!r}")
    return True


class GDClassifier(ClassifierMixin, LinearModel):  # type: ignore[misc]
    def __init__(
        self,
        *,
        loss: str | Loss = "log_loss",
        penalty: Literal["l2", "l1", "elasticnet"] | None = "l2",
        alpha: float = 0.0,
        l1_ratio: float | None = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-6,
        shuffle: bool | Literal["block", "full"] = True,
        verbose: int = 0,
        epsilon: float | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        learning_rate: str | Schedule | Callable[[int], float] = "auto",
        eta0: float = 0.01,
        power_t: float = 0.25,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        warm_start: bool = False,
        average: bool | int = False,
        solver: Literal["auto", "batch", "minibatch", "sgd"] = "auto",
        batch_size: int = DEFAULT_BATCH_SIZE,
        update: str = "auto",
        momentum: float = 0.9,
        beta2: float = 0.999,
        variance_reduction: Literal["auto", "none", "svrg"] = "auto",
        precondition: Literal["auto", "none", "scale", "whiten"] = "auto",
        penalty_scale: Literal["raw", "std"] = "raw",
        max_time: float | None = None,
        n_threads: int | None = None,
        callback: Callable[[EpochInfo], bool | None] | None = None,
    ) -> None:
        super().__init__(
            loss=loss,
            penalty=penalty,
            alpha=alpha,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            max_iter=max_iter,
            tol=tol,
            shuffle=shuffle,
            verbose=verbose,
            epsilon=epsilon,
            random_state=random_state,
            learning_rate=learning_rate,
            eta0=eta0,
            power_t=power_t,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            average=average,
            solver=solver,
            batch_size=batch_size,
            update=update,
            momentum=momentum,
            beta2=beta2,
            variance_reduction=variance_reduction,
            precondition=precondition,
            penalty_scale=penalty_scale,
            max_time=max_time,
            n_threads=n_threads,
            callback=callback,
        )
        self.n_jobs = n_jobs
        self.class_weight = class_weight

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        with all_or_nothing(self):
            matrix, labels = validate_data(self, X, y, ensure_all_finite=False)
            check_classification_targets(labels)
            classes, codes = np.unique(labels, return_inverse=True)
            if len(classes) < 2:
                got = f"one class, {shown(classes[0])}, in every row"
                raise ValueError(message("y", "at least two classes", got))
            n_rows, n_features = matrix.shape
            n_models = len(classes) if len(classes) > 2 else 1
            start = self._start(coef_init, intercept_init, (n_models, n_features))
            weights = check_sample_weight(sample_weight, n_rows)
            settings = self._settings() | {
                "sample_weight": times_class_weight(self.class_weight, classes, codes, weights),
                "epochs_before": self._epochs_before(n_rows),
            }
            with told_later():
                results = fit_one_vs_rest(matrix, codes, *start, settings)
            self._keep(results, n_rows)
            self.classes_ = classes
            self.coef_ = np.stack([one.coef for one in results])
            self.intercept_ = np.array([one.intercept for one in results], self.coef_.dtype)
            self.result_ = results if n_models > 1 else results[0]
            self.history_ = [one.history for one in results] if n_models > 1 else results[0].history
        warn_if_unfinished(results, classes[-n_models:].tolist(), self.tol)
        return self

    @available_if(takes_steps)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        with all_or_nothing(self):
            matrix, labels = validate_data(self, X, y, reset=not hasattr(self, "coef_"))
            self.classes_ = self._classes_of_stream(classes)
            codes = codes_of(labels, self.classes_)
            if isinstance(self.class_weight, str):
                expected = "a dict or None with partial_fit"
                cure = "numbers of rows to come are not known: give the weights as a dict"
                raise ValueError(message("class_weight", expected, repr(self.class_weight), cure))
            weights = weights_of_stream(sample_weight, len(matrix))
            weights = times_class_weight(self.class_weight, self.classes_, codes, weights)
            n_classes = len(self.classes_)
            positive = [float(k) for k in range(n_classes)] if n_classes > 2 else [1.0]
            rows = _stream.Rows(matrix, codes[:, np.newaxis], weights)
            take_steps(self, rows, positive, (len(positive), matrix.shape[1]))
        return self

    def _classes_of_stream(self, classes: Any) -> NDArray[Any]:
        known: NDArray[Any] | None = getattr(self, "classes_", None)
        if classes is None and known is None:
            expected = "all labels that y may ever hold"
            raise ValueError(message("classes", expected, "None in the first call"))
        named: NDArray[Any] = known if classes is None else unique_labels(classes)
        if known is not None and not np.array_equal(named, known):
            expected = f"None or the classes of the first call, {shown(known.tolist())}"
            raise ValueError(message("classes", expected, shown(named.tolist())))
        if len(named) < 2:
            raise ValueError(message("classes", "at least two", shown(named.tolist())))
        return named

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        z = self._linear_predictor(X)
        return z if z.shape[1] > 1 else z[:, 0]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        scores = self.decision_function(X)
        codes = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    @available_if(_has_probabilities)
    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        return BY_LOSS[self._loss().name](self.decision_function(X))

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        with np.errstate(divide="ignore"):
            logarithms: NDArray[Any] = np.log(self.predict_proba(X))
        return logarithms

    def _loss(self) -> Loss:
        cure = "GDRegressor takes it"
        return resolve_loss(self.loss, self.epsilon, ("binary", "real"), cure)

    def _n_jobs(self) -> int | None:
        return self.n_jobs
