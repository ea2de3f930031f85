"""The front door: every argument is checked here, once, and made canonical without copying."""

from __future__ import annotations

import difflib
import math
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ._matrix import Matrix

# The counters of the core hold no more.
_INT64_MAX = 2**63 - 1

# Rows compared at a time, so that temporaries stay small beside the input.
BLOCK_ROWS = 2**20

EXACT_IN_FLOAT32 = tuple(map(np.dtype, ("f4", "f2", "?", "i1", "u1", "i2", "u2")))

# What to do about an array that holds no real numbers, by kind of dtype.
DTYPE_CURES = {
    "O": "turn every entry into a number first, as .astype(float) does",
    "c": "pass real and imaginary parts as two columns",
    **dict.fromkeys("UST", "encode text as numbers or booleans first"),
    "M": "turn dates into numbers first, such as days since the first one",
    "m": "divide by a unit first, such as numpy.timedelta64(1, 's')",
    "V": "pass the fields of a structured array as columns",
}


def message(name: str, expected: str, got: str, cure: str = "") -> str:
    """Word an error: the argument, what it should be, what came and what helps."""
    return f"{name}: expected {expected}, got {got}" + (f"; {cure}" if cure else "")


def shown(value: object) -> str:
    """Return the repr of a scalar, without numpy's type name and cut to a readable length."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def describe(value: object) -> str:
    """Say what came where another type was expected: a scalar in full, all else by its type."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, (str, bytes, numbers.Number, np.generic)):
        return f"{shown(value)} ({type(value).__name__})"
    return "None" if value is None else f"an object of type {type(value).__name__}"


def non_finite_error(name: str, value: float, **place: object) -> ValueError:
    """Word the error for the first NaN or infinity of an array, at e.g. row=3, column=2."""
    got = f"{value} at " + ", ".join(f"{axis} {index}" for axis, index in place.items())
    cure = "drop or fill such rows first (numpy.isfinite finds them)" if "row" in place else ""
    return ValueError(message(name, "finite values, neither NaN nor inf", got, cure))


def raise_if_non_finite(name: str, X: Matrix, cell: tuple[int, int] | None) -> None:
    """Raise for the cell that the core found, if it found one."""
    if cell is not None:
        row, column = cell
        names = getattr(X, "names", None)
        shown_column = column if names is None else repr(names[column])
        raise non_finite_error(name, float(X[row, column]), row=row, column=shown_column)


def _interval(
    low: float | None, high: float | None, *, low_open: bool = False, high_open: bool = False
) -> str:
    """Word bounds, to follow a noun; an upper bound comes with a lower one."""
    first, last = (f"{end:g}" if isinstance(end, float) else end for end in (low, high))
    if first is None:
        return ""
    if last is None:
        return f" {'>' if low_open else '>='} {first}"
    return f" in {'(' if low_open else '['}{first}, {last}{')' if high_open else ']'}"


def _or(alternative: str) -> str:
    return f" or {alternative}" if alternative else ""


def check_choice(
    name: str,
    value: object,
    choices: Sequence[str],
    *,
    alternative: str = "",
    elsewhere: Mapping[str, str] | None = None,
) -> str:
    """Return `value` if it is one of `choices`, else point to the nearest of them.

    `elsewhere` tells what those are called that other libraries know by another name.
    """
    expected = f"one of {', '.join(map(repr, choices))}{_or(alternative)}"
    if not isinstance(value, str):
        raise TypeError(message(name, expected, describe(value)))
    if value not in choices:
        nearest = difflib.get_close_matches(value.lower(), choices, n=1)
        known = (elsewhere or {}).get(value.lower()) or (repr(nearest[0]) if nearest else "")
        cure = f"did you mean {known}?" if known else ""
        raise ValueError(message(name, expected, shown(value), cure))
    return value


def check_real(
    name: str,
    value: object,
    *,
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    high_open: bool = False,
    alternative: str = "",
) -> float:
    """Return `value` as a float if it is a finite real number within the bounds."""
    interval = _interval(low, high, low_open=low_open, high_open=high_open)
    expected = f"a finite number{interval}{_or(alternative)}"
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(message(name, expected, describe(value)))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    low_enough = high is None or number < high or (number == high and not high_open)
    high_enough = low is None or number > low or (number == low and not low_open)
    if not (math.isfinite(number) and low_enough and high_enough):
        raise ValueError(message(name, expected, shown(value)))
    return number


def check_integer(
    name: str, value: object, low: int, high: int | None = None, *, alternative: str = ""
) -> int:
    """Return `value` as an int if it is an integer within the bounds, both included."""
    expected = f"an integer{_interval(low, high)}{_or(alternative)}"
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(message(name, expected, describe(value)))
    number = int(value)
    if not low <= number <= (_INT64_MAX if high is None else high):
        raise ValueError(message(name, expected, shown(value)))
    return number


def check_flag(name: str, value: object) -> bool:
    """Return `value` as a bool if it is True or False, numpy's included."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(message(name, "True or False", describe(value)))
    return bool(value)


def check_penalty_scale(penalty_scale: object) -> str:
    """Return what a penalty measures coefficients in: "raw" or "std"."""
    return check_choice("penalty_scale", penalty_scale, ("raw", "std"))


def check_n_threads(n_threads: object) -> int | None:
    """Return the number of threads, or None for all this process may use."""
    if n_threads is None:
        return None
    words = "None (all this process may use)"
    return check_integer("n_threads", n_threads, 1, alternative=words)


def compute_dtype(X: Matrix, asked: object = None) -> np.dtype[Any]:
    """Return what is asked for; else float32 where it holds every value of X, else float64."""
    if asked is not None:
        words = ("float32", "float64")
        return np.dtype(check_choice("dtype", asked, words, alternative="None (by that of X)"))
    exact = X.dtype.newbyteorder("=") in EXACT_IN_FLOAT32 or is_bfloat16(X.dtype)
    return np.dtype(np.float32 if exact else np.float64)


def is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """Return whether these are the numbers that ml_dtypes calls bfloat16."""
    return dtype.name == "bfloat16"


def check_sample_weight(sample_weight: object, n_rows: int) -> NDArray[Any] | None:
    """Return the weights as an array of shape (n_rows,), or None."""
    if sample_weight is None:
        return None
    weights = check_numbers("sample_weight", sample_weight)
    check_shape("sample_weight", weights, (n_rows,))
    check_finite("sample_weight", weights, "row")
    if weights.min() < 0:
        row = int(np.argmax(weights < 0))
        raise ValueError(message("sample_weight", "weights >= 0", f"{weights[row]} at row {row}"))
    if weights.max() == 0:
        raise ValueError(message("sample_weight", "at least one weight > 0", "only zeros"))
    return weights


def check_offset(offset: object, n_rows: int, n_outputs: int) -> NDArray[Any] | None:
    """Return the offset as an array of shape (n_rows, n_outputs), or None."""
    if offset is None:
        return None
    values = check_numbers("offset", offset)
    flat = [(n_rows,)] if n_outputs == 1 else []
    check_shape("offset", values, *flat, (n_rows, n_outputs))
    check_finite("offset", values, "row", "column")
    return values if values.ndim == 2 else values[:, np.newaxis]


def check_coef(name: str, coef: object, n_outputs: int, n_features: int) -> NDArray[np.float64]:
    """Return coefficients as a float64 array of shape (n_outputs, n_features)."""
    array = check_numbers(name, coef)
    flat = [(n_features,)] if n_outputs == 1 else []
    check_shape(name, array, *flat, (n_outputs, n_features))
    values = np.ascontiguousarray(array, dtype=np.float64).reshape(n_outputs, n_features)
    check_finite(name, values, "output", "feature")
    return values


def check_features(name: str, values: object, n_features: int) -> NDArray[np.float64]:
    """Return one finite number for each feature as a float64 array of shape (n_features,)."""
    array = check_numbers(name, values)
    check_shape(name, array, (n_features,))
    check_finite(name, array, "feature")
    return np.array(array, dtype=np.float64, order="C")


def check_intercept(name: str, intercept: object, n_outputs: int) -> NDArray[np.float64]:
    """Return intercepts as a float64 array of shape (n_outputs,); a scalar serves all outputs."""
    array = check_numbers(name, intercept)
    check_shape(name, array, (), (n_outputs,))
    values = np.full(n_outputs, array, dtype=np.float64)
    check_finite(name, values, "output")
    return values


def check_numbers(name: str, value: object) -> NDArray[Any]:
    """Return `value` as an aligned native array of bools, integers or floats of up to 64 bits."""
    array = numbers_of(name, value)
    if is_bfloat16(array.dtype):
        return array.astype(np.float32)
    native = array.dtype.newbyteorder("=")
    if array.dtype == native and array.flags.aligned:
        return array.view(native)
    return np.array(array, dtype=native, order="C")


def numbers_of(name: str, value: object) -> NDArray[Any]:
    """Return `value` as an array of bools, integers or floats of up to 64 bits, as it lies."""
    if hasattr(type(value), "todense"):
        cure = f"{name}.toarray() is one, if it fits in memory"
        raise TypeError(message(name, "a dense array", describe(value), cure))
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        cure = f"fill or drop them first, as {name}.filled(0) does"
        got = f"{value.size - value.count()} of {value.size}"
        raise ValueError(message(name, "no masked entries", got, cure))
    try:
        array = _array_of(value)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = ValueError if isinstance(value, (list, tuple)) else TypeError
        raise kind(message(name, "an array of numbers", describe(value), str(error))) from error
    # floats of 8 bits call themselves floats, and are another package's (2)
    own = array.dtype.kind in "biuf" and array.dtype.isbuiltin != 2
    if not own and not is_bfloat16(array.dtype):
        got = f"dtype {array.dtype}{_stray(array)}" if array.ndim else describe(value)
        cure = DTYPE_CURES.get(array.dtype.kind, "") if array.ndim else ""
        raise TypeError(message(name, "an array of real numbers", got, cure))
    if array.dtype.itemsize <= 8:
        # C's own integer types have several names
        known = array.dtype.str if own else array.dtype
        return array.view(known)
    # A long double beyond float64 turns infinite here, and is then reported as that.
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float64, order="C")


# Of DLPack's devices, those whose memory the processor reads: its own, and what it shares.
_HOST_DEVICES = (1, 3)


def _array_of(value: object) -> NDArray[Any]:
    """Return an array on the memory of `value` where numpy can, else a copy."""
    device_of = getattr(value, "__dlpack_device__", None)
    if device_of is None or isinstance(value, np.ndarray):
        return np.asarray(value)
    device = int(device_of()[0])
    if device not in _HOST_DEVICES:
        kind = f"an array on a device of kind {device} in DLPack"
        raise TypeError(f"{kind}; bring it to main memory first, as .cpu() does")
    speaks = ("__array__", "__array_interface__", "__array_struct__")
    if any(hasattr(value, name) for name in speaks):
        return np.asarray(value)
    return np.from_dlpack(value)  # type: ignore[arg-type]


def _stray(array: NDArray[Any]) -> str:
    """Name what is no number in the first row of an object array: text columns show there."""
    for column, entry in enumerate(array[:1].ravel() if array.dtype.kind == "O" else ()):
        if not isinstance(entry, (numbers.Real, np.bool_)):
            return f" with {describe(entry)} at position {column} of its first row"
    return ""


def check_shape(name: str, array: NDArray[Any], *shapes: tuple[int, ...]) -> None:
    if array.shape not in shapes:
        expected = " or ".join(f"shape {shape}" if shape else "a number" for shape in shapes)
        raise ValueError(message(name, expected, f"shape {array.shape}"))


def check_finite(name: str, array: NDArray[Any], *axes: str) -> None:
    """Raise for the first NaN or infinity, naming its place along `axes`."""
    # NaN and infinity survive into min or max: clean data is checked without a temporary array.
    if array.dtype.kind == "f" and not np.isfinite([array.min(), array.max()]).all():
        position = np.unravel_index(np.argmin(np.isfinite(array)), array.shape)
        place = dict(zip(axes, map(int, position), strict=False))
        raise non_finite_error(name, float(array[position]), **place)
