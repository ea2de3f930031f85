"""Classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._options import DEFAULT_BATCH_SIZE
from .._validation import check_sample_weight, message, shown
from . import _stream
from ._base import LinearModel, all_or_nothing
from ._features import features_and_targets
from ._partial import take_steps, takes_steps
from ._probability import BY_LOSS, has_probabilities
from ._rows import classes_of_stream, codes_of, times_class_weight, weights_of_stream
from ._settings import resolve_loss
from ._several_classes import fit_classes, loss_of, parameters_of, positive_of
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


class GDClassifier(ClassifierMixin, LinearModel):
    r"""Linear classification by gradient descent, in the place of scikit-learn's SGDClassifier.

    Logistic regression by default. Minimises the same objective as `GDRegressor`.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        A loss of `fastgd.losses` for labels or real targets, by name or as a `Loss`. "softmax" is
        one multinomial model; with others each of several classes is told from the rest.
    penalty, alpha, l1_ratio, fit_intercept, max_iter, tol, shuffle, verbose, epsilon
        As in `GDRegressor`.
    n_jobs : int, optional
        Threads to use if `n_threads` does not tell; -1 are all there are, -2 all but one.
    random_state, learning_rate, eta0, power_t
        As in `GDRegressor`.
    early_stopping, validation_fraction, n_iter_no_change
        As in `GDRegressor`; rows are held out from each class alike.
    class_weight : dict, "balanced" or None, default=None
        What the weight of each row is multiplied by, by its label; 1 for labels not named.
        "balanced" gives all classes the same weight in sum (not in `partial_fit`).
    warm_start, average, solver, batch_size, update, momentum, beta2, variance_reduction
        As in `GDRegressor`.
    precondition, penalty_scale, penalty_factor, bounds, max_time, n_threads, dtype, callback
        As in `GDRegressor`; classes share `max_time`, `bounds` may be each one's: (n_classes, d).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in order.
    coef_ : ndarray of shape (1, d) or (n_classes, d)
        Coefficients: of two classes those for the second; float32 where X was.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    n_iter_ : int
        Most epochs of a class in the last fit.
    t_ : float
        1 and the rows that steps were taken for.
    status_ : str
        How the fit ended, as in `fastgd.FitResult`; the worst of classes. Not after `partial_fit`.
    history_ : History or list of History
        Course of the fit, or of each class's own. Not after `partial_fit`.
    result_ : FitResult or list of FitResult
        All that `fastgd.fit` handed back, likewise.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (d,)
        Their names, if X had names that are all strings.

    See Also
    --------
    GDRegressor : The same for numbers; tells what the parameters mean.
    fastgd.fit : What does the work.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6], [4.0, 4e6]])
    >>> model = fastgd.GDClassifier(alpha=0.1).fit(X, ["no", "no", "yes", "yes"])
    >>> model.predict([[5.0, 5e6]])
    array(['yes'], dtype='<U3')
    """

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
        penalty_factor: ArrayLike | None = None,
        bounds: tuple[ArrayLike | None, ArrayLike | None] | None = None,
        max_time: float | None = None,
        n_threads: int | None = None,
        dtype: Literal["float32", "float64"] | None = None,
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
            penalty_factor=penalty_factor,
            bounds=bounds,
            max_time=max_time,
            n_threads=n_threads,
            dtype=dtype,
            callback=callback,
        )
        self.n_jobs, self.class_weight = n_jobs, class_weight

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit the model to all rows.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features; float32 and float64 in C order are read in place.
        y : array_like of shape (n,)
            Labels: numbers or strings, two different ones at least.
        coef_init : array_like of shape (1, d) or (n_classes, d), optional
            Where to start; by default 0, with `warm_start` where the fit before ended.
        intercept_init : float or array_like of shape (1,) or (n_classes,), optional
            Where to start, likewise.
        sample_weight : array_like of shape (n,), optional
            Weights >= 0, not all zero; by default every row weighs 1.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        TypeError
            If an argument or a parameter has the wrong type.
        ValueError
            If one has the wrong shape or range, or holds NaN or infinity. After any error the
            estimator is as it was before.

        Warns
        -----
        ConvergenceWarning
            If the fit ended at `max_iter` or `max_time`, or diverged.
        """
        with all_or_nothing(self):
            matrix, labels = features_and_targets(self, X, y)
            check_classification_targets(labels)
            classes, codes = np.unique(labels, return_inverse=True)
            if len(classes) < 2:
                got = f"one class, {shown(classes[0])}, in every row"
                raise ValueError(message("y", "at least two classes", got))
            self.classes_, (n_rows, n_features) = classes, matrix.shape
            n_models = len(classes) if len(classes) > 2 else 1
            start = self._start(coef_init, intercept_init, (n_models, n_features))
            weights = check_sample_weight(sample_weight, n_rows)
            settings = self._settings() | {
                "sample_weight": times_class_weight(self.class_weight, classes, codes, weights),
                "epochs_before": self._epochs_before(n_rows),
            }
            with told_later():
                results = fit_classes(matrix, codes, *start, settings)
            self._keep(results, n_rows)
            self.coef_, self.intercept_ = parameters_of(results)
            alone = len(results) == 1
            self.result_ = results[0] if alone else results
            self.history_ = results[0].history if alone else [one.history for one in results]
        warn_if_unfinished(results, classes[-len(results) :].tolist(), self.tol)
        return self

    @available_if(takes_steps)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Take the steps of some more rows, in their order; see `GDRegressor.partial_fit`.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Features.
        y : array_like of shape (n,)
            Labels, all of them among `classes`.
        classes : array_like of shape (n_classes,), optional
            All labels that may ever come; needed in the first call, may be told again later.
        sample_weight : array_like of shape (n,), optional
            Weights >= 0; rows of weight 0 are as if they were absent.

        Returns
        -------
        self
            The estimator, whose coefficients have seen all rows.

        Raises
        ------
        TypeError
            If an argument or a parameter has the wrong type.
        ValueError
            If one has the wrong shape or range, or holds NaN, infinity or an unknown label, if a
            parameter needs all rows at once, or if coefficients overflow. After any error the
            estimator is as it was before.
        """
        with all_or_nothing(self):
            first = not hasattr(self, "coef_")
            matrix, labels = validate_data(self, X, y, reset=first, accept_sparse="csr")
            self.classes_ = classes_of_stream(classes, getattr(self, "classes_", None))
            codes = codes_of(labels, self.classes_)
            if isinstance(self.class_weight, str):
                expected = "a dict or None with partial_fit"
                cure = "numbers of rows to come are not known: give the weights as a dict"
                raise ValueError(message("class_weight", expected, repr(self.class_weight), cure))
            given = weights_of_stream(sample_weight, len(labels))
            weights = times_class_weight(self.class_weight, self.classes_, codes, given)
            n_classes, n_features = len(self.classes_), matrix.shape[1]
            shape = (n_classes if n_classes > 2 else 1, n_features)
            rows = _stream.Rows(matrix, codes[:, np.newaxis], weights)
            take_steps(self, rows, positive_of(self._loss(), n_classes), shape)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Return the linear predictor of each class; of two classes that of the second.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes)
            Above 0 for the second of two classes.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X has the wrong shape or holds NaN or infinity.
        """
        z = self._linear_predictor(X)
        return z if z.shape[1] > 1 else z[:, 0]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict labels: the class with the largest linear predictor.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features.

        Returns
        -------
        ndarray of shape (n,)
            Labels.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X has the wrong shape or holds NaN or infinity.
        """
        scores = self.decision_function(X)
        codes = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[codes])

    @available_if(has_probabilities)
    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the probability of each class, for "log_loss", "softmax" and "modified_huber".

        ``1 / (1 + exp(-z))``, ``exp(z)`` or ``(clip(z, -1, 1) + 1) / 2`` of the linear predictor
        z; of more than two classes divided by their sum.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X has the wrong shape or holds NaN or infinity.
        """
        return BY_LOSS[self._loss().name](self.decision_function(X))

    @available_if(has_probabilities)
    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the logarithm of the probability of each class; see `predict_proba`.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Logarithms, minus infinity for 0; in the order of `classes_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X has the wrong shape or holds NaN or infinity.
        """
        with np.errstate(divide="ignore"):
            logarithms: NDArray[Any] = np.log(self.predict_proba(X))
        return logarithms

    def _loss(self) -> Loss:
        targets = ("binary", "real", "classes")
        resolved = resolve_loss(self.loss, self.epsilon, targets, "GDRegressor takes it")
        return loss_of(resolved, len(getattr(self, "classes_", ())))

    def _n_jobs(self) -> int | None:
        return self.n_jobs
