"""The features as the core reads them: whatever holds them, nothing is copied."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ._sparse import SparseRows, is_sparse, sparse_rows
from ._table import Table, table_of
from ._validation import message, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[Any] | Table | SparseRows


def check_matrix(X: object) -> Matrix:
    """Return `X` as rows of real numbers; the core finds NaN and infinity as it reads."""
    if is_sparse(X):
        rows = sparse_rows(X)
        for name, array in maps_of(rows):
            check_map(name, array)
        return rows
    table = table_of(X)
    if table is not None:
        return table
    array = numbers_of("X", X)
    if array.ndim != 2 or array.size == 0:
        expected = "a 2-D array of at least one row and one column"
        cure = "X.reshape(-1, 1) is one column, X.reshape(1, -1) one row" if array.ndim == 1 else ""
        raise ValueError(message("X", expected, f"shape {array.shape}", cure))
    check_map("X", array)
    return array


def check_map(name: str, X: object) -> None:
    """Raise if an array mapped from a file needs more of it than there is: reading would crash."""
    owner = _map_behind(X)
    if owner is None:
        return
    try:
        size = owner.size()
    except (OSError, ValueError):  # memory of no file
        return
    if size < len(owner):
        expected = f"a file of at least {len(owner)} bytes behind the memory map"
        cure = "the file has been cut short since it was mapped: write and map it anew"
        raise ValueError(message(name, expected, f"one of {size} bytes", cure))


def maps_of(X: Matrix) -> list[tuple[str, NDArray[Any]]]:
    """Return the arrays of `X` that are mapped from files, by name."""
    arrays = X.arrays() if isinstance(X, SparseRows) else {"X": X}
    return [
        (name, array)
        for name, array in arrays.items()
        if isinstance(array, np.ndarray) and _map_behind(array) is not None
    ]


def _map_behind(array: object) -> mmap.mmap | None:
    owner = array
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return owner if isinstance(owner, mmap.mmap) else None
