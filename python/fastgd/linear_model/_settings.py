"""Parameters of the estimators as those of `fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core, losses
from .._options import ADAPTIVE_UPDATES, check_callback
from .._validation import check_choice, check_integer, check_real, describe, message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..losses import Loss
    from ..result import EpochInfo

_WITH_EPSILON = ("huber", "epsilon_insensitive", "squared_epsilon_insensitive")


def resolve_loss(loss: object, epsilon: object, targets: Collection[str], instead: str) -> Loss:
    """Return the loss, if its targets are among those given; else `instead` is what takes it."""
    resolved = losses.resolve(loss)  # type: ignore[arg-type]
    if epsilon is not None and loss in _WITH_EPSILON:
        by_name: Callable[[object], Loss] = getattr(losses, resolved.name)
        resolved = by_name(epsilon)
    if resolved.targets not in targets:
        expected = f"a loss for targets that are {' or '.join(targets)}"
        raise ValueError(message("loss", expected, repr(resolved.name), instead))
    return resolved


def strength_of(penalty: object, alpha: object, l1_ratio: object) -> tuple[float, float]:
    """Return alpha and l1_ratio of the penalty of that name."""
    strength = check_real("alpha", alpha, low=0.0)
    if penalty is None:
        return 0.0, 0.0
    choices = ("l2", "l1", "elasticnet")
    if check_choice("penalty", penalty, choices, alternative="None") != "elasticnet":
        return strength, float(penalty == "l1")
    return strength, check_real("l1_ratio", l1_ratio, low=0.0, high=1.0)


def threads_of(n_threads: int | None, n_jobs: object) -> int | None:
    """Return the number of threads; n_jobs tells it where n_threads does not."""
    if n_threads is not None or n_jobs is None:
        return n_threads
    jobs = check_integer("n_jobs", n_jobs, -(2**31), alternative="None")
    if jobs == 0:
        raise ValueError(message("n_jobs", "an integer other than 0, or None", "0"))
    return jobs if jobs > 0 else max(1, _core.available_threads() + 1 + jobs)


def shuffle_of(shuffle: object) -> Any:
    """Return the order of rows that True and False stand for."""
    if isinstance(shuffle, (bool, np.bool_)):
        return "block" if shuffle else False
    return shuffle


def callback_of(
    verbose: object, callback: Callable[[EpochInfo], bool | None] | None
) -> Callable[[EpochInfo], bool | None] | None:
    """Return what is to be called after each epoch: a line on the screen, then the caller's."""
    lines = verbose if isinstance(verbose, bool) else check_integer("verbose", verbose, 0)
    if not lines:
        return callback
    check_callback(callback)

    def show(info: EpochInfo) -> bool | None:
        norm = float(np.linalg.norm(info.coef))
        print(
            f"-- Epoch {info.epoch + 1}: norm {norm:.6g}, non-zeros {np.count_nonzero(info.coef)}, "
            f"objective {info.objective:.6g}, step {info.learning_rate:.3g}, {info.seconds:.2f} s"
        )
        return None if callback is None else callback(info)

    return show


def check_for_stream(settings: dict[str, Any], *, early_stopping: bool) -> None:
    """Refuse what a stream of rows cannot have: all of them at once, or epochs."""
    rate, update = settings["learning_rate"], settings["update"]
    if early_stopping:
        raise _refused("early_stopping", "False", True, "no rows are held out of a stream")
    if callable(rate):
        raise _refused("learning_rate", "a name", rate, "it would be asked once an epoch")
    if rate == "auto" and update in ADAPTIVE_UPDATES:
        cure = f"update={update!r} takes it from the length of an epoch: give an eta0 of your own"
        raise _refused("learning_rate", "another than 'auto'", rate, cure)
    if settings["precondition"] == "whiten":
        cure = "'scale' needs no Hessian of all rows"
        raise _refused("precondition", "another than 'whiten'", "whiten", cure)
    if settings["penalty_scale"] == "std" and settings["alpha"] > 0.0:
        cure = "rows to come tell no standard deviation of columns"
        raise _refused("penalty_scale", "'raw', or no penalty", "std", cure)


def _refused(name: str, expected: str, value: object, cure: str) -> ValueError:
    return ValueError(message(name, f"for partial_fit {expected}", describe(value), cure))
