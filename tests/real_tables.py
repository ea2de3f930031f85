"""Real tables that installed packages bring along, raw: columns as they come, in their units."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Features and a real target; the labels are whether it is in its upper half."""

    X: FloatArray
    y: FloatArray

    @property
    def labels(self) -> FloatArray:
        median = np.median(self.y)
        above = self.y > median
        # of two values the upper may be the median itself
        return (above if above.any() else self.y >= median).astype(np.float64)


def _of_frame(frame: Any, target: str) -> Table:
    """Every other column is a feature; words become one column for each, none left out."""
    pandas = pytest.importorskip("pandas")
    frame = frame.dropna(axis=1, how="all").dropna()
    features = pandas.get_dummies(frame.drop(columns=target), dtype=float)
    return Table(features.to_numpy(dtype=float), frame[target].to_numpy(dtype=float))


def _statsmodels(name: str, target: str) -> Table:
    pytest.importorskip("statsmodels")
    frame = importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
    # a word for each row would fit anything
    words = [name for name in frame if frame[name].dtype.kind not in "fi"]
    unique = [name for name in words if frame[name].nunique() > len(frame) / 2]
    return _of_frame(frame.drop(columns=unique), target)


def _scikit_learn(name: str, target: str | None = None) -> Table:
    """Return the target of a data set, or one of its features seen from the others."""
    datasets: Any = pytest.importorskip("sklearn.datasets")
    bunch = getattr(datasets, f"load_{name}")()
    if target is None:
        y = bunch.target
        return Table(bunch.data, (y if y.ndim == 1 else y[:, 0]).astype(float))
    column = list(bunch.feature_names).index(target)
    return Table(np.delete(bunch.data, column, axis=1), bunch.data[:, column])


def _versicolor() -> Table:
    """Return the iris that lies between the two others."""
    table = _scikit_learn("iris")
    return Table(table.X, (table.y == 1.0).astype(float))


def _stocks() -> Table:
    cbook: Any = pytest.importorskip("matplotlib.cbook")
    pandas = pytest.importorskip("pandas")
    path = cbook.get_sample_data("Stocks.csv", asfileobj=False)
    frame = pandas.read_csv(path, comment="#").drop(columns="Date")
    return _of_frame(frame, "^GSPC")


def _flights() -> Table:
    from fastgd.demo import missing_packages

    if missing_packages():
        pytest.skip("needs the demo extra")
    from fastgd.demo.flights import load_flights

    flights = load_flights()
    return Table(flights.X, flights.delay)


_STATSMODELS = {
    "anes96": "vote",
    "cancer": "cancer",
    "ccard": "AVGEXP",
    "china_smoking": "smoking_yes_cancer_yes",
    "committee": "BILLS104",
    "copper": "WORLDCONSUMPTION",
    "cpunish": "EXECUTIONS",
    "danish_data": "lrm",
    "elnino": "DEC",
    "engel": "foodexp",
    "fair": "affairs",
    "fertility": "2011",
    "grunfeld": "invest",
    "heart": "survival",
    "interest_inflation": "R",
    "longley": "TOTEMP",
    "macrodata": "realgdp",
    "modechoice": "choice",
    "nile": "volume",
    "randhie": "mdvis",
    "scotland": "YES",
    "spector": "GRADE",
    "stackloss": "STACKLOSS",
    "star98": "NABOVE",
    "statecrime": "murder",
    "strikes": "duration",
    "sunspots": "SUNACTIVITY",
}
_SCIKIT_LEARN = {
    "diabetes": None,
    "linnerud": None,
    "wine": None,
    "breast_cancer": None,
    "digits": None,
    "iris": "petal width (cm)",
}

TABLES: dict[str, Callable[[], Table]] = {
    **{name: lambda n=name, t=t: _statsmodels(n, t) for name, t in _STATSMODELS.items()},
    **{name: lambda n=name, t=t: _scikit_learn(n, t) for name, t in _SCIKIT_LEARN.items()},
    "iris versicolor": _versicolor,
    "wine proline": lambda: _scikit_learn("wine", "proline"),
    "breast cancer radius": lambda: _scikit_learn("breast_cancer", "mean radius"),
    "digits pixel": lambda: _scikit_learn("digits", "pixel_3_3"),
    "stocks": _stocks,
    "flights": _flights,
}
