"""Second moments in the place of X: the iterates of passes over it, in a pass or two."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import Problem, make_problem

import fastgd
from fastgd.plan import WHITENED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The same numbers as squared error, but nobody knows that it bends alike everywhere.
READ_EACH_EPOCH = fastgd.losses.huber(1e6)

CONSTANT: dict[str, Any] = {"learning_rate": "constant", "eta0": 0.1}
RATES: dict[str, dict[str, Any]] = {
    "constant": CONSTANT,
    "invscaling": {"learning_rate": "invscaling", "eta0": 0.2},
    "optimal": {"learning_rate": "optimal", "alpha": 0.5},
    "adaptive": {"learning_rate": "adaptive", "eta0": 0.5, "tol": 1e-12},
    "callable": {"learning_rate": lambda epoch: 0.3 / (epoch + 2)},
    "schedule": {"learning_rate": fastgd.schedules.cosine(0.2, epochs=40)},
    "automatic": {"precondition": "scale"},
    "lasso": {"precondition": "scale", "update": "auto", "alpha": 0.05, "l1_ratio": 0.7},
}


def rich_problem(**options: Any) -> Problem:
    """Weights, offsets, three outputs, columns away from 0."""
    generator = np.random.default_rng(1)
    n = options.pop("n", 1500)
    weights = generator.uniform(0.1, 2.0, n)
    offset = generator.normal(size=(n, 3))
    return make_problem(
        n=n, d=7, outputs=3, mean=0.5, sample_weight=weights, offset=offset, **options
    )


def fit_both(problem: Problem, **options: Any) -> tuple[fastgd.FitResult, fastgd.FitResult]:
    """Return a fit by second moments and the same one by readings of X."""
    arguments = problem.arguments() | {"solver": "batch", "max_iter": 40, "tol": None} | options
    told = fastgd.fit(**arguments)
    read = fastgd.fit(**arguments | {"loss": READ_EACH_EPOCH})
    return told, read


def assert_same_course(told: fastgd.FitResult, read: fastgd.FitResult, rtol: float) -> None:
    scale = np.abs(read.coef).max()
    np.testing.assert_allclose(told.coef, read.coef, rtol=0, atol=rtol * scale)
    np.testing.assert_allclose(told.intercept, read.intercept, rtol=0, atol=rtol * scale)
    assert told.n_iter == read.n_iter
    assert told.status == read.status
    np.testing.assert_allclose(told.history.objective, read.history.objective, rtol=rtol)
    np.testing.assert_array_equal(told.history.learning_rate, read.history.learning_rate)
    assert told.objective == pytest.approx(read.objective, rel=rtol)
    norms = read.history.gradient_norm
    np.testing.assert_allclose(told.history.gradient_norm, norms, rtol=0, atol=rtol * norms.max())


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("update", ["plain", "momentum", "nesterov"])
def test_iterates_are_those_of_passes_over_X(update: str, rate: str) -> None:
    told, read = fit_both(rich_problem(), **{"update": update} | RATES[rate])
    assert_same_course(told, read, 1e-9)
    assert read.n_passes - told.n_passes >= 30


@pytest.mark.parametrize("epochs", [1, 2, 5, 12])
def test_quasi_newton_steps_are_those_of_passes_over_X(epochs: int) -> None:
    told, read = fit_both(
        rich_problem(), update="lbfgs", precondition="scale", max_iter=max(epochs, 4)
    )
    assert_same_course(told, read, 1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("precondition", ["none", "scale"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_metrics_and_precisions(dtype: type, precondition: str, fit_intercept: bool) -> None:
    problem = rich_problem(dtype=dtype, fit_intercept=fit_intercept)
    told, read = fit_both(problem, **CONSTANT, precondition=precondition)
    assert_same_course(told, read, 1e-9 if dtype == np.float64 else 3e-6)


def test_a_start_of_the_callers() -> None:
    start = {"coef_init": np.linspace(-1, 1, 21).reshape(3, 7), "intercept_init": np.ones(3)}
    told, read = fit_both(rich_problem(), **CONSTANT, **start)
    assert_same_course(told, read, 1e-9)


def test_a_thousand_epochs_are_a_few_passes() -> None:
    told = fastgd.fit(**make_problem(n=3000).arguments(), **CONSTANT, tol=None, max_iter=1000)
    assert told.n_iter == 1000
    gradient, moments = 1, 1
    again = 1  # where the loss has become a sixteenth of its start
    assert gradient + moments <= told.n_passes <= gradient + moments + again
    passes = told.history.n_passes
    assert passes[0] == gradient + moments
    assert np.all(np.diff(passes) >= 0)


def test_with_tol_readings_cost_as_much_before() -> None:
    """Moments are taken once the readings have cost as much: seven of a hundred columns."""
    problem = make_problem(n=4000, d=100)
    told, read = fit_both(problem, learning_rate="constant", eta0=0.2, tol=1e-9, max_iter=1000)
    assert_same_course(told, read, 1e-9)
    assert told.n_iter > 20
    spent = np.diff(told.history.n_passes)
    np.testing.assert_array_equal(spent[:6], 1)
    assert told.n_passes < 16
    assert np.count_nonzero(spent[10:]) <= 3


def test_few_epochs_never_take_them() -> None:
    told, read = fit_both(make_problem(n=4000, d=100), **CONSTANT, max_iter=5)
    assert told.n_passes == read.n_passes == 6
    np.testing.assert_array_equal(told.coef, read.coef)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_change_no_bit(dtype: type) -> None:
    problem = rich_problem(n=40_000, dtype=dtype)
    one, *others = (
        fastgd.fit(**problem.arguments(), **CONSTANT, tol=None, max_iter=30, n_threads=threads)
        for threads in (1, 2, 4)
    )
    assert one.n_passes < 5
    for other in others:
        np.testing.assert_array_equal(one.coef, other.coef)
        np.testing.assert_array_equal(one.intercept, other.intercept)
        np.testing.assert_array_equal(one.history.objective, other.history.objective)
        assert one.n_passes == other.n_passes


def test_what_a_row_without_weight_holds_changes_no_bit() -> None:
    problem = rich_problem()
    assert problem.sample_weight is not None
    problem.sample_weight[::3] = 0.0
    arguments = problem.arguments() | CONSTANT | {"tol": None, "max_iter": 30}
    expected = fastgd.fit(**arguments)
    problem.X[::3] = 1e200
    problem.y[::3] = -1e200
    found = fastgd.fit(**arguments)
    assert found.n_passes == expected.n_passes < 5
    np.testing.assert_array_equal(found.coef, expected.coef)
    np.testing.assert_array_equal(found.history.objective, expected.history.objective)


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-4])
def test_nearly_exact_fits_keep_their_accuracy(noise: float) -> None:
    """The loss falls by 20 to 30 digits: rows are read again on the way down."""
    problem = make_problem(n=2000, d=5, noise=noise)
    told, read = fit_both(problem, **CONSTANT, max_iter=2000)
    np.testing.assert_allclose(told.coef, read.coef, rtol=1e-13)
    objective, expected = told.history.objective, read.history.objective
    # residuals are differences of numbers of about 1
    allowed = 1e-9 * expected + 1e-15 * np.sqrt(expected) + 1e-30
    assert np.all(np.abs(objective - expected) <= allowed)
    np.testing.assert_allclose(
        told.objective, problem.value(told.coef, told.intercept), rtol=1e-6, atol=1e-31
    )
    assert np.all(objective >= 0.0)
    assert told.n_passes < 40 if noise else told.n_passes < 1000


def test_nearly_exact_fits_in_single_precision() -> None:
    problem = make_problem(n=2000, d=5, noise=0.0, dtype=np.float32)
    told, read = fit_both(problem, **CONSTANT, max_iter=500)
    np.testing.assert_allclose(told.coef, read.coef, rtol=1e-6)
    assert told.objective < 1e-12


def test_a_step_too_long_diverges_as_with_passes() -> None:
    options: dict[str, Any] = {"learning_rate": "constant", "eta0": 50.0, "tol": 1e-6}
    problem = make_problem(n=500)
    with pytest.warns(fastgd.ConvergenceWarning, match="diverged"):
        told, read = fit_both(problem, **options)
    assert told.status == read.status == "diverged"
    np.testing.assert_allclose(told.history.objective, read.history.objective, rtol=1e-9)
    np.testing.assert_allclose(told.coef, read.coef, rtol=1e-9)


def test_squares_that_overflow_leave_X_to_be_read() -> None:
    problem = make_problem(n=500, d=3, scale=[1.0, 1e160, 1.0])
    told, read = fit_both(problem, learning_rate="constant", eta0=1e-320, max_iter=10)
    assert told.n_passes == read.n_passes + 1
    np.testing.assert_array_equal(told.coef, read.coef)
    assert told.plan.reading.startswith("by every epoch, and once in vain: squares overflow")
    assert "second moments" not in told.message


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "minibatch", **CONSTANT},
        {"solver": "sgd", "learning_rate": "constant", "eta0": 1e-3},
        {"loss": "huber", **CONSTANT},
        {"max_iter": 1, **CONSTANT},
        {},
    ],
)
def test_other_fits_do_without(options: dict[str, Any]) -> None:
    arguments = make_problem(n=1000).arguments() | {"tol": None, "max_iter": 20} | options
    result = fastgd.fit(**arguments)
    assert "second moments" not in result.message
    assert "second moments" not in repr(result.plan)
    assert result.n_passes >= result.n_iter


def test_wide_tables_do_without() -> None:
    X = np.broadcast_to(0.0, (200_000, WHITENED_COLUMNS + 1))
    options = CONSTANT | {"tol": None}
    assert "second moments" not in repr(fastgd.explain_plan(X, X[:, 0], **options))
    assert "second moments" in repr(fastgd.explain_plan(X[:, 1:], X[:, 0], **options))


def test_each_epoch_calls_back() -> None:
    seen: list[fastgd.EpochInfo] = []

    def callback(info: fastgd.EpochInfo) -> bool:
        seen.append(info)
        return len(seen) == 25

    problem = make_problem(n=2000)
    result = fastgd.fit(**problem.arguments(), **CONSTANT, tol=None, callback=callback)
    assert result.status == "stopped"
    assert [info.epoch for info in seen] == list(range(25))
    for info in seen:
        assert info.objective == pytest.approx(problem.value(info.coef, info.intercept), rel=1e-12)
    assert result.n_passes < 4


def test_rows_held_out_judge_epochs() -> None:
    problem = make_problem(n=2000)
    options = CONSTANT | {"validation_fraction": 0.2, "max_iter": 50}
    told, read = fit_both(problem, **options)
    np.testing.assert_allclose(told.history.validation, read.history.validation, rtol=1e-9)
    np.testing.assert_allclose(told.coef, read.coef, rtol=1e-9)
    assert told.n_passes < 4


def test_max_time_ends_quick_epochs() -> None:
    problem = make_problem(n=2000)
    with pytest.warns(fastgd.ConvergenceWarning, match="max_time"):
        result = fastgd.fit(
            **problem.arguments(), **CONSTANT, tol=None, max_time=0.2, max_iter=10**9
        )
    assert result.status == "time_limit"
    assert result.history.seconds[-1] < 0.4
    assert result.n_passes < 8 < result.n_iter


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """Ctrl-C after so many seconds."""

    def press(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, press)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def test_interrupts_are_heard_between_quick_epochs(alarm: Callable[[float], None]) -> None:
    problem = make_problem(n=2000)
    alarm(0.3)
    with pytest.raises(KeyboardInterrupt):
        fastgd.fit(**problem.arguments(), **CONSTANT, tol=None, max_iter=10**9)


def test_plan_and_message_say_so() -> None:
    arguments = make_problem(n=3000).arguments() | CONSTANT | {"solver": "batch"}
    plan = fastgd.explain_plan(**arguments, tol=None)
    assert "second moments" in plan.reading
    result = fastgd.fit(**arguments, tol=None)
    assert result.plan == plan
    assert "X was read 2 times" in result.message
    waiting = fastgd.explain_plan(**arguments)
    assert "each of the first 2 epochs" in waiting.reading
