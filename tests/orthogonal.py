"""Columns whose second moments are exactly those of the identity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def hadamard(columns: int, rows: int = 64) -> FloatArray:
    """Columns of +1 and -1, centred and orthogonal: their second moments are exactly I."""
    signs = np.ones((1, 1))
    while len(signs) < rows:
        signs = np.block([[signs, signs], [signs, -signs]])
    return signs[:, 1 : columns + 1]


def bends(X: FloatArray, curvature: float = 1.0, alpha: float = 0.0) -> FloatArray:
    """Eigenvalues of the Hessian with an intercept, descending."""
    A = np.column_stack([X, np.ones(len(X))])
    hessian = curvature * A.T @ A / len(A) + alpha * np.diag([1.0] * X.shape[1] + [0.0])
    return np.linalg.eigvalsh(hessian)[::-1]


U = hadamard(4)
TARGETS = np.random.default_rng(3).normal(size=64)
LABELS = (TARGETS > 0).astype(float)
