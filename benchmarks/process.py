"""A measurement in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["run"]

_ROOT = Path(__file__).resolve().parents[1]
# Whatever a peer takes its threads from: all are told the same number.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def run(
    module: str,
    arguments: Sequence[str],
    threads: int,
    environment: Mapping[str, str],
    most_seconds: float | None = None,
) -> dict[str, Any]:
    """Run a module of the benchmarks that prints JSON objects, one a line.

    Parameters
    ----------
    module : str
        Its dotted name.
    arguments : sequence of str
        After its name on the command line.
    threads : int
        What the environment variables of OpenMP and the BLAS say.
    environment : mapping of str to str
        Further variables.
    most_seconds : float, optional
        After so many the process is ended, and what it has printed counts.

    Returns
    -------
    dict
        The last object.

    Raises
    ------
    RuntimeError
        If the process fails or prints nothing; the text ends with what it said.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=_ROOT,
            env=os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads)) | dict(environment),
            capture_output=True,
            timeout=most_seconds,
            check=False,
        )
        output, failure = done.stdout, done.stderr.decode() if done.returncode else ""
    except subprocess.TimeoutExpired as stopped:
        output, failure = stopped.stdout or b"", ""
    lines = output.decode().splitlines()
    if failure or not lines:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{failure.strip()}")
    report: dict[str, Any] = json.loads(lines[-1])
    return report
