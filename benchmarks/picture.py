"""The figures as a picture: ratios on the left, shares of the read limit on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from .comparison import noisy_places
from .tasks import DTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from .comparison import Comparison

__all__ = ["draw"]

_COLOURS = {"float64": "#1f4e79", "float32": "#e07b00"}
_HEIGHT = 0.36  # of a bar, in rows
_LABELLED_INSIDE = 0.08  # bars longer than this hold their label
_TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100)

_Row = tuple[str, int, str]  # task, threads, peer


def draw(comparisons: Sequence[Comparison], machine: dict[str, Any], path: Path) -> None:
    """Draw one row a task and peer, one colour a dtype, and write the picture.

    Parameters
    ----------
    comparisons : sequence of Comparison
        All of a run; controls are left out.
    machine : dict
        What the subtitle says: processor, isa_level, rows, columns, date.
    path : Path
        File to write; the suffix is the format.
    """
    entries = [entry for entry in comparisons if not entry.control]
    noisy = noisy_places(comparisons)
    rows = list(dict.fromkeys(map(_row, entries)))
    shown: list[str] = [dtype for dtype in DTYPES if dtype in {entry.dtype for entry in entries}]
    # A figure of its own: pyplot would pick a backend and keep state for the whole process.
    figure = Figure(figsize=(12.5, 1.9 + 0.46 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    ratios, shares = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1.0))
    for entry in entries:
        offset = (shown.index(entry.dtype) - (len(shown) - 1) / 2) * _HEIGHT
        at = rows.index(_row(entry)) + offset
        _draw_ratio(ratios, entry, at, noisy=entry.place in noisy)
        _draw_share(shares, entry, at)
    _finish_ratios(ratios)
    _finish_shares(shares)
    ratios.set_yticks(range(len(rows)), [_label(row) for row in rows])
    ratios.set_ylim(len(rows) - 0.4, -0.6)
    for axes in (ratios, shares):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_axisbelow(True)
        for number in range(0, len(rows), 2):
            axes.axhspan(number - 0.5, number + 0.5, color="#f3f3f3", zorder=0)
    for dtype in shown:
        ratios.plot([], [], "o", color=_COLOURS[dtype], label=dtype)
    if noisy:
        ratios.plot([], [], "o", color="grey", markerfacecolor="white", label="too noisy to quote")
    shares.plot([], [], "|", color="black", markersize=11, label="one epoch alone")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(
        f"fastgd beside its peers, {machine['rows']:,} rows by {machine['columns']} columns\n"
        f"{machine['processor']}, {machine['isa_level']}, {machine['date'][:10]}",
        fontsize=12,
    )
    figure.savefig(path, dpi=130)


def _row(entry: Comparison) -> _Row:
    return entry.task.name, entry.threads, entry.peer


def _label(row: _Row) -> str:
    task, threads, peer = row
    return f"{task}, {threads} thr.\nagainst {peer}"


def _draw_ratio(axes: Axes, entry: Comparison, at: float, *, noisy: bool) -> None:
    median, low, high = entry.ratio
    colour = _COLOURS[entry.dtype]
    axes.errorbar(median, at, xerr=[[median - low], [high - median]], fmt="o", color=colour,
                  markersize=6, elinewidth=1.6, capsize=3,
                  markerfacecolor="white" if noisy else colour)  # fmt: skip
    axes.annotate(
        f"{median:.3g}x", (high, at), (7, 0), textcoords="offset points", va="center",
        fontsize=8, color=colour,
    )  # fmt: skip


def _draw_share(axes: Axes, entry: Comparison, at: float) -> None:
    if entry.share is None or entry.share_of_epoch is None:
        return
    share, epoch = entry.share.median, entry.share_of_epoch.median
    colour = _COLOURS[entry.dtype]
    axes.barh(at, share, height=_HEIGHT * 0.9, color=colour, alpha=0.85)
    if entry.task.epochs > 1:
        axes.plot(epoch, at, "|", color="black", markersize=11)
    inside = share > _LABELLED_INSIDE
    axes.annotate(
        f"{share:.0%}", (0.0 if inside else max(share, epoch), at), (5, 0), va="center",
        textcoords="offset points", fontsize=8, color="white" if inside else colour,
    )  # fmt: skip


def _finish_ratios(axes: Axes) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    low, high = min(low, 0.9), max(high, 2.2) * 1.5  # 1 in sight, room for the last label
    axes.set_xlim(low, high)
    axes.set_xticks([tick for tick in _TICKS if low <= tick <= high])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}x"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(1.0, color="black", linewidth=1.0)
    axes.grid(axis="x", alpha=0.4)
    axes.set_xlabel("time of the peer / time of fastgd (whole calls, 95 % interval)")


def _finish_shares(axes: Axes) -> None:
    axes.set_xlim(0.0, max(1.1, axes.get_xlim()[1] * 1.05))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.axvline(1.0, color="black", linewidth=1.0, linestyle="--")
    axes.grid(axis="x", alpha=0.4)
    axes.set_xlabel("share of the read limit that fastgd reaches")
