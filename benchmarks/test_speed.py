"""Times to track from commit to commit: ``python -m pytest benchmarks``.

Rounds of two tests lie minutes apart, so the times of a group give no ratio to quote: that is
what ``python -m benchmarks.compare`` is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .machine import available_threads
from .peers import FastGD, Numpy
from .problems import load, save
from .tasks import DTYPES, TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from .peers import Peer
    from .tasks import Task

_ROWS, _COLUMNS = 100_000, 100
_TRACKED = [task for task in TASKS if task.order == "default" and task.batch_size in (0, 256)]
_CASES = [(task, peer) for task in _TRACKED for peer in (FastGD, Numpy) if task.name in peer.works]


@pytest.fixture(scope="module", params=DTYPES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the data in one dtype."""
    path = tmp_path_factory.mktemp("problems")
    save(path, _ROWS, _COLUMNS, request.param)
    return path


@pytest.mark.parametrize(
    ("task", "peer"), _CASES, ids=[f"{task.name}-{peer.name}" for task, peer in _CASES]
)
def test_speed(benchmark: Any, folder: Path, task: Task, peer: type[Peer]) -> None:
    """Time one gradient, or a fit of one epoch."""
    problem = load(folder, task.loss)
    benchmark.group = f"{task.name} {problem.X.dtype}"
    side = peer()
    side.prepare(problem, task, task.threads(available_threads()))
    answer = benchmark(side.run, 1)
    assert np.isfinite(answer.coef).all()
