"""What this installation is made of and what it found on this machine."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np

from . import _core
from ._version import __version__

__all__ = ["show_versions"]


def _openmp_library() -> str:
    """Return the path of the loaded OpenMP runtime, as the kernel maps it."""
    try:
        with Path("/proc/self/maps").open(encoding="utf-8") as maps:
            paths = {line.split(maxsplit=5)[5].strip() for line in maps if "omp" in line}
    except OSError:
        return "unknown"
    libraries = sorted(path for path in paths if path.endswith((".so", ".dylib")) or ".so." in path)
    return ", ".join(libraries) or "none"


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
        "OpenMP": f"{build['openmp']}, {_openmp_library()}" if build["openmp"] else "not used",
    }
    width = max(map(len, rows)) + 2
    for name, text in rows.items():
        print(f"{name:<{width}}{text}")
