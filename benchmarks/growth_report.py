"""Tables of how seconds grow, and the slopes of their logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .growth_axes import AXES
from .quiet import DISTURBED

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["growth_table", "lines_of", "slope_table"]

_Line = tuple[str, str, str]  # axis, series, task
# As a table shows them.
_Rows = list[tuple[str, ...]]


def lines_of(points: Sequence[dict[str, Any]]) -> dict[_Line, list[dict[str, Any]]]:
    """Return the points of each line, in the order of their sizes.

    Parameters
    ----------
    points : sequence of dict
        As measured or read.

    Returns
    -------
    dict
        Lists by axis, series and task.
    """
    lines: dict[_Line, list[dict[str, Any]]] = {}
    for point in sorted(points, key=lambda point: float(point["size"])):
        lines.setdefault((point["axis"], point["series"], point["task"]), []).append(point)
    order = list(AXES)
    return dict(sorted(lines.items(), key=lambda line: order.index(line[0][0])))


def growth_table(points: Sequence[dict[str, Any]]) -> _Rows:
    """Return a row a point: its seconds, those of a number of X, and the bytes read a second.

    Parameters
    ----------
    points : sequence of dict
        As measured or read.

    Returns
    -------
    list of tuple of str
        The header first; a row ends with "?" if other processes disturbed it.
    """
    head = ("axis", "X", "task", "size", "rows", "columns", "passes", "seconds", "ns a number")
    rows: _Rows = [(*head, "GB/s", "")]
    for line, entries in lines_of(points).items():
        for entry in entries:
            nanoseconds = 1e9 * entry["seconds"] / entry["numbers"]
            rate = entry["bytes"] * entry["passes"] / entry["seconds"] / 1e9
            shape = f"{entry['rows']:,}", f"{entry['columns']:,}", f"{entry['passes']:.3g}"
            figures = f"{entry['seconds']:.3g}", f"{nanoseconds:.3g}", f"{rate:.3g}"
            rows.append(
                (
                    *line,
                    f"{entry['size']:g}",
                    *shape,
                    *figures,
                    "?" if entry["waited"] > DISTURBED else "",
                )
            )
    return rows


def slope_table(points: Sequence[dict[str, Any]]) -> _Rows:
    """Return a row a line: the slope over the upper half of its points, beside a straight one.

    Parameters
    ----------
    points : sequence of dict
        As measured or read.

    Returns
    -------
    list of tuple of str
        The header first; lines of one point have no slope.
    """
    rows: _Rows = [("axis", "X", "task", "from", "to", "slope", "of a pass", "straight")]
    for line, entries in lines_of(points).items():
        if len(entries) < 2:
            continue
        upper = entries[min(len(entries) // 2, len(entries) - 2) :]
        ends = f"{upper[0]['size']:g}", f"{upper[-1]['size']:g}"
        slopes = f"{_slope(upper, passes=False):.2f}", f"{_slope(upper, passes=True):.2f}"
        rows.append((*line, *ends, *slopes, f"{AXES[line[0]].straight:.0f}"))
    return rows


def _slope(points: Sequence[dict[str, Any]], *, passes: bool) -> float:
    """Return the slope of log seconds, of the whole or of one pass over X, against log size."""
    sizes = np.log([point["size"] for point in points])
    seconds = np.log([point["seconds"] / (point["passes"] if passes else 1) for point in points])
    return float(np.polyfit(sizes, seconds, 1)[0])
