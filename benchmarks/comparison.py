"""The pairs of one task and peer, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from .interval import Interval, median_interval
from .peers import FastGD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .tasks import Task

__all__ = ["Comparison", "noisy_places"]

# Further than this from 1, the median of fastgd against itself or an end of its interval, the
# machine is too busy to compare anything.
_MOST_DRIFT = 0.03
_MOST_SPREAD = 0.10


@dataclass(frozen=True)
class Comparison:
    """Measured pairs of fastgd and one peer on one task.

    Attributes
    ----------
    task : Task
        What was done.
    dtype : str
        Of X.
    threads : int
        Of both sides.
    columns : int
        Of X.
    peer : str
        Name of the other side; fastgd itself as control.
    note : str
        The peer's note.
    rounds : list of dict
        One a pair: by side ("fastgd", "peer", "limit") what its process reported.
    difference : float or None
        Largest difference of the two gradients relative to the largest entry, None for epochs.
    """

    task: Task
    dtype: str
    threads: int
    columns: int
    peer: str
    note: str
    rounds: list[dict[str, dict[str, Any]]]
    difference: float | None

    @property
    def control(self) -> bool:
        """Whether it compares fastgd with itself."""
        return self.peer == FastGD.name

    @property
    def place(self) -> tuple[str, str, int]:
        """What a control stands for: a kind of work, a dtype, a number of threads."""
        return self.task.work, self.dtype, self.threads

    @property
    def ratio(self) -> Interval:
        """Time of the peer over that of fastgd, pair by pair."""
        return self._over_fastgd("peer", self._whole)

    @property
    def noisy(self) -> bool:
        """Whether it is a control that failed: the ratios beside it are not to be quoted."""
        drift, *spread = (abs(number - 1.0) for number in self.ratio)
        return self.control and (drift > _MOST_DRIFT or max(spread) > _MOST_SPREAD)

    @property
    def share(self) -> Interval | None:
        """Share of the read limit reached by the whole call; None without a limit."""
        return self._over_fastgd("limit", self._whole) if "limit" in self.rounds[0] else None

    @property
    def share_of_epoch(self) -> Interval | None:
        """Share of the read limit reached by one more epoch; None without a limit."""
        return self._over_fastgd("limit", self._epoch) if "limit" in self.rounds[0] else None

    @property
    def limit(self) -> float | None:
        """Bytes a second of the plain read; None if it was not measured."""
        if "limit" not in self.rounds[0]:
            return None
        row_bytes = self.columns * (4 if self.dtype == "float32" else 8)
        return row_bytes / self._median("limit", self._whole)

    def per_row(self, side: str) -> float:
        """Return median seconds per row and epoch of the whole call of a side."""
        return self._median(side, self._whole)

    def per_row_of_epoch(self, side: str) -> float:
        """Return median seconds per row of one more epoch of a side."""
        return self._median(side, self._epoch)

    def objective(self, side: str) -> float | None:
        """Return the objective a side reached; None if there is none to compare."""
        reached: float | None = self.rounds[0][side].get("objective")
        return reached

    def as_dict(self) -> dict[str, Any]:
        """Return everything, raw numbers included, for JSON."""
        sides = [side for side in ("fastgd", "peer") if side in self.rounds[0]]
        return {
            "task": self.task.name,
            "dtype": self.dtype,
            "threads": self.threads,
            "peer": self.peer,
            "note": self.note,
            "ratio": self.ratio._asdict(),
            "share_of_read_limit": self.share and self.share._asdict(),
            "share_of_read_limit_of_epoch": self.share_of_epoch and self.share_of_epoch._asdict(),
            "read_limit_bytes_per_second": self.limit,
            "seconds_per_row_and_epoch": {side: self.per_row(side) for side in sides},
            "seconds_per_row_of_one_more_epoch": {
                side: self.per_row_of_epoch(side) for side in sides
            },
            "objective": {side: self.objective(side) for side in sides},
            "gradient_difference": self.difference,
            "rounds": self.rounds,
        }

    def _whole(self, report: dict[str, Any]) -> float:
        return float(median(report["seconds"]) / (report["rows"] * self.task.epochs))

    def _epoch(self, report: dict[str, Any]) -> float:
        if self.task.epochs == 1:
            return self._whole(report)
        more = median(report["seconds"]) - median(report["seconds_one_epoch"])
        return float(more / (report["rows"] * (self.task.epochs - 1)))

    def _median(self, side: str, seconds: Callable[[dict[str, Any]], float]) -> float:
        return float(median(seconds(pair[side]) for pair in self.rounds))

    def _over_fastgd(self, side: str, seconds: Callable[[dict[str, Any]], float]) -> Interval:
        return median_interval(
            [seconds(pair[side]) / seconds(pair["fastgd"]) for pair in self.rounds]
        )


def noisy_places(comparisons: Sequence[Comparison]) -> set[tuple[str, str, int]]:
    """Return where fastgd against itself failed, so that ratios are not to be quoted."""
    return {entry.place for entry in comparisons if entry.noisy}
