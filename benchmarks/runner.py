"""Pairs of fresh processes in alternating order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .comparison import Comparison
from .peers import FastGD
from .process import run
from .read_limit import LIBRARY, ReadLimit

if TYPE_CHECKING:
    from pathlib import Path

    from .peers import Peer
    from .tasks import Task

__all__ = ["Runner"]


@dataclass(frozen=True)
class Runner:
    """Measures tasks on the data of one folder.

    Attributes
    ----------
    folder : Path
        What `problems.save` wrote.
    dtype : str
        Of the data.
    columns : int
        Of the data.
    pairs : int
        Pairs a comparison.
    library : Path or None
        What `read_limit.build` made; None: no read limit.
    """

    folder: Path
    dtype: str
    columns: int
    pairs: int
    library: Path | None

    def compare(self, task: Task, threads: int, peer: type[Peer]) -> Comparison:
        """Measure fastgd and a peer in turns.

        Each round runs fastgd, the peer and the read limit one after the other, every second
        round in reverse: ABBA, so that a machine that slows down steadily favours nobody.

        Parameters
        ----------
        task : Task
            What to do.
        threads : int
            Threads of both sides.
        peer : type of Peer
            The other side; `FastGD` for the control.

        Returns
        -------
        Comparison
            All rounds.

        Raises
        ------
        RuntimeError
            If a process fails; the text ends with what it printed.
        """
        sides = {"fastgd": FastGD.name, "peer": peer.name}
        if self.library is not None:
            sides["limit"] = ReadLimit.name
        rounds = []
        for number in range(self.pairs):
            order = list(sides) if number % 2 == 0 else list(reversed(sides))
            rounds.append({side: self._measure(sides[side], task, threads) for side in order})
        return Comparison(
            task=task,
            dtype=self.dtype,
            threads=threads,
            columns=self.columns,
            peer=peer.name,
            note=peer.note,
            difference=_difference(rounds),
            rounds=rounds,
        )

    def _measure(self, peer: str, task: Task, threads: int) -> dict[str, Any]:
        environment = {} if self.library is None else {LIBRARY: str(self.library)}
        arguments = [str(self.folder), peer, task.name, str(threads)]
        return run("benchmarks.child", arguments, threads, environment)


def _difference(rounds: list[dict[str, dict[str, Any]]]) -> float | None:
    """Compare the gradients of the first pair, and drop all: they are data, not measurements."""
    found = [
        np.array(report.pop("gradient"))
        for pair in rounds
        for side in ("fastgd", "peer")
        if "gradient" in (report := pair[side])
    ]
    if len(found) < 2:
        return None
    mine, theirs = found[:2]
    return float(np.max(np.abs(mine - theirs)) / np.max(np.abs(theirs)))
