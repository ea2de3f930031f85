"""The picture of the demo: distance to the exact optimum against time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .numpy_descent import FloatArray

# Closer than this to the optimum, relatively, is drawn as this close: rounding is not progress.
_RELATIVE_FLOOR = 1e-8


@dataclass(frozen=True)
class Curve:
    """One descent.

    Attributes
    ----------
    solver : {"batch", "minibatch", "sgd"}
        Its solver, which sets the colour.
    by_numpy : bool
        Whether plain numpy ran it, which sets the line style.
    seconds, objective : ndarray of shape (epochs,)
        Wall time since the start and objective, one entry per epoch; NaN is not drawn.
    """

    solver: str
    by_numpy: bool
    seconds: FloatArray
    objective: FloatArray


@dataclass(frozen=True)
class Panel:
    """One target with its descents.

    Attributes
    ----------
    title : str
        Heading.
    unit : str
        Unit of the objective.
    optimum : float
        The exact optimum.
    curves : sequence of Curve
        Descents, in the order of the legend.
    """

    title: str
    unit: str
    optimum: float
    curves: Sequence[Curve]


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Draw one panel per target and write the picture.

    Parameters
    ----------
    panels : sequence of Panel
        From left to right.
    path : Path
        File to write, ``.png``.
    """
    # A figure of its own: pyplot would pick a backend and keep state for the whole process.
    figure = Figure(figsize=(6.0 * len(panels), 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("fastgd on 2013 New York flights: distance to the exact optimum")
    colours = {"batch": "tab:blue", "minibatch": "tab:orange", "sgd": "tab:green"}
    for position, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), position)
        for curve in panel.curves:
            drawn = np.isfinite(curve.objective)
            excess = (curve.objective[drawn] - panel.optimum) / panel.optimum
            axes.plot(
                curve.seconds[drawn],
                panel.optimum * np.maximum(excess, _RELATIVE_FLOOR),
                color=colours[curve.solver],
                linestyle="--" if curve.by_numpy else "-",
                marker="." if curve.by_numpy else "o",
                markersize=4,
                label=f"{curve.solver}, {'numpy, scaled columns' if curve.by_numpy else 'fastgd'}",
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(panel.title)
        axes.set_xlabel("wall time (s)")
        axes.set_ylabel(f"objective - exact optimum ({panel.unit})")
        axes.grid(visible=True, alpha=0.3)
    # The panels draw the same descents: one legend serves all.
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=120)
