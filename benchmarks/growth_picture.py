"""How seconds grow as a picture: a panel an axis, both of its scales logarithmic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from .growth_axes import AXES, TASKS_OF
from .growth_report import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

__all__ = ["draw"]

_COLOURS = dict(zip(TASKS_OF, ("#1f4e79", "#2a9d5c", "#e07b00", "#a01c4b"), strict=True))
_LABELS = {
    "gradient": "value and gradient",
    "minibatch": "minibatch epoch",
    "sgd": "sgd epoch",
    "fit": "fit of log loss",
}
_ACROSS = 3
# So many sizes can all be marked.
_FEW = 4


def draw(points: Sequence[dict[str, Any]], machine: dict[str, Any], path: Path) -> None:
    """Draw one panel an axis, one colour a task, and write the picture.

    Parameters
    ----------
    points : sequence of dict
        As measured or read.
    machine : dict
        What the title says: processor, available_threads, date.
    path : Path
        File to write; the suffix is the format.
    """
    lines = lines_of(points)
    names = list(dict.fromkeys(axis for axis, _, _ in lines))
    down = -(-len(names) // _ACROSS)
    across = min(len(names), _ACROSS)
    # A figure of its own: pyplot would pick a backend and keep state for the whole process.
    figure = Figure(figsize=(1.0 + 4.4 * across, 1.3 + 3.6 * down), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        _draw_axis(panel, name, {line: of for line, of in lines.items() if line[0] == name})
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    _add_legend(figure, panels[0], lines)
    fixed = {point["threads"] for point in points if point["axis"] != "threads"}
    threads = next(filter(None, fixed), machine["available_threads"])
    figure.suptitle(
        f"How the time of fastgd grows\n"
        f"{machine['processor']}, {threads} thread{'s' * (threads > 1)}, {machine['date'][:10]}",
        fontsize=12,
    )
    figure.savefig(path, dpi=130)


def _draw_axis(axes: Axes, name: str, lines: dict[Any, list[dict[str, Any]]]) -> None:
    axis = AXES[name]
    # where a straight line is level, what a number takes tells more
    of_a_number = axis.straight == 0.0
    first = next(iter(lines))[1]
    for (_, series, task), points in lines.items():
        sizes = [point["size"] for point in points]
        times = [
            1e9 * point["seconds"] / point["numbers"] if of_a_number else point["seconds"]
            for point in points
        ]
        dashes = "-" if series == first else "--"
        axes.plot(sizes, times, dashes, marker="o", markersize=3.5, color=_COLOURS[task])
        if series == first:
            # what grows is known best at its largest
            at = -1 if axis.straight >= 0.0 else 0
            straight = [times[at] * (size / sizes[at]) ** axis.straight for size in sizes]
            axes.plot(sizes, straight, ":", linewidth=1.0, color=_COLOURS[task])
    axes.set_xscale("log")
    axes.set_yscale("log")
    _mark_few(axes, lines)
    axes.set_xlabel(axis.label)
    axes.set_ylabel("nanoseconds a number of X" if of_a_number else "seconds")
    axes.set_title(f"{name} ({first})", fontsize=11)
    axes.grid(which="major", alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _mark_few(axes: Axes, lines: dict[Any, list[dict[str, Any]]]) -> None:
    """Mark every size, where there are few of them."""
    sizes = sorted({point["size"] for points in lines.values() for point in points})
    if len(sizes) <= _FEW:
        axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axes.xaxis.set_minor_locator(NullLocator())


def _add_legend(figure: Figure, axes: Axes, lines: dict[Any, list[dict[str, Any]]]) -> None:
    for task in TASKS_OF:
        if any(task == of for _, _, of in lines):
            axes.plot([], [], "o-", color=_COLOURS[task], label=_LABELS[task])
    if any(series == "uint8" for _, series, _ in lines):
        axes.plot([], [], "--", color="grey", label="uint8 instead")
    axes.plot([], [], ":", color="grey", label="straight growth")
    figure.legend(loc="outside lower center", ncols=6, frameon=False)
