"""How a fit ends, what it says then, and what the callback sees on the way."""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import LOSSES, SOLVERS, Problem, make_problem

import fastgd

NOISY: dict[str, Any] = {"n": 500, "d": 4}


def fit_warned(problem: Problem, **options: Any) -> tuple[fastgd.FitResult, str]:
    """Fit; exactly one warning came, and its text is the message."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = fastgd.fit(**problem.arguments(), **options)
    assert [warning.category for warning in caught] == [fastgd.ConvergenceWarning]
    assert str(caught[0].message) == result.message
    assert caught[0].filename == __file__  # it points to the caller
    return result, result.message


def assert_consistent(problem: Problem, result: fastgd.FitResult, tolerance: float = 1e-9) -> None:
    """What the result tells about its coefficients is what they give."""
    left = np.linalg.norm(problem.least_subgradient(result.coef, result.intercept))
    expected = problem.value(result.coef, result.intercept)
    assert result.objective == pytest.approx(expected, rel=tolerance)
    assert result.gradient_norm == pytest.approx(left, rel=1e3 * tolerance, abs=tolerance)
    lengths = {len(getattr(result.history, name)) for name in vars(result.history)}
    assert lengths == {result.n_iter}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_converged(solver: str, loss: str) -> None:
    problem = make_problem(loss, **NOISY, mean=2.0, alpha=0.01, l1_ratio=0.5)
    result = fastgd.fit(**problem.arguments(), solver=solver, tol=1e-3)
    assert result.status == "converged"
    assert result.message.startswith(f"converged after {result.n_iter} epoch")
    assert result.message.endswith("; tol=0.001")
    assert_consistent(problem, result)
    seconds = result.history.seconds
    assert seconds[0] >= 0.0
    assert np.all(np.diff(seconds) >= 0.0)
    assert np.all(np.isfinite(result.history.objective))


@pytest.mark.parametrize("rate", ["auto", "constant"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_iteration_limit(solver: str, rate: str) -> None:
    problem = make_problem("log_loss", **NOISY)
    options = {"precondition": "scale"} if rate == "auto" else {"eta0": 1e-4}
    result, message = fit_warned(
        problem, solver=solver, learning_rate=rate, max_iter=2, tol=1e-12, **options
    )
    assert (result.status, result.n_iter) == ("iteration_limit", 2)
    assert message.startswith("stopped at max_iter=2 before convergence: objective ")
    assert "raise max_iter or tol" in message
    assert ("learning_rate='auto'" in message) == (rate != "auto")
    assert_consistent(problem, result)


@pytest.mark.parametrize("max_iter", [1, 7])
@pytest.mark.parametrize("solver", SOLVERS)
def test_without_tol_all_epochs_are_run_and_none_is_warned_of(solver: str, max_iter: int) -> None:
    problem = make_problem(**NOISY)
    result = fastgd.fit(**problem.arguments(), solver=solver, tol=None, max_iter=max_iter)
    assert (result.status, result.n_iter) == ("iteration_limit", max_iter)
    assert result.message.startswith(f"all {max_iter} epochs run (tol=None): objective ")
    assert_consistent(problem, result)
    evaluated = np.isfinite(result.history.objective)
    np.testing.assert_array_equal(evaluated, np.isfinite(result.history.gradient_norm))
    # the stochastic solvers look at the objective only in the end
    expected = [solver == "batch" or epoch == max_iter - 1 for epoch in range(max_iter)]
    np.testing.assert_array_equal(evaluated, expected)


@pytest.mark.parametrize("answer", [True, np.True_])
@pytest.mark.parametrize("solver", SOLVERS)
def test_stopped_by_the_callback(solver: str, answer: Any) -> None:
    problem = make_problem(**NOISY)
    seen: list[fastgd.EpochInfo] = []

    def callback(info: fastgd.EpochInfo) -> Any:
        seen.append(info)
        return answer if info.epoch == 2 else np.logical_not(answer)

    result = fastgd.fit(**problem.arguments(), solver=solver, callback=callback, tol=None)
    assert (result.status, result.n_iter) == ("stopped", 3)
    assert result.message.startswith("stopped by the callback after 3 epochs: objective ")
    assert [info.epoch for info in seen] == [0, 1, 2]
    assert_consistent(problem, result)


def test_stopped_after_one_epoch_is_told_in_the_singular() -> None:
    result = fastgd.fit(**make_problem(**NOISY).arguments(), callback=lambda info: True)
    assert "after 1 epoch:" in result.message


@pytest.mark.parametrize("outputs", [None, 2])
@pytest.mark.parametrize("solver", SOLVERS)
def test_callback_sees_what_the_history_keeps(solver: str, outputs: int | None) -> None:
    problem = make_problem(**NOISY, outputs=outputs, mean=3.0, alpha=0.01, l1_ratio=0.5)
    seen: list[fastgd.EpochInfo] = []
    result = fastgd.fit(**problem.arguments(), solver=solver, callback=seen.append)
    assert [info.epoch for info in seen] == list(range(result.n_iter))
    for name in ("objective", "gradient_norm", "learning_rate", "seconds", "n_passes"):
        of_callback = [getattr(info, name) for info in seen]
        np.testing.assert_array_equal(of_callback, getattr(result.history, name))
    for info in seen:
        value = fastgd.value(coef=info.coef, intercept=info.intercept, **problem.point_arguments())
        assert info.objective == pytest.approx(value, rel=1e-10)
        assert info.coef.shape == result.coef.shape
        assert np.shape(info.intercept) == np.shape(result.intercept)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_callback_cannot_steer_the_fit(solver: str, dtype: str) -> None:
    problem = make_problem(**NOISY, dtype=dtype)
    kept: list[Any] = []

    def meddle(info: fastgd.EpochInfo) -> None:
        with pytest.raises(ValueError, match="read-only"):
            info.coef[...] = 0.0
        kept.append((info.coef, info.coef.copy()))

    options: dict[str, Any] = {"solver": solver, "max_iter": 4, "tol": None}
    result = fastgd.fit(**problem.arguments(), callback=meddle, **options)
    alone = fastgd.fit(**problem.arguments(), **options)
    np.testing.assert_array_equal(result.coef, alone.coef)
    # what it kept stays as it was
    assert all(np.array_equal(coef, copy) for coef, copy in kept)
    assert {coef.dtype for coef, _ in kept} == {np.dtype(dtype)}


@pytest.mark.parametrize("error", [KeyError("mine"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("solver", SOLVERS)
def test_exception_of_the_callback_comes_through(solver: str, error: BaseException) -> None:
    calls = []

    def fail_in_callback(info: fastgd.EpochInfo) -> None:
        calls.append(info.epoch)
        if info.epoch == 1:
            raise error

    problem = make_problem(**NOISY)
    with pytest.raises(type(error)) as caught:
        fastgd.fit(**problem.arguments(), solver=solver, callback=fail_in_callback, tol=None)
    assert caught.value is error
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "fail_in_callback"
    assert calls == [0, 1]


@pytest.mark.parametrize("solver", SOLVERS)
def test_exception_of_the_learning_rate_comes_through(solver: str) -> None:
    def failing_rate(epoch: int) -> float:
        return [0.01, 0.01][epoch]

    problem = make_problem(**NOISY)
    with pytest.raises(IndexError, match="out of range") as caught:
        fastgd.fit(**problem.arguments(), solver=solver, learning_rate=failing_rate, tol=None)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "failing_rate"


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_diverged(solver: str, loss: str, average: bool) -> None:
    """The step is far too long; the one named instead converges."""
    problem = make_problem(loss, **NOISY, scale=[1.0, 5.0, 0.5, 2.0], alpha=1e-3, epsilon=100.0)
    options: dict[str, Any] = {"learning_rate": "constant", "solver": solver, "average": average}
    result, message = fit_warned(problem, eta0=10.0, **options)
    assert result.status == "diverged"
    assert message.startswith(f"diverged after {result.n_iter} epoch")
    assert "with a step of 10 on the columns as given" in message
    assert "learning_rate='auto' scales the columns and needs no step" in message
    assert np.all(np.isfinite(result.coef))
    assert np.isfinite(result.intercept)
    assert np.isfinite(result.objective)
    assert_consistent(problem, result)

    named = re.search(r"a step of (\S+) would have been safe", message)
    assert named is not None
    safe = fastgd.fit(
        **problem.arguments(), eta0=float(named[1]), max_iter=20_000, tol=1e-4, **options
    )
    assert safe.status == "converged"
    assert np.all(safe.history.objective < problem.value(np.zeros(4)))


DRIVEN = r"on the columns as given, driven by (.+?); a step of"


def driver_of(problem: Problem, solver: str, **options: Any) -> str:
    """Let a fit diverge under a fixed step; what its message blames."""
    options = {"learning_rate": "constant", "eta0": 100.0, "solver": solver} | options
    _, message = fit_warned(problem, **options)
    named = re.search(DRIVEN, message)
    assert named is not None
    return named[1]


@pytest.mark.parametrize("solver", SOLVERS)
def test_divergence_names_the_column_that_drove_it(solver: str) -> None:
    problem = make_problem(**NOISY, scale=[1.0, 5.0, 300.0, 2.0])
    assert driver_of(problem, solver) == "column 2 (100 % of the smoothness)"


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("solver", SOLVERS)
def test_divergence_names_the_row_that_drove_it(solver: str, weighted: bool) -> None:
    problem = make_problem(n=5000, d=4)
    if weighted:
        weights = np.ones(5000)
        weights[321] = 1e9
        problem = replace(problem, sample_weight=weights)
    else:
        problem.X[321] *= 1e4
    blamed = driver_of(problem, solver)
    found = re.fullmatch(
        r"row 321 \(its norm is (\S+) times the root mean square of all rows'\)", blamed
    )
    assert found is not None
    # all of the sum of squares lies in that row
    assert float(found[1]) == pytest.approx(np.sqrt(5000), rel=0.01)


@pytest.mark.parametrize("solver", SOLVERS)
def test_divergence_by_intercept_or_penalty(solver: str) -> None:
    small = make_problem(**NOISY, scale=1e-3)
    assert driver_of(small, solver).startswith("the intercept (100 % of")
    penalised = make_problem(**NOISY, alpha=1e6)
    assert driver_of(penalised, solver).startswith("the penalty (100 % of")


@pytest.mark.parametrize("solver", SOLVERS)
def test_safe_step_counts_weights(solver: str) -> None:
    """A heavy row steps as far as its weight says."""
    weights = np.ones(500)
    weights[7] = 400.0
    problem = make_problem(**NOISY, sample_weight=weights, scale=3.0)
    options: dict[str, Any] = {"learning_rate": "constant", "solver": solver}
    _, message = fit_warned(problem, eta0=10.0, **options)
    named = re.search(r"a step of (\S+) would have been safe", message)
    assert named is not None
    safe = fastgd.fit(
        **problem.arguments(), eta0=float(named[1]), max_iter=20_000, tol=1e-4, **options
    )
    assert safe.status == "converged"


@pytest.mark.parametrize("solver", SOLVERS)
def test_safe_batch_step_is_close_to_the_longest(solver: str) -> None:
    problem = make_problem(**NOISY, scale=[1.0, 30.0, 0.1, 5.0])
    _, message = fit_warned(problem, learning_rate="constant", eta0=10.0, solver=solver)
    named = re.search(r"a step of (\S+) would have been safe", message)
    assert named is not None
    A = np.column_stack([problem.X, np.ones(500)])
    if solver == "batch":
        bend = np.linalg.eigvalsh(A.T @ A / 500)[-1]
        assert 0.4 / bend < float(named[1]) < 1.02 / bend
    else:
        bends = np.einsum("ij,ij->i", A, A)
        assert 0.1 / bends.max() < float(named[1]) < 2.0 / bends.mean()


@pytest.mark.parametrize("update", ["plain", "momentum", "nesterov"])
@pytest.mark.parametrize("excess", [1.01, 1.1, 2.0])
@pytest.mark.parametrize("solver", ["batch"])
def test_a_step_just_too_long_never_passes_as_convergence(
    solver: str, excess: float, update: str
) -> None:
    """Starting at the optimum but for a touch along the steepest direction: it can only grow."""
    problem = make_problem(**NOISY, scale=[1.0, 30.0, 0.1, 5.0], fit_intercept=False)
    bends, directions = np.linalg.eigh(problem.X.T @ problem.X / 500)
    longest = {"plain": 2.0, "momentum": 2 * (1 + 0.9), "nesterov": 2 * (1 + 0.9) / (1 + 2 * 0.9)}
    exact = np.linalg.lstsq(problem.X, problem.y)[0]
    result, _ = fit_warned(
        problem,
        solver=solver,
        learning_rate="constant",
        eta0=excess * longest[update] / bends[-1],
        update=update,
        coef_init=exact + 1e-2 * directions[:, -1],
        max_iter=300,
    )
    assert result.status in {"diverged", "iteration_limit"}
    assert np.all(np.isfinite(result.coef))


@pytest.mark.parametrize("solver", SOLVERS)
def test_overflow_in_the_first_epoch_leaves_the_start(solver: str) -> None:
    problem = make_problem(**NOISY, dtype="f4")
    start = {"coef_init": [1.0, 2.0, 3.0, 4.0], "intercept_init": 5.0}
    result, _ = fit_warned(problem, solver=solver, learning_rate="constant", eta0=1e30, **start)
    assert result.status == "diverged"
    np.testing.assert_array_equal(result.coef, start["coef_init"])
    assert result.intercept == 5.0
    assert_consistent(problem, result, tolerance=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_automatic_steps_never_diverge_on_absurd_columns(solver: str) -> None:
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.standard_cauchy(2000) ** 3, generator.pareto(0.5, 2000) + 1e8])
    y = generator.normal(size=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        result = fastgd.fit(X, y, solver=solver, max_iter=50)
    assert result.status != "diverged"
    assert result.objective <= 0.5 * np.mean(y**2) * (1.0 + 1e-9)


def test_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    problem = make_problem(**NOISY)
    seen: list[int] = []
    result = fastgd.fit(
        **problem.arguments(), progress=True, callback=lambda info: seen.append(info.epoch)
    )
    shown = capsys.readouterr().err
    assert "fastgd batch" in shown
    assert "/1000" in shown
    assert len(seen) == result.n_iter
    alone = fastgd.fit(**problem.arguments())
    np.testing.assert_array_equal(result.coef, alone.coef)


def test_progress_bar_is_closed_when_the_callback_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = pytest.importorskip("tqdm.auto")
    bars = []

    class Recorded(auto.tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            bars.append(self)

    monkeypatch.setattr(auto, "tqdm", Recorded)
    problem = make_problem(**NOISY)
    with pytest.raises(ZeroDivisionError):
        fastgd.fit(**problem.arguments(), progress=True, callback=lambda info: 1 // 0)
    assert [bar.disable for bar in bars] == [True]  # as tqdm marks a closed bar


def test_progress_without_tqdm_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        fastgd.fit(**make_problem(**NOISY).arguments(), progress=True)
