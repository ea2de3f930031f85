"""Fits in forked and spawned processes, in threads, and under Ctrl-C."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from oracle import SOLVERS, Problem, make_problem

import fastgd

pytestmark = [
    # Python 3.12 warns of every fork beside threads; that this works is what is tested.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals"),
]

PATIENCE = 10.0  # seconds after which a child counts as hanging


@functools.cache
def large_problem(seed: int) -> Problem:
    """Data large enough for two threads; drawn once, as BLAS does not like to be forked."""
    return make_problem("log_loss", 20_000, 30, seed=seed)


def fit_bits(solver: str = "batch", seed: int = 0, n_threads: int | None = 2) -> bytes:
    """Fit and return the bits of the coefficients."""
    problem = large_problem(seed)
    result = fastgd.fit(
        **problem.arguments(),
        solver=solver,  # type: ignore[arg-type]
        batch_size=2000,
        n_threads=n_threads,
        max_iter=3,
        tol=None,
    )
    return bytes(result.coef.tobytes())


def wait_for(child: int) -> int:
    """Return the exit status of a child, or -1 if it had to be killed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def fork_and_fit(expected: dict[str, bytes], generations: int = 1) -> int:
    """Fork; the child compares its fits with `expected`, and so does its own child."""
    child = os.fork()
    if child:
        return wait_for(child)
    code = 1
    try:
        same = all(fit_bits(solver) == bits for solver, bits in expected.items())
        deeper = fork_and_fit(expected, generations - 1) if generations > 1 else 0
        code = 0 if same and deeper == 0 else 2
    finally:
        os._exit(code)


def test_forked_child_fits_the_same_bits() -> None:
    expected = {solver: fit_bits(solver) for solver in SOLVERS}
    assert fork_and_fit(expected) == 0
    # and the parent goes on
    assert {solver: fit_bits(solver) for solver in SOLVERS} == expected


def test_grandchild_fits_too() -> None:
    assert fork_and_fit({"minibatch": fit_bits("minibatch")}, generations=3) == 0


def test_child_forked_while_another_thread_fits() -> None:
    expected = {"batch": fit_bits("batch")}
    stop = threading.Event()

    def keep_fitting() -> None:
        while not stop.is_set():
            fit_bits("minibatch")

    thread = threading.Thread(target=keep_fitting)
    thread.start()
    try:
        assert [fork_and_fit(expected) for _ in range(3)] == [0, 0, 0]
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_multiprocessing(method: str) -> None:
    expected = [fit_bits("minibatch", seed) for seed in range(3)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        fits = [pool.apply_async(fit_bits, ("minibatch", seed)) for seed in range(3)]
        assert [fit.get(timeout=60) for fit in fits] == expected


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend: str) -> None:
    joblib = pytest.importorskip("joblib")
    expected = [fit_bits(solver, seed) for solver in SOLVERS for seed in range(2)]
    with joblib.parallel_config(backend=backend, n_jobs=2):
        fits = joblib.Parallel(timeout=60)(
            joblib.delayed(fit_bits)(solver, seed, None) for solver in SOLVERS for seed in range(2)
        )
    assert fits == expected


def test_threads_fit_side_by_side() -> None:
    tasks = [(solver, seed) for solver in SOLVERS for seed in range(4)]
    expected = [fit_bits(*task) for task in tasks]
    with ThreadPoolExecutor(4) as executor:
        fits = [executor.submit(fit_bits, *task) for task in tasks]
        assert [fit.result(timeout=60) for fit in fits] == expected


def test_threads_call_back_into_python_side_by_side() -> None:
    problem = make_problem("log_loss", 2000, 10)

    def fit(_: int) -> tuple[list[int], bytes]:
        seen: list[int] = []
        result = fastgd.fit(
            **problem.arguments(),
            callback=lambda info: seen.append(info.epoch),
            learning_rate=lambda epoch: 0.1 / (1 + epoch),
            max_iter=50,
            tol=None,
        )
        return seen, bytes(result.coef.tobytes())

    with ThreadPoolExecutor(4) as executor:
        results = list(executor.map(fit, range(8)))
    assert all(seen == list(range(50)) for seen, _ in results)
    assert len({bits for _, bits in results}) == 1


def counted_while(work: Any) -> int:
    """Return how often another Python thread came to count while `work` ran."""
    counted, done = 0, threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.wait(1e-3):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return counted


@pytest.mark.parametrize("solver", SOLVERS)
def test_gil_is_free_during_a_fit(solver: str) -> None:
    problem = make_problem(n=200_000, d=20)
    options: dict[str, Any] = {"solver": solver, "max_iter": 30, "tol": None, "n_threads": 1}
    began = time.perf_counter()
    counted = counted_while(lambda: fastgd.fit(**problem.arguments(), **options))
    # held, the counter would come to work a few times at most; free, nearly every millisecond
    assert counted > 100 * (time.perf_counter() - began)


def test_gil_is_free_during_one_gradient() -> None:
    problem = make_problem(n=500_000, d=50)
    arguments = problem.point_arguments() | {"coef": np.zeros(50), "n_threads": 1}
    fastgd.value_and_gradient(**arguments)
    began = time.perf_counter()
    counted = counted_while(lambda: [fastgd.value_and_gradient(**arguments) for _ in range(5)])
    assert counted > 100 * (time.perf_counter() - began)


INTERRUPTED = """
    import hashlib, os, signal, sys, threading, time
    import numpy as np
    import fastgd

    solver, rate = sys.argv[1:3]
    n, d, delay = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    generator = np.random.default_rng(0)
    X = generator.normal(size=(n, d))
    y = X[:, 0] + generator.normal(size=n)
    before = hashlib.sha256(X).hexdigest(), hashlib.sha256(y).hexdigest()
    references = sys.getrefcount(X), sys.getrefcount(y)
    options = {"learning_rate": rate, "eta0": 1e-5, "tol": None, "max_iter": 10**9}
    sent = []

    def interrupt():
        time.sleep(delay)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    for solver in [solver, solver]:
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            fastgd.fit(X, y, solver=solver, **options)
        except KeyboardInterrupt:
            print(time.monotonic() - sent[-1])
        thread.join()
    assert before == (hashlib.sha256(X).hexdigest(), hashlib.sha256(y).hexdigest())
    assert references == (sys.getrefcount(X), sys.getrefcount(y))
    # the next fit is a good one
    assert fastgd.fit(X[:500], y[:500]).status == "converged"
"""


def seconds_to_interrupt(solver: str, rate: str, n: int, d: int, delay: float) -> list[float]:
    """Interrupt a fit twice and return how long each took to end."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(INTERRUPTED),
            solver,
            rate,
            str(n),
            str(d),
            str(delay),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]


@pytest.mark.parametrize("rate", ["auto", "constant"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_interrupt_ends_a_fit_at_once(solver: str, rate: str) -> None:
    seconds = seconds_to_interrupt(solver, rate, 1_000_000, 20, 0.5)
    assert len(seconds) == 2
    assert max(seconds) < 0.5


@pytest.mark.parametrize("delay", [0.05, 0.3])
@pytest.mark.parametrize("solver", ["batch", "minibatch"])
def test_interrupt_before_the_first_epoch(solver: str, delay: float) -> None:
    """While columns are measured and the step is chosen: many columns make that long."""
    seconds = seconds_to_interrupt(solver, "auto", 40_000, 1_000, delay)
    assert len(seconds) == 2
    assert max(seconds) < 0.5


def test_interrupt_of_narrow_data() -> None:
    """Rows are cheap but many between two looks at the clock."""
    seconds = seconds_to_interrupt("sgd", "auto", 10_000_000, 1, 0.5)
    assert len(seconds) == 2
    assert max(seconds) < 0.5
