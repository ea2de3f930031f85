"""The read limit: how fast this machine reads X, measured beside every pair."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from .peers import Peer
from .tasks import TASKS

if TYPE_CHECKING:
    from .problems import Problem
    from .tasks import Task

__all__ = ["LIBRARY", "ReadLimit", "build"]

LIBRARY = "FASTGD_READ_LIMIT"  # environment variable: where `build` put the library

_SOURCE = Path(__file__).with_suffix(".cpp")
_LINE_BYTES = 64
# Lines to prefetch ahead: the best of these is the limit, so that it is not understated.
_AHEAD = (0, 16, 32, 64, 128)


def build(folder: Path) -> Path:
    """Compile the reader for this machine.

    Parameters
    ----------
    folder : Path
        Where the library goes.

    Returns
    -------
    Path
        The library.

    Raises
    ------
    RuntimeError
        If there is no C++ compiler (``CXX``, c++, g++, clang++) or it fails.
    """
    wanted = os.environ.get("CXX", "")
    compiler = next(filter(None, map(shutil.which, (wanted, "c++", "g++", "clang++"))), None)
    if compiler is None:
        raise RuntimeError(
            "no C++ compiler found, so no read limit: install g++ or clang++, or set CXX"
        )
    library = folder / "read_limit.so"
    flags = ["-std=c++20", "-O3", "-march=native", "-shared", "-fPIC", "-pthread"]
    command = [compiler, *flags, "-o", str(library), str(_SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{compiler} failed, so no read limit:\n{done.stderr.strip()}")
    return library


class ReadLimit(Peer):
    """A compiled sum over the bytes of X, as other peers get them."""

    name = "read limit"
    package = "fastgd"
    works = frozenset(task.name for task in TASKS)

    def prepare(self, problem: Problem, task: Task, threads: int) -> None:
        """Load the library and choose how far ahead to prefetch."""
        super().prepare(problem, task, threads)
        self._read_once = ctypes.CDLL(os.environ[LIBRARY]).read_once
        self._read_once.argtypes = [ctypes.c_void_p, *[ctypes.c_size_t] * 3]
        self._read_once.restype = ctypes.c_uint64
        self._lines = problem.X.nbytes // _LINE_BYTES
        self._ahead = min(_AHEAD, key=self._seconds)

    def run(self, epochs: int) -> None:
        """Read X as often."""
        for _ in range(epochs):
            self._read(self._ahead)

    def _read(self, ahead: int) -> None:
        self._read_once(self.problem.X.ctypes.data, self._lines, ahead, self.threads)

    def _seconds(self, ahead: int) -> float:
        times = []
        for _ in range(4):
            start = perf_counter()
            self._read(ahead)
            times.append(perf_counter() - start)
        return min(times)
