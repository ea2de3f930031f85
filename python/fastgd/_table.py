"""Tables of pandas, polars and Arrow as columns that the core reads where they lie."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._validation import (
    DTYPE_CURES,
    EXACT_IN_FLOAT32,
    message,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    # A column's name and its pieces in order.
    Column = tuple[object, list[NDArray[Any]]]


class Table(_core.Columns):
    """Columns of numbers by name, each in one or several arrays of its own type.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    shape : tuple of int
        Rows and columns.
    dtype : dtype
        float32 where it holds every number exactly, else float64.
    nbytes : int
        Of all columns.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.names = tuple(str(name) for name, _ in columns)
        self._pieces = [pieces for _, pieces in columns]
        super().__init__(self._pieces)
        self.shape = (sum(map(len, self._pieces[0])), len(columns))
        all_pieces = [piece for pieces in self._pieces for piece in pieces]
        exact = all(piece.dtype in EXACT_IN_FLOAT32 for piece in all_pieces)
        self.dtype = np.dtype(np.float32 if exact else np.float64)
        self.nbytes = sum(piece.nbytes for piece in all_pieces)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, cell: tuple[int, int]) -> Any:
        """Return the number in a row and column."""
        row, column = cell
        for piece in self._pieces[column]:
            if row < len(piece):
                return piece[row]
            row -= len(piece)
        raise IndexError(cell)


def table_of(value: object) -> Table | None:
    """Return the columns of a table, without a copy where it holds plain numbers; else None."""
    if isinstance(value, Table):
        return value
    for package, names, columns_of in _READERS:
        module = sys.modules.get(package)
        kinds = tuple(getattr(module, name) for name in names if hasattr(module, name))
        if isinstance(value, kinds):
            return _checked(list(columns_of(value)), value)
    stream = hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")
    if not stream or hasattr(value, "__array__"):
        return None
    try:
        import pyarrow
    except ImportError as error:
        expected = "an array or table that numpy reads"
        got = f"an object of type {type(value).__name__}, which speaks Arrow alone"
        raise TypeError(message("X", expected, got, "install pyarrow to read it")) from error
    table = pyarrow.table(value)
    return _checked(list(_columns_of_arrow(table)), table)


def _checked(columns: list[Column], table: Any) -> Table:
    if not columns or not len(table):
        shape = (len(table), len(columns))
        expected = "a table of at least one row and one column"
        raise ValueError(message("X", expected, f"shape {shape}"))
    return Table(columns)


def _columns_of_pandas(frame: Any) -> Iterator[Column]:
    for name, series in frame.items():
        dtype, values = series.dtype, series.array
        kind = getattr(dtype, "kind", "O")
        if isinstance(dtype, np.dtype):
            array = series.to_numpy()
            if kind not in "biuf":
                raise _no_numbers(name, dtype, DTYPE_CURES.get(kind, ""))
            yield name, [array]
        elif type(dtype).__name__ == "ArrowDtype":
            yield name, _pieces_of_arrow(name, values.__arrow_array__())
        elif kind in "biuf" and type(dtype).__name__ != "CategoricalDtype":
            missing = series.isna()
            if missing.any():
                raise _missing(name, int(missing.to_numpy().argmax()))
            storage = getattr(dtype, "numpy_dtype", None)
            yield name, [values.to_numpy(dtype=storage, copy=False)]
        else:
            raise _no_numbers(name, dtype)


def _columns_of_polars(frame: Any) -> Iterator[Column]:
    for series in frame.get_columns():
        name, dtype = series.name, series.dtype
        if not (dtype.is_float() or dtype.is_integer() or str(dtype) == "Boolean"):
            raise _no_numbers(name, dtype)
        if series.null_count():
            raise _missing(name, series.is_null().arg_max())
        yield name, [chunk.to_numpy() for chunk in series.get_chunks()]


def _columns_of_arrow(table: Any) -> Iterator[Column]:
    for name, column in zip(table.schema.names, table.columns, strict=True):
        yield name, _pieces_of_arrow(name, column)


def _pieces_of_arrow(name: object, column: Any) -> list[NDArray[Any]]:
    import pyarrow.compute
    from pyarrow import types

    kind = column.type
    if not (types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind)):
        raise _no_numbers(name, kind)
    if column.null_count:
        missing = pyarrow.compute.is_null(column)
        raise _missing(name, pyarrow.compute.index(missing, True).as_py())
    chunks = getattr(column, "chunks", [column])
    # truth values are bits there
    return [chunk.to_numpy(zero_copy_only=not types.is_boolean(kind)) for chunk in chunks]


# Package, its types and what reads them.
_READERS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Iterator[Column]]], ...] = (
    ("pandas", ("DataFrame",), _columns_of_pandas),
    ("polars", ("DataFrame",), _columns_of_polars),
    ("pyarrow", ("Table", "RecordBatch"), _columns_of_arrow),
)

_CURES = (
    (("categor", "dictionary", "enum"), "encode categories first, as one-hot columns or as codes"),
    (("str", "utf8", "object", "binary"), "encode text as numbers or booleans first"),
    (("date", "time", "duration", "period"), "turn dates into numbers first, such as days"),
    (("decimal",), "cast it to float64 first"),
)


def _no_numbers(name: object, dtype: object, cure: str = "") -> TypeError:
    word = str(dtype).lower()
    found = (advice for parts, advice in _CURES if any(part in word for part in parts))
    got = f"column {str(name)!r} of dtype {dtype}"
    return TypeError(
        message("X", "columns of real numbers", got, cure or next(found, "leave it out"))
    )


def _missing(name: object, row: int) -> ValueError:
    cure = "drop or fill missing values first"
    got = f"a missing value at row {row}, column {str(name)!r}"
    return ValueError(message("X", "no missing values", got, cure))
