"""Draws docs/schedules.svg: each schedule of `fastgd.schedules` over thirty epochs.

usage: python docs/draw_schedules.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from fastgd import schedules

EPOCHS = np.linspace(0.0, 30.0, 301)
SHOWN = {
    "constant(0.1)": schedules.constant(0.1),
    "step(0.1, every=10)": schedules.step(0.1, every=10),
    "exponential(0.1, factor=0.9)": schedules.exponential(0.1, factor=0.9),
    "linear(0.1, 0.001, epochs=25)": schedules.linear(0.1, 0.001, epochs=25),
    "cosine(0.1, epochs=25)": schedules.cosine(0.1, epochs=25),
    "warm_up(cosine(0.1, epochs=20), epochs=5)": schedules.warm_up(
        schedules.cosine(0.1, epochs=20), epochs=5
    ),
    "one_cycle(0.1, epochs=25)": schedules.one_cycle(0.1, epochs=25),
    "constant(0.1).then(10, cosine(0.05, epochs=15))": schedules.constant(0.1).then(
        10, schedules.cosine(0.05, epochs=15)
    ),
}


def draw(path: Path) -> None:
    """Write the picture; the same schedules give the same file."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fastgd", "font.size": 9})
    figure = Figure(figsize=(10.0, 7.2), layout="constrained")
    axes = figure.subplots(4, 2, sharex=True, sharey=True).ravel()
    for axis, (name, schedule) in zip(axes, SHOWN.items(), strict=True):
        axis.plot(EPOCHS, [schedule(epoch) for epoch in EPOCHS], color="#1f4e79", linewidth=1.8)
        axis.set_title(name, loc="left", fontsize=9, family="monospace")
        axis.grid(color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[-2:]:
        axis.set_xlabel("epoch")
    for axis in axes[::2]:
        axis.set_ylabel("learning rate")
    axes[0].set(ylim=(0.0, 0.11), xlim=(0.0, 30.0))
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    draw(Path(__file__).with_name("schedules.svg"))
