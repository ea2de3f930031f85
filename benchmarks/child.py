"""One side of a pair, in a process of its own: load, warm up, time, print JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .peers import PEERS, Peer
from .problems import load, objective
from .read_limit import ReadLimit
from .tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .peers import Answer

# Quick runs are repeated for this long, slow ones run once: pairs are the real repetition.
_SECONDS = 0.3
_MOST_RUNS = 50


def main() -> None:
    """Measure what the arguments say: folder of the data, peer, task, threads."""
    folder, peer_name, task_name, threads = sys.argv[1:]
    task = next(task for task in TASKS if task.name == task_name)
    peers: tuple[type[Peer], ...] = (*PEERS, ReadLimit)
    peer = next(peer for peer in peers if peer.name == peer_name)()
    problem = load(Path(folder), task.loss)
    peer.prepare(problem, task, int(threads))
    peer.run(1)  # warm-up: code, threads and scratch are there from here on
    seconds, answer = _times(lambda: peer.run(task.epochs))
    report: dict[str, Any] = {"rows": peer.rows, "seconds": seconds}
    if task.epochs > 1:
        report["seconds_one_epoch"], _ = _times(lambda: peer.run(1))
    report["load_average"] = os.getloadavg()[0]
    if answer is not None:
        if task.work == "gradient":
            report["gradient"] = answer.coef.tolist()
        else:
            report["objective"] = objective(problem, *answer, task.loss)
    print(json.dumps(report))


def _times(run: Callable[[], Answer | None]) -> tuple[list[float], Answer | None]:
    times: list[float] = []
    answer = None
    while sum(times) < _SECONDS and len(times) < _MOST_RUNS:
        start = perf_counter()
        answer = run()
        times.append(perf_counter() - start)
    return times, answer


if __name__ == "__main__":
    main()
