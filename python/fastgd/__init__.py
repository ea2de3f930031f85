"""Linear models by gradient descent on large arrays.

`fit` minimises the mean loss plus a penalty by batch, mini-batch or per-sample descent;
`value_and_gradient` evaluates the objective and its gradient in one reading of the data.
`GDRegressor` and `GDClassifier` are estimators for scikit-learn.
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import losses, schedules
from ._version import __version__
from .conditioning import diagnose
from .diagnosis import Dependency, Diagnosis
from .duality import duality_gap
from .effects import Effects
from .environment import show_versions
from .explain import explain_plan
from .objective import value, value_and_gradient
from .plan import Plan
from .result import ConvergenceWarning, EpochInfo, FitResult, History
from .solve import fit

__all__ = [
    "ConvergenceWarning",
    "Dependency",
    "Diagnosis",
    "Effects",
    "EpochInfo",
    "FitResult",
    "History",
    "Plan",
    "__version__",
    "diagnose",
    "duality_gap",
    "explain_plan",
    "fit",
    "losses",
    "schedules",
    "show_versions",
    "value",
    "value_and_gradient",
]

if TYPE_CHECKING:
    from . import linear_model as linear_model
    from .linear_model import GDClassifier as GDClassifier
    from .linear_model import GDRegressor as GDRegressor

# Need scikit-learn.
_ESTIMATORS = ("GDClassifier", "GDRegressor")


def __getattr__(name: str) -> Any:
    """Return what needs scikit-learn, which is imported only when asked for."""
    if name in ("linear_model", *_ESTIMATORS):
        module = importlib.import_module(f"{__name__}.linear_model")
        return module if name == "linear_model" else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ESTIMATORS, "linear_model"})
