"""Regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d, validate_data

from .. import losses
from .._targets import check_targets
from .._validation import message
from ..solve import fit
from . import _stream
from ._base import LinearModel, all_or_nothing
from ._features import features_and_targets
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

# Of targets, as scikit-learn words them.
_RULES = {"multi_output": True, "y_numeric": True}


class GDRegressor(RegressorMixin, LinearModel):
    r"""Linear regression by gradient descent, in the place of scikit-learn's SGDRegressor.

    Minimises, over coefficients :math:`w` and intercept :math:`b`,

    .. math::

       F(w, b) = \frac{1}{\sum_i s_i} \sum_i s_i\, \ell(y_i, x_i^T w + b)
                 + \alpha \left( \rho \|w\|_1 + \tfrac{1 - \rho}{2} \|w\|_2^2 \right)

    by `fastgd.fit`, which tells more of each parameter. Needs scikit-learn.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        A loss of `fastgd.losses` for targets that are numbers, by name or as a `Loss`.
    penalty : {"l2", "l1", "elasticnet"} or None, default="l2"
        Which norm `alpha` multiplies: l1_ratio is 0, 1 or as given; None is alpha=0.
    alpha : float, default=0.0
        Strength of the penalty, >= 0; there is none by default.
    l1_ratio : float or None, default=0.15
        Share of the l1 norm for penalty="elasticnet", in [0, 1]; unused by others.
    fit_intercept : bool, default=True
        Whether to fit an intercept; it is never penalised.
    max_iter : int, default=1000
        Most epochs of `fit`.
    tol : float or None, default=1e-06
        Stop `fit` once the optimum lies lower by less than this share of the objective, as far as
        can be told. None: run all epochs.
    shuffle : bool or {"block", "full"}, default=True
        Order of rows of the stochastic solvers in `fit`: True is "block", random runs mixed row by
        row; "full" a random order of all rows; False as they are.
    verbose : int, default=0
        Above 0, `fit` prints a line an epoch.
    epsilon : float, optional
        Parameter of "huber", "epsilon_insensitive" and "squared_epsilon_insensitive" where these
        are given by name; by default that of the loss, 0.1.
    random_state : int, RandomState or None, default=0
        Seed of the order of rows and of those held out. None draws a fresh one.
    learning_rate : str, Schedule or callable, default="auto"
        "auto": found from the data. "constant", "invscaling", "optimal", "adaptive", "pa1" and
        "pa2" as in SGDRegressor; a callable or one of `fastgd.schedules` gives the step size of an
        epoch.
    eta0 : float, default=0.01
        Step size or its start, > 0; of "pa1" and "pa2" their C; unused by "auto" and "optimal".
    power_t : float, default=0.25
        Exponent of "invscaling".
    early_stopping : bool, default=False
        Whether `fit` holds out rows, returns the epoch that serves them best and ends once none
        has been better for `n_iter_no_change` epochs.
    validation_fraction : float, default=0.1
        Share of the rows held out with `early_stopping`, in (0, 1).
    n_iter_no_change : int, default=5
        Epochs without a gain that end a fit with `early_stopping`.
    warm_start : bool, default=False
        Whether `fit` starts at the coefficients of the fit before; orders of rows and step sizes
        go on from there too, so that with steps of the caller's two fits make one.
    average : bool or int, default=False
        Take the average of the iterates of the stochastic solvers; an integer is the number of
        rows seen before averaging starts.
    solver : {"auto", "batch", "minibatch", "sgd"}, default="auto"
        A step an epoch, a step every `batch_size` rows, or a step a row. "auto" is the one expected
        to end first; in `partial_fit` it is "sgd".
    batch_size : int, default=256
        Rows of a step of solver "minibatch".
    update : str, default="auto"
        Rule of the step: "plain", "momentum", "nesterov", "lbfgs", "adagrad", "rmsprop", "adam",
        "adamw", or the one that suits.
    momentum : float, default=0.9
        Of "momentum" and "nesterov", and beta1 of "adam" and "adamw", in [0, 1).
    beta2 : float, default=0.999
        Smoothing of squared gradients of "rmsprop", "adam" and "adamw", in [0, 1).
    variance_reduction : {"auto", "none", "svrg"}, default="auto"
        Whether `fit` by a stochastic solver subtracts the noise of its gradients.
    precondition : {"auto", "none", "scale", "whiten"}, default="auto"
        Metric of the steps; the optimum is the same in all.
    penalty_scale : {"raw", "std"}, default="raw"
        Whether the penalty measures coefficients as they are or per standard deviation of their
        columns. Not for `partial_fit`.
    penalty_factor : array_like of shape (d,), optional
        Factors >= 0 of the penalty on each feature, by default 1; 0 exempts a feature.
    bounds : tuple (low, high), optional
        Bounds of the coefficients, each None, a number or an array_like of shape (d,) or (K, d):
        ``(0, None)`` asks for coefficients >= 0. The intercept has none.
    max_time : float, optional
        Seconds that `fit` may take, > 0.
    n_threads : int, optional
        Threads to use, by default as many as this process may use, fewer on little data.
    dtype : {"float32", "float64"}, optional
        What is computed in; by default what X tells.
    callback : callable, optional
        Called with an `fastgd.EpochInfo` after each epoch of `fit`; returning True stops it.

    Attributes
    ----------
    coef_ : ndarray of shape (d,) or (K, d)
        Coefficients, (K, d) if `y` had two dimensions; of the type computed in.
    intercept_ : ndarray of shape (1,) or (K,)
        Intercepts.
    n_iter_ : int
        Epochs of the last fit; 1 after `partial_fit`.
    t_ : float
        1 and the rows that steps were taken for: those of all epochs, and of weight above 0 in
        `partial_fit`.
    status_ : str
        How the fit ended, as `fastgd.FitResult` has it. Not after `partial_fit`.
    history_ : History
        Objective, step size and seconds of each epoch. Not after `partial_fit`.
    result_ : FitResult
        All that `fastgd.fit` handed back. Not after `partial_fit`.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (d,)
        Their names, if X had names that are all strings.

    See Also
    --------
    GDClassifier : The same for classes.
    fastgd.fit : What does the work.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6], [4.0, 4e6]])
    >>> model = fastgd.GDRegressor().fit(X, X @ [2.0, -1e-6] + 3.0)
    >>> np.round(model.predict([[5.0, 5e6]]), 3)
    array([8.])
    """

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
        y : array_like of shape (n,) or (n, K)
            Targets.
        coef_init : array_like of shape (d,) or (K, d), optional
            Where to start; by default 0, with `warm_start` where the fit before ended.
        intercept_init : float or array_like of shape (K,), optional
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
            matrix, targets = features_and_targets(self, X, y, **_RULES)
            targets = self._flat_means(targets)
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
        """Take the steps of some more rows, in their order; not with solver="batch".

        Where chunks end plays no part: any chunks of an epoch give the bits of `fit` with one
        epoch, solver "sgd" or "minibatch", shuffle=False and a step size of the caller's. Rows that
        fill no block yet (of 4, or of `batch_size`) are kept as a copy. With learning_rate="auto"
        the first chunk tells metric and step size, once for all: let it be some hundred rows like
        those to come. Weights are taken as they are; `fit` divides them by their mean.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Features.
        y : array_like of shape (n,) or (n, K)
            Targets.
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
            If one has the wrong shape or range, or holds NaN or infinity, if a parameter needs all
            rows at once, or if coefficients overflow. After any error the estimator is as it was
            before.
        """
        with all_or_nothing(self):
            reset = not hasattr(self, "coef_")
            matrix, targets = validate_data(
                *(self, X, y),
                reset=reset,
                ensure_all_finite=not reset,
                accept_sparse="csr",
                **_RULES,
            )
            targets = self._flat_means(targets)
            columns = targets[:, np.newaxis] if targets.ndim == 1 else targets
            shape = (matrix.shape[1],) if targets.ndim == 1 else (columns.shape[1], matrix.shape[1])
            if hasattr(self, "coef_") and len(self.intercept_) != columns.shape[1]:
                expected = f"{len(self.intercept_)} outputs, those of the rows before"
                raise ValueError(message("y", expected, f"shape {targets.shape}"))
            check_targets(targets, len(targets), self._loss(), need_both_classes=False)
            weights = weights_of_stream(sample_weight, len(targets))
            take_steps(self, _stream.Rows(matrix, columns, weights), [None], shape)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict targets: the linear predictor, or its exponential for losses with a log link.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, d)
            Features.

        Returns
        -------
        ndarray of shape (n,) or (n, K)
            Predictions, shaped as `y` was.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X has the wrong shape or holds NaN or infinity.
        """
        z = self._linear_predictor(X)
        return np.exp(z) if self._loss().link == "log" else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # a tag for both there is not: several outputs are tried with targets of either sign
        tags.target_tags.positive_only = self._takes_means()
        tags.target_tags.multi_output = not tags.target_tags.positive_only
        return tags

    def _takes_means(self) -> bool:
        """Return whether targets are >= 0; no loss at all is for `fit` to refuse."""
        if isinstance(self.loss, losses.Loss):
            return self.loss.targets != "real"
        known = isinstance(self.loss, str) and self.loss in losses.catalog
        return known and losses.resolve(self.loss).targets != "real"

    def _flat_means(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return one column of means in one dimension, with scikit-learn's warning."""
        if self._takes_means() and targets.ndim == 2 and targets.shape[1] == 1:
            targets = column_or_1d(targets, warn=True)
        return targets

    def _loss(self) -> Loss:
        return resolve_loss(self.loss, self.epsilon, _TARGETS, "GDClassifier takes it")
