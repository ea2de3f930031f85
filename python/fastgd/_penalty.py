"""The penalty: its arguments checked, and as the core takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._validation import check_features, check_penalty_scale, check_real, message

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Penalty:
    """Strength, share of the l1 norm, scale and factors of a penalty.

    Attributes
    ----------
    alpha : float
        Strength; 0 where every feature is exempt.
    l1_ratio : float
        Share of the l1 norm.
    scale : str
        "raw" or "std".
    factor : ndarray of shape (n_features,) or None
        Of each feature; None where all are 1.
    """

    alpha: float
    l1_ratio: float
    scale: str
    factor: NDArray[np.float64] | None

    @property
    def l1(self) -> float:
        """Return the strength of the absolute penalty."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Return the strength of the squared penalty."""
        return self.alpha * (1.0 - self.l1_ratio)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of the core."""
        return {
            "alpha": self.alpha,
            "l1_ratio": self.l1_ratio,
            "penalty_scale": _core.PenaltyScale[self.scale],
            "penalty_factor": self.factor,
        }


def check_penalty(
    n_features: int,
    alpha: object,
    l1_ratio: object,
    penalty_scale: object,
    penalty_factor: object,
) -> Penalty:
    """Return the penalty on so many features."""
    strength = check_real("alpha", alpha, low=0.0)
    ratio = check_real("l1_ratio", l1_ratio, low=0.0, high=1.0)
    scale = check_penalty_scale(penalty_scale)
    factor = check_penalty_factor(penalty_factor, n_features)
    if factor is not None and not factor.any():
        return Penalty(0.0, ratio, scale, None)
    # all 1: the kernels without factors
    plain = factor is None or bool((factor == 1.0).all())
    return Penalty(strength, ratio, scale, None if plain else factor)


def check_penalty_factor(penalty_factor: object, n_features: int) -> NDArray[np.float64] | None:
    """Return the factors as an array of shape (n_features,), or None for 1."""
    if penalty_factor is None:
        return None
    factor = check_features("penalty_factor", penalty_factor, n_features)
    if factor.min() < 0.0:
        feature = int(np.argmax(factor < 0.0))
        got = f"{factor[feature]} at feature {feature}"
        raise ValueError(message("penalty_factor", "factors >= 0", got))
    return factor
