"""Probabilities of classes from decision values, as scikit-learn's SGDClassifier has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._classifier import GDClassifier


def of_log_loss(scores: NDArray[Any]) -> NDArray[Any]:
    """Return 1 / (1 + exp(-score)) of each class."""
    return _of_all_classes(expit(scores))


def of_modified_huber(scores: NDArray[Any]) -> NDArray[Any]:
    """Return (clip(score, -1, 1) + 1) / 2 of each class."""
    return _of_all_classes((np.clip(scores, -1.0, 1.0) + 1.0) / 2.0)


def of_softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Return exp(score) of each class over the sum of all."""
    shares: NDArray[Any] = softmax(scores, axis=1)
    return shares


# By the name of the loss; others have no probabilities.
BY_LOSS = {
    "log_loss": of_log_loss,
    "softmax": of_softmax,
    "modified_huber": of_modified_huber,
}


def has_probabilities(classifier: GDClassifier) -> bool:
    """Return whether the loss has probabilities, for `available_if`."""
    # not resolved: to ask whether a method is there is no time to find a loss wrong
    name = getattr(classifier.loss, "name", classifier.loss)
    if name not in BY_LOSS:
        losses = " and ".join(map(repr, BY_LOSS))
        raise AttributeError(f"probabilities come with the losses {losses}, not with {name!r}")
    return True


def _of_all_classes(probability: NDArray[Any]) -> NDArray[Any]:
    """Return shape (n, K): that of the second of two classes and its rest, or shares of the sum."""
    if probability.ndim == 1:
        return np.stack([1.0 - probability, probability], axis=1)
    # where all are 0, each class is as likely as the others
    probability[~probability.any(axis=1)] = 1.0
    shares: NDArray[Any] = probability / probability.sum(axis=1, keepdims=True)
    return shares
