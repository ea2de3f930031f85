"""Whether all threads are ever slower than one: ``python -m benchmarks.threads``."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import fastgd

from . import machine
from .console import output_file, positive, say, warn_of_load
from .interval import Interval, median_interval
from .made import Made, dense, held
from .quiet import DISTURBED, quietest, watched
from .stopwatch import calls, epochs, units_lasting
from .synthetic import text_like
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_SMALLEST = 1_000
_FACTOR = 4
# One thread took less than this of the time of all: no noise.
_SLOWER = 0.97
# Longer than a case takes unless others disturb: then fewer pairs have to do, this many.
_LONGEST = 10.0
_LEAST_PAIRS = 3
# What looks slower is measured again with so many times the pairs.
_AGAIN = 3
_SECONDS_A_SIDE = 0.02
_EPOCHS = 20


class Case(NamedTuple):
    """One kind of work on one X: milliseconds with one thread and with all, and their ratio."""

    rows_of: str
    nbytes: int
    task: str
    one: float
    all: float
    ratio: Interval
    waited: float  # the largest share of a pair's time that threads waited for a processor
    pairs: list[tuple[float, float]]

    @property
    def verdict(self) -> str:
        """Whether all threads took longer than one, with "?" where others disturbed."""
        if self.ratio.high >= _SLOWER:
            return ""
        return "slower" if self.waited <= DISTURBED else "slower?"


def main(argv: Sequence[str] | None = None) -> int:
    """Time one thread and all in alternating pairs, print and write the ratios.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        1 if all threads are slower than one anywhere, undisturbed by other processes, else 0.
    """
    options = _parse(argv)
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    threads = description["available_threads"]
    if threads == 1:
        say("one thread is all there is: nothing to compare")
        return 0
    warnings.simplefilter("ignore")  # of fits that end at max_iter
    cases: list[Case] = []
    for case in _measure_all(options, threads):
        cases.append(case)
        if options.json:  # as far as it came, should the rest fail
            _write(options.json, description, cases)
    verdicts = [case.verdict for case in cases]
    slower, unsure = verdicts.count("slower"), verdicts.count("slower?")
    heading = f"{description['processor']}, {threads} threads, {description['date']}"
    print(f"{heading}, {description['versions']}\n")
    print_table(_table(cases), text_columns={0, 2, 6})
    print(f"\n{slower} of {len(cases)} slower with {threads} threads than with one")
    if unsure:
        print(f"{unsure} more looked slower while other processes disturbed: measure those again")
    return int(slower > 0)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.threads", description=__doc__)
    parser.add_argument("--rows-of", nargs="+", choices=_ROWS, default=list(_ROWS))
    parser.add_argument("--task", nargs="+", choices=_TASKS, default=list(_TASKS))
    parser.add_argument("--pairs", type=positive, default=7)
    parser.add_argument("--largest-bytes", type=float, default=400e6, metavar="N", help="of X")
    parser.add_argument(
        "--patience",
        type=float,
        default=2.0,
        metavar="S",
        help="seconds of a case for more pairs, where other processes disturb",
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    return parser.parse_args(argv)


def _measure_all(options: argparse.Namespace, threads: int) -> Iterator[Case]:
    for rows_of in options.rows_of:
        for nbytes in _sizes(options.largest_bytes):
            made = _ROWS[rows_of](nbytes)
            for task in options.task:
                sides = [_TASKS[task](made, count) for count in (1, threads)]
                case = _case(rows_of, made.nbytes, task, sides, options.pairs, options.patience)
                if case.verdict:
                    count = _AGAIN * options.pairs
                    case = _case(rows_of, made.nbytes, task, sides, count, 2 * options.patience)
                ratio = f"{case.ratio.median:.2f} {case.verdict}"
                say(f"{rows_of}, {made.nbytes:,} bytes, {task}: {ratio}")
                yield case


def _sizes(largest: float) -> Iterator[int]:
    size = _SMALLEST
    while size < largest:
        yield size
        size *= _FACTOR
    yield int(largest)


def _case(
    rows_of: str,
    nbytes: int,
    task: str,
    sides: list[Callable[[int], float]],
    count: int,
    patience: float,
) -> Case:
    units = max(units_lasting(_SECONDS_A_SIDE, side) for side in sides)
    begin = perf_counter()
    samples: list[tuple[tuple[float, float], float]] = []
    while True:
        samples.append(watched(partial(_pair, sides, units, reverse=len(samples) % 2 == 1)))
        seconds = perf_counter() - begin
        if seconds > _LONGEST and len(samples) >= _LEAST_PAIRS:
            break
        if len(samples) >= count and (
            seconds > patience or quietest(samples, count)[1] <= DISTURBED
        ):
            break
    pairs, waited = quietest(samples, count)
    one, every = (median(side) * 1e3 for side in zip(*pairs, strict=True))
    ratio = median_interval([a / b for a, b in pairs])
    return Case(rows_of, nbytes, task, one, every, ratio, waited, pairs)


def _pair(sides: list[Callable[[int], float]], units: int, *, reverse: bool) -> tuple[float, float]:
    """Return seconds with one thread and with all."""
    one, every = sides
    if reverse:
        second = every(units)
        return one(units), second
    return one(units), every(units)


def _table(cases: list[Case]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("rows of", "bytes of X", "task", "one ms", "all ms", "one / all [95 % CI]", "")
    ]
    for case in cases:
        ratio = f"{case.ratio.median:.2f} [{case.ratio.low:.2f}, {case.ratio.high:.2f}]"
        times = f"{case.one:.4g}", f"{case.all:.4g}"
        rows.append((case.rows_of, f"{case.nbytes:,}", case.task, *times, ratio, case.verdict))
    return rows


def _write(path: Path, description: dict[str, Any], cases: list[Case]) -> None:
    entries = [case._asdict() | {"ratio": case.ratio._asdict()} for case in cases]
    path.write_text(json.dumps({"machine": description, "cases": entries}, indent=1) + "\n")


def _dense_of(columns: int, dtype: Any, nbytes: int) -> Made:
    return dense(max(2, nbytes // (columns * np.dtype(dtype).itemsize)), columns, dtype)


def _text_of(stored: int, nbytes: int) -> Made:
    # a number, its column and the row's start
    X, y = text_like(max(2, nbytes // (12 * stored + 4)), stored)
    return held(X, y, 1.0)


_ROWS: dict[str, Callable[[int], Made]] = {
    "100 float32": partial(_dense_of, 100, np.float32),
    "100 float64": partial(_dense_of, 100, np.float64),
    "10 float32": partial(_dense_of, 10, np.float32),
    "10 float64": partial(_dense_of, 10, np.float64),
    "CSR 9": partial(_text_of, 9),
    "CSR 75": partial(_text_of, 75),
}


def _gradient(made: Made, threads: int) -> Callable[[int], float]:
    coef = np.zeros(made.X.shape[1])
    return calls(lambda: fastgd.value_and_gradient(made.X, made.y, coef, n_threads=threads))


def _fit(made: Made, threads: int, epochs: int, **others: Any) -> None:
    fastgd.fit(
        *(made.X, made.y),
        learning_rate="constant",
        eta0=made.rate,
        precondition="none",
        tol=None,
        max_iter=epochs,
        n_threads=threads,
        **others,
    )


def _batch(loss: str, made: Made, threads: int) -> Callable[[int], float]:
    return calls(lambda: _fit(made, threads, _EPOCHS, solver="batch", loss=loss))


def _epoch(solver: str, made: Made, threads: int) -> Callable[[int], float]:
    return epochs(lambda count: _fit(made, threads, count, solver=solver))


def _predict(model: Any, made: Made, threads: int) -> Callable[[int], float]:
    few = slice(None, None, max(1, made.X.shape[0] // 200))
    fitted = model(n_threads=threads, max_iter=5).fit(made.X[few], made.y[few])
    return calls(lambda: fitted.predict(made.X))


_TASKS: dict[str, Callable[[Made, int], Callable[[int], float]]] = {
    "gradient": _gradient,
    "batch, log loss": partial(_batch, "log_loss"),
    "batch, squared error": partial(_batch, "squared_error"),
    "minibatch": partial(_epoch, "minibatch"),
    "sgd": partial(_epoch, "sgd"),
    "predict numbers": partial(_predict, fastgd.GDRegressor),
    "predict classes": partial(_predict, fastgd.GDClassifier),
}


if __name__ == "__main__":
    sys.exit(main())
