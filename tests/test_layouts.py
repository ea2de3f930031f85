"""How the numbers lie in memory changes no result, and no input is ever written to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import SOLVERS

import fastgd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Taken exactly by every dtype tried here, float16 and the signed bytes included.
INTEGERS = np.random.default_rng(0).integers(0, 100, size=(600, 9))
TARGETS = INTEGERS @ np.arange(-4.0, 5.0) / 100 + np.random.default_rng(1).normal(size=600)
COEF = np.linspace(-1.0, 1.0, 9)

IN_FLOAT32 = ["?", "i1", "i2", "u1", "u2", "f2", "f4"]
IN_FLOAT64 = ["i4", "i8", "u4", "u8", "f8"]


def misaligned(X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy `X` to an odd address."""
    raw = np.empty(X.nbytes + 1, np.uint8)[1:]
    copy = np.frombuffer(raw, X.dtype).reshape(X.shape)
    copy[...] = X
    return copy


def between_others(X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy `X` into every third row and second column of an array of another content."""
    wide = np.full((3 * X.shape[0], 2 * X.shape[1]), 77).astype(X.dtype)
    wide[1::3, ::2] = X
    return wide[1::3, ::2]


def framed(X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy `X` to the middle of a larger array."""
    wide = np.full((X.shape[0] + 5, X.shape[1] + 3), 77).astype(X.dtype)
    wide[2:-3, 1:-2] = X
    return wide[2:-3, 1:-2]


def read_only(X: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy `X` and forbid writing."""
    copy = X.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "rows backwards": lambda X: np.ascontiguousarray(X[::-1])[::-1],
    "columns backwards": lambda X: np.ascontiguousarray(X[:, ::-1])[:, ::-1],
    "all backwards in F": lambda X: np.asfortranarray(X[::-1, ::-1])[::-1, ::-1],
    "between others": between_others,
    "framed": framed,
    "framed in F": lambda X: framed(np.ascontiguousarray(X.T)).T,
    "byte-swapped": lambda X: X.astype(X.dtype.newbyteorder()),
    "misaligned": misaligned,
    "read-only": read_only,
}


def results(X: Any, y: Any = TARGETS, **options: Any) -> list[npt.NDArray[Any]]:
    """Return value, gradient and the coefficients of every solver after some epochs."""
    value, of_coef, of_intercept = fastgd.value_and_gradient(X, y, COEF, 0.5)
    found = [np.array([fastgd.value(X, y, COEF, 0.5), value, of_intercept]), of_coef]
    for solver in SOLVERS:
        fit = fastgd.fit(X, y, solver=solver, max_iter=3, tol=None, batch_size=50, **options)
        found += [fit.coef, np.array([fit.intercept])]
    return found


def assert_same_bits(got: list[npt.NDArray[Any]], expected: list[npt.NDArray[Any]]) -> None:
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", IN_FLOAT32 + IN_FLOAT64)
def test_same_bits_as_c_ordered_floats(dtype: str, layout: str) -> None:
    values = INTEGERS.astype(dtype)
    computed = np.float32 if dtype in IN_FLOAT32 else np.float64
    X = LAYOUTS[layout](values)
    before = X.tobytes()
    assert_same_bits(results(X), results(values.astype(computed)))
    assert X.tobytes() == before


@pytest.mark.parametrize("dtype", IN_FLOAT32 + IN_FLOAT64)
def test_targets_weights_and_offset_of_any_dtype_and_stride(dtype: str) -> None:
    X = INTEGERS.astype(np.float64)
    columns = INTEGERS[:, :3].astype(dtype)
    columns[:, 1] += columns[:, 1] == 0  # weights
    before = columns.tobytes()
    given = dict(zip(("y", "sample_weight", "offset"), columns.T, strict=True))
    plain = {name: values.astype(np.float64) for name, values in given.items()}
    at = {"coef": COEF, "intercept": 0.5}
    for one, other in zip(
        fastgd.value_and_gradient(X, **given, **at),
        fastgd.value_and_gradient(X, **plain, **at),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    for solver in SOLVERS:
        fits = [fastgd.fit(X, **v, solver=solver, max_iter=3, tol=None) for v in (given, plain)]
        assert fits[0].coef.tobytes() == fits[1].coef.tobytes()
        assert fits[0].intercept == fits[1].intercept
    assert columns.tobytes() == before


@pytest.mark.parametrize("layout", ["F", "all backwards in F", "between others", "misaligned"])
def test_several_outputs_of_any_layout(layout: str) -> None:
    X = INTEGERS.astype(np.float64)
    y = np.column_stack([TARGETS, -TARGETS, TARGETS**2])
    for solver in SOLVERS:
        options: dict[str, Any] = {"solver": solver, "max_iter": 3, "tol": None}
        expected = fastgd.fit(X, y, offset=2.0 * y, **options)
        got = fastgd.fit(X, LAYOUTS[layout](y), offset=LAYOUTS[layout](2.0 * y), **options)
        assert got.coef.tobytes() == expected.coef.tobytes()
        assert np.asarray(got.intercept).tobytes() == np.asarray(expected.intercept).tobytes()


@given(
    dtype=st.sampled_from(IN_FLOAT32 + IN_FLOAT64),
    order=st.sampled_from("CF"),
    row_step=st.sampled_from([-3, -1, 1, 2]),
    column_step=st.sampled_from([-2, -1, 1, 3]),
    row_start=st.integers(0, 20),
    column_start=st.integers(0, 3),
)
def test_any_slice(
    dtype: str, order: str, row_step: int, column_step: int, row_start: int, column_start: int
) -> None:
    whole = INTEGERS[:80].astype(dtype, order=order)
    X = whole[row_start:, column_start:][::row_step, ::column_step]
    y, coef = TARGETS[: len(X)], COEF[: X.shape[1]]
    computed = np.float32 if dtype in IN_FLOAT32 else np.float64
    plain = np.ascontiguousarray(X, dtype=computed)
    got = fastgd.value_and_gradient(X, y, coef)
    expected = fastgd.value_and_gradient(plain, y, coef)
    assert got[0] == expected[0]
    assert got[1].tobytes() == expected[1].tobytes()
    fits = [fastgd.fit(A, y, solver="sgd", max_iter=2, tol=None) for A in (X, plain)]
    assert fits[0].coef.tobytes() == fits[1].coef.tobytes()


def test_every_float16_is_read_exactly() -> None:
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    row = numbers[np.isfinite(numbers)].reshape(1, -1)
    for X in (row, row[:, ::-1]):
        # with one target of -1 and no coefficients, the gradient is the row itself
        gradient = fastgd.value_and_gradient(X, [-1.0], np.zeros(X.shape[1]))[1]
        np.testing.assert_array_equal(gradient, X[0].astype(np.float64))


@pytest.mark.parametrize("dtype", IN_FLOAT64)
def test_extreme_integers_are_read_as_numpy_reads_them(dtype: str) -> None:
    if dtype == "f8":
        extremes = np.array([np.finfo("f8").max, -np.finfo("f8").max, 5e-324])
    else:
        extremes = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 1], dtype)
    for x in extremes:
        gradient = fastgd.value_and_gradient(x.reshape(1, 1), [-1.0], [0.0])[1]
        np.testing.assert_array_equal(gradient, np.float64(x))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_memmap(dtype: str, order: Any, tmp_path: Path) -> None:
    values = INTEGERS.astype(dtype)
    stored = values.tobytes(order)
    (tmp_path / "X").write_bytes(stored)
    mapped = np.memmap(tmp_path / "X", dtype=dtype, mode="r", shape=values.shape, order=order)
    assert_same_bits(results(mapped), results(values))
    assert (tmp_path / "X").read_bytes() == stored


@pytest.mark.parametrize("sparse", [False, True])
def test_a_file_cut_short_between_epochs_is_an_error(sparse: bool, tmp_path: Path) -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    file = tmp_path / "X"
    values = INTEGERS.astype("f8")
    values.tofile(file)
    X: Any = np.memmap(file, dtype="f8", mode="r", shape=values.shape)
    if sparse:
        columns = np.tile(np.arange(9, dtype=np.int32), 600)
        X = scipy_sparse.csr_array((X.ravel(), columns, np.arange(601) * 9), values.shape)

    def cut(info: fastgd.EpochInfo) -> None:
        if info.epoch == 1:
            os.truncate(file, 4096)

    name = "X.data" if sparse else "X"
    with pytest.raises(ValueError, match=rf"^{name}: .*memory map, got one of 4096 bytes"):
        fastgd.fit(X, TARGETS, solver="minibatch", tol=None, max_iter=9, callback=cut)
    with pytest.raises(ValueError, match="memory map"):
        fastgd.fit(X, TARGETS)


def test_lists_and_tuples() -> None:
    X, y = INTEGERS / 4.0, TARGETS
    assert_same_bits(results(X.tolist(), y.tolist()), results(X))
    assert_same_bits(results(tuple(map(tuple, X.tolist())), tuple(y)), results(X))


def test_pandas_frame_and_series() -> None:
    pandas = pytest.importorskip("pandas")
    X = INTEGERS / 4.0
    frame = pandas.DataFrame(X, columns=list("abcdefghi"))
    mixed = frame.assign(a=INTEGERS[:, 0], b=X[:, 1].astype(np.float32))
    y = pandas.Series(TARGETS, index=np.arange(600)[::-1])
    assert_same_bits(results(frame, y), results(X))
    assert_same_bits(results(mixed, y), results(mixed.to_numpy(dtype=np.float64)))


def test_writable_inputs_keep_their_content() -> None:
    given: dict[str, Any] = {
        "X": INTEGERS.astype(np.float64),
        "y": (TARGETS > 0).astype(np.float64),
        "sample_weight": np.linspace(0.5, 2.0, 600),
        "offset": np.linspace(-1.0, 1.0, 600),
    }
    start = {"coef_init": COEF.copy(), "intercept_init": np.array([0.25])}
    copies = {name: values.copy() for name, values in (given | start).items()}
    for solver in SOLVERS:
        fit = fastgd.fit(**given, **start, loss="log_loss", solver=solver, max_iter=2, tol=None)
        assert not any(np.shares_memory(fit.coef, values) for values in (given | start).values())
        fit.coef[...] = np.nan
    fastgd.value_and_gradient(**given, coef=start["coef_init"], loss="log_loss")
    for name, values in (given | start).items():
        np.testing.assert_array_equal(values, copies[name])


@pytest.mark.parametrize("solver", SOLVERS)
def test_dtype_is_what_is_computed_in(solver: Any) -> None:
    X = (INTEGERS / 3.0).astype(np.float32)
    options: dict[str, Any] = {"solver": solver, "max_iter": 3, "tol": None}
    options["validation_fraction"] = 0.2
    for asked, other in (("float64", np.float64), ("float32", np.float32)):
        for held in (X, X.astype(np.float64), np.asfortranarray(X)):
            got = fastgd.fit(held, TARGETS, dtype=asked, **options)
            expected = fastgd.fit(held.astype(other), TARGETS, **options)
            assert got.coef.dtype == other
            assert got.coef.tobytes() == expected.coef.tobytes()
            np.testing.assert_array_equal(got.history.validation, expected.history.validation)
            value = fastgd.value(held, TARGETS, COEF, dtype=asked)
            assert value == fastgd.value(held.astype(other), TARGETS, COEF)
    with pytest.raises(ValueError, match=r"^dtype: expected one of 'float32', 'float64' or None"):
        fastgd.fit(X, TARGETS, dtype="float16")
