"""Options of a fit: each checked, then together what the core takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import _core, objective
from ._bounds import check_bounds
from ._penalty import check_penalty
from ._sparse import SparseRows
from ._validation import (
    check_choice,
    check_flag,
    check_integer,
    check_n_threads,
    check_real,
    compute_dtype,
    describe,
    message,
)
from .plan import WHITENED_COLUMNS, Plan, Work, choose_solver, describe_reading
from .schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._matrix import Matrix
    from ._penalty import Penalty
    from .losses import Loss

DEFAULT_BATCH_SIZE = 256

# Those with a rate per coefficient, for the stochastic solvers.
ADAPTIVE_UPDATES = ("adagrad", "rmsprop", "adam", "adamw")
# Those whose steps are as long as each row's loss and norm ask for.
_PASSIVE_AGGRESSIVE = ("pa1", "pa2")
# Of fits that may take twice as many or more, so many are left to the Hessian.
_HESSIAN_EPOCHS = 100
_UPDATES = ("auto", "plain", "momentum", "nesterov", "lbfgs", *ADAPTIVE_UPDATES)


def build_options(
    X: Matrix,
    n_outputs: int,
    loss: Loss,
    *,
    solver: object,
    batch_size: object,
    alpha: object,
    l1_ratio: object,
    penalty_scale: object,
    penalty_factor: object,
    bounds: object,
    fit_intercept: object,
    learning_rate: object,
    eta0: object,
    power_t: object,
    precondition: object,
    update: object,
    momentum: object,
    beta2: object,
    variance_reduction: object,
    max_iter: object,
    max_time: object,
    tol: object,
    shuffle: object,
    average: object,
    random_state: object,
    epochs_before: object,
    n_threads: object,
    dtype: object,
) -> tuple[_core.FitOptions, str | Callable[[Any], object], Plan]:
    """Return the core's options, the learning rate and the plan from the arguments of `fit`."""
    n_rows, n_columns = X.shape
    sparse = isinstance(X, SparseRows)
    fitted_columns = X.columns_of_fits() if isinstance(X, SparseRows) else n_columns
    computed = compute_dtype(X, dtype)
    penalty = check_penalty(n_columns, alpha, l1_ratio, penalty_scale, penalty_factor)
    box = check_bounds(bounds, n_outputs, n_columns)
    proximal = penalty.l1 > 0.0 or box is not None
    rate = check_learning_rate(learning_rate, penalty.alpha)
    averaged_from = check_average(average)
    threads = check_n_threads(n_threads) or 0
    work = Work(
        *(n_rows, fitted_columns, n_outputs),
        itemsize=(computed if sparse else X.dtype).itemsize,
        quadratic=loss.name == "squared_error",
        proximal=proximal,
        n_threads=threads or _core.available_threads(),
        for_batch=_why_batch(loss, fitted_columns) or ("X is sparse" if sparse else ""),
        reading_width=X.reading_width() if isinstance(X, SparseRows) else 0,
        kinked=loss.smoothing != 0.0,
        joint=loss.targets == "classes",
    )
    solver_name, reason = choose_solver(
        check_choice("solver", solver, ("auto", "batch", "minibatch", "sgd")),
        work,
        rate=rate,
        update=update,
        variance_reduction=variance_reduction,
        averaged=averaged_from > 0,
    )

    options = _core.FitOptions()
    options.solver = _core.Solver[solver_name]
    options.batch_size = check_batch_size(batch_size, n_rows, default=DEFAULT_BATCH_SIZE)
    options.set_penalty(**penalty.arguments())
    if box is not None:
        options.set_bounds(*box)
    options.fit_intercept = check_flag("fit_intercept", fit_intercept)
    options.rate = _rate_kind(rate)
    options.eta0 = check_real("eta0", eta0, low=0.0, low_open=True)
    options.power_t = check_real("power_t", power_t, low=0.0)
    options.t0 = _optimal_start(penalty.alpha, loss) if rate == "optimal" else 0.0
    options.update = _update_kind(update, solver_name, rate, penalty, proximal=proximal)
    averaged = averaged_from > 0
    options.variance_reduction = _variance_kind(
        variance_reduction, solver_name, update, averaged=averaged
    )
    options.precondition = _precondition_kind(
        *(precondition, solver_name, rate, update, variance_reduction),
        averaged=averaged,
        joint_and_kinked=loss.targets == "classes" and proximal,
    )
    options.momentum = check_real("momentum", momentum, low=0.0, high=1.0, high_open=True)
    options.beta2 = check_real("beta2", beta2, low=0.0, high=1.0, high_open=True)
    options.max_iter = check_integer("max_iter", max_iter, 1)
    options.max_time = check_max_time(max_time)
    options.tol = check_tol(tol)
    options.shuffle = _core.Shuffle[check_shuffle(shuffle) or "none"]
    options.average = averaged
    options.average_after = max(averaged_from - 1, 0)
    options.seed = check_seed(random_state)
    options.epochs_before = check_integer("epochs_before", epochs_before, 0)
    if rate != "auto":
        rows_a_step = {"batch": n_rows, "sgd": 1}.get(solver_name, options.batch_size)
        options.steps_before = options.epochs_before * -(-n_rows // rows_a_step)
    options.n_threads = threads
    if rate in _PASSIVE_AGGRESSIVE:
        _check_passive_aggressive(rate, loss, options)
    first = 0
    if (solver_name, options.precondition.name) == ("batch", "automatic") and tol is not None:
        first = work.quasi_newton_first()
        # what is left of kinks may take the Hessian hundreds
        hessian_epochs = options.max_iter // 2 if work.kinked else _HESSIAN_EPOCHS
        if options.max_iter >= 2 * _HESSIAN_EPOCHS:
            first = min(first, options.max_iter - hessian_epochs)
    options.quasi_newton_first = first
    joint = solver_name == "batch" and loss.targets == "classes"
    metric = options.precondition.name
    if metric == "automatic":
        # of outputs together the Hessian is a metric of quasi-Newton steps alone
        whitens = work.whitens() and not first and not (joint and work.proximal)
        metric = "whiten" if whitens else "scale"
    plan = Plan(
        solver=solver_name,
        precondition=metric,
        # the Hessian's metric leaves a batch of single losses nothing but the step
        update=(
            "plain"
            if (solver_name, metric) == ("batch", "whiten") and not joint
            else options.update.name
        ),
        batch_size={"batch": n_rows, "sgd": 1}.get(solver_name, options.batch_size),
        reason=reason
        + (f"; a Hessian if {first:,} epochs without one do not end it" if first else ""),
        seconds=work.seconds(),
        reading=describe_reading(
            _core.epochs_before_second_moments(
                options,
                *(n_rows, fitted_columns, n_outputs),
                quadratic=work.quadratic,
                single_precision=computed == np.float32,
                reading_width=work.reading_width,
            ),
            options.max_iter,
        ),
        storage=X.describe() if isinstance(X, SparseRows) else "",
    )
    return options, rate, plan


def check_batch_size(batch_size: object, n_rows: int, *, default: int) -> int:
    """Return the rows of one step; a default larger than X is cut to it, not an error."""
    size = check_integer("batch_size", batch_size, 1)
    if size > n_rows and size != default:
        expected = f"an integer in [1, {n_rows}], the rows of X"
        cure = "solver='batch' takes all rows in one step"
        raise ValueError(message("batch_size", expected, str(size), cure))
    return min(size, n_rows)


def check_learning_rate(learning_rate: object, alpha: float) -> str | Callable[[Any], object]:
    """Return the name of a schedule or the callable; "optimal" needs alpha > 0."""
    if callable(learning_rate):
        return learning_rate
    choices = ("auto", "constant", "invscaling", "optimal", "adaptive", *_PASSIVE_AGGRESSIVE)
    name = check_choice("learning_rate", learning_rate, choices, alternative="a callable")
    if name == "optimal" and alpha == 0.0:
        expected = "a schedule that needs no penalty when alpha is 0"
        cure = "its steps are 1 / (alpha (t0 + t - 1)): set alpha > 0, or use 'auto'"
        raise ValueError(message("learning_rate", expected, "'optimal'", cure))
    return name


def check_step_size(step_size: object, epoch: float) -> float:
    """Return the step size that a callable learning rate gave for `epoch`."""
    return check_real(f"learning_rate({epoch:g})", step_size, low=0)


def check_callback(callback: object) -> Callable[[Any], object] | None:
    """Return `callback`, a callable or None."""
    if callback is None or callable(callback):
        return callback
    raise TypeError(message("callback", "a callable or None", describe(callback)))


def check_callback_answer(answer: object) -> bool:
    """Return whether the callback asked to stop."""
    if answer is None or isinstance(answer, (bool, np.bool_)):
        return bool(answer)
    expected = "a callable that returns True to stop, else False or None"
    raise TypeError(message("callback", expected, f"{describe(answer)} from it"))


def check_shuffle(shuffle: object) -> str | Literal[False]:
    """Return "block", "full" or False."""
    if isinstance(shuffle, (bool, np.bool_)) and not shuffle:
        return False
    return check_choice("shuffle", shuffle, ("block", "full"), alternative="False")


def check_average(average: object) -> int:
    """Return the row from which iterates are averaged, counted from 1; 0 never to average."""
    if isinstance(average, (bool, np.bool_)):
        return int(average)
    return check_integer("average", average, 1, alternative="one of True, False")


def check_tol(tol: object) -> float | None:
    """Return the tolerance, or None never to stop early."""
    words = "None (never stop early)"
    return None if tol is None else check_real("tol", tol, low=0, alternative=words)


def check_seed(random_state: object) -> int:
    """Return a seed in [0, 2**64): the integer itself, or one drawn from a generator."""
    if random_state is None:
        random_state = np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**64, dtype=np.uint64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**64, dtype=np.uint64))
    alternative = "None or a numpy Generator or RandomState"
    return check_integer("random_state", random_state, 0, 2**64 - 1, alternative=alternative)


def check_max_time(max_time: object) -> float | None:
    """Return the seconds a fit may take, or None for any number."""
    if max_time is None:
        return None
    return check_real("max_time", max_time, low=0, low_open=True, alternative="None (no limit)")


def _rate_kind(rate: str | Callable[[Any], object]) -> _core.Rate:
    if isinstance(rate, Schedule):
        return _core.Rate.schedule
    if not isinstance(rate, str):
        return _core.Rate.callable
    return _core.Rate.automatic if rate == "auto" else _core.Rate[rate]


def _update_kind(
    update: object,
    solver: str,
    rate: str | Callable[[Any], object],
    penalty: Penalty,
    *,
    proximal: bool,
) -> _core.Update:
    name = check_choice("update", update, _UPDATES)
    own_steps = solver == "batch" and rate == "auto"
    if name == "lbfgs" and (proximal or not own_steps):
        expected = "with 'lbfgs' solver='batch', learning_rate='auto', no l1 penalty and no bounds"
        raise ValueError(message("update", expected, "another"))
    if name in ADAPTIVE_UPDATES and solver == "batch":
        expected = "with solver='batch' one of 'auto', 'plain', 'momentum', 'nesterov', 'lbfgs'"
        cure = "solver='minibatch' with batch_size=n takes all n rows in one step"
        raise ValueError(message("update", expected, repr(name), cure))
    if name == "adamw" and penalty.l2 > 0.0 and rate == "auto":
        expected = "with 'adamw' and an l2 penalty a learning_rate other than 'auto'"
        cure = "its ridge shrinks by learning_rate * l2; that of 'adam' knows no such unit"
        raise ValueError(message("update", expected, "'auto'", cure))
    if name == "adamw" and penalty.l2 > 0.0 and penalty.scale != "raw":
        expected = "with 'adamw' and an l2 penalty penalty_scale='raw'"
        cure = "its ridge shrinks each coefficient by a share of itself, whatever its unit"
        raise ValueError(message("update", expected, "another", cure))
    if name != "auto":
        return _core.Update[name]
    if not own_steps:
        return _core.Update.plain
    return _core.Update.accelerated if proximal else _core.Update.lbfgs


def _check_passive_aggressive(rate: object, loss: Loss, options: _core.FitOptions) -> None:
    """Refuse all but plain steps of single rows, of a loss whose slope is 0, -1 or 1."""
    kinked = loss.name in ("hinge", "epsilon_insensitive") and not loss.smoothing
    for name, expected, got in (
        ("loss", "'hinge' or 'epsilon_insensitive', not smoothed", "" if kinked else loss.name),
        ("update", "'plain'", options.update.name),
        ("variance_reduction", "'none'", options.variance_reduction.name),
        ("precondition", "'none'", options.precondition.name),
        ("solver", "'sgd'", options.solver.name),
    ):
        if got not in ("", "automatic", expected.strip("'")):
            cure = "its steps end where the loss of one row does, on the columns as given"
            what = f"with learning_rate={rate!r} {expected}"
            raise ValueError(message(name, what, repr(got), cure))


def _variance_kind(
    variance_reduction: object, solver: str, update: object, *, averaged: bool
) -> _core.VarianceReduction:
    name = check_choice("variance_reduction", variance_reduction, ("auto", "none", "svrg"))
    obstacle = (
        "solver='minibatch' or 'sgd'"
        if solver == "batch"
        else "average=False"
        if averaged
        else "an update that is not adaptive"
        if update in ADAPTIVE_UPDATES
        else ""
    )
    if name == "svrg" and obstacle:
        raise ValueError(message("variance_reduction", f"with 'svrg' {obstacle}", "another"))
    return _core.VarianceReduction["automatic" if name == "auto" else name]


def _precondition_kind(
    precondition: object,
    solver: str,
    rate: str | Callable[[Any], object],
    update: object,
    variance_reduction: object,
    *,
    averaged: bool,
    joint_and_kinked: bool,
) -> _core.Precondition:
    name = check_choice("precondition", precondition, ("auto", "none", "scale", "whiten"))
    automatic = rate == "auto"
    obstacle = (
        "learning_rate='auto'"
        if not automatic
        else "update='auto' for solver 'batch'"
        if solver == "batch" and update != "auto"
        else "average=False"
        if averaged
        else "an update that is not adaptive"
        if update in ADAPTIVE_UPDATES
        else "variance_reduction other than 'none'"
        if solver != "batch" and variance_reduction == "none"
        else "neither l1 penalty nor bounds for loss 'softmax' and solver 'batch'"
        if solver == "batch" and joint_and_kinked
        else ""
    )
    if name == "whiten" and obstacle:
        raise ValueError(message("precondition", f"with 'whiten' {obstacle}", "another"))
    if name != "auto":
        return _core.Precondition[name]
    if not obstacle:
        return _core.Precondition.automatic
    return _core.Precondition.scale if automatic else _core.Precondition.none


def _why_batch(loss: Loss, n_columns: int) -> str:
    """Return why only steps of all rows lead to the optimum of this loss soon; "" if others do."""
    if loss.targets == "classes":
        return "classes that share one loss need quasi-Newton steps, which read all rows"
    if loss.functions is not None and loss.functions.called:
        return "a loss in Python is slow to call for few rows at a time"
    if loss.smoothing and n_columns > WHITENED_COLUMNS:
        return "steps of few rows are as short as the kinks of the loss are sharp"
    return ""


def _optimal_start(alpha: float, loss: Loss) -> float:
    """Return t0 of Bottou's schedule: the first step moves a typical weight by its own size."""
    typical = math.sqrt(1.0 / math.sqrt(alpha))
    if loss.targets == "classes":
        # slopes of classes are differences of probabilities
        return 1.0 / (typical * alpha)
    row = np.array([[1.0]])
    label = np.array([1.0])
    slope = float(objective.value_and_gradient(row, label, [-typical], loss=loss)[1][0])
    return 1.0 / (typical / max(1.0, slope) * alpha)
