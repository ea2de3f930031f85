"""Estimators for scikit-learn, by the fits of this package."""

try:
    import sklearn.utils.validation as _validation
except ImportError as error:
    _text = "fastgd.linear_model needs scikit-learn >= 1.6; pip install 'fastgd[sklearn]'"
    raise ImportError(_text) from error
if not hasattr(_validation, "validate_data"):
    _text = "fastgd.linear_model needs scikit-learn >= 1.6; pip install -U 'fastgd[sklearn]'"
    raise ImportError(_text)

from ._classifier import GDClassifier
from ._regressor import GDRegressor
from ._warnings import ConvergenceWarning

__all__ = ["ConvergenceWarning", "GDClassifier", "GDRegressor"]
