"""A loss of the caller's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from .. import _core
from .._validation import check_choice, check_real, describe, message
from ._functions import CustomFunctions, check_function
from ._loss import Loss

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["custom"]


def custom(
    value: Callable[[Any, Any], Any],
    derivative: Callable[[Any, Any], Any],
    *,
    second_derivative: Callable[[Any, Any], Any] | None = None,
    curvature: float | None = None,
    targets: Literal["real", "binary", "non-negative", "positive"] = "real",
    link: Literal["identity", "log"] = "identity",
    name: str = "custom",
) -> Loss:
    r"""Loss of your own: any smooth convex function of target and linear predictor.

    .. math::

       \ell(y, z), \qquad \ell'(y, z) = \frac{\partial \ell}{\partial z}(y, z), \qquad
       \ell''(y, z) = \frac{\partial^2 \ell}{\partial z^2}(y, z)

    with the target :math:`y` first and the linear predictor :math:`z` second.

    Parameters
    ----------
    value : callable or compiled function
        The loss :math:`\ell(y, z) \ge 0`, in the unit of the objective; see Notes for what it may
        be. It must be convex in z, which is not checked.
    derivative : callable or compiled function
        Its derivative :math:`\ell'(y, z)`, per unit of z.
    second_derivative : callable or compiled function, optional
        Its second derivative :math:`\ell''(y, z)`, by default differences of `derivative` over
        :math:`\pm 6 \cdot 10^{-6} \max(1, |z|)`. Steps in the metric of the Hessian read it.
    curvature : float, optional
        Bound of the second derivative, > 0. By default steps are for a typical one, measured on
        the targets of the fit, and cut where that proves too small.
    targets : {"real", "binary", "non-negative", "positive"}, default="real"
        What y holds; as "binary" it comes as -1 and +1, the larger of the two labels as +1.
    link : {"identity", "log"}, default="identity"
        "log": the mean of y is :math:`e^z`. Regressors then predict that, and fits start at the
        mean. For targets that are "non-negative" or "positive".
    name : str, default="custom"
        What messages and results call it; none of the names in this module.

    Returns
    -------
    Loss
        The loss, for every function and estimator that takes one. It compares and hashes by its
        functions, and is pickled where they are.

    Raises
    ------
    TypeError
        If a function is neither callable nor compiled with the signature below, or an argument has
        the wrong type.
    ValueError
        If `curvature` is not finite and positive, or `targets`, `link` or `name` not one allowed.

    Notes
    -----
    Each function is either

    - compiled, ``double f(double y, double z)``: a numba ``cfunc`` of the signature
      ``float64(float64, float64)``, a ``scipy.LowLevelCallable`` or a ctypes function pointer. All
      threads call it, without the GIL. It must depend on its arguments alone;
    - or a callable of two float64 arrays y and z of one shape (n,), both its own, that returns an
      array of n numbers. It is called with the GIL, in no order, for about two thousand rows at a
      time or as few as a step has. What it raises ends the fit at once and comes through.

    A fit first tries them on some of its targets. A ValueError tells where a number is not finite,
    a loss is below 0 or `derivative` differs from differences of `value` by more than 1e-4 of
    itself, as with exchanged arguments or a wrong sign. The loss is to be >= 0 as tolerances are
    shares of the objective: add what makes it so, a function of y alone.

    Where the loss is straight, a step in the metric of the Hessian still has to end: second
    derivatives count as at least :math:`0.05\, \ell'^2 / \ell`, a tenth of those of the parabola
    that has the same loss and slope and touches 0. There is no `duality_gap`: the conjugate is not
    known.

    A gradient of 1,000,000 x 20 numbers took 1.7 times as long as that of `huber` with numba on any
    threads, 2.3 times with numpy callables on one; more threads wait for each other there and gain
    nothing (2026-11-26, EPYC). The stochastic solvers call callables for few rows at a time, "sgd"
    for one, at 3 to 7 microseconds a row; solver="auto" is "batch" with them.

    References
    ----------
    .. [1] S. Boyd, L. Vandenberghe, "Convex Optimization", Cambridge University Press, 2004,
       chapter 6.

    Examples
    --------
    The logarithm of the hyperbolic cosine of the residual, which an outlier hardly moves:

    >>> import numpy as np, fastgd
    >>> log_cosh = fastgd.losses.custom(
    ...     lambda y, z: np.logaddexp(z - y, y - z) - np.log(2.0),
    ...     lambda y, z: np.tanh(z - y),
    ...     curvature=1.0,
    ...     name="log_cosh",
    ... )
    >>> X = np.arange(6.0).reshape(-1, 1)
    >>> y = np.array([1.0, 3.0, 50.0, 7.0, 9.0, 11.0])
    >>> np.round(fastgd.fit(X, y, loss=log_cosh).coef, 2)
    array([1.96])
    """
    if not isinstance(name, str):
        raise TypeError(message("name", "a str", describe(name)))
    taken = [known for known, _ in _core.losses()]
    if not name or name in taken:
        expected = "a name that no loss of fastgd.losses has"
        raise ValueError(message("name", expected, repr(name)))
    check_choice("targets", targets, ("real", "binary", "non-negative", "positive"))
    check_choice("link", link, ("identity", "log"))
    if link == "log" and targets not in ("non-negative", "positive"):
        expected = "with 'log' targets that are 'non-negative' or 'positive'"
        raise ValueError(message("link", expected, repr(targets)))
    bound = math.inf
    if curvature is not None:
        alternative = "None (not known)"
        bound = check_real("curvature", curvature, low=0.0, low_open=True, alternative=alternative)
    functions = CustomFunctions(
        check_function("value", value),
        check_function("derivative", derivative),
        None
        if second_derivative is None
        else check_function("second_derivative", second_derivative),
        _core.Targets["mean" if link == "log" else "binary" if targets == "binary" else "real"],
    )
    return Loss(name, bound, targets, link, functions=functions)
