"""What this installation is made of and what it found on this machine."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np

from . import _core
from ._version import __version__

__all__ = ["show_versions"]


def _openmp_runtimes() -> str:
    """Return the paths of the loaded OpenMP runtimes, as the kernel maps them."""
    try:
        with Path("/proc/self/maps").open(encoding="utf-8") as maps:
            paths = {line.split(maxsplit=5)[-1].strip() for line in maps}
    except OSError:
        return "unknown"
    runtimes = ("libgomp", "libomp", "libiomp")
    return ", ".join(sorted(p for p in paths if Path(p).name.startswith(runtimes))) or "none"


def show_versions() -> None:
    """Print versions, the ISA level and threads in use, and the OpenMP runtime.

    Examples
    --------
    >>> fastgd.show_versions()  # doctest: +SKIP
    fastgd      0.1.0
    ...
    """
    build = _core.build_info()
    quota = _core.cpu_quota()
    rows = {
        "fastgd": __version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "platform": platform.platform(),
        "compiler": f"{build['compiler']}, C++{build['cxx_standard']}",
        "ISA level": f"{_core.isa_level()} (available: {', '.join(_core.isa_levels())})",
        "threads": f"{_core.available_threads()} by {_core.thread_runtime()}",
        "CPU quota": f"{quota:g} processors" if quota else "none",
        "OpenMP": f"{build['openmp']}, {_openmp_runtimes()}" if build["openmp"] else "not used",
    }
    width = max(map(len, rows)) + 2
    for name, text in rows.items():
        print(f"{name:<{width}}{text}")
