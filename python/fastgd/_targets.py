"""Targets as the core takes them: numbers as they are, labels as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._validation import BLOCK_ROWS, check_finite, check_numbers, message, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .losses import Loss


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets as the core takes them.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_outputs)
        A view of `y`; the core maps labels to -1 and +1 as it reads them. Of a loss of classes
        their numbers, from 0, in as many columns as there are classes.
    classes : ndarray of shape (2,) or (K,), or None
        The labels found, ascending, in the dtype of `y`; None where they are not looked for.
    negative, positive : float or None
        The labels that stand for -1 and +1; None unless the loss is binary.
    one_dimensional : bool
        Whether `y` had one dimension, as the coefficients then do too.
    """

    values: NDArray[Any]
    classes: NDArray[Any] | None
    negative: float | None
    positive: float | None
    one_dimensional: bool


def check_targets(
    y: object,
    n_rows: int,
    loss: Loss,
    *,
    need_both_classes: bool,
    labels: Sequence[float] | NDArray[Any] | None = None,
) -> Targets:
    """Return the targets for `loss`, a view of `y` if it is an array.

    With `need_both_classes` the labels are any two numbers, of a loss of classes two or more, and
    all occur. Without, they are known beforehand, `labels` or else 0 and 1 or -1 and +1, so that
    pieces of the rows can be treated alike.
    """
    array = check_numbers("y", y)
    if array.ndim not in (1, 2) or array.shape[-1] == 0 or len(array) != n_rows:
        expected = f"shape ({n_rows},) or ({n_rows}, n_outputs), a row for each row of X"
        raise ValueError(message("y", expected, f"shape {array.shape}"))
    check_finite("y", array, "row", "column")
    values = array if array.ndim == 2 else array[:, np.newaxis]
    if (loss.targets == "binary" or loss.joint) and values.shape[1] != 1:
        expected = f"one column of labels for loss={loss.name!r}"
        raise ValueError(message("y", expected, f"shape {array.shape}"))
    if loss.joint:
        codes, found_classes = _class_codes(values[:, 0], None if need_both_classes else labels)
        # each output is told the class: K columns that are one in memory
        shared = np.broadcast_to(codes[:, np.newaxis], (n_rows, len(found_classes)))
        # outputs tell their own number from the rest: the core asks whether they do
        one = 1.0 if loss.targets == "one-vs-rest" else None
        return Targets(shared, found_classes, None, one, one_dimensional=False)
    if loss.targets != "binary":
        _check_sign(values, loss)
        return Targets(values, None, None, None, array.ndim == 1)
    found = values[:, 0]
    negative, positive = _find_labels(found, need_both_classes, labels)
    classes = np.array([found.min(), found.max()]) if need_both_classes else None
    return Targets(values, classes, negative, positive, array.ndim == 1)


def _check_sign(targets: NDArray[Any], loss: Loss) -> None:
    """Raise for the first target below what the loss is made for."""
    least = targets.min()
    if loss.targets == "real" or least > 0 or (least == 0 and loss.targets == "non-negative"):
        return
    positive = loss.targets == "positive"
    row, column = np.argwhere(targets <= 0 if positive else targets < 0)[0]
    expected = f"targets {'> 0' if positive else '>= 0'} for loss={loss.name!r}"
    place = f"row {row}" + (f", column {column}" if targets.shape[1] > 1 else "")
    raise ValueError(message("y", expected, f"{shown(targets[row, column])} at {place}"))


def _find_labels(
    labels: NDArray[Any],
    need_both_classes: bool,
    known_labels: Sequence[float] | NDArray[Any] | None,
) -> tuple[float, float]:
    """Return the labels that stand for -1 and +1, once every row is known to hold one of them."""
    low, high = labels.min(), labels.max()
    if need_both_classes:
        negative, positive = float(low), float(high)
        both = f"{shown(low)} and {shown(high)}"
        # The core may compare labels in float32; two beyond its range are infinite and equal.
        with np.errstate(over="ignore"):
            if np.float32(low) == np.float32(high):
                got = f"{shown(low)} in every row" if low == high else f"{both}, equal in float32"
                raise ValueError(message("y", "two distinct labels", got))
        expected = f"two distinct labels, here {both}"
    elif known_labels is not None:
        negative, positive = (float(label) for label in known_labels)
        expected = f"labels within {{{negative:g}, {positive:g}}}, those of the fit"
    else:
        negative, positive = -1.0 if low < 0 else 0.0, 1.0
        expected = "labels within {0, 1} or {-1, +1}"
    for start in range(0, len(labels), BLOCK_ROWS):
        block = labels[start : start + BLOCK_ROWS]
        known = (block == negative) | (block == positive)
        if not known.all():
            row = start + int(np.argmin(known))
            raise ValueError(message("y", expected, f"{shown(labels[row])} at row {row}"))
    return negative, positive


def _class_codes(
    labels: NDArray[Any], known: Sequence[float] | NDArray[Any] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the number of each row's class among the known ones, or those found, and these."""
    if known is None:
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) == 1:
            got = f"{shown(classes[0])} in every row"
            raise ValueError(message("y", "two distinct labels or more", got))
        return codes.astype(np.int32), classes
    classes = np.asarray(known)
    numbered = bool((classes == np.arange(len(classes))).all())
    if numbered and labels.dtype.kind in "iu" and 0 <= labels.min() <= labels.max() < len(classes):
        # numbers of classes already
        return labels.astype(np.int32), classes
    codes = np.minimum(np.searchsorted(classes, labels), len(classes) - 1).astype(np.int32)
    strange = classes[codes] != labels
    if strange.any():
        row = int(np.argmax(strange))
        names = ", ".join(map(shown, classes[:4])) + (", ..." if len(classes) > 4 else "")
        expected = f"labels within {{{names}}}, {len(classes)} in all"
        raise ValueError(message("y", expected, f"{shown(labels[row])} at row {row}"))
    return codes, classes
