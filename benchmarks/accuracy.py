"""How close fits come to the optimum, and in how many passes: ``python -m benchmarks.accuracy``."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from . import machine
from .cases import CASES
from .console import output_file, positive, say, warn_of_load
from .models import MODELS
from .optimum import least_objective
from .process import run
from .table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cases import Case

_LEVELS = (1e-5, 1e-8)
_HEADER = ("case", "model", "seconds", "above optimum", "passes", "to 1e-5", "to 1e-8", "said")


def main(argv: Sequence[str] | None = None) -> int:
    """Fit what the arguments ask for, print and write the figures.

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
    entries: list[dict[str, Any]] = []
    for case in CASES:
        if not fnmatch.fnmatch(case.name, arguments.case):
            continue
        entries += _measure(case, arguments)
        if arguments.json:  # as far as it came, should the rest fail
            text = json.dumps({"machine": description, "fits": entries}, indent=1)
            arguments.json.write_text(text + "\n", encoding="utf-8")
    print(
        f"{description['processor']}, {description['isa_level']}, {arguments.threads} threads, "
        f"{description['date']}, versions {description['versions']}\n"
    )
    _print(entries)
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description="Where default fits end, and how soon."
    )
    parser.add_argument(
        "--case",
        default="*",
        metavar="PATTERN",
        help="one of correlated, delay, late, wide, or '*'",
    )
    parser.add_argument("--model", default="*", metavar="PATTERN", help="as in 'fastgd'")
    parser.add_argument("--rows", type=positive, default=sys.maxsize, metavar="N", help="at most")
    parser.add_argument("--repeats", type=positive, default=3, metavar="R", help="of each fit")
    parser.add_argument(
        "--threads", type=positive, default=machine.available_threads(), metavar="T"
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    return parser.parse_args(argv)


def _measure(case: Case, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="fastgd-benchmarks-") as name:
        try:
            case.save(Path(name), arguments.rows)
        except ModuleNotFoundError as error:
            say(f"{case.name} left out: {error}")
            return []
        problem = case.load(Path(name))
        shape = problem.X.shape
        say(f"{case.name}: {shape[0]:,} x {shape[1]:,} {problem.X.dtype}")
        least = least_objective(problem, case.loss, case.alpha)
        say(f"  least objective {least:.12g}")
        del problem
        entries = []
        for model in MODELS:
            if case.name not in model.cases or not fnmatch.fnmatch(model.name, arguments.model):
                continue
            fits = [
                run(
                    "benchmarks.accuracy_child",
                    [name, case.name, model.name, "follow" if number == 0 else "fit"],
                    arguments.threads,
                    {},
                )
                for number in range(arguments.repeats)
            ]
            entry = _entry(case, shape, least, model.name, fits)
            say(f"  {model.name}: {entry['seconds']:.2f} s, {entry['excess']:.1e}")
            entries.append(entry)
    return entries


def _entry(
    case: Case, shape: tuple[int, ...], least: float, model: str, fits: list[dict[str, Any]]
) -> dict[str, Any]:
    course = [
        {"n_passes": passes, "excess": objective / least - 1.0}
        for passes, objective in fits[0].pop("course", [])
    ]
    return {
        "case": case.name,
        "shape": list(shape),
        "alpha": case.alpha,
        "least_objective": least,
        "model": model,
        "seconds": median(fit["seconds"] for fit in fits),
        "excess": fits[0]["objective"] / least - 1.0,
        "n_passes": fits[0].get("n_passes"),
        "passes_to": {
            f"{level:g}": next((at["n_passes"] for at in course if at["excess"] <= level), None)
            for level in _LEVELS
        },
        "course": course,
        "fits": fits,
    }


def _print(entries: list[dict[str, Any]]) -> None:
    rows = [_HEADER]
    for entry in entries:
        followed = bool(entry["course"])
        levels = (_passes(entry["passes_to"][f"{level:g}"], followed) for level in _LEVELS)
        rows.append(
            (
                entry["case"],
                entry["model"],
                f"{entry['seconds']:.2f}",
                f"{entry['excess']:.1e}",
                _passes(entry["n_passes"], followed),
                *levels,
                "; ".join(sorted(set(entry["fits"][0]["warnings"])))[:40],
            )
        )
    print_table(rows, text_columns={0, 1, 7})
    print(
        "\nSeconds: median of fresh processes, scaling of columns included. Above optimum: of the"
        "\npenalised mean loss, relative, by one numpy function in float64. Passes: all rows of X"
        "\nread, first look and last measure included (`FitResult.n_passes`); to 1e-5 and 1e-8"
        "\nabove the optimum: until the callback first has such coefficients, measured, in a fit"
        "\nthat goes on beyond the default tol. Said: warnings of the fit."
    )
    loads = [fit["load_average"] for entry in entries for fit in entry["fits"]]
    if loads:
        print(f"Load average, own processes included: {min(loads):.2f} to {max(loads):.2f}")


def _passes(number: float | None, followed: bool) -> str:
    if number is None:
        return "never" if followed else ""
    return f"{number:.1f}"


if __name__ == "__main__":
    sys.exit(main())
