"""What the raw numbers of a case say of each racer."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from ..interval import median_interval

if TYPE_CHECKING:
    from ..interval import Interval

__all__ = ["FASTGD", "LEVELS", "MIDDLE", "Standing", "best", "control", "standings"]

# Above the least objective, relative.
LEVELS = (1e-2, 1e-4, 1e-5, 1e-6, 1e-8)
# The one of which ratios are told.
MIDDLE = 1e-4
FASTGD = "fastgd"

_Report = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """One racer on one case.

    Attributes
    ----------
    name : str
        Of the racer.
    seconds : dict of float to float or None
        Of the first effort that ends within each of `LEVELS`, None if not in every round.
    conversion : float or None
        Seconds spent on the form of the data, None if that failed.
    best : float or None
        The closest it ever came, None if it finished no fit.
    ratio : Interval or None
        Its seconds to `MIDDLE` over those of fastgd beside it, None where either never came.
    rounds : int
        How often it ran.
    ended : str
        Why its first round ended.
    course : list of (float, float)
        Median seconds and median distance from the least objective of every effort.
    """

    name: str
    seconds: dict[float, float | None]
    conversion: float | None
    best: float | None
    ratio: Interval | None
    rounds: int
    ended: str
    course: list[tuple[float, float]]

    @property
    def end_to_end(self) -> float | None:
        """Conversion and the fit that ends within `MIDDLE`."""
        seconds = self.seconds[MIDDLE]
        if seconds is None or self.conversion is None:
            return None
        return seconds + self.conversion


def _least(case: dict[str, Any]) -> float:
    """Return the least objective of the reference and of all fits of all racers."""
    found: list[float] = [case["least"]]
    for pair in case["pairs"]:
        found += [fit["objective"] for side in ("fastgd", "peer") for fit in pair[side]["fits"]]
    # A comparison with nan is false: a fit that came to nothing is passed over.
    return min(value for value in found if value == value)


def _above(objective: float, goal: float) -> float:
    """Return how far an objective is above the least one, relative, infinity for nan."""
    return objective / goal - 1.0 if objective == objective else float("inf")


def _seconds_to(report: _Report, level: float, goal: float) -> float | None:
    """Return the seconds of the first effort that ends close enough, None if none does."""
    close = (fit["seconds"] for fit in report["fits"] if _above(fit["objective"], goal) <= level)
    return next(close, None)


def best(report: _Report, goal: float) -> float | None:
    """Return the closest that a racer came, None if it finished no fit."""
    return min((_above(fit["objective"], goal) for fit in report["fits"]), default=None)


def control(case: dict[str, Any]) -> Interval | None:
    """Return fastgd against itself: believe no ratio closer to 1 than this."""
    return _ratio(_pairs(case)[FASTGD], _least(case)) if FASTGD in _pairs(case) else None


def standings(case: dict[str, Any]) -> list[Standing]:
    """Return how every racer did, the first to come within `MIDDLE` first.

    Parameters
    ----------
    case : dict
        As the JSON holds it.

    Returns
    -------
    list of Standing
        Those that never came so close last, by how close they came.
    """
    goal = _least(case)
    pairs = _pairs(case)
    fastgd = [pair["fastgd"] for pair in case["pairs"]]
    fastgd += [pair["peer"] for pair in pairs.get(FASTGD, [])]
    found = [_standing(FASTGD, fastgd, None, goal)]
    found += [
        _standing(name, [pair["peer"] for pair in own], _ratio(own, goal), goal)
        for name, own in pairs.items()
        if name != FASTGD
    ]
    return sorted(found, key=_order)


def _order(standing: Standing) -> tuple[float, float]:
    seconds = standing.seconds[MIDDLE]
    closest = float("inf") if standing.best is None else standing.best
    return (float("inf"), closest) if seconds is None else (seconds, 0.0)


def _pairs(case: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for pair in case["pairs"]:
        found.setdefault(pair["racer"], []).append(pair)
    return found


def _ratio(pairs: list[dict[str, Any]], goal: float) -> Interval | None:
    ratios = []
    for pair in pairs:
        mine, other = (_seconds_to(pair[side], MIDDLE, goal) for side in ("fastgd", "peer"))
        if mine is None or other is None:
            return None
        ratios.append(other / mine)
    return median_interval(ratios)


def _standing(name: str, reports: list[_Report], ratio: Interval | None, goal: float) -> Standing:
    seconds: dict[float, float | None] = {}
    for level in LEVELS:
        reached = [_seconds_to(report, level, goal) for report in reports]
        known = [value for value in reached if value is not None]
        seconds[level] = median(known) if len(known) == len(reached) else None
    conversions = [report["conversion"] for report in reports if report["conversion"] is not None]
    bests = [value for report in reports if (value := best(report, goal)) is not None]
    return Standing(
        name,
        seconds,
        median(conversions) if conversions else None,
        min(bests, default=None),
        ratio,
        len(reports),
        reports[0]["ended"],
        _course(reports, goal),
    )


def _course(reports: list[_Report], goal: float) -> list[tuple[float, float]]:
    efforts: dict[float, list[tuple[float, float]]] = {}
    for report in reports:
        for fit in report["fits"]:
            point = fit["seconds"], _above(fit["objective"], goal)
            efforts.setdefault(fit["effort"], []).append(point)
    return [
        (median(seconds for seconds, _ in points), median(distance for _, distance in points))
        for points in efforts.values()
    ]
