"""Where and with what the figures were taken."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgd import _core

from .peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["available_threads", "describe", "installed"]


def available_threads() -> int:
    """Return how many processors this process may use."""
    return int(_core.available_threads())


def installed(package: str) -> str | None:
    """Return the version of a distribution, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe(packages: Iterable[str] = ()) -> dict[str, Any]:
    """Return processor, ISA level, versions, environment and date, for JSON.

    Parameters
    ----------
    packages : iterable of str
        Distributions whose versions matter, beside numpy and those of the peers.

    Returns
    -------
    dict
        Plain values only.
    """
    build = _core.build_info()
    packages = sorted({peer.package for peer in PEERS} | {"numpy", *packages})
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "available_threads": available_threads(),
        "isa_level": str(_core.isa_level()),
        "thread_runtime": str(_core.thread_runtime()),
        "compiler": build["compiler"],
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: installed(package) for package in packages},
        "blas": f"{blas['name']} {blas['version']}",
        "commit": _commit(),
        "load_average": list(os.getloadavg()),
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("FASTGD_", "OMP_", "GOMP_", "OPENBLAS_"))
        },
        "command": sys.argv[1:],
    }


def _processor() -> str:
    """Return the model of the processor in the words of the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _commit() -> str | None:
    """Return the commit measured, marked if the working tree differs from it."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
