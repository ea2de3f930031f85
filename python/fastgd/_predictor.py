"""The linear predictor of all rows, by the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._validation import compute_dtype, raise_if_non_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._matrix import Matrix


def linear_predictor(
    X: Matrix, coef: NDArray[Any], intercept: NDArray[Any], n_threads: int | None
) -> NDArray[Any]:
    """Return X W^T + b of shape (n, K), float32 if X and `coef` are, for `coef` of shape (K, d)."""
    single = np.result_type(compute_dtype(X), coef.dtype) == np.float32
    z, finite = _core.linear_predictor(
        X, coef, intercept, single_precision=bool(single), n_threads=n_threads or 0
    )
    if not finite:
        raise_if_non_finite("X", X, _core.first_non_finite(X, bool(single)))
    return z
