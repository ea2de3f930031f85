"""The figures as a table to read and as JSON to keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .comparison import noisy_places
from .table import print_table
from .tasks import DTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .comparison import Comparison
    from .interval import Interval

__all__ = ["print_controls", "print_ratios", "write_json"]

_HEADER = ("task", "dtype", "thr", "fastgd ns", "(epoch)", "peer", "ns", "ratio [95 % CI]",
           "of limit", "(epoch)", "objective", "peer's")  # fmt: skip
_LEFT = {0, 1, 5}  # columns of text


def print_ratios(comparisons: Sequence[Comparison]) -> None:
    """Print one line a comparison with a peer, and how to read it.

    Parameters
    ----------
    comparisons : sequence of Comparison
        All of a run, controls included.
    """
    peers = [entry for entry in comparisons if not entry.control]
    noisy = noisy_places(comparisons)
    rows = [_HEADER, *(_row(entry, noisy=entry.place in noisy) for entry in peers)]
    print_table(rows, text_columns=_LEFT)
    print(
        "\nns: per row and epoch, of the whole call with its checks, first pass and last measure;"
        "\n(epoch): of one more epoch alone. Ratio: time of the peer / time of fastgd, whole calls,"
        "\nmedian of pairs. Of limit: share of the speed of a plain read of X on the same threads."
    )
    for name, note in {entry.peer: entry.note for entry in peers if entry.note}.items():
        print(f"{name}: {note}.")
    different = [entry.difference for entry in peers if entry.difference is not None]
    if different:
        print(f"Gradients differ by at most {max(different):.1e} of their largest entry.")


def print_controls(comparisons: Sequence[Comparison]) -> None:
    """Print what fastgd against itself says about this machine, and the read limits.

    Parameters
    ----------
    comparisons : sequence of Comparison
        All of a run, controls included.
    """
    controls = [entry for entry in comparisons if entry.control]
    print("Noise floor, fastgd against itself in the same kind of pairs:")
    for entry in controls:
        verdict = "  NOISY: do not quote the ratios marked ?" if entry.noisy else ""
        place = f"{entry.task.name}, {entry.dtype}, {_threads(entry.threads)}"
        print(f"  {place:<48}{_interval(entry.ratio, 3)}{verdict}")
    loads = [side["load_average"] for entry in comparisons for pair in entry.rounds
             for side in pair.values()]  # fmt: skip
    print(f"Load average, own processes included: {min(loads):.2f} to {max(loads):.2f}")
    for dtype in DTYPES:
        for threads in sorted({entry.threads for entry in comparisons}):
            limits = [
                entry.limit
                for entry in comparisons
                if entry.limit and (entry.dtype, entry.threads) == (dtype, threads)
            ]
            if limits:
                low, high = min(limits) / 1e9, max(limits) / 1e9
                print(f"Read limit, {dtype}, {_threads(threads)}: {low:.1f} to {high:.1f} GB/s")


def write_json(path: Path, machine: dict[str, Any], comparisons: Sequence[Comparison]) -> None:
    """Write all that was measured.

    Parameters
    ----------
    path : Path
        File to write.
    machine : dict
        From `machine.describe`, and the shape of the data.
    comparisons : sequence of Comparison
        All of a run, controls included.
    """
    entries = [entry.as_dict() for entry in comparisons]
    path.write_text(json.dumps({"machine": machine, "comparisons": entries}, indent=1) + "\n")


def _row(entry: Comparison, *, noisy: bool) -> tuple[str, ...]:
    return (
        entry.task.name,
        entry.dtype,
        str(entry.threads),
        _nanoseconds(entry.per_row("fastgd")),
        _nanoseconds(entry.per_row_of_epoch("fastgd")) if entry.task.epochs > 1 else "",
        entry.peer,
        _nanoseconds(entry.per_row("peer")),
        _interval(entry.ratio, 2) + ("?" if noisy else ""),
        _percent(entry.share),
        _percent(entry.share_of_epoch) if entry.task.epochs > 1 else "",
        _number(entry.objective("fastgd")),
        _number(entry.objective("peer")),
    )


def _threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"


def _nanoseconds(seconds: float) -> str:
    return f"{seconds * 1e9:.3g}" if seconds < 1e-6 else f"{seconds * 1e9:.0f}"


def _interval(interval: Interval, digits: int) -> str:
    median, low, high = (f"{number:.{digits}f}" for number in interval)
    return f"{median} [{low}, {high}]"


def _percent(share: Interval | None) -> str:
    return "-" if share is None else f"{share.median:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
