"""Features by scikit-learn's rules, without the copies that it makes of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_X_y, validate_data

from .._matrix import check_map, check_matrix
from .._table import table_of
from .._validation import is_bfloat16, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .._matrix import Matrix
    from ._base import LinearModel


# Of sparse X; scikit-learn turns others into the first.
SPARSE_FORMATS = ("csr", "csc", "coo", "bsr")


def features_and_targets(
    model: LinearModel, X: Any, y: Any, **rules: bool
) -> tuple[Any, NDArray[Any]]:
    """Return X and y of a fit; the core finds what is not finite in X. `rules` are those for y."""
    own = _read_by_us(X)
    if own is None:
        checked: tuple[Any, NDArray[Any]] = validate_data(
            *(model, _host_array(X), y),
            ensure_all_finite=False,
            accept_sparse=SPARSE_FORMATS,
            **rules,
        )
        return checked
    validate_data(model, X if hasattr(X, "shape") else own, skip_check_array=True)
    # a single number in the place of all
    stand_in = np.broadcast_to(np.float64(0), own.shape)
    _, targets = check_X_y(stand_in, y, estimator=model, **rules)
    return own, targets


def features(model: LinearModel, X: Any) -> Matrix:
    """Return X for a fitted model, likewise."""
    own = _read_by_us(X)
    if own is None:
        checked = validate_data(
            *(model, _host_array(X)),
            reset=False,
            ensure_all_finite=False,
            accept_sparse=SPARSE_FORMATS,
        )
        return check_matrix(checked)
    validate_data(model, X if hasattr(X, "shape") else own, reset=False, skip_check_array=True)
    return own


def _read_by_us(X: Any) -> Matrix | None:
    """Return what scikit-learn would copy or does not know; else None."""
    if is_bfloat16(getattr(X, "dtype", np.dtype(np.float64))):
        return check_matrix(X)
    return table_of(X)


def _host_array(X: Any) -> Any:
    """Return what speaks DLPack as an array of numpy; all else as it is."""
    check_map("X", X)
    foreign = hasattr(X, "__dlpack_device__") and not isinstance(X, np.ndarray)
    return numbers_of("X", X) if foreign else X
