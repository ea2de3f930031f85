"""One panel a case: seconds against the distance from the least objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from .racers import RACERS
from .results import FASTGD, standings

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from .racer import Racer
    from .results import Standing

__all__ = ["draw"]

# One colour a package; its solvers differ in shade, marker and dashes.
_COLOURS = {
    "fastgd": "#000000",
    "scikit-learn": "#e07b00",
    "scikit-learn-intelex": "#0072b2",
    "snapml": "#009e73",
    "liblinear-official": "#c0397f",
    "cyanure": "#7a4fbf",
    "glum": "#8c6d1f",
    "vowpalwabbit": "#00a8c0",
    "torch": "#d62728",
}
_MARKERS = "osD^vPX*<>hp"
_DASHES = ("-", "--", ":", "-.")
_CLOSEST = 1e-9
_FARTHEST = 1.0
_COLUMNS = 3


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw every case of a run and write the picture.

    Parameters
    ----------
    results : dict
        As the JSON holds them.
    path : Path
        File to write; the suffix is the format.
    """
    cases = results["cases"]
    columns = min(_COLUMNS, len(cases))
    rows = -(-len(cases) // columns)
    shown = {standing.name for case in cases for standing in standings(case)}
    racers = [racer for racer in RACERS if racer.name in shown]
    # A figure of its own: pyplot would pick a backend and keep state for the whole process.
    figure = Figure(figsize=(5.4 * columns + 0.8, 4.4 * rows + 2.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, case in zip(panels, cases, strict=False):
        _draw_case(axes, case)
    for axes in panels[len(cases) :]:
        axes.set_visible(False)
    figure.legend(
        handles=[
            Line2D([], [], label=racer.name, markersize=5, **_style(racer)) for racer in racers
        ],
        loc="outside lower center",
        ncols=max(2, 2 * columns - 1),
        frameon=False,
        fontsize=9,
    )
    machine = results["machine"]
    figure.suptitle(
        "Seconds until close to the optimum (left and low is better)\n"
        f"{machine['processor']}, {results['threads']} threads, {machine['date'][:10]}",
        fontsize=12,
    )
    figure.savefig(path, dpi=110)


def _draw_case(axes: Axes, case: dict[str, Any]) -> None:
    kinds = {racer.name: racer for racer in RACERS}
    for standing in standings(case):
        course = _lower_edge(standing)
        if standing.name in kinds and course:
            seconds, distances = zip(*course, strict=True)
            axes.plot(
                *(seconds, distances),
                markersize=6 if standing.name == FASTGD else 3.5,
                zorder=3 if standing.name == FASTGD else 2,
                **_style(kinds[standing.name]),
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(_CLOSEST / 2.0, _FARTHEST)
    axes.set_title(f"{case['name']}: {case['rows']:,} x {case['columns']:,}", fontsize=11)
    axes.set_xlabel("seconds of a fit, conversion of the data apart")
    axes.set_ylabel("above the least objective, relative")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _lower_edge(standing: Standing) -> list[tuple[float, float]]:
    """Return the efforts that end closer than all cheaper ones."""
    edge: list[tuple[float, float]] = []
    for seconds, distance in sorted(standing.course):
        closer = max(distance, _CLOSEST)
        if closer <= _FARTHEST and (not edge or closer < edge[-1][1]):
            edge.append((seconds, closer))
    return edge


def _style(racer: type[Racer]) -> dict[str, Any]:
    own = [other for other in RACERS if other.package == racer.package]
    place = own.index(racer)
    return {
        "color": _shade(_COLOURS.get(racer.package, "#7f7f7f"), (place + 0.5) / len(own)),
        "marker": _MARKERS[place % len(_MARKERS)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "linewidth": 3.0 if racer.name == FASTGD else 1.2,
    }


def _shade(colour: str, share: float) -> str:
    """Return a colour that turns from darker than given to lighter as `share` goes from 0 to 1."""
    dark, light = 0.65 * np.array(to_rgb(colour)), 0.55 * np.array(to_rgb(colour)) + 0.45
    return to_hex(tuple((1.0 - share) * dark + share * light))
