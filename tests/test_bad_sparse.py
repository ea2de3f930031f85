"""Sparse matrices whose arrays lie about each other: refused before anything reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fastgd

sp = pytest.importorskip("scipy.sparse")

if TYPE_CHECKING:
    from collections.abc import Callable

Y = np.array([0.0, 1.0, 0.0, 2.0])


def csr() -> Any:
    """Four rows of five columns with 2, 0, 3 and 1 numbers stored."""
    return sp.csr_array(
        (
            np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            np.array([0, 3, 1, 2, 4, 0], dtype=np.int32),
            np.array([0, 2, 2, 5, 6], dtype=np.int32),
        ),
        shape=(4, 5),
    )


def csc() -> Any:
    return csr().tocsc()


def coo() -> Any:
    return csr().tocoo()


def bsr() -> Any:
    return sp.bsr_array(np.arange(24.0).reshape(4, 6), blocksize=(2, 3))


def with_entry(make: Callable[[], Any], name: str, at: int, value: float) -> Callable[[], Any]:
    """One number of an array is another."""

    def changed() -> Any:
        X = make()
        array = getattr(X, name)
        array[(at,) if array.ndim == 1 else (at, 0, 0)] = value
        return X

    return changed


def with_array(make: Callable[[], Any], **arrays: Any) -> Callable[[], Any]:
    """Whole arrays are others."""

    def changed() -> Any:
        X = make()
        for name, values in arrays.items():
            if name in ("row", "col") and hasattr(X, "coords"):
                coords = dict(zip(("row", "col"), X.coords, strict=True)) | {name: values}
                X.coords = (coords["row"], coords["col"])
            else:
                setattr(X, name, values)
        return X

    return changed


def wide(make: Callable[[], Any]) -> Callable[[], Any]:
    """The indices are int64."""

    def changed() -> Any:
        X = make()
        X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
        return X

    return changed


def of_shape(make: Callable[[], Any], *shape: int) -> Callable[[], Any]:
    def changed() -> Any:
        X = make()
        X._shape = shape
        return X

    return changed


STARTS = np.array([0, 2, 2, 5, 6])

BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    # indices
    "column too large": (
        with_entry(csr, "indices", 3, 5),
        ValueError,
        "X.indices: expected columns in [0, 5), got 5 at position 3, in row 2",
    ),
    "column negative": (
        with_entry(csr, "indices", 5, -1),
        ValueError,
        "X.indices: expected columns in [0, 5), got -1 at position 5, in row 3",
    ),
    "column huge": (with_entry(csr, "indices", 0, 2**31 - 1), ValueError, "got 2147483647 at"),
    "column least": (with_entry(csr, "indices", 0, -(2**31)), ValueError, "got -2147483648 at"),
    "wide column": (with_entry(wide(csr), "indices", 1, 2**40), ValueError, "got 1099511627776 at"),
    "wide column that wraps to 0": (
        with_entry(wide(csr), "indices", 1, 2**32),
        ValueError,
        "got 4294967296 at position 1, in row 0",
    ),
    "wide column negative": (
        with_entry(wide(csr), "indices", 4, -(2**63)),
        ValueError,
        "in row 2",
    ),
    "indices too few": (
        with_array(csr, indices=np.array([0, 3, 1, 2, 4])),
        ValueError,
        "X.data: expected as many numbers as X.indices has, 5, got 6",
    ),
    "indices too many": (
        with_array(csr, indices=np.zeros(9, dtype=np.int32)),
        ValueError,
        "X.data: expected as many numbers as X.indices has, 9, got 6",
    ),
    "indices real": (
        with_array(csr, indices=np.array([0.0, 3, 1, 2, 4, 0])),
        TypeError,
        "X.indices: expected a vector of integers",
    ),
    "indices 2-D": (
        with_array(csr, indices=np.zeros((2, 3), dtype=np.int32)),
        ValueError,
        "X.indices: expected a vector of integers, got shape (2, 3)",
    ),
    "indices None": (with_array(csr, indices=None), ValueError, "X.indices"),
    "indices text": (with_array(csr, indices=np.array(list("031240"))), TypeError, "X.indices"),
    "indices beyond int64": (
        with_array(csr, indices=np.array([0, 3, 1, 2, 4, 2**64 - 1], dtype=np.uint64)),
        ValueError,
        "X.indices: expected integers below 2**63",
    ),
    # starts
    "first start not 0": (
        with_entry(csr, "indptr", 0, 1),
        ValueError,
        "X.indptr: expected 0 first, got 1",
    ),
    "first start negative": (with_entry(csr, "indptr", 0, -1), ValueError, "expected 0 first"),
    "starts decrease": (
        with_entry(csr, "indptr", 2, 1),
        ValueError,
        "numbers that never decrease, got 1 at position 2, the end of row 1",
    ),
    "start negative": (with_entry(csr, "indptr", 3, -7), ValueError, "never decrease, got -7"),
    "last start too large": (
        with_entry(csr, "indptr", 4, 7),
        ValueError,
        "X.indptr: expected at most 6, as many as there are numbers stored, got 7",
    ),
    "middle start too large": (with_entry(csr, "indptr", 2, 99), ValueError, "got 99 at position"),
    "wide start overflows": (
        with_entry(wide(csr), "indptr", 4, 2**62),
        ValueError,
        "got 4611686018427387904",
    ),
    "starts too few": (
        with_array(csr, indptr=STARTS[:-1]),
        ValueError,
        "X.indptr: expected 5 numbers, one more than there are rows, got 4",
    ),
    "starts too many": (with_array(csr, indptr=np.append(STARTS, 6)), ValueError, "got 6"),
    "starts none": (with_array(csr, indptr=STARTS[:0]), ValueError, "got 0"),
    "starts real": (with_array(csr, indptr=STARTS.astype(float)), TypeError, "X.indptr"),
    "starts 2-D": (with_array(csr, indptr=STARTS[:, np.newaxis]), ValueError, "X.indptr"),
    # numbers
    "data too few": (with_array(csr, data=np.ones(5)), ValueError, "X.data: expected as many"),
    "data too many": (with_array(csr, data=np.ones(7)), ValueError, "X.data: expected as many"),
    "data 2-D": (with_array(csr, data=np.ones((6, 1))), ValueError, "one number after the other"),
    "data complex": (with_array(csr, data=np.ones(6, dtype=complex)), TypeError, "real numbers"),
    "data objects": (with_array(csr, data=np.array([None] * 6)), TypeError, "X.data: expected"),
    "data text": (with_array(csr, data=np.array(list("abcdef"))), TypeError, "X.data: expected"),
    "NaN": (
        with_entry(csr, "data", 3, np.nan),
        ValueError,
        "X: expected finite values, neither NaN nor inf, got nan at row 2, column 2",
    ),
    "infinity": (with_entry(csr, "data", 5, -np.inf), ValueError, "got -inf at row 3, column 0"),
    # shapes
    "no rows": (lambda: sp.csr_array((0, 3)), ValueError, "at least one row and one column"),
    "no columns": (lambda: sp.csr_array((4, 0)), ValueError, "at least one row and one column"),
    "rows more than told": (of_shape(csr, 9, 5), ValueError, "X.indptr: expected 10 numbers"),
    "columns fewer than told": (of_shape(csr, 4, 3), ValueError, "got 3 at position 1, in row 0"),
    "columns too many": (
        lambda: sp.csr_array(
            (np.ones(1), np.array([2**31], dtype=np.int64), np.array([0, 1, 1, 1, 1])),
            shape=(4, 2**31 + 1),
        ),
        ValueError,
        "at most 2,147,483,647 columns, got 2,147,483,649",
    ),
    # other formats
    "row too large": (
        with_entry(csc, "indices", 1, 4),
        ValueError,
        "X.indices: expected rows in [0, 4), got 4 at position 1, in column 0",
    ),
    "row negative": (with_entry(csc, "indices", 0, -2), ValueError, "got -2 at position 0"),
    "column starts decrease": (with_entry(csc, "indptr", 2, 0), ValueError, "the end of column 1"),
    "column starts past the end": (with_entry(csc, "indptr", 5, 60), ValueError, "got 60"),
    "CSC data too few": (with_array(csc, data=np.ones(2)), ValueError, "X.data: expected as many"),
    "COO row too large": (
        with_array(coo, row=np.array([0, 0, 2, 2, 2, 4])),
        ValueError,
        "X.row: expected integers in [0, 4), got 4 at position 5",
    ),
    "COO column negative": (
        with_array(coo, col=np.array([0, 3, 1, -2, 4, 0])),
        ValueError,
        "X.col: expected integers in [0, 5), got -2 at position 3",
    ),
    "COO rows too few": (
        with_array(coo, row=np.array([0, 0, 2])),
        ValueError,
        "X.row: expected one for each of the 6 numbers in X.data, got 3",
    ),
    "block too large": (
        with_entry(bsr, "indices", 1, 2),
        ValueError,
        "X.indices: expected blocks in [0, 2), got 2 at position 1, in block row 0",
    ),
    "block starts decrease": (with_entry(bsr, "indptr", 1, 5), ValueError, "X.indptr"),
    "blocks that do not fit": (of_shape(bsr, 4, 7), ValueError, "X.data: expected blocks"),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused_in_words(name: str) -> None:
    make, kind, words = BAD[name]
    X = make()
    with pytest.raises(kind) as raised:
        fastgd.fit(X, Y)
    assert words in str(raised.value)


@pytest.mark.parametrize("name", ["column too large", "starts decrease", "row negative", "NaN"])
def test_every_door_is_guarded(name: str) -> None:
    make, kind, words = BAD[name]
    X, coef = make(), np.zeros(5)
    result = fastgd.fit(csr(), Y, max_iter=2, tol=None)
    for call in (
        lambda: fastgd.value_and_gradient(X, Y, coef),
        lambda: fastgd.value(X, Y, coef),
        lambda: fastgd.diagnose(X, Y),
        lambda: result.effects(X),
        lambda: fastgd.fit(csr(), Y, validation_set=(X, Y)),
    ):
        with pytest.raises(kind) as raised:
            call()
        assert words in str(raised.value)


def test_one_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="2-D array of at least one row"):
        fastgd.fit(sp.coo_array(np.ones(4)), Y)


def test_targets_stay_dense() -> None:
    with pytest.raises(TypeError, match="y: expected a dense array"):
        fastgd.fit(csr(), sp.csr_array(Y[:, np.newaxis]))


def test_estimators_check_before_they_predict() -> None:
    linear_model = pytest.importorskip("fastgd.linear_model")
    model = linear_model.GDRegressor(max_iter=5, tol=None).fit(csr(), Y)
    with pytest.raises(ValueError, match="columns in"):
        model.predict(with_entry(csr, "indices", 3, 5)())
    with pytest.raises(ValueError, match="never decrease"):
        model.fit(with_entry(csr, "indptr", 2, 1)(), Y)
