"""Cells between pipes, as Markdown has tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

__all__ = ["pipe_table"]


def pipe_table(rows: Sequence[Sequence[str]], text_columns: Container[int]) -> str:
    """Return rows of cells as a table of Markdown.

    Parameters
    ----------
    rows : sequence of sequence of str
        The header first; all of one length.
    text_columns : container of int
        Columns that begin at their left; numbers end at their right.

    Returns
    -------
    str
        Ends with a newline.
    """
    rule = ["---" if index in text_columns else "---:" for index in range(len(rows[0]))]
    lines = [rows[0], rule, *rows[1:]]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
