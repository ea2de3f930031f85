"""Times that other processes did not disturb: what a thread waited for a processor tells."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["DISTURBED", "quietest", "watched"]

# Share of its time for which threads of quiet work may wait.
DISTURBED = 0.05

_TASKS = Path("/proc/self/task")

_T = TypeVar("_T")


def watched(work: Callable[[], _T]) -> tuple[_T, float]:
    """Return what the work returns, and the share of its time that threads waited.

    Parameters
    ----------
    work : callable
        Without arguments.

    Returns
    -------
    object
        Its result.
    float
        Sum over threads of the seconds they could have run but had no processor, over the seconds
        of the work; 0 where the system does not tell.
    """
    waited, begin = _waited(), perf_counter()
    result = work()
    seconds = perf_counter() - begin
    return result, (_waited() - waited) / seconds


def quietest(samples: Sequence[tuple[_T, float]], least: int) -> tuple[list[_T], float]:
    """Return the results that nothing disturbed, or else those disturbed least.

    Parameters
    ----------
    samples : sequence of tuple
        From `watched`.
    least : int
        How many to return at least, if there are as many.

    Returns
    -------
    list
        The results.
    float
        The largest share of time waited in them.
    """
    ordered = sorted(samples, key=lambda sample: sample[1])
    quiet = sum(share <= DISTURBED for _, share in ordered)
    kept = ordered[: max(least, quiet)]
    return [result for result, _ in kept], kept[-1][1]


def _waited() -> float:
    return sum(map(_waited_of, _TASKS.glob("*/schedstat")))


def _waited_of(statistics: Path) -> float:
    try:
        return int(statistics.read_text(encoding="ascii").split()[1]) * 1e-9
    except OSError:  # a thread that ended meanwhile
        return 0.0
