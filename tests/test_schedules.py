"""Schedules have their formulas, chain, and are read by `fit` within epochs."""

from __future__ import annotations

import math
import pickle
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import make_problem

import fastgd
from fastgd import schedules

if TYPE_CHECKING:
    from collections.abc import Callable

COSINE = schedules.cosine(0.1, epochs=20)
EXAMPLES = {
    "constant": schedules.constant(0.3),
    "step": schedules.step(0.5, every=10, factor=0.2),
    "exponential": schedules.exponential(0.5, factor=0.9),
    "linear": schedules.linear(0.5, 0.1, epochs=8),
    "cosine": COSINE,
    "warm_up": schedules.warm_up(COSINE, epochs=2.5),
    "one_cycle": schedules.one_cycle(0.4, epochs=10),
    "then": schedules.constant(0.2).then(5, schedules.exponential(0.1, factor=0.5)),
}

VALUES = [
    ("constant", {0: 0.3, 1e6: 0.3}),
    ("step", {0: 0.5, 9.99: 0.5, 10: 0.1, 25: 0.02}),
    ("exponential", {0: 0.5, 1: 0.45, 0.5: 0.5 * math.sqrt(0.9)}),
    ("linear", {0: 0.5, 2: 0.4, 8: 0.1, 100: 0.1}),
    ("cosine", {0: 0.1, 10: 0.0505, 20: 0.001, 50: 0.001}),
    ("warm_up", {0: 0.001, 1.25: 0.0505, 2.5: 0.1, 12.5: 0.0505, 22.5: 0.001, 99: 0.001}),
    ("one_cycle", {0: 0.016, 1.5: 0.208, 3: 0.4, 6.5: 0.2000008, 10: 1.6e-6, 11: 1.6e-6}),
    ("then", {4.9: 0.2, 5: 0.1, 7: 0.025}),
]


@pytest.mark.parametrize(("name", "values"), VALUES)
def test_values_by_the_formula(name: str, values: dict[float, float]) -> None:
    for epoch, expected in values.items():
        assert EXAMPLES[name](epoch) == pytest.approx(expected, rel=1e-12), epoch


@pytest.mark.parametrize("name", EXAMPLES)
@given(epoch=st.floats(0.0, 1e6))
def test_every_rate_is_positive_and_finite(name: str, epoch: float) -> None:
    assert 0.0 < EXAMPLES[name](epoch) <= 0.5


@pytest.mark.parametrize("name", ["linear", "cosine", "warm_up", "one_cycle"])
@given(epoch=st.floats(0.0, 30.0))
def test_smooth_schedules_do_not_jump(name: str, epoch: float) -> None:
    assert EXAMPLES[name](epoch + 1e-9) == pytest.approx(EXAMPLES[name](epoch), abs=1e-8)


@given(
    rate=st.floats(1e-6, 1e3),
    after=st.floats(0.1, 100.0),
    epoch=st.floats(0.0, 200.0),
)
def test_a_chain_is_one_then_the_other(rate: float, after: float, epoch: float) -> None:
    first, second = schedules.exponential(rate, factor=0.9), schedules.cosine(rate, epochs=50)
    expected = first(epoch) if epoch < after else second(epoch - after)
    assert first.then(after, second)(epoch) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_schedules_are_values(name: str) -> None:
    """Their text makes them again; they compare, hash and travel."""
    schedule = EXAMPLES[name]
    again = eval(repr(schedule), vars(schedules).copy())
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert sum(schedule == other for other in EXAMPLES.values()) == 1


class _Halving(schedules.Schedule):
    def rate(self, epoch: float) -> float:
        return 0.1 / 2**epoch


def test_a_schedule_of_ones_own_chains_like_the_others() -> None:
    assert schedules.warm_up(_Halving(), epochs=1)(2.0) == 0.05


RATE = LENGTH = "expected a finite number > 0"
SHARE = "expected a finite number in (0, 1)"
BAD: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: schedules.constant(0.0), ValueError, f"rate: {RATE}, got 0.0"),
    (lambda: schedules.constant("0.1"), TypeError, f"rate: {RATE}, got '0.1' (str)"),  # type: ignore[arg-type]
    (lambda: schedules.step(0.1, every=0), ValueError, f"every: {LENGTH}, got 0"),
    (
        lambda: schedules.step(0.1, every=1, factor=1),
        ValueError,
        f"factor: {SHARE}, got 1",
    ),
    (lambda: schedules.exponential(-1, factor=0.5), ValueError, f"rate: {RATE}, got -1"),
    (lambda: schedules.exponential(1, factor=2), ValueError, f"factor: {SHARE}, got 2"),
    (lambda: schedules.linear(1, 0, epochs=1), ValueError, f"end: {RATE}, got 0"),
    (lambda: schedules.cosine(1, epochs=-1), ValueError, f"epochs: {LENGTH}, got -1"),
    (lambda: schedules.cosine(1, epochs=1, end=0), ValueError, f"end: {RATE}, got 0"),
    (lambda: schedules.warm_up(COSINE, epochs=0), ValueError, f"epochs: {LENGTH}, got 0"),
    (
        lambda: schedules.warm_up(schedules.cosine, epochs=1),  # type: ignore[arg-type]
        TypeError,
        "schedule: expected a Schedule of fastgd.schedules, got an object of type function; call "
        "the function, as in fastgd.schedules.constant(0.1)",
    ),
    (
        lambda: COSINE.then(1, 0.1),  # type: ignore[arg-type]
        TypeError,
        "schedule: expected a Schedule of fastgd.schedules, got 0.1 (float)",
    ),
    (
        lambda: schedules.one_cycle(1, epochs=1, rise=1),
        ValueError,
        f"rise: {SHARE}, got 1",
    ),
    (lambda: COSINE(-0.5), ValueError, "epoch: expected a finite number >= 0, got -0.5"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD)
def test_bad_arguments(call: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match="^" + re.escape(text) + "$"):
        call()


class _Recording(schedules.Schedule):
    """Keeps the epochs that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def rate(self, epoch: float) -> float:
        self.asked.append(epoch)
        return 0.01 / (1.0 + epoch)


def fit(schedule: Any, solver: str, n: int = 1000, **options: Any) -> fastgd.FitResult:
    problem = make_problem("squared_error", n, 5)
    options = {"max_iter": 2, "tol": None, "batch_size": 50} | options
    return fastgd.fit(
        **problem.arguments(), solver=solver, learning_rate=schedule, shuffle=False, **options
    )


@pytest.mark.parametrize(
    ("solver", "n", "looks"), [("batch", 1000, 1), ("minibatch", 1000, 20), ("sgd", 100, 25)]
)
def test_each_step_of_a_short_epoch_has_the_rate_of_its_place(
    solver: str, n: int, looks: int
) -> None:
    schedule = _Recording()
    history = fit(schedule, solver, n).history
    # an epoch begins with the rate that the history tells
    places = [epoch + i / looks for epoch in range(2) for i in range(looks)]
    assert sorted(set(schedule.asked)) == pytest.approx(places, abs=1e-12)
    np.testing.assert_allclose(history.learning_rate, [0.01, 0.005], rtol=1e-15)


def test_steps_take_the_rates_asked_for() -> None:
    """With a slope that never changes, coefficients tell the sum of the rates."""
    X, y = np.ones((100, 1)), np.full(100, 1e9)
    schedule = schedules.warm_up(schedules.constant(1e-3), epochs=1)
    result = fastgd.fit(
        *(X, y),
        loss=fastgd.losses.huber(1.0),
        solver="sgd",
        fit_intercept=False,
        learning_rate=schedule,
        max_iter=2,
        tol=None,
    )
    # four rows a look: the steps of a block are worked out together
    expected = sum(schedule(i // 4 * 4 / 100) for i in range(200))
    assert result.coef[0] == pytest.approx(expected, rel=1e-12)


def test_long_epochs_are_cut_into_128_looks() -> None:
    """Where the sampler cuts an epoch there may be one more."""
    schedule = _Recording()
    fit(schedule, "sgd", 200_000, max_iter=1)
    asked = np.unique(schedule.asked)
    assert 128 <= len(asked) <= 140
    assert np.diff(asked).max() <= 1 / 127


@pytest.mark.parametrize("solver", ["minibatch", "sgd"])
def test_threads_change_no_bit(solver: str) -> None:
    schedule = schedules.one_cycle(0.02, epochs=3)
    fits = [fit(schedule, solver, 30_000, batch_size=2000, n_threads=k) for k in (1, 2, 3)]
    assert len({result.coef.tobytes() for result in fits}) == 1


def test_a_schedule_and_a_callable_of_it_agree_where_it_is_constant() -> None:
    schedule = schedules.step(0.02, every=1, factor=0.5)
    one = fit(schedule, "minibatch")
    other = fit(lambda epoch: 0.02 * 0.5**epoch, "minibatch")
    np.testing.assert_array_equal(one.coef, other.coef)


class _Failing(schedules.Schedule):
    def rate(self, epoch: float) -> float:
        if epoch > 1.5:
            raise KeyError(epoch)
        return 0.01


def test_an_exception_of_a_schedule_comes_through() -> None:
    with pytest.raises(KeyError):
        fit(_Failing(), "minibatch")
