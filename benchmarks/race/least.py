"""Make a case, store it and look for its least objective, in a process of its own."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import fastgd

from .cases import CASES
from .objective import objective

if TYPE_CHECKING:
    from .problem import Problem

_MOST_EPOCHS = 20_000
_MOST_SECONDS = 600.0


def main() -> None:
    """Do what the arguments say: folder to store to, name of the case, scale, threads."""
    folder, name, scale, threads = sys.argv[1:]
    problem = next(case for case in CASES if case.name == name).problem(int(scale))
    problem.save(Path(folder))
    least = _least(problem, int(threads))
    rows, columns = problem.X.shape
    print(json.dumps({"least": least, "rows": rows, "columns": columns, "alpha": problem.alpha}))


def _least(problem: Problem, threads: int) -> float:
    """Return the objective of a fit far beyond what racers are asked for, in float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        result = fastgd.fit(
            problem.X.astype(np.float64, copy=False),
            problem.y,
            loss=problem.loss,
            alpha=problem.alpha,
            l1_ratio=problem.l1_ratio,
            fit_intercept=False,
            tol=1e-13,
            max_iter=_MOST_EPOCHS,
            max_time=_MOST_SECONDS,
            n_threads=threads,
        )
    return objective(problem, result.coef)


if __name__ == "__main__":
    main()
