"""What the user hands over, checked by scikit-learn's rules and counted by ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import unique_labels

from .._validation import check_sample_weight, message, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray


def weights_of_stream(sample_weight: object, n_rows: int) -> NDArray[Any] | None:
    """Return the weights of a chunk, which may all be 0: then it is as if it were absent."""
    weights = np.asarray(sample_weight)
    numbers = weights.shape == (n_rows,) and weights.dtype.kind in "biuf"
    if numbers and not weights.any():
        return weights
    return check_sample_weight(sample_weight, n_rows)


def classes_of_stream(classes: Any, known: NDArray[Any] | None) -> NDArray[Any]:
    """Return the classes of a stream: named in its first call, `known` in later ones."""
    if classes is None:
        if known is None:
            expected = "all labels that y may ever hold"
            raise ValueError(message("classes", expected, "None in the first call"))
        return known
    named: NDArray[Any] = unique_labels(classes)
    if known is not None and not np.array_equal(named, known):
        expected = f"None or the classes of the first call, {shown(known.tolist())}"
        raise ValueError(message("classes", expected, shown(named.tolist())))
    if len(named) < 2:
        raise ValueError(message("classes", "at least two", shown(named.tolist())))
    return named


def codes_of(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the position of each label among the classes, which are in order."""
    known = set(classes.tolist())
    unknown = [label for label in np.unique(y).tolist() if label not in known]
    if unknown:
        cure = "name all classes in the first call, as classes=numpy.unique(all_labels)"
        expected = f"labels among classes_, {shown(classes.tolist())}"
        raise ValueError(message("y", expected, shown(unknown[0]), cure))
    return np.searchsorted(classes, y)


def times_class_weight(
    class_weight: Any,
    classes: NDArray[Any],
    codes: NDArray[np.intp],
    weights: NDArray[Any] | None,
) -> NDArray[Any] | None:
    """Return the weight of each row times that of its class.

    "balanced" gives all classes the same weight in sum: a row of weight 2 counts as two rows.
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, str) and class_weight == "balanced":
        share = np.bincount(codes, weights, minlength=len(classes))
        with np.errstate(divide="ignore"):
            factor = np.where(share > 0, share.sum() / (len(classes) * share), 0.0)
    else:
        factor = compute_class_weight(class_weight, classes=classes, y=classes)
    return factor[codes] if weights is None else factor[codes] * weights
