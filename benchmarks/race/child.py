"""One racer on one case in a process of its own: climb its ladder, print JSON after each fit."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

from .objective import objective
from .problem import Problem
from .racers import RACERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_WARM_UP_ROWS = 1000
# Above the least objective, relative: nothing closer is asked for.
_CLOSE = 1e-9
# Threads that scored the fit before may still spin for work: a pause before each, of all racers.
_PAUSE = 0.2
# Efforts in a row that may end no closer than one before them.
_PATIENCE = 8


def main() -> None:
    """Do what the arguments say: folder of the case, racer, threads, least objective, seconds."""
    folder, name, threads, least, seconds = sys.argv[1:]
    kind = next(racer for racer in RACERS if racer.name == name)
    warnings.simplefilter("ignore")  # of fits that end before they converge, as they are told to
    with _own_output() as output:
        for report in _climb(
            kind, Problem.load(Path(folder)), int(threads), float(least), float(seconds)
        ):
            print(json.dumps(report), file=output, flush=True)


@contextlib.contextmanager
def _own_output() -> Iterator[Any]:
    """Keep what compiled code prints out of the JSON."""
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        yield output


def _climb(
    kind: Any, problem: Problem, threads: int, least: float, most_seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield the report after every fit: the last one counts, should the process be ended."""
    report: dict[str, Any] = {"conversion": None, "fits": [], "ended": "cut off"}
    try:
        warm = kind()
        warm.prepare(problem.first(_WARM_UP_ROWS), threads)
        warm.fit(kind.efforts[0])
        racer = kind()
        start = perf_counter()
        racer.prepare(problem, threads)
        report["conversion"] = perf_counter() - start
        yield report
        # memory touched for the first time can cost more than a fit, and the effort that counts
        # is the first of some racers alone
        racer.fit(kind.efforts[0])
        total, best, best_at = 0.0, math.inf, 0
        for number, effort in enumerate(kind.efforts):
            sleep(_PAUSE)
            start = perf_counter()
            fitted = racer.fit(effort)
            seconds = perf_counter() - start
            value = objective(problem, racer.coefficients(fitted))
            total += seconds
            if value < best:
                best, best_at = value, number
            report["fits"].append({"effort": effort, "seconds": seconds, "objective": value})
            if value <= least * (1.0 + _CLOSE):
                report["ended"] = "close"
            elif seconds > most_seconds or total > 2.0 * most_seconds:
                report["ended"] = "out of time"
            elif number - best_at >= _PATIENCE:
                report["ended"] = "no closer"
            else:
                yield report
                continue
            break
        else:
            report["ended"] = "out of efforts"
    except Exception as error:  # a peer that fails is a finding, not the end
        report["ended"] = f"failed: {type(error).__name__}: {error}".partition("\n")[0][:200]
    report["load_average"] = os.getloadavg()[0]
    yield report


if __name__ == "__main__":
    main()
