"""What a loss is to the rest of the package: a name, its numbers, the targets it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .. import _core

if TYPE_CHECKING:
    from ._functions import CustomFunctions

__all__ = ["Loss"]


@dataclass(frozen=True)
class Loss:
    r"""A pointwise loss :math:`\ell(y, z)` of target `y` and linear predictor `z`.

    Made by the functions of this module, which check the parameter; the arithmetic is in the core.

    Attributes
    ----------
    name : str
        Name of the loss, as `fit` accepts it unless it is the caller's own.
    parameter : float
        The one number the loss is adjusted by, in its own unit; 0.0 for a loss that has none. For
        a loss of the caller's own, the bound of its second derivative, infinite without one.
    targets : {"real", "binary", "non-negative", "positive", "classes", "one-vs-rest"}
        Whether `y` holds real numbers (of either sign or not), one of two labels, or one of as
        many as there are outputs: with one loss of all, or with one each against the rest.
    link : {"identity", "logit", "log"}
        What of the mean target is the linear predictor: itself, its log-odds or its logarithm.
    smoothing : float or None
        Width, in units of `z`, on which a kink of the loss is rounded off; 0.0 for a loss that has
        none. None leaves it to `fit`: a thousandth of the unit of margins or of the spread of `y`
        for its own steps, nothing for a step size of the caller's.
    functions : CustomFunctions or None
        What the caller's own loss is made of; None for one of this module.
    """

    name: str
    parameter: float
    targets: Literal["real", "binary", "non-negative", "positive", "classes", "one-vs-rest"]
    link: Literal["identity", "logit", "log"] = "identity"
    smoothing: float | None = 0.0
    functions: CustomFunctions | None = None

    @property
    def joint(self) -> bool:
        """Whether each row holds the label of one of several outputs."""
        return self.targets in ("classes", "one-vs-rest")

    @property
    def core_parameters(self) -> _core.LossParameters:
        """The same numbers as the core takes them; a width that is left to `fit` is 0."""
        functions = None if self.functions is None else self.functions.for_core()
        return _core.LossParameters(self.parameter, self.smoothing or 0.0, functions)
