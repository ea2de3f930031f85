"""The axes that pictures are drawn on, by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_or_new(ax: Axes | None) -> Axes:
    """Return `ax`, or the axes of a new figure."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        text = "plot: expected matplotlib to be installed; pip install 'fastgd[plot]'"
        raise ImportError(text) from error
    return pyplot.subplots(layout="constrained")[1] if ax is None else ax
