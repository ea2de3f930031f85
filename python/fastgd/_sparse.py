"""Sparse matrices as the core reads them: compressed rows, checked before anything reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from . import _core
from ._validation import check_numbers, describe, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INT32_MAX = 2**31 - 1


class SparseRows(_core.SparseRows):
    """Compressed sparse rows (CSR) whose arrays stay the caller's.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    dtype : numpy.dtype
        Of the numbers stored.
    nbytes : int
        Bytes of the three arrays.
    storage : str
        What they are and what making them cost.
    """

    def __init__(
        self,
        vectors: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
        n_columns: int,
        storage: str = "sparse rows (CSR), in place",
    ) -> None:
        super().__init__(*vectors, n_columns)
        self._data, self._indices, self._indptr = vectors
        self.shape = (len(self._indptr) - 1, n_columns)
        self.dtype = self._data.dtype
        self.nbytes = sum(vector.nbytes for vector in vectors)
        self.storage = storage

    def describe(self) -> str:
        """Return what the rows are and which of their columns a fit takes."""
        used = self.columns_of_fits()
        if used == self.shape[1]:
            return self.storage
        return f"{self.storage}; {used:,} of {self.shape[1]:,} columns in use, the others at rest"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the three arrays by the names that scipy gives them."""
        return {"X.data": self._data, "X.indices": self._indices, "X.indptr": self._indptr}

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, cell: tuple[int, int]) -> float:
        """Return one number: the sum of what is stored there."""
        row, column = cell
        stored = slice(*self._indptr[row : row + 2])
        with np.errstate(invalid="ignore", over="ignore"):
            return float(self._data[stored][self._indices[stored] == column].sum())


def is_sparse(X: object) -> bool:
    """Return whether `X` is a sparse matrix of scipy's kind, or one that was checked."""
    return hasattr(type(X), "tocsr") or isinstance(X, SparseRows)


def sparse_rows(X: Any) -> SparseRows:
    """Return a scipy.sparse matrix or array as checked rows; other formats than CSR are converted.

    Its arrays are taken as they are where the core can read them.
    """
    if isinstance(X, SparseRows):
        return X
    shape = tuple(X.shape)
    if len(shape) != 2 or 0 in shape:
        expected = "a 2-D array of at least one row and one column"
        raise ValueError(message("X", expected, f"shape {shape}"))
    if shape[1] > _INT32_MAX:
        raise ValueError(message("X", f"at most {_INT32_MAX:,} columns", f"{shape[1]:,}"))
    form = str(getattr(X, "format", "another format"))
    if form == "csr":
        rows = SparseRows(_vectors(X, shape[0]), shape[1])
        _raise_if_faulty(rows)
        return rows
    if form in ("csc", "bsr"):
        _check_compressed(X, form, shape)
    elif form in ("coo", "dia", "lil", "dok"):
        X = X.tocoo()
        _check_coordinates(X, shape)
    csr = X.tocsr()
    rows = SparseRows(_vectors(csr, shape[0]), shape[1])
    _raise_if_faulty(rows)
    rows.storage = f"sparse rows (CSR), converted from {form.upper()}: {rows.nbytes:,} bytes"
    return rows


def _vectors(X: Any, n_starts: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return data, indices and indptr, each in a form that the core reads."""
    indptr = _integers("X.indptr", X.indptr)
    if len(indptr) != n_starts + 1:
        expected = f"{n_starts + 1} numbers, one more than there are {_lines(X)}s"
        raise ValueError(message("X.indptr", expected, f"{len(indptr)}"))
    indices = _integers("X.indices", X.indices)
    data = check_numbers("X.data", X.data)
    if data.ndim != (3 if X.format == "bsr" else 1):
        raise ValueError(message("X.data", "one number after the other", f"shape {data.shape}"))
    if len(data) != len(indices):
        expected = f"as many numbers as X.indices has, {len(indices)}"
        raise ValueError(message("X.data", expected, f"{len(data)}"))
    return np.ascontiguousarray(data), indices, indptr


def _integers(name: str, values: object) -> NDArray[Any]:
    """Return a vector of native int32 or int64."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(message(name, "a vector of integers", f"shape {array.shape}"))
    if array.dtype.kind not in "iu":
        raise TypeError(message(name, "a vector of integers", describe(array)))
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and (array > 2**63 - 1).any():
        raise ValueError(message(name, "integers below 2**63", f"{array.max()}"))
    width = np.int32 if array.dtype == np.int32 else np.int64
    return np.require(array, dtype=width, requirements=["C", "A"])


def _lines(X: Any) -> str:
    return {"csc": "column", "bsr": "block row"}.get(X.format, "row")


def _check_compressed(X: Any, form: str, shape: tuple[int, ...]) -> None:
    """Raise for a CSC or BSR matrix that scipy's conversion would read beyond its memory."""
    across, along = shape[::-1] if form == "csc" else shape
    if form == "bsr":
        height, width = X.data.shape[1:] if X.data.ndim == 3 else (0, 0)
        if not height or not width or across % height or along % width:
            expected = f"blocks that shape {shape} is made of"
            raise ValueError(message("X.data", expected, f"shape {X.data.shape}"))
        across, along = across // height, along // width
    data, indices, indptr = _vectors(X, across)
    first = data.reshape(len(data), -1)[:, :1].reshape(-1)
    lines = SparseRows((np.ascontiguousarray(first), indices, indptr), along)
    _raise_if_faulty(lines, *(("column", "row") if form == "csc" else ("block row", "block")))


def _check_coordinates(X: Any, shape: tuple[int, ...]) -> None:
    data = check_numbers("X.data", X.data)
    for name, axis, size in (("row", X.row, shape[0]), ("col", X.col, shape[1])):
        places = _integers(f"X.{name}", axis)
        if data.shape != places.shape:
            expected = f"one for each of the {len(data)} numbers in X.data"
            raise ValueError(message(f"X.{name}", expected, f"{len(places)}"))
        wrong = np.flatnonzero((places < 0) | (places >= size))
        if wrong.size:
            got = f"{places[wrong[0]]} at position {wrong[0]}"
            raise ValueError(message(f"X.{name}", f"integers in [0, {size})", got))


def _raise_if_faulty(rows: SparseRows, line: str = "row", across: str = "column") -> None:
    fault = rows.fault()
    if fault is not None:
        _raise(*fault, rows, line, across)


def _raise(
    kind: _core.SparseFault,
    row: int,
    position: int,
    value: int,
    rows: SparseRows,
    line: str,
    across: str,
) -> NoReturn:
    at = f"{value} at position {row + 1}, the end of {line} {row}"
    stored = len(rows._indices)
    name, expected, got = {
        "first_start": ("X.indptr", "0 first", f"{value}"),
        "decreasing": ("X.indptr", "numbers that never decrease", at),
        "past_end": ("X.indptr", f"at most {stored}, as many as there are numbers stored", at),
        "column": (
            "X.indices",
            f"{across}s in [0, {rows.shape[1]})",
            f"{value} at position {position}, in {line} {row}",
        ),
    }[kind.name]
    raise ValueError(message(name, expected, got))
