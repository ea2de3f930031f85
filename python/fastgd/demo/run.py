"""Run the demo: fit, compare, print the tables, draw the picture."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import fastgd

from .flights import Flights, load_flights
from .numpy_descent import LOSSES, FloatArray, Solver, descend, mean_loss
from .picture import Curve, Panel, draw
from .reference import exact_optimum, standardise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BATCH_SIZE = 256
# Epochs of the descents that numpy runs too: what it does in a few seconds.
_EPOCHS: dict[Solver, int] = {"batch": 20, "minibatch": 5, "sgd": 2}


@dataclass(frozen=True)
class _Target:
    """What is fitted, as fastgd takes it (`y`) and as plain numpy does (`numpy_y`)."""

    title: str
    loss: str
    unit: str
    y: npt.NDArray[Any]
    numpy_y: FloatArray


def run(rows: int | None, out: Path, n_threads: int | None) -> Path:
    """Fit the flights, print the tables and draw the picture.

    Parameters
    ----------
    rows : int or None
        Number of flights, all of them when None.
    out : Path
        Folder of the picture.
    n_threads : int or None
        Threads of fastgd, its default when None.

    Returns
    -------
    Path
        The picture.
    """
    flights = load_flights(rows)
    n, d = flights.X.shape
    print(f"fastgd {fastgd.__version__}: {n:,} flights from New York in 2013")
    print(f"{d} raw columns (one-hot, miles, minutes), float64, {flights.X.nbytes / 1e6:.0f} MB")
    Z = standardise(flights.X)
    largest_eigenvalue = float(np.linalg.eigvalsh(Z.T @ Z / n)[-1])
    largest_norm = float(np.einsum("ij,ij->i", Z, Z).max())

    panels = []
    comparison = []
    for target in _targets(flights):
        begin = perf_counter()
        optimum = exact_optimum(Z, target.numpy_y, target.loss)
        seconds = perf_counter() - begin
        curves, table, notes = _fit_defaults(flights.X, target, optimum, n_threads)
        print(f"\n{target.title}: fit(X, y, loss={target.loss!r}, solver=...), all else default")
        _print_table(table)
        print(f"  exact optimum {optimum:.6f} (Newton's method in numpy, {seconds:.1f} s)")
        for note in notes:
            print(f"  {note}")

        for solver, epochs in _EPOCHS.items():
            rows_per_step = {"batch": n, "minibatch": _BATCH_SIZE, "sgd": 1}[solver]
            # Bound of the mean curvature over the rows of any one step: safe for a constant step.
            curvature = largest_eigenvalue + largest_norm / rows_per_step
            step = 1.0 / (LOSSES[target.loss].curvature_bound * curvature)
            curve, row = _race(Z, target, solver, step, epochs, n_threads)
            curves.append(curve)
            comparison.append(row)
        panels.append(Panel(target.title, target.unit, optimum, curves))

    print("\nThe same descent in numpy: scaled columns, one constant step, rows in memory order")
    _print_table([_RACE_TITLES, *comparison])
    path = out / "fastgd_demo.png"
    draw(panels, path)
    print(f"\npicture: {path.resolve()}")
    return path


def _targets(flights: Flights) -> list[_Target]:
    signs = np.where(flights.late, 1.0, -1.0)
    return [
        _Target("Arrival delay in minutes", "squared_error", "min²", flights.delay, flights.delay),
        _Target("More than 15 minutes late", "log_loss", "nats", flights.late, signs),
    ]


def _fit_defaults(
    X: FloatArray, target: _Target, optimum: float, n_threads: int | None
) -> tuple[list[Curve], list[list[str]], list[str]]:
    """Fit the raw columns with every solver; return curves, table rows and messages."""
    quality_title = "R2" if target.loss == "squared_error" else "accuracy"
    titles = ["solver", "epochs", "seconds", "objective", "above optimum", quality_title, "status"]
    curves, table, notes = [], [titles], []
    for solver in _EPOCHS:
        begin = perf_counter()
        result = _fit_default(X, target, solver, n_threads)
        seconds = perf_counter() - begin
        # Judged by numpy, not by fastgd's own history.
        objective = mean_loss(X, target.numpy_y, result.coef, float(result.intercept), target.loss)
        z = X @ result.coef + result.intercept
        if target.loss == "squared_error":
            quality = 1.0 - 2.0 * objective / float(np.var(target.y))
        else:
            quality = float(np.mean((z > 0.0) == target.y))
        table.append(
            [
                solver,
                str(result.n_iter),
                f"{seconds:.2f}",
                f"{objective:.6f}",
                _percent(objective / optimum - 1.0),
                f"{quality:.5f}",
                result.status,
            ]
        )
        if result.status != "converged":
            notes.append(f"{solver}: {result.message}")
        history = result.history
        curves.append(Curve(solver, False, history.seconds, history.objective))
        if solver == "minibatch":
            other = 2 if n_threads == 1 else 1
            again = _fit_default(X, target, solver, other)
            same = np.array_equal(again.coef, result.coef) and again.intercept == result.intercept
            notes.append(
                f"{solver} again with n_threads={other}: "
                f"{'the same coefficients, bit for bit' if same else 'OTHER COEFFICIENTS'}"
            )
    return curves, table, notes


def _fit_default(
    X: FloatArray, target: _Target, solver: Solver, n_threads: int | None
) -> fastgd.FitResult:
    with warnings.catch_warnings():
        # The table says it.
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        return fastgd.fit(
            X,
            target.y,
            loss=target.loss,
            solver=solver,
            n_threads=n_threads,
            progress=sys.stderr.isatty(),
        )


_RACE_TITLES = [
    "loss",
    "solver",
    "epochs",
    "numpy s",
    "fastgd s",
    "speed-up",
    "numpy loss",
    "fastgd loss",
    "apart",
]


def _race(
    Z: FloatArray,
    target: _Target,
    solver: Solver,
    step: float,
    epochs: int,
    n_threads: int | None,
) -> tuple[Curve, list[str]]:
    """Run one descent in numpy and in fastgd; return numpy's curve and the table row."""
    plain = descend(Z, target.numpy_y, loss=target.loss, solver=solver, step=step, epochs=epochs)
    begin = perf_counter()
    with warnings.catch_warnings():
        # A few epochs do not converge, and are not meant to.
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        result = fastgd.fit(
            Z,
            target.y,
            loss=target.loss,
            solver=solver,
            batch_size=_BATCH_SIZE,
            learning_rate="constant",
            eta0=step,
            update="plain",
            average=False,
            shuffle=False,
            tol=None,
            max_iter=epochs,
            n_threads=n_threads,
        )
    seconds = perf_counter() - begin
    expected = float(plain.objective[-1])
    objective = mean_loss(Z, target.numpy_y, result.coef, float(result.intercept), target.loss)
    apart = abs(objective / expected - 1.0)
    row = [
        target.loss,
        solver,
        str(epochs),
        f"{plain.seconds[-1]:.3f}",
        f"{seconds:.3f}",
        f"{plain.seconds[-1] / seconds:.1f} x",
        f"{expected:.10g}",
        f"{objective:.10g}",
        f"{apart:.0e}" if apart else "0",
    ]
    return Curve(solver, True, plain.seconds, plain.objective), row


def _percent(fraction: float) -> str:
    percent = 100.0 * fraction
    # Adding zero turns -0.0 into 0.0.
    return f"{round(percent, 5) + 0.0:.5f} %" if abs(percent) < 1e4 else f"{percent:.1e} %"


def _print_table(table: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles; words lean left, figures lean right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    words = [not cell[0].isdigit() and cell[0] != "-" for cell in table[-1]]
    for row in table:
        cells = [
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, words, strict=True)
        ]
        print("  " + "  ".join(cells).rstrip())
