"""`diagnose`: how well conditioned gradients are, before any fit."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import _core, losses
from ._matrix import check_matrix
from ._messages import describe_limit
from ._options import DEFAULT_BATCH_SIZE
from ._penalty import check_penalty
from ._spectrum import (
    Columns,
    correlations,
    lanczos,
    raw_spectrum,
    scaled_hessian,
    shares,
    variance_inflation,
)
from ._targets import check_targets
from ._validation import (
    check_flag,
    check_n_threads,
    check_sample_weight,
    compute_dtype,
    raise_if_non_finite,
)
from .diagnosis import Dependency, Diagnosis
from .losses._smoothing import rounded_off
from .result import ConvergenceWarning
from .solve import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from .losses import Loss

    Vector = NDArray[np.float64]

__all__ = ["diagnose"]

# That of `fit`.
_TOL = 1e-6

# An epoch with variance reduction shrinks the height by e to this, not more: measured.
_MOST_SHRINKAGE = 4.0

_NEAR_DUPLICATE = 0.999

_CONSTANT_STEPS: tuple[Literal["batch", "sgd"], ...] = ("batch", "sgd")

# Epochs in which whitened steps tell whether classes are separable.
_SEPARATION_EPOCHS = 50


def diagnose(
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Loss = "squared_error",
    alpha: float = 0.0,
    penalty_scale: Literal["raw", "std"] = "raw",
    penalty_factor: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    fit_intercept: bool = True,
    n_threads: int | None = None,
) -> Diagnosis:
    r"""Tell how well conditioned the gradients of a linear model are, and what to do about it.

    Gradient descent is as slow as the Hessian's eigenvalues :math:`\lambda` are far apart. At the
    bound :math:`c` of the loss's second derivative (1, for log loss 1/4) the Hessian is

    .. math::

       H = \frac{c}{\sum_i s_i} \sum_i s_i \tilde x_i \tilde x_i^T + \alpha D Q^2, \qquad
       \tilde x_i = (x_i, 1)

    with sample weights :math:`s` and, as in `fit`, D the `penalty_factor` and Q 1 or the standard
    deviation of each column, 0 for the intercept; its largest eigenvalue is the smoothness
    :math:`L`. The condition number is :math:`\kappa = L / \mu`, with :math:`\mu` the
    smallest eigenvalue over the directions that gradients point in: constant columns (beside an
    intercept) and columns made up of others add none.

    Expected epochs to tol = 1e-6 of the height at the start, in orders of magnitude, with
    :math:`h = \ln(1 / \mathrm{tol})`:

    - "plain", batch descent in steps of 1 / L, which shrink a quadratic's height by
      :math:`(1 - 1/\kappa)^2` or more [1]_: :math:`h / (-2 \ln(1 - 1/\kappa))`;
    - "batch", the quasi-Newton steps that `fit` takes by default, as conjugate gradients [2]_:
      :math:`(h + \ln 4) / (-2 \ln \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1})`; in the metric
      "whiten" whole steps: :math:`h / (-2 \ln \frac{\kappa - 1}{\kappa + 1})`;
    - "minibatch" and "sgd", with variance reduction [3]_ and steps of :math:`1 / L_B` on B of n
      rows, :math:`L_B = L (1 - 1/B) + 4 \operatorname{tr}(H) / B` [4]_:
      :math:`h \max(\frac{B L_B}{2 n \mu}, \frac{1}{4})`, the first from the mean of the steps,
      the second what their variance was measured to leave; that alone in the metric "whiten",
      where a whitened step follows each epoch.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, d)
        Features, as `fit` takes them.
    y : array_like of shape (n,) or (n, K)
        Targets. Curvature does not depend on them; separation does.
    loss : str or Loss, default="squared_error"
        Name of a loss or one made by `fastgd.losses`.
    alpha : float, default=0.0
        Strength of an l2 penalty, >= 0.
    penalty_scale : {"raw", "std"}, default="raw"
        What it measures coefficients in, as in `fit`.
    penalty_factor : array_like of shape (d,), optional
        Factors >= 0 of the penalty on each feature, by default 1, as in `fit`.
    sample_weight : array_like of shape (n,), optional
        Weights >= 0, not all zero; by default every row weighs 1.
    fit_intercept : bool, default=True
        Whether an intercept is to be fitted; columns are then centred by "scale" and "whiten".
    n_threads : int, optional
        Threads to use; by default as many as this process may use, fewer on little data. The
        result is the same for any number.

    Returns
    -------
    Diagnosis
        Figures, and in words what to do about them.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If an argument has the wrong shape or range, or holds NaN or infinity.

    Notes
    -----
    Up to 2,047 columns the spectrum is that of second moments: of all rows, or as many as
    whitening takes for a squared error (160 n / d, 100 d at least), rows with rare entries
    included. Wider tables take Lanczos' method on Hessian-vector products, a pass over the rows
    each, whose ends lie within the spectrum: condition numbers are then lower bounds, and
    dependent columns are not looked for. Variance inflation is the diagonal of the inverse of the
    columns' correlation matrix [5]_. Whether classes are separable is found by a fit.

    References
    ----------
    .. [1] Y. Nesterov, "Introductory Lectures on Convex Optimization", Springer, 2004,
       section 2.1.5.
    .. [2] J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd ed., Springer, 2006,
       equation 5.36.
    .. [3] R. Johnson, T. Zhang, "Accelerating Stochastic Gradient Descent using Predictive
       Variance Reduction", NIPS 26, 2013.
    .. [4] R. M. Gower et al., "SGD: General Analysis and Improved Rates", ICML 2019.
    .. [5] D. A. Belsley, E. Kuh, R. E. Welsch, "Regression Diagnostics", Wiley, 1980, chapter 3.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> X = np.array([[1.0, 1e6], [2.0, 3e6], [3.0, 2e6], [4.0, 4e6]])
    >>> found = fastgd.diagnose(X, [1.0, 2.0, 3.0, 4.0])
    >>> {metric: f"{number:.2g}" for metric, number in found.condition.items()}
    {'none': '5.1e+13', 'scale': '9', 'whiten': '1'}
    """
    matrix = check_matrix(X)
    n_rows = len(matrix)
    resolved = losses.resolve(loss)
    targets = check_targets(y, n_rows, resolved, need_both_classes=True)
    weights = check_sample_weight(sample_weight, n_rows)
    resolved = rounded_off(resolved, targets.values, weights, automatic=True)
    penalty = check_penalty(matrix.shape[1], alpha, 0.0, penalty_scale, penalty_factor)
    with_intercept = check_flag("fit_intercept", fit_intercept)
    rows: dict[str, Any] = {
        "X": matrix,
        "sample_weight": weights,
        "single_precision": compute_dtype(matrix) == np.float32,
        "n_threads": check_n_threads(n_threads) or 0,
    }
    found = _core.conditioning(
        **rows,
        y=targets.values,
        loss=resolved.name,
        parameters=resolved.core_parameters,
        l2=penalty.l2,
        penalty_scale=_core.PenaltyScale[penalty.scale],
        penalty_factor=penalty.factor,
        fit_intercept=with_intercept,
    )
    raise_if_non_finite("X", matrix, found["non_finite"])

    columns = _columns(found, with_intercept)
    moments = _moments(found, columns)
    kept = np.setdiff1d(np.flatnonzero(columns.seen), found["dependent"])
    spectrum, exact = _spectra(rows, found, columns, moments, kept)
    inflation = np.full(matrix.shape[1], np.nan)
    if moments is not None:
        inflation[found["dependent"]] = np.inf
        of_columns = kept[kept < len(inflation)]
        inflation[of_columns] = variance_inflation(moments, kept)[: len(of_columns)]
    return Diagnosis(
        n_rows=n_rows,
        n_features=matrix.shape[1],
        rows_examined=found["rows"] or n_rows,
        loss=resolved.name,
        alpha=penalty.alpha,
        penalty_scale=penalty.scale,
        penalty_factor=penalty.factor,
        fit_intercept=with_intercept,
        mean=found["mean"],
        scale=np.sqrt(found["variance"]),
        constant=tuple(np.flatnonzero(found["smallest"] == found["largest"]).tolist()),
        dependent=_dependencies(found, columns, moments, kept),
        near_duplicates=_near_duplicates(moments, kept, matrix.shape[1]),
        variance_inflation=inflation,
        spectrum=spectrum,
        exact=exact,
        expected_epochs=_expected_epochs(n_rows, columns, spectrum),
        safe_rate={solver: found[solver]["rate"] for solver in _CONSTANT_STEPS},
        limited_by={solver: describe_limit(found[solver]) for solver in _CONSTANT_STEPS},
        separable=_separable(matrix, y, resolved, sample_weight, fit_intercept, n_threads),
    )


@np.errstate(over="ignore")
def _columns(found: _core._Conditioned, fit_intercept: bool) -> Columns:
    spread = np.sqrt(found["variance"] + (found["mean"] - found["shift"]) ** 2)
    centred_away = (found["smallest"] == found["largest"]) & fit_intercept
    told = ~centred_away & (spread > 0.0) & np.isfinite(spread)
    return Columns(
        found["shift"], np.where(told, spread, 0.0), found["curvature"], found["l2"], fit_intercept
    )


def _moments(found: _core._Conditioned, columns: Columns) -> NDArray[np.float64] | None:
    """Return second moments of the unknowns, both triangles; None where there are none."""
    upper = found["second_moments"]
    if upper is None:
        return None
    upper = np.triu(upper[: columns.size, : columns.size])
    return upper + np.triu(upper, 1).T


def _spectra(
    rows: dict[str, Any],
    found: _core._Conditioned,
    columns: Columns,
    moments: NDArray[np.float64] | None,
    kept: NDArray[np.intp],
) -> tuple[dict[str, Vector], bool]:
    """Return eigenvalues in each metric, descending, and whether they are those of the Hessian."""
    raw = replace(columns, shift=np.zeros_like(columns.shift), spread=np.ones_like(columns.spread))
    if moments is None:
        none, settled = _ritz_values(rows, raw, np.ones(columns.size))
        scale, also = _ritz_values(rows, columns, columns.scale)
        return {"none": none, "scale": scale}, settled and also

    hessian = scaled_hessian(moments, columns)
    values, vectors = np.linalg.eigh(hessian)
    values, vectors = values[::-1][: len(kept)], vectors[:, ::-1][:, : len(kept)]
    values = np.maximum(values, np.finfo(np.float64).eps * values.max(initial=0.0))
    root = 1.0 / np.sqrt(values + found["ridge"])
    whiten, settled = np.sort(values * root**2)[::-1], True
    if found["rows"] < len(rows["X"]):
        product = _product(rows, columns, columns.scale)
        whiten, settled = lanczos(
            lambda v: root * (vectors.T @ product(vectors @ (root * v))), _random(len(kept))
        )
    return {
        "none": raw_spectrum(moments, columns, kept),
        "scale": values,
        "whiten": whiten,
    }, settled


def _ritz_values(rows: dict[str, Any], columns: Columns, scale: Vector) -> tuple[Vector, bool]:
    # a start that the rows alone span: elsewhere no gradient points
    of_rows = _product(rows, replace(columns, l2=np.zeros_like(columns.l2)), scale)
    return lanczos(_product(rows, columns, scale), of_rows(_random(columns.size)))


def _random(size: int) -> Vector:
    return np.random.default_rng(0).standard_normal(size)


def _product(rows: dict[str, Any], columns: Columns, scale: Vector) -> Callable[[Vector], Vector]:
    """Return v -> scale H scale v on all rows, H that of columns in units of their spread."""
    d = len(columns.spread)
    metric = (scale[:d] * columns.unit) ** 2
    intercept_metric = float(scale[d] ** 2) if columns.fit_intercept else 0.0

    def product(v: Vector) -> Vector:
        image = _core.curvature_product(
            **rows,
            shift=columns.shift,
            metric=metric,
            intercept_metric=intercept_metric,
            curvature=columns.curvature,
            l2=columns.l2,
            direction=np.append(v, np.zeros(d + 1 - len(v))),
        )
        return image[: columns.size]

    return product


def _dependencies(
    found: _core._Conditioned,
    columns: Columns,
    moments: NDArray[np.float64] | None,
    kept: NDArray[np.intp],
) -> tuple[Dependency, ...]:
    if moments is None or not found["dependent"]:
        return ()
    dependencies = []
    dependent = np.array(found["dependent"], np.intp)
    made_of = shares(moments, columns, kept, dependent)
    for column, factors in zip(found["dependent"], made_of, strict=True):
        of_columns = factors[: len(columns.spread)]
        parts = {int(j): float(of_columns[j]) for j in np.flatnonzero(of_columns)}
        constant = float(factors[-1]) if columns.fit_intercept else 0.0
        exact = column not in found["told_apart"]
        dependencies.append(Dependency(column, parts, constant, exact))
    return tuple(dependencies)


def _near_duplicates(
    moments: NDArray[np.float64] | None, kept: NDArray[np.intp], n_features: int
) -> tuple[tuple[int, int, float], ...]:
    """Return pairs of columns and their correlation, the strongest first."""
    if moments is None:
        return ()
    of_columns = kept[kept < n_features]
    correlation = np.triu(correlations(moments)[np.ix_(of_columns, of_columns)], 1)
    first, second = np.nonzero(np.abs(correlation) >= _NEAR_DUPLICATE)
    pairs = zip(
        of_columns[first].tolist(),
        of_columns[second].tolist(),
        correlation[first, second].tolist(),
        strict=True,
    )
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair[2]), pair)))


@np.errstate(divide="ignore", over="ignore")
def _expected_epochs(
    n_rows: int, columns: Columns, spectrum: dict[str, Vector]
) -> dict[str, dict[str, float]]:
    height = math.log(1.0 / _TOL)
    expected = {}
    for metric, values in spectrum.items():
        smallest, largest = (values[-1], values[0]) if len(values) else (1.0, 1.0)
        ratio = smallest / largest
        if metric == "whiten":
            batch = height / (-2.0 * np.log((1.0 - ratio) / (1.0 + ratio)))
        else:
            root = np.sqrt(ratio)
            batch = (height + math.log(4.0)) / (-2.0 * np.log((1.0 - root) / (1.0 + root)))
        epochs = {"batch": batch}
        for solver, size in (("minibatch", min(DEFAULT_BATCH_SIZE, n_rows)), ("sgd", 1)):
            of_all = (size - 1) * largest if size > 1 else 0.0
            bend = of_all + 4.0 * columns.trace(metric)
            in_mean = 0.0 if metric == "whiten" else bend / (2.0 * n_rows * smallest)
            epochs[solver] = height * max(in_mean, 1.0 / _MOST_SHRINKAGE)
        epochs["plain"] = height / (-2.0 * np.log1p(-ratio))
        expected[metric] = {
            solver: float(np.ceil(max(number, 1.0))) for solver, number in epochs.items()
        }
    return expected


def _separable(
    X: Any,
    y: ArrayLike,
    loss: Loss,
    sample_weight: ArrayLike | None,
    fit_intercept: bool,
    n_threads: int | None,
) -> bool | None:
    """Return whether a plane divides the classes; None for real targets or where none is sure."""
    if loss.targets not in ("binary", "classes"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = fit(
            X,
            y,
            # whether there is such a plane is for no loss to say
            loss=loss if loss.functions is None else losses.log_loss(),
            sample_weight=sample_weight,
            fit_intercept=fit_intercept,
            n_threads=n_threads,
            max_iter=_SEPARATION_EPOCHS,
        )
    if result.separable:
        return True
    return False if result.status == "converged" else None
