"""Cells in aligned columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

__all__ = ["print_table"]


def print_table(rows: Sequence[Sequence[str]], text_columns: Container[int]) -> None:
    """Print rows of cells, each column as wide as its widest cell.

    Parameters
    ----------
    rows : sequence of sequence of str
        The header first; all of one length.
    text_columns : container of int
        Columns that begin at their left; numbers end at their right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            f"{cell:<{width}}" if index in text_columns else f"{cell:>{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
