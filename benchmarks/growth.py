"""Seconds against the size of everything: ``python -m benchmarks.growth``."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import fastgd

from . import machine
from .console import output_file, positive, say, warn_of_load
from .growth_axes import AXES, TASKS_OF
from .growth_report import growth_table, slope_table
from .quiet import quietest, watched
from .stopwatch import calls, epochs, units_lasting
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .growth_axes import Point
    from .made import Made

_LEAST_REPEATS = 3
_MOST_REPEATS = 101
# A repeat lasts at least so long.
_SECONDS_A_REPEAT = 0.01


def main(argv: Sequence[str] | None = None) -> int:
    """Measure or read the points, print their table and slopes, write what is asked for.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0.
    """
    options = _parse(argv)
    if options.source:
        run = json.loads(options.source.read_text(encoding="utf-8"))
    else:
        run = _run(options)
    description, points = run["machine"], run["points"]
    heading = f"{description['processor']}, {description['date']}, {description['versions']}"
    print(f"{heading}\n")
    for table in (growth_table(points), slope_table(points)):
        print_table(table, text_columns={0, 1, 2})
        print()
    if options.plot:
        from .growth_picture import draw

        draw(points, description, options.plot)
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--axis", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--task", nargs="+", choices=TASKS_OF, default=list(TASKS_OF))
    parser.add_argument("--largest-bytes", type=float, default=4e9, metavar="N", help="of X")
    parser.add_argument(
        "--threads", type=positive, default=None, metavar="T", help="of all axes but this (all)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=2.0,
        metavar="S",
        help="of a point, or as three repeats take",
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    parser.add_argument("--plot", type=output_file, metavar="FILE", help="draw a panel an axis")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="measure nothing: read this JSON"
    )
    return parser.parse_args(argv)


def _run(options: argparse.Namespace) -> dict[str, Any]:
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    warnings.simplefilter("ignore")  # of fits that end at max_iter
    run: dict[str, Any] = {"machine": description, "points": []}
    for point in _measure_all(options):
        run["points"].append(point)
        if options.json:  # as far as it came, should the rest fail
            options.json.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    return run


def _measure_all(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for name in options.axis:
        axis = AXES[name]
        make, made = None, None
        for point in axis.points(options.largest_bytes, options.threads):
            if make is not point.make:
                made = None  # first: two of the largest may not fit
                made = point.make()
                make = point.make
            for task in axis.tasks:
                if task in options.task and made is not None:
                    entry = {
                        "axis": name,
                        "task": task,
                        **_measure(task, made, point, options.seconds),
                    }
                    size = f"{point.series} {point.size:g}"
                    say(f"{name} {size}, {task}: {entry['seconds']:.3g} s")
                    yield entry


def _measure(task: str, made: Made, point: Point, seconds: float) -> dict[str, Any]:
    measure, passes = _TASKS[task](made, point)
    repeats, waited = _repeats(measure, seconds)
    return {
        "series": point.series,
        "size": point.size,
        "rows": made.X.shape[0],
        "columns": made.X.shape[1],
        "outputs": point.outputs,
        "threads": point.threads,
        "numbers": made.numbers,
        "bytes": made.nbytes,
        "passes": passes,
        "seconds": median(repeats),
        "waited": waited,
        "repeats": repeats,
    }


def _repeats(measure: Callable[[int], float], seconds: float) -> tuple[list[float], float]:
    """Return the seconds of a unit of work, as often as there is time, and how disturbed."""
    work = partial(measure, units_lasting(_SECONDS_A_REPEAT, measure))
    end = perf_counter() + seconds
    samples: list[tuple[float, float]] = []
    while len(samples) < _LEAST_REPEATS or (len(samples) < _MOST_REPEATS and perf_counter() < end):
        samples.append(watched(work))
    return quietest(samples, _LEAST_REPEATS)


def _gradient(made: Made, point: Point) -> tuple[Callable[[int], float], float]:
    shape = () if point.outputs == 1 else (point.outputs,)
    coef = np.zeros((*shape, made.X.shape[1]))
    intercept = np.zeros(shape) if shape else 0.0
    y = np.tile(made.y[:, None], shape) if shape else made.y

    def gradient() -> object:
        return fastgd.value_and_gradient(made.X, y, coef, intercept, n_threads=point.threads)

    return calls(gradient), 1


def _epoch(solver: Any) -> Callable[[Made, Point], tuple[Callable[[int], float], float]]:
    def task(made: Made, point: Point) -> tuple[Callable[[int], float], float]:
        def fit(count: int) -> object:
            return fastgd.fit(
                *(made.X, made.y),
                solver=solver,
                learning_rate="constant",
                eta0=made.rate,
                precondition="none",
                tol=None,
                max_iter=count,
                n_threads=point.threads,
            )

        return epochs(fit), 1

    return task


def _fit(made: Made, point: Point) -> tuple[Callable[[int], float], float]:
    def fit() -> fastgd.FitResult:
        return fastgd.fit(made.X, made.y, loss="log_loss", tol=1e-4, n_threads=point.threads)

    return calls(fit), fit().n_passes


# How seconds are measured, and how often X is read in them.
_TASKS = {
    "gradient": _gradient,
    "minibatch": _epoch("minibatch"),
    "sgd": _epoch("sgd"),
    "fit": _fit,
}


if __name__ == "__main__":
    sys.exit(main())
