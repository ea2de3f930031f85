"""What a gradient of K outputs costs, beside numpy's products: ``python -m benchmarks.outputs``."""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from . import machine
from .console import output_file, positive, say, warn_of_load
from .interval import median_interval
from .process import run
from .table import print_table
from .tasks import DTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIDES = ("fastgd", "numpy")
_HEADER = ("outputs", "dtype", "fastgd ns", "times the first [95 % CI]", "Gflop/s", "numpy ns",
           "ratio [95 % CI]")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for, print and write the figures.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0.
    """
    arguments = _parse(argv)
    description = machine.describe()
    warn_of_load(description["load_average"][0])
    rounds = {dtype: _rounds(dtype, arguments) for dtype in arguments.dtypes}
    if arguments.json:
        text = json.dumps({"machine": description, "seconds": rounds}, indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    print(
        f"{description['processor']}, {description['isa_level']}, {arguments.threads} threads, "
        f"{description['date']}, versions {description['versions']}\n"
        f"{arguments.rows:,} rows, {arguments.columns} columns\n"
    )
    cells: list[tuple[str, ...]] = [_HEADER]
    for dtype, measured in rounds.items():
        cells += [_row(dtype, outputs, measured, arguments) for outputs in arguments.outputs]
    print_table(cells, text_columns={1})
    print(
        f"\nns: per row. fastgd: value, gradient and checks of {arguments.loss}"
        f"{_of_one(arguments)}; numpy: X @ W.T and"
        "\nD.T @ X alone. Gflop/s: of the two products. Ratio: time of numpy / time of fastgd."
    )
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outputs", description="Gradients of several outputs."
    )
    parser.add_argument("--rows", type=positive, default=200_000, metavar="N")
    parser.add_argument("--columns", type=positive, default=100, metavar="D")
    parser.add_argument("--outputs", type=positive, nargs="+", default=[1, 10, 100], metavar="K")
    parser.add_argument("--pairs", type=positive, default=7, metavar="P")
    parser.add_argument(
        "--threads", type=positive, default=machine.available_threads(), metavar="T"
    )
    parser.add_argument(
        "--loss",
        choices=("squared_error", "softmax"),
        default="squared_error",
        help="of softmax one output is a log loss",
    )
    parser.add_argument("--dtype", choices=(*DTYPES, "both"), default="both")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    arguments = parser.parse_args(argv)
    arguments.dtypes = DTYPES if arguments.dtype == "both" else (arguments.dtype,)
    return arguments


def _of_one(arguments: argparse.Namespace) -> str:
    return " (one output: log_loss)" if arguments.loss == "softmax" else ""


def _rounds(dtype: str, arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Return seconds by "side outputs", every second round in reverse."""
    rounds = []
    work = [(outputs, side) for outputs in arguments.outputs for side in _SIDES]
    for number in range(arguments.pairs):
        say(f"{dtype}: pair {number + 1} of {arguments.pairs}")
        measured = {}
        for outputs, side in work if number % 2 == 0 else reversed(work):
            sizes = (arguments.rows, arguments.columns, outputs, arguments.threads)
            report = run(
                "benchmarks.outputs_child",
                [side, dtype, arguments.loss, *map(str, sizes)],
                arguments.threads,
                {},
            )
            measured[f"{side} {outputs}"] = float(report["seconds"])
        rounds.append(measured)
    return rounds


def _row(
    dtype: str, outputs: int, rounds: Sequence[dict[str, Any]], arguments: argparse.Namespace
) -> tuple[str, ...]:
    mine, theirs = (median(pair[f"{side} {outputs}"] for pair in rounds) for side in _SIDES)
    first = f"fastgd {arguments.outputs[0]}"
    flops = 4.0 * arguments.rows * arguments.columns * outputs
    return (
        str(outputs),
        dtype,
        f"{mine / arguments.rows * 1e9:.1f}",
        _ratio(rounds, f"fastgd {outputs}", first),
        f"{flops / mine * 1e-9:.0f}",
        f"{theirs / arguments.rows * 1e9:.1f}",
        _ratio(rounds, f"numpy {outputs}", f"fastgd {outputs}"),
    )


def _ratio(rounds: Sequence[dict[str, Any]], over: str, under: str) -> str:
    ratio, low, high = median_interval([pair[over] / pair[under] for pair in rounds])
    return f"{ratio:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
