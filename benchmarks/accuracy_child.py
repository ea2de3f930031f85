"""One fit in a process of its own: load, fit, score, print JSON."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import fastgd

from .cases import CASES
from .models import MODELS, FastGDFit
from .peers import Answer

if TYPE_CHECKING:
    from .cases import Case
    from .problems import Problem

# Far more than it takes to 1e-8 where the Hessian is known.
_MOST_EPOCHS = 100


def main() -> None:
    """Measure what the arguments say: folder of the data, case, model, whether to follow it."""
    folder, case_name, model_name, follow = sys.argv[1:]
    case = next(case for case in CASES if case.name == case_name)
    model = next(model for model in MODELS if model.name == model_name)()
    problem = case.load(Path(folder))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = perf_counter()
        answer = model.fit(problem, case)
        seconds = perf_counter() - start
    report: dict[str, Any] = {
        "seconds": seconds,
        "objective": case.objective(problem, answer),
        "warnings": [str(warning.message).partition("\n")[0] for warning in caught],
        "load_average": os.getloadavg()[0],
    }
    if isinstance(model, FastGDFit):
        report |= {"n_passes": model.result.n_passes, "n_iter": model.result.n_iter}
        if follow == "follow":
            report["course"] = _course(problem, case)
    print(json.dumps(report))


def _course(problem: Problem, case: Case) -> list[tuple[float, float]]:
    """Return passes and objective after each epoch of the same fit, with a `tol` that ends none."""
    course = []

    def note(info: fastgd.EpochInfo) -> None:
        answer = Answer(info.coef, float(info.intercept))
        course.append((info.n_passes, case.objective(problem, answer)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fastgd.fit(
            problem.X,
            problem.y,
            loss=case.loss,
            alpha=case.alpha,
            tol=0.0,
            max_iter=_MOST_EPOCHS,
            callback=note,
        )
    return course


if __name__ == "__main__":
    main()
