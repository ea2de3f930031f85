"""What both estimators share: parameters, how they reach `fit`, and what is kept of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from .._bounds import check_bounds
from .._options import DEFAULT_BATCH_SIZE
from .._predictor import linear_predictor
from .._validation import check_coef, check_flag, check_intercept
from ..effects import effects_of
from ._features import features
from ._settings import callback_of, shuffle_of, strength_of, threads_of
from ._warnings import worst_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Literal, TypeAlias

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from ..effects import Effects
    from ..losses import Loss
    from ..result import EpochInfo, FitResult
    from ..schedules import Schedule

    Start: TypeAlias = tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]


# Parameters that `fit` takes as they are.
_AS_GIVEN = (
    *("solver", "batch_size", "update", "momentum", "beta2", "variance_reduction", "precondition"),
    *("penalty_scale", "penalty_factor", "bounds", "fit_intercept"),
    *("learning_rate", "eta0", "power_t", "average"),
    *("max_iter", "max_time", "tol", "n_iter_no_change", "random_state", "dtype"),
)


class LinearModel(BaseEstimator):
    """A linear model with scikit-learn's names; `GDRegressor` tells what they mean."""

    coef_: Any
    intercept_: NDArray[Any]
    n_iter_: int
    t_: float

    def __init__(
        self,
        *,
        loss: str | Loss = "squared_error",
        penalty: Literal["l2", "l1", "elasticnet"] | None = "l2",
        alpha: float = 0.0,
        l1_ratio: float | None = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-6,
        shuffle: bool | Literal["block", "full"] = True,
        verbose: int = 0,
        epsilon: float | None = None,
        random_state: int | np.random.RandomState | None = 0,
        learning_rate: str | Schedule | Callable[[int], float] = "auto",
        eta0: float = 0.01,
        power_t: float = 0.25,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
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
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.epsilon = epsilon
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.average = average
        self.solver = solver
        self.batch_size = batch_size
        self.update = update
        self.momentum = momentum
        self.beta2 = beta2
        self.variance_reduction = variance_reduction
        self.precondition = precondition
        self.penalty_scale = penalty_scale
        self.penalty_factor = penalty_factor
        self.bounds = bounds
        self.max_time = max_time
        self.n_threads = n_threads
        self.dtype = dtype
        self.callback = callback

    def densify(self) -> Self:
        """Turn `coef_` back into an array.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        NotFittedError
            If there is no `coef_` yet.
        """
        check_is_fitted(self)
        self.coef_ = self._dense_coef()
        return self

    def sparsify(self) -> Self:
        """Turn `coef_` into a scipy.sparse.csr_array, smaller where an l1 penalty left zeros.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        NotFittedError
            If there is no `coef_` yet.
        """
        check_is_fitted(self)
        self.coef_ = scipy.sparse.csr_array(self.coef_)
        return self

    def effects(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Effects:
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
            Change of the linear predictor per unit and per standard deviation of each input.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If an argument has the wrong shape or range, or holds NaN or infinity.
        """
        check_is_fitted(self)
        # names and number of columns alone
        validate_data(self, X, reset=False, skip_check_array=True)
        coef = self._dense_coef()
        classes = getattr(self, "classes_", None)
        one = classes is not None and len(classes) == 2
        name = self._loss().name
        return effects_of(coef[0] if one else coef, name, classes, X, sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _loss(self) -> Loss:
        raise NotImplementedError

    def _n_jobs(self) -> int | None:
        return None

    def _settings(self) -> dict[str, Any]:
        """Return the arguments of `fit` but for the data and where to start."""
        alpha, l1_ratio = strength_of(self.penalty, self.alpha, self.l1_ratio)
        held_out = check_flag("early_stopping", self.early_stopping)
        return {name: getattr(self, name) for name in _AS_GIVEN} | {
            "loss": self._loss(),
            "alpha": alpha,
            "l1_ratio": l1_ratio,
            "validation_fraction": self.validation_fraction if held_out else None,
            "shuffle": shuffle_of(self.shuffle),
            "n_threads": threads_of(self.n_threads, self._n_jobs()),
            "callback": callback_of(self.verbose, self.callback),
        }

    def _start(self, coef_init: Any, intercept_init: Any, shape: tuple[int, int]) -> Start:
        """Return where a fit starts: as told, from the fit before with `warm_start`, or at 0."""
        warm = check_flag("warm_start", self.warm_start) and hasattr(self, "coef_")
        coef = intercept = None
        if coef_init is not None:
            coef = check_coef("coef_init", coef_init, *shape)
        elif warm:
            coef = check_coef("coef_ (warm_start=True)", self._dense_coef(), *shape)
            # bounds may be new
            box = check_bounds(self.bounds, *shape)
            coef = coef if box is None else np.clip(coef, *box)
        if intercept_init is not None:
            intercept = check_intercept("intercept_init", intercept_init, shape[0])
        elif warm:
            intercept = check_intercept("intercept_ (warm_start=True)", self.intercept_, shape[0])
        return coef, intercept

    def _epochs_before(self, n_rows: int) -> int:
        """Return the epochs that a warm start goes on from, in rows of this fit."""
        return int(self.t_ - 1) // n_rows if self.warm_start and hasattr(self, "coef_") else 0

    def _keep(self, results: Sequence[FitResult], n_rows: int) -> None:
        """Set what the fits tell, but for coefficients and what is a list for several classes."""
        self.n_iter_ = max(one.n_iter for one in results)
        self.t_ = 1.0 + (self._epochs_before(n_rows) + self.n_iter_) * n_rows
        self.status_ = worst_status(results)
        self.__dict__.pop("_stream", None)

    def _dense_coef(self) -> NDArray[Any]:
        dense: NDArray[Any] = (
            self.coef_.toarray() if scipy.sparse.issparse(self.coef_) else self.coef_
        )
        return dense

    def _linear_predictor(self, X: Any) -> NDArray[Any]:
        """Return X W + b of shape (n,) or (n, K)."""
        check_is_fitted(self)
        matrix = features(self, X)
        coef = self._dense_coef()
        n_threads = threads_of(self.n_threads, self._n_jobs())
        z = linear_predictor(matrix, np.atleast_2d(coef), self.intercept_, n_threads)
        return z if coef.ndim == 2 else z[:, 0]


@contextmanager
def all_or_nothing(estimator: LinearModel) -> Iterator[None]:
    """Leave the estimator as it was if an error comes up."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
