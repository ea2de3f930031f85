"""How busy other processes keep the processors meanwhile: a thread that waits for one shows it."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["BUSY", "Others", "wait_for_quiet"]

# Processors that others may keep busy before times are doubtful.
BUSY = 0.1

_STATISTICS = Path("/proc/stat")
_SECONDS_A_LOOK = 0.5


class Others:
    """What other processes used since it was made."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._used = _used_by_others()

    def busy(self) -> float:
        """Return how many processors others kept busy, 0 where the system does not tell."""
        seconds = time.perf_counter() - self._begin
        return max(0.0, (_used_by_others() - self._used) / seconds)


def wait_for_quiet(patience: float) -> None:
    """Wait until others leave the processors alone.

    Parameters
    ----------
    patience : float
        Seconds to wait at most.
    """
    end = time.perf_counter() + patience
    while time.perf_counter() < end:
        others = Others()
        time.sleep(_SECONDS_A_LOOK)
        if others.busy() <= BUSY:
            return


def _used_by_others() -> float:
    try:
        fields = _STATISTICS.read_text(encoding="ascii").split(maxsplit=11)[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, fields)
    used = user + nice + system + interrupts + soft + stolen
    mine = os.times()
    return used / os.sysconf("SC_CLK_TCK") - mine.user - mine.system
