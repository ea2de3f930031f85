"""What grows: sizes along each axis, and the rows made for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import machine
from .made import dense, sparse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .made import Made

__all__ = ["AXES", "TASKS_OF", "Axis", "Point"]

# Steps of about half a decade.
_HALVES = (1, 3)
_NUMBERS = 32_000_000
_STORED = 10_000_000
_LEAST_ROWS = 32

TASKS_OF = ("gradient", "minibatch", "sgd", "fit")


class Point(NamedTuple):
    """One size, and how its rows are made; points of the same rows share `make`."""

    series: str
    size: float
    make: Callable[[], Made]
    threads: int | None
    outputs: int = 1


class Axis(NamedTuple):
    """Sizes, and the slope of seconds against them on log-log axes where growth is straight."""

    label: str
    straight: float
    points: Callable[[float, int | None], Iterator[Point]]
    tasks: tuple[str, ...] = TASKS_OF


def _decades(first: int, last: int) -> Iterator[int]:
    """Yield 1, 3, 10, 30, ... times `first` up to `last`."""
    size = first
    while size <= last:
        yield from (size * half for half in _HALVES if size * half <= last)
        size *= 10


def _rows(largest: float, threads: int | None) -> Iterator[Point]:
    for dtype, last in (("float32", 10**7), ("uint8", 10**8)):
        for rows in _decades(10**3, last):
            if rows * 32 * np.dtype(dtype).itemsize <= largest:
                yield Point(dtype, rows, partial(dense, rows, 32, dtype), threads)


def _columns(largest: float, threads: int | None) -> Iterator[Point]:
    numbers = min(_NUMBERS, int(largest / 4))
    for columns in _decades(1, 10**6):
        if columns * _LEAST_ROWS <= numbers:
            make = partial(dense, numbers // columns, columns, "float32")
            yield Point("float32", columns, make, threads)


def _outputs(largest: float, threads: int | None) -> Iterator[Point]:
    make = partial(dense, min(200_000, int(largest / 400)), 100, "float32")
    for outputs in (1, 2, 3, 5, 10, 20, 30, 50, 100):
        yield Point("float32", outputs, make, threads, outputs)


def _threads(largest: float, threads: int | None) -> Iterator[Point]:
    make = partial(dense, min(1_000_000, int(largest / 400)), 100, "float32")
    for count in range(1, (threads or machine.available_threads()) + 1):
        yield Point("float32", count, make, count)


def _density(largest: float, threads: int | None) -> Iterator[Point]:
    numbers = min(_STORED, int(largest / 12))
    for stored in _decades(1, 3_000):
        make = partial(sparse, numbers // stored, 10_000, stored)
        yield Point("CSR float32", stored / 10_000, make, threads)


AXES = {
    "rows": Axis("rows of 32 columns", 1.0, _rows),
    "columns": Axis("columns, as many numbers in all", 0.0, _columns),
    "outputs": Axis("outputs", 1.0, _outputs, ("gradient",)),
    "threads": Axis("threads", -1.0, _threads),
    "density": Axis("share stored, as many numbers in all", 0.0, _density),
}
