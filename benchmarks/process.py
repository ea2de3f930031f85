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
    module: str, arguments: Sequence[str], threads: int, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Run a module of the benchmarks that prints one JSON object.

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

    Returns
    -------
    dict
        The object.

    Raises
    ------
    RuntimeError
        If the process fails; the text ends with what it printed.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        env=os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads)) | dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report
