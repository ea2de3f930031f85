"""`fit`: from arrays to coefficients by one of the three descent loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _core, losses
from ._heldout import Rows, hold_out
from ._hooks import rate_hook
from ._matrix import check_matrix
from ._options import DEFAULT_BATCH_SIZE
from ._outcome import warn_if_cut_short
from ._problem import pose
from ._progress import ProgressBar
from ._targets import check_targets
from ._validation import (
    check_flag,
    check_offset,
    check_sample_weight,
    compute_dtype,
    raise_if_non_finite,
)
from .losses._smoothing import rounded_off

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    import numpy as np
    from numpy.typing import ArrayLike

    from .losses import Loss
    from .result import EpochInfo, FitResult
    from .schedules import Schedule

__all__ = ["fit"]


def fit(
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Loss = "squared_error",
    solver: Literal["auto", "batch", "minibatch", "sgd"] = "auto",
    batch_size: int = DEFAULT_BATCH_SIZE,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    penalty_scale: Literal["raw", "std"] = "raw",
    penalty_factor: ArrayLike | None = None,
    bounds: tuple[ArrayLike | None, ArrayLike | None] | None = None,
    fit_intercept: bool = True,
    learning_rate: str | Schedule | Callable[[int], float] = "auto",
    eta0: float = 0.01,
    power_t: float = 0.25,
    precondition: Literal["auto", "none", "scale", "whiten"] = "auto",
    update: Literal[
        "auto", "plain", "momentum", "nesterov", "lbfgs", "adagrad", "rmsprop", "adam", "adamw"
    ] = "auto",
    momentum: float = 0.9,
    beta2: float = 0.999,
    variance_reduction: Literal["auto", "none", "svrg"] = "auto",
    max_iter: int = 1000,
    max_time: float | None = None,
    tol: float | None = 1e-6,
    validation_fraction: float | None = None,
    validation_set: tuple[ArrayLike | None, ...] | None = None,
    n_iter_no_change: int = 5,
    shuffle: Literal["block", "full", False] = "block",
    average: bool | int = False,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    coef_init: ArrayLike | None = None,
    intercept_init: ArrayLike | None = None,
    epochs_before: int = 0,
    n_threads: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    callback: Callable[[EpochInfo], bool | None] | None = None,
    progress: bool = False,
) -> FitResult:
    r"""Fit a linear model by gradient descent.

    Minimises, over coefficients :math:`W` within `bounds` and intercept :math:`b`,

    .. math::

       F(W, b) = \frac{1}{\sum_i s_i} \sum_i s_i\, \ell(y_i, x_i^T W + b + o_i)
                 + \alpha \sum_{jk} f_j \left( \rho |q_j W_{jk}|
                 + \tfrac{1 - \rho}{2} (q_j W_{jk})^2 \right)

    with sample weights :math:`s`, offsets :math:`o`, :math:`\rho` the `l1_ratio` and :math:`f` the
    `penalty_factor`; :math:`q_j` is 1 or, with penalty_scale="std", the standard deviation of each
    column. With the default step size,
    columns are centred and scaled inside the solver: raw tables need no preparation, and the
    coefficients are those of the columns as given.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, d)
        Features: an array or table (pandas, polars, Arrow) of any layout and real type, never
        copied. C-ordered float32 and float64 are read in place, all else is converted a few rows
        at a time. float16, bfloat16 and integers of up to 16 bits are computed in float32, integers
        of more in float64. Matrices and arrays of scipy.sparse are read as compressed rows (CSR),
        with indices of either width, in any order, in one part or more; other formats are converted
        once.
    y : array_like of shape (n,) or (n, K)
        Targets. For binary losses any two distinct labels in one dimension; the larger is the
        positive class. For "softmax" any K labels: their models are in ascending order of them.
    loss : str or Loss, default="squared_error"
        Name of a loss or one made by `fastgd.losses`.
    solver : {"auto", "batch", "minibatch", "sgd"}, default="auto"
        A step an epoch, a step every `batch_size` rows, or a step a row. "auto" takes the one
        expected to end first, see `explain_plan`; with a step size, update or average of the
        caller's, the one these are for.
    batch_size : int, default=256
        Rows of a step of solver "minibatch", at most n.
    alpha : float, default=0.0
        Strength of the penalty, >= 0. By default there is none: no strength suits all tables.
    l1_ratio : float, default=0.0
        Share of the l1 norm in the penalty, in [0, 1].
    penalty_scale : {"raw", "std"}, default="raw"
        What the penalty measures coefficients in. "raw": W as it is, in units of y per unit of
        each column; it all but ignores a column in large units and holds one in small units at 0.
        "std": :math:`q_j w_j`, units of y per standard deviation :math:`q_j` (weighted, over all
        rows of the fit) of the column: the same optimum as on standardised columns, whatever the
        units. Constant columns bear no penalty then. Costs a pass at most, nothing without alpha.
    penalty_factor : array_like of shape (d,), optional
        Factors :math:`f_j` >= 0 of the penalty on each feature, by default 1; 0 leaves a feature
        without penalty. As in glmnet [8], but taken as they are: glmnet rescales them to sum to d.
    bounds : tuple (low, high), optional
        Bounds of the coefficients, on the columns as given, each None, a number or an array_like
        of shape (d,) or (K, d); infinite where there is none. ``(0, None)`` is non-negative least
        squares, ``low[j] == high[j]`` fixes a coefficient. The intercept has none. The result is
        within them exactly; in float32, within the nearest numbers inside.
    fit_intercept : bool, default=True
        Whether to fit an intercept; it is never penalised.
    learning_rate : str, Schedule or callable, default="auto"
        "auto": from the smoothness of loss and rows in the metric of `precondition`, cut whenever
        the objective grows. "constant" is `eta0`; "invscaling" ``eta0 / t**power_t``; "optimal"
        ``1 / (alpha * (t0 + t - 1))`` with Bottou's t0; "adaptive" `eta0`, divided by 5 after 5
        epochs without improvement; a callable gives the step size of an epoch, counted from 0;
        one of `fastgd.schedules` is read within epochs as well by the stochastic solvers: before
        each batch or, where there are more than 128, each 128th of an epoch. t counts steps from 1.
        "pa1" and "pa2" are passive-aggressive [9]: a row's step is ``min(eta0, loss / |x|**2)`` or
        ``loss / (|x|**2 + 1 / (2 * eta0))``, times its weight as it is; of "sgd" alone, without
        `precondition`, for the losses "hinge" and "epsilon_insensitive".
    eta0 : float, default=0.01
        Step size or its start, or C of "pa1" and "pa2", > 0; unused by "auto" and "optimal".
    power_t : float, default=0.25
        Exponent of "invscaling".
    precondition : {"auto", "none", "scale", "whiten"}, default="auto"
        Metric P of the steps, w - step * P * gradient; the optimum is the same in all. "none":
        the columns as given. "scale": centred columns (if an intercept is fitted) in units of
        their spread. "whiten": the inverse Hessian of evenly spread rows, which correlated
        columns need; batch descent then takes all its steps in it, the stochastic solvers take
        theirs in "scale" and one in it after each epoch, on the full gradient that the epoch's
        measure gives. It needs learning_rate="auto" and `average` False; for batch also
        update="auto", for the others variance reduction. "auto" is "whiten" where that is possible
        and pays (2,047 columns at most, more rows than columns), else "scale" with
        learning_rate="auto", else "none".
    update : str, default="auto"
        Rule of the step: "auto", "plain", "momentum", "nesterov", "lbfgs", "adagrad", "rmsprop",
        "adam" or "adamw". "lbfgs" is the limited-memory quasi-Newton method, for batch descent with
        the automatic step size, without l1 penalty or bounds. "auto" is that where batch descent is
        not whitened, Nesterov's accelerated sequence with restarts with l1 penalty or bounds, and
        "plain" else. "adagrad", "rmsprop", "adam" and "adamw" give each coefficient a rate of its
        own in the stochastic solvers (see Notes).
    momentum : float, default=0.9
        Of "momentum" and "nesterov", and beta1 of "adam" and "adamw", in [0, 1).
    beta2 : float, default=0.999
        Smoothing of the squared gradients of "rmsprop", "adam" and "adamw", in [0, 1).
    variance_reduction : {"auto", "none", "svrg"}, default="auto"
        "svrg": after the first epoch, steps of the stochastic solvers subtract their rows' gradient
        at the coefficients that the epoch began with, and add the full gradient there, which the
        measure of the objective gives for nothing (also with `tol` None) [7]: noise vanishes at
        the optimum, so that steps need not shrink. "none": automatic steps are halved after two
        epochs without a new best instead; others end in a ball of noise around the optimum.
        "auto": "svrg" with learning_rate="auto" and `tol`, but for `average` and adaptive updates.
    max_iter : int, default=1000
        Most epochs.
    max_time : float, optional
        Seconds the fit may take, > 0: no epoch is begun that, as long as the last, would end later.
    tol : float or None, default=1e-6
        Stop once the optimum lies lower by less than `tol` of the objective: as far as the
        gradient in the metric of "whiten" tells, else once the last quarter of the epochs run,
        five at least, gained no more than that. None: run all epochs; the stochastic solvers
        then measure the objective only at the end.
    validation_fraction : float, optional
        Share of the rows, in (0, 1), that takes no part in the fit: as if their weights were 0.
        Drawn by `random_state` alone, from each class alike for binary losses. Their mean loss
        is measured after each epoch, the coefficients of the epoch with the least are returned.
    validation_set : tuple, optional
        Rows of your own to the same end: (X, y), (X, y, sample_weight) or (X, y, sample_weight,
        offset), shaped as those of the fit. `offset` serves the rows of the fit alone.
    n_iter_no_change : int, default=5
        With rows held out, stop after so many epochs that lowered their mean loss by no more than
        `tol` of itself; never with tol=None.
    shuffle : {"block", "full", False}, default="block"
        Order of rows of the stochastic solvers: runs of neighbouring rows in random order, mixed
        row by row in buffers (at the speed of memory); a random order of all rows; or as they
        are. A function of `random_state` and the epoch alone.
    average : bool or int, default=False
        Return the average of the iterates of the stochastic solvers; an integer is the number of
        rows seen before averaging starts. It takes the place of variance reduction.
    random_state : int, Generator, RandomState or None, default=0
        Seed of the order of rows. None draws a fresh one.
    sample_weight : array_like of shape (n,), optional
        Weights >= 0, not all zero; by default every row weighs 1.
    offset : array_like of shape (n,) or (n, K), optional
        Known part of the linear predictor, added to it.
    coef_init : array_like of shape (d,) or (K, d), optional
        Where to start, within the bounds; by default 0, or the bound next to it.
    intercept_init : float or array_like of shape (K,), optional
        Where to start, by default 0.
    epochs_before : int, default=0
        Epochs of the fit that `coef_init` comes from: orders of rows and schedules go on there.
    n_threads : int, optional
        Threads to use; by default as many as this process may use, fewer on little data. The
        result has the same bits for any number. Solver "sgd" takes its steps on one thread.
    dtype : {"float32", "float64"}, optional
        What is computed in; by default what `X` tells.
    callback : callable, optional
        Called with an `EpochInfo` after each epoch; returning True stops the fit. An exception
        it raises comes through.
    progress : bool, default=False
        Show a progress bar (needs tqdm).

    Returns
    -------
    FitResult
        Coefficients, how the fit ended, and its history.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument has the wrong shape or range, or holds NaN or infinity.
    ImportError
        If `progress` is True and tqdm is not installed.

    Warns
    -----
    ConvergenceWarning
        If the fit ended at `max_iter` or `max_time`, or diverged under a step size set by the
        caller.

    Notes
    -----
    The adaptive updates know the squared gradients :math:`g` of the batches so far, summed [3] or
    averaged [4], and Adam [5] their mean, each average divided by :math:`1 - \beta^t`:

    .. math::

       \text{adagrad:}\; & \hat m = g,\; \hat v = \textstyle\sum g^2; \qquad
       \text{rmsprop:}\; \hat m = g,\; \hat v = v,\; v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
       \text{adam:}\; & \hat m = \tfrac{m}{1 - \beta_1^t},\; \hat v = \tfrac{v}{1 - \beta_2^t},\;
       m \leftarrow \beta_1 m + (1 - \beta_1) g \\
       w \leftarrow\; & \operatorname{sign}(u) \max(|u| - \tau \alpha \rho, 0), \quad
       u = w - \tau \hat m, \quad \tau = \eta P / (\sqrt{P \hat v} + \epsilon)

    with :math:`\epsilon = 10^{-8}`, for "adagrad" 1e-10; zeros are exact. The ridge is part of
    :math:`g`, so that only the optimum of F is at rest. "adamw" [6] shrinks w by
    :math:`\eta \alpha (1 - \rho) w` instead, beside :math:`\tau`: with an l2 penalty it comes to
    rest elsewhere, where :math:`\tau` times the loss's gradient is minus that, as if each
    coefficient had a ridge :math:`\eta / \tau` times that of F; the objective reported is F. That
    share of w is the same in any unit, so there is no l2 penalty per standard deviation with it.
    With learning_rate="auto" P is "scale", :math:`\epsilon` is in units of
    :math:`\sqrt{2 F(0)}`, and :math:`\eta` starts there ("adagrad") or at that over the root of
    the steps an epoch, to be halved after two epochs without a new best.

    The gradient of the squared error is linear in the coefficients. Where batch descent takes many
    steps that are not whitened, the matrix :math:`\sum_i s_i u_i u_i^T` of the centred columns and
    the intercept is therefore summed once, and later epochs follow from it instead of from X: the
    same iterates, up to rounding, for work of :math:`d^2 K` an epoch. That is done for up to 2,047
    columns where it pays by the number of epochs, with `tol` or `max_time` once the epochs so far
    have cost as much; where the loss has fallen to a sixteenth since X was last read, X is read
    again, so that nearly exact fits keep their digits. `FitResult.plan` tells, and `n_passes`.

    With fewer rows than columns and a ridge on all of these, D of its factors, an optimum is
    :math:`D^{-1} X^T a` with X centred [10]. Steps in the metric of the Hessian are then taken on
    the rows of L, :math:`L L^T = X D^{-1} X^T`, whose coefficients :math:`L^T a` predict alike
    under the same penalty, and the model is measured on the columns in the end.

    References
    ----------
    .. [1] L. Bottou, F. E. Curtis, J. Nocedal, "Optimization Methods for Large-Scale Machine
       Learning", SIAM Review 60(2), 2018, pp. 223-311.
    .. [2] B. O'Donoghue, E. Candes, "Adaptive Restart for Accelerated Gradient Schemes",
       Foundations of Computational Mathematics 15, 2015, pp. 715-732.
    .. [3] J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
       Stochastic Optimization", Journal of Machine Learning Research 12, 2011, pp. 2121-2159.
    .. [4] T. Tieleman, G. Hinton, "Lecture 6.5: RMSProp", COURSERA: Neural Networks for Machine
       Learning, 2012.
    .. [5] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR, 2015.
    .. [6] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR, 2019.
    .. [7] R. Johnson, T. Zhang, "Accelerating Stochastic Gradient Descent using Predictive
       Variance Reduction", NIPS, 2013.
    .. [8] J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear
       Models via Coordinate Descent", Journal of Statistical Software 33(1), 2010.
    .. [9] K. Crammer, O. Dekel, J. Keshet, S. Shalev-Shwartz, Y. Singer, "Online Passive-Aggressive
       Algorithms", Journal of Machine Learning Research 7, 2006, pp. 551-585.
    .. [10] G. Kimeldorf, G. Wahba, "Some Results on Tchebycheffian Spline Functions", Journal of
       Mathematical Analysis and Applications 33, 1971, pp. 82-95.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6], [4.0, 4e6]])
    >>> result = fastgd.fit(X, X @ [2.0, -1e-6] + 3.0)
    >>> np.round(result.coef * [1.0, 1e6], 3)
    array([ 2., -1.])
    """
    matrix = check_matrix(X)
    resolved = losses.resolve(loss)
    targets = check_targets(y, len(matrix), resolved, need_both_classes=True)
    weights = check_sample_weight(sample_weight, len(matrix))
    offsets = check_offset(offset, len(matrix), targets.values.shape[1])
    # checked below, like all options
    own_steps = isinstance(learning_rate, str) and learning_rate == "auto"
    resolved = rounded_off(resolved, targets.values, weights, automatic=own_steps)
    rows = Rows(matrix, targets, weights, offsets, compute_dtype(matrix, dtype))
    problem = pose(
        rows,
        resolved,
        coef_init=coef_init,
        intercept_init=intercept_init,
        solver=solver,
        batch_size=batch_size,
        alpha=alpha,
        l1_ratio=l1_ratio,
        penalty_scale=penalty_scale,
        penalty_factor=penalty_factor,
        bounds=bounds,
        fit_intercept=fit_intercept,
        learning_rate=learning_rate,
        eta0=eta0,
        power_t=power_t,
        precondition=precondition,
        update=update,
        momentum=momentum,
        beta2=beta2,
        variance_reduction=variance_reduction,
        max_iter=max_iter,
        max_time=max_time,
        tol=tol,
        shuffle=shuffle,
        average=average,
        random_state=random_state,
        epochs_before=epochs_before,
        n_threads=n_threads,
        dtype=dtype,
        callback=callback,
    )
    options = problem.options
    heldout, weights = hold_out(
        rows,
        resolved,
        options,
        validation_fraction=validation_fraction,
        validation_set=validation_set,
        n_iter_no_change=n_iter_no_change,
    )
    bar = None
    if check_flag("progress", progress):
        bar = ProgressBar(options.max_iter, options.solver.name)
    try:
        fitted = _core.fit(
            X=matrix,
            y=targets.values,
            sample_weight=weights,
            offset=offsets,
            positive_label=targets.positive,
            loss=resolved.name,
            parameters=resolved.core_parameters,
            options=options,
            coef=problem.coef,
            intercept=problem.intercept,
            single_precision=problem.single_precision,
            on_epoch=problem.on_epoch(heldout, bar),
            on_rate=rate_hook(problem.rate),
        )
    finally:
        if bar is not None:
            bar.close()
    raise_if_non_finite("X", matrix, fitted["non_finite"])
    result = problem.result_of(fitted, heldout)
    warn_if_cut_short(result, options.tol, stacklevel=2)
    return result
