"""Peak memory above the input, in every layout: ``python -m benchmarks.memory``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import fastgd

from . import machine
from .console import positive
from .process import run
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_COLUMNS = 100

# MB above the input.
_LIMIT = 64

# What X is made of: its type, and how it is held.
_LAYOUTS = {
    "float64 C": ("f8", "C"),
    "float64 F": ("f8", "F"),
    "float32 C": ("f4", "C"),
    "float32, every other column": ("f4", "sliced"),
    "float32 byte-swapped": (">f4", "C"),
    "float16 C": ("f2", "C"),
    "uint8 C": ("u1", "C"),
    "float64 Arrow": ("f8", "arrow"),
    "float64 polars": ("f8", "polars"),
    "float64 memory map": ("f8", "map"),
    "float64 CSR, int32": ("f8", "csr32"),
    "float64 CSR, int64": ("f8", "csr64"),
}

# Of sparse rows.
_STORED = 20


def main() -> int:
    """Measure each layout in a process of its own and print a table.

    Returns
    -------
    int
        1 if a call took more than 64 MB above its input, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=positive, default=2000, help="of X")
    parser.add_argument("--threads", type=positive, default=fastgd._core.available_threads())
    parser.add_argument("--layout", nargs="*", choices=_LAYOUTS, default=list(_LAYOUTS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(_peaks(arguments.child[0], arguments.child[1], arguments.megabytes)))
        return 0
    description = machine.describe()
    print(f"{description['processor']}, {description['date']}, {description['versions']}\n")
    cells: list[tuple[str, ...]] = []
    worst = 0
    for name in arguments.layout:
        given = ["--megabytes", str(arguments.megabytes), "--child", *_LAYOUTS[name]]
        peaks = run("benchmarks.memory", given, arguments.threads, {})
        cells = cells or [("MB above X", *peaks)]
        cells.append((name, *(str(peak) for peak in peaks.values())))
        worst = max(worst, *peaks.values())
    print_table(cells, text_columns={0})
    return int(worst > _LIMIT)


def _peaks(dtype: str, layout: str, megabytes: int) -> dict[str, int]:
    """Return the MB that each call takes above what is in use before, and its result."""
    rows = megabytes * 1_000_000 // (_COLUMNS * np.dtype(dtype).itemsize)
    if layout.startswith("csr"):
        rows = megabytes * 1_000_000 // (_STORED * (8 + int(layout[3:]) // 8))
    with tempfile.TemporaryDirectory() as folder:
        X = _held(dtype, layout, rows, Path(folder) / "X")
        y = np.ones(X.shape[0], np.float32)
        y[::3] = 0
        settings: dict[str, Any] = {"max_iter": 1, "tol": None}
        model = fastgd.GDRegressor(solver="batch", **settings)

        def fit(solver: Any) -> Callable[[], object]:
            return lambda: fastgd.fit(X, y, loss="log_loss", solver=solver, **settings)

        calls: dict[str, Callable[[], object]] = {
            **{solver: fit(solver) for solver in ("batch", "minibatch", "sgd")},
            "estimator": lambda: model.fit(X, y),
            "predict": lambda: model.predict(X),
        }
        fastgd.value(X, y, np.zeros(_COLUMNS), loss="log_loss")  # every page is in memory
        return {name: _peak(call) for name, call in calls.items()}


def _held(dtype: str, layout: str, rows: int, path: Path) -> Any:
    if layout.startswith("csr"):
        return _sparse(dtype, f"i{int(layout[3:]) // 8}", rows)
    width = 2 * _COLUMNS if layout == "sliced" else _COLUMNS
    rows = rows // (width // _COLUMNS) if layout == "sliced" else rows
    order: Any = "F" if layout in ("F", "arrow", "polars") else "C"
    array: Any
    if layout == "map":
        array = np.memmap(path, dtype=dtype, mode="w+", shape=(rows, width))
    else:
        array = np.empty((rows, width), dtype, order=order)
    generator = np.random.default_rng(0)
    for begin in range(0, rows, 10_000):
        block = array[begin : begin + 10_000]
        block[...] = generator.integers(0, 2, block.shape, np.uint8)
    names = [f"column {j}" for j in range(_COLUMNS)]
    if layout == "arrow":
        import pyarrow

        return pyarrow.table(dict(zip(names, array.T, strict=True)))
    if layout == "polars":
        import polars

        return polars.DataFrame(dict(zip(names, array.T, strict=True)))
    if layout == "map":
        return np.memmap(path, dtype=dtype, mode="r", shape=(rows, width))
    return array[:, ::2] if layout == "sliced" else array


def _sparse(dtype: str, index: str, rows: int) -> Any:
    """Return rows with a number in each equal stretch of the columns."""
    from scipy.sparse import csr_array

    stretch = _COLUMNS // _STORED
    generator = np.random.default_rng(0)
    column = np.empty((rows, _STORED), index)
    value = np.empty((rows, _STORED), dtype)
    for begin in range(0, rows, 10_000):
        shape = column[begin : begin + 10_000].shape
        column[begin : begin + 10_000] = generator.integers(0, stretch, shape)
        value[begin : begin + 10_000] = generator.integers(1, 3, shape)
    column += np.arange(0, _COLUMNS, stretch, dtype=index)
    start = np.arange(0, rows * _STORED + 1, _STORED, dtype=index)
    matrix = csr_array((rows, _COLUMNS), dtype=dtype)
    matrix.data, matrix.indices, matrix.indptr = value.ravel(), column.ravel(), start
    return matrix


def _peak(call: Callable[[], object]) -> int:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _kilobytes("VmRSS")
    result = call()
    size = result.nbytes if isinstance(result, np.ndarray) else 0
    return (_kilobytes("VmHWM") - before - size // 1024) // 1024


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    sys.exit(main())
