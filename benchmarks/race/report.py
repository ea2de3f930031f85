"""The standings as a table to read and as one to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..table import print_table
from .results import LEVELS, MIDDLE, control, standings

if TYPE_CHECKING:
    from ..interval import Interval
    from .results import Standing

__all__ = ["print_cases"]

_HEADER = (
    "racer", *(f"to {level:.0e}".replace("e-0", "e-") for level in LEVELS), "conversion",
    "end to end", "to fastgd", "best",
)  # fmt: skip
_EXPLANATION = (
    "Seconds of the first effort that ends so close to the least objective, relative, median of "
    f"rounds. End to end: conversion of the data and the fit to {MIDDLE:g}. To fastgd: seconds to "
    f"{MIDDLE:g} over those of fastgd in the process beside it, with the 95 % interval of the "
    "rounds. Best: the closest it came."
)


def print_cases(results: dict[str, Any]) -> None:
    """Print one table a case.

    Parameters
    ----------
    results : dict
        As the JSON holds them.
    """
    for case in results["cases"]:
        print(_title(case))
        print_table([_HEADER, *map(_row, standings(case))], text_columns={0})
        print("\n".join([*_remarks(case), ""]))
    print("\n".join([_EXPLANATION, *_notes(results)]))


def _title(case: dict[str, Any]) -> str:
    kind = "l1" if case["l1_ratio"] == 1.0 else "l2"
    return (
        f"{case['name']}: {case['what']}; {case['rows']:,} x {case['columns']:,}, "
        f"{case['loss']}, {kind}, alpha {case['alpha']:.3g}"
    )


def _row(standing: Standing) -> tuple[str, ...]:
    reached = [_seconds(standing.seconds[level]) for level in LEVELS]
    if standing.seconds[LEVELS[0]] is None:
        reached[0] = "never" if standing.best is not None else standing.ended.partition(":")[0]
    return (
        standing.name,
        *reached,
        _seconds(standing.conversion),
        _seconds(standing.end_to_end),
        _interval(standing.ratio),
        "" if standing.best is None else f"{max(standing.best, 0.0):.0e}",
    )


def _remarks(case: dict[str, Any]) -> list[str]:
    itself = control(case)
    remarks = [f"fastgd against itself: {_interval(itself)}."] if itself else []
    return remarks + [
        f"{standing.name}: {standing.ended}."
        for standing in standings(case)
        if standing.ended.startswith(("failed", "cut off"))
    ]


def _notes(results: dict[str, Any]) -> list[str]:
    return [f"{', '.join(names)}: {note}." for note, names in results["notes"].items()]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value < 10.0 else f"{value:.1f}"


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return ""
    median, low, high = (f"{number:.3g}" for number in interval)
    return f"{median} [{low}, {high}]"
