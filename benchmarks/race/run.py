"""The command line: measure, or read what was measured; print, write and draw it."""

from __future__ import annotations

import argparse
import fnmatch
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import machine, process
from ..console import output_file, positive, say, warn_of_load
from .cases import CASES
from .racers import RACERS
from .report import print_cases
from .results import LEVELS, best

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .cases import Case
    from .racer import Racer

# Beyond what a racer may take for its ladder: loading, conversion, one fit that does not end.
_GRACE = 120.0


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for.

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
    if arguments.read is None:
        results = _measure(arguments)
    else:
        results = json.loads(arguments.read.read_text())
    print_cases(results)
    if arguments.plot:
        from .picture import draw

        draw(results, arguments.plot)
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.race", description="Seconds until close to the optimum."
    )
    names = [case.name for case in CASES]
    parser.add_argument("--case", nargs="+", choices=names, default=names, metavar="CASE")
    parser.add_argument(
        "--racer", nargs="+", default=["*"], metavar="PATTERN", help="as in '*lbfgs*' snapml*"
    )
    parser.add_argument("--threads", type=positive, default=machine.available_threads())
    parser.add_argument("--scale", type=positive, default=1, help="divides the rows")
    parser.add_argument(
        "--seconds", type=positive, default=30, help="a fit that took longer is the last"
    )
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--json", type=output_file, metavar="FILE", help="write all raw numbers")
    parser.add_argument("--plot", type=output_file, metavar="FILE", help="draw one panel a case")
    parser.add_argument(
        "--from", dest="read", type=Path, metavar="FILE", help="measure nothing, read this JSON"
    )
    return parser.parse_args(argv)


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    racers = _racers(arguments.racer)
    notes: dict[str, list[str]] = {}
    for racer in racers:
        if racer.note:
            notes.setdefault(racer.note, []).append(racer.name)
    results: dict[str, Any] = {
        "machine": machine.describe(racer.package for racer in racers),
        **{name: getattr(arguments, name) for name in ("threads", "scale", "seconds", "rounds")},
        "notes": notes,
        "cases": [],
    }
    warn_of_load(results["machine"]["load_average"][0])
    for case in CASES:
        if case.name not in arguments.case:
            continue
        with tempfile.TemporaryDirectory(prefix="fastgd-race-") as folder:
            results["cases"].append(_store(case, folder, arguments))
            for pair in _pairs(case, racers, results["cases"][-1], folder, arguments):
                results["cases"][-1]["pairs"].append(pair)
                if arguments.json:  # as far as it came, should the rest fail
                    arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return results


def _racers(patterns: Sequence[str]) -> list[type[Racer]]:
    """Return those of such names and installed, fastgd always: it is its own control."""
    chosen = []
    for racer in RACERS:
        wanted = any(fnmatch.fnmatch(racer.name, pattern) for pattern in patterns)
        if not wanted and racer is not RACERS[0]:
            continue
        if racer.package != "fastgd" and machine.installed(racer.package) is None:
            say(f"{racer.name} left out: {racer.package} is not installed")
            continue
        chosen.append(racer)
    return chosen


def _store(case: Case, folder: str, arguments: argparse.Namespace) -> dict[str, Any]:
    threads = arguments.threads
    words = [folder, case.name, str(arguments.scale), str(threads)]
    made = process.run("benchmarks.race.least", words, threads, {})
    say(f"{case.name}: {made['rows']:,} x {made['columns']:,}, least objective {made['least']}")
    about = {"name": case.name, "what": case.what, "loss": case.loss, "l1_ratio": case.l1_ratio}
    return about | made | {"pairs": []}


def _pairs(
    case: Case,
    racers: Sequence[type[Racer]],
    made: dict[str, Any],
    folder: str,
    arguments: argparse.Namespace,
) -> Iterator[dict[str, Any]]:
    """Yield rounds of fastgd beside each racer, every second round in reverse."""
    running = [racer for racer in racers if case.name in racer.cases]
    for number in range(arguments.rounds):
        for racer in running[:: -1 if number % 2 else 1]:
            sides = [("fastgd", RACERS[0]), ("peer", racer)][:: -1 if number % 2 else 1]
            pair: dict[str, Any] = {"racer": racer.name, "round": number}
            for side, one in sides:
                pair[side] = _climb(one, made["least"], folder, arguments)
            say(f"{case.name}, round {number + 1}, {_progress(pair, made['least'])}")
            closest = best(pair["peer"], made["least"])
            if closest is None or closest > LEVELS[0]:
                running.remove(racer)  # another round would end no closer
            yield pair


def _climb(
    racer: type[Racer], least: float, folder: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    words = [folder, racer.name, str(arguments.threads), repr(least), str(arguments.seconds)]
    limit = 4.0 * arguments.seconds + _GRACE
    try:
        return process.run("benchmarks.race.child", words, arguments.threads, {}, limit)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1][:200]
        return {"conversion": None, "fits": [], "ended": f"failed: {reason}"}


def _progress(pair: dict[str, Any], least: float) -> str:
    closest = best(pair["peer"], least)
    seconds = sum(fit["seconds"] for fit in pair["peer"]["fits"])
    words = "no fit" if closest is None else f"{closest:.1e} above at best"
    return f"{pair['racer']}: {words} in {seconds:.1f} s, {pair['peer']['ended']}"
