"""No copy of the data, and no leak."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import SOLVERS, make_problem

import fastgd

if TYPE_CHECKING:
    from collections.abc import Callable

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs the peak memory that Linux keeps"
)

# MB above the input, whatever its layout and element type.
LIMIT = 64

PEAKS = """
    import json, sys
    import numpy as np
    import fastgd

    dtype, layout, n, d, loss = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5]), sys.argv[5]

    def kilobytes(name):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))

    def fill(X):
        generator = np.random.default_rng(0)
        for begin in range(0, len(X), 100_000):
            block = X[begin : begin + 100_000]
            block[...] = generator.integers(-3, 4, size=block.shape)

    columnar = layout in ("F", "arrow", "polars")
    width = 2 * d if layout == "sliced" else d
    X = np.empty((n, width), dtype, order="F" if columnar else "C")
    fill(X)
    array = X = X[:, ::2] if layout == "sliced" else X
    if layout == "memmap":
        X.tofile(sys.argv[6])
        array = X = np.memmap(sys.argv[6], dtype=dtype, mode="r", shape=(n, d))
    if layout == "arrow":
        import pyarrow

        X = pyarrow.table({f"{j}": array[:, j] for j in range(d)})
    if layout == "polars":
        import polars

        X = polars.DataFrame({f"{j}": array[:, j] for j in range(d)})
        del array
    y = np.zeros(n, "i1")
    y[::3] = 1
    coef = np.ones(d)
    kind = fastgd.GDClassifier if loss == "log_loss" else fastgd.GDRegressor
    model = kind(solver="batch", max_iter=1, tol=None).fit(X[:100], y[:100])

    def fit(solver, **options):
        return lambda: fastgd.fit(X, y, loss=loss, solver=solver, max_iter=1, tol=None, **options)

    calls = {
        "batch": fit("batch"),
        "rows held out": fit("batch", validation_fraction=0.2),
        "minibatch": fit("minibatch"),
        "sgd": fit("sgd"),
        "sgd, full shuffle": fit("sgd", shuffle="full"),
        "value": lambda: fastgd.value(X, y, coef, loss=loss),
        "value_and_gradient": lambda: fastgd.value_and_gradient(X, y, coef, loss=loss),
    }
    if d > 1:  # predictions of a column would be as large as it
        calls |= {
            "predict": lambda: model.predict(X),
            "score": lambda: model.score(X, y),
            "estimator": lambda: model.fit(X, y),
        }
    for begin in range(0, n, 100_000):
        if layout != "polars":
            array[begin : begin + 100_000].max()  # every page is in memory
    peaks = {}
    for name, call in calls.items():
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        before = kilobytes("VmRSS")
        call()
        peaks[name] = (kilobytes("VmHWM") - before) // 1024
    print(json.dumps(peaks))
"""


def peaks(run_python: Callable[..., str], *arguments: Any) -> dict[str, int]:
    """Return the MB that each call took above the memory in use before."""
    measured: dict[str, int] = json.loads(run_python(PEAKS, *map(str, arguments)))
    return measured


@needs_proc
@pytest.mark.parametrize(
    ("dtype", "layout"),
    [
        ("f4", "C"),
        ("f8", "C"),
        ("f4", "memmap"),
        ("f8", "memmap"),
        ("f4", "F"),
        ("f8", "F"),
        ("i1", "C"),
        ("i8", "F"),
        ("f2", "C"),
        ("u1", "C"),
        (">f8", "C"),
        ("f4", "sliced"),
        ("f4", "arrow"),
        ("f8", "polars"),
    ],
)
def test_data_of_100_mb_are_not_copied(
    dtype: str, layout: str, tmp_path: Path, run_python: Callable[..., str]
) -> None:
    for package in {"arrow": ["pyarrow"], "polars": ["polars"]}.get(layout, []):
        pytest.importorskip(package)
    d = 50
    n = 100_000_000 // np.dtype(dtype).itemsize // d
    measured = peaks(run_python, dtype, layout, n, d, "squared_error", tmp_path / "X")
    assert len(measured) == 10
    assert {name: mb for name, mb in measured.items() if mb > LIMIT} == {}


@needs_proc
def test_many_short_rows_are_not_copied(run_python: Callable[..., str]) -> None:
    """Anything kept for each row shows here, even two bytes: there are as many rows as numbers."""
    measured = peaks(run_python, "f4", "C", 36_000_000, 1, "log_loss")
    # a weight of a byte and of every fifth row the number
    assert measured.pop("rows held out") < LIMIT + 36 + 58
    assert {name: mb for name, mb in measured.items() if mb > LIMIT} == {}


@needs_proc
def test_few_long_rows_are_not_copied(run_python: Callable[..., str]) -> None:
    measured = peaks(run_python, "f4", "C", 1_000, 50_000, "squared_error")
    assert {name: mb for name, mb in measured.items() if mb > LIMIT} == {}


@needs_proc
def test_small_fits_do_not_leak(run_python: Callable[..., str]) -> None:
    code = """
        import numpy as np
        import fastgd

        def kilobytes():
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

        generator = np.random.default_rng(0)
        X = generator.normal(size=(300, 60))
        y = generator.normal(size=(300, 2))
        spoilt = X.copy()
        spoilt[7, 3] = np.nan

        def fits(times):
            for _ in range(times):
                for solver in ("batch", "minibatch", "sgd"):
                    options = {"solver": solver, "max_iter": 2, "tol": None}
                    fastgd.fit(X, y, callback=lambda info: None, **options)
                    for fails in ({"X": spoilt}, {"X": X, "callback": lambda info: 1 // 0}):
                        try:
                            fastgd.fit(y=y, **fails, **options)
                        except (ValueError, ZeroDivisionError):
                            pass
                fastgd.value_and_gradient(X, y, np.ones((2, 60)))

        fits(50)
        before = kilobytes()
        fits(300)
        print(kilobytes() - before)
    """
    # 3 KB lost by each fit would be 900 KB
    assert int(run_python(code)) < 900


@pytest.mark.parametrize("solver", SOLVERS)
def test_references_are_given_back(solver: str) -> None:
    problem = make_problem("log_loss", 300, 4)
    spoilt = problem.X.copy()
    spoilt[100, 2] = np.inf
    given: dict[str, Any] = {
        "y": problem.y,
        "sample_weight": np.ones(300),
        "offset": np.zeros(300),
        "coef_init": np.zeros(4),
        "intercept_init": np.zeros(1),
    }
    arrays = [problem.X, spoilt, *given.values()]
    before = [sys.getrefcount(array) for array in arrays]
    options: dict[str, Any] = {"loss": "log_loss", "solver": solver, "max_iter": 3, "tol": None}

    def stop(info: fastgd.EpochInfo) -> bool:
        return True

    def fail(info: fastgd.EpochInfo) -> None:
        raise InterruptedError

    fastgd.fit(problem.X, **given, **options)
    fastgd.fit(problem.X, **given, **options, callback=stop)
    fastgd.value_and_gradient(problem.X, problem.y, given["coef_init"], loss="log_loss")
    with pytest.raises(InterruptedError):
        fastgd.fit(problem.X, **given, **options, callback=fail)
    with pytest.raises(InterruptedError):
        fastgd.fit(problem.X, **given, **options, learning_rate=fail)
    with pytest.raises(ValueError, match=r"^X: "):
        fastgd.fit(spoilt, **given, **options)
    with pytest.raises(ValueError, match=r"^X: "):
        fastgd.value_and_gradient(spoilt, problem.y, given["coef_init"], loss="log_loss")
    gc.collect()
    assert [sys.getrefcount(array) for array in arrays] == before


def test_result_keeps_no_data_alive() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4))
    y = X[:, 0] > 0
    watched = weakref.ref(X)
    result = fastgd.fit(X, y, loss="log_loss", max_iter=2, tol=None, callback=lambda info: None)
    del X, y
    gc.collect()
    assert watched() is None
    assert result.n_iter == 2
