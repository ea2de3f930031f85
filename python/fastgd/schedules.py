"""Learning rates as functions of the epoch: made by name, chained, and read within epochs too."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from ._validation import check_real, describe, message

__all__ = [
    "Schedule",
    "constant",
    "cosine",
    "exponential",
    "linear",
    "one_cycle",
    "step",
    "warm_up",
]


class Schedule(ABC):
    """A learning rate as a function of the epoch, for `fit` to read many times an epoch.

    Made by the functions of this module, which check their arguments. One of your own is a
    subclass that defines `rate`; a plain callable given to `fit` is asked once an epoch instead.
    """

    @abstractmethod
    def rate(self, epoch: float) -> float:
        """Return the rate after `epoch` epochs, as the formula of the schedule has it.

        Parameters
        ----------
        epoch : float
            Passes over the rows since the start, >= 0; 2.5 is the middle of the third.

        Returns
        -------
        float
            The rate, >= 0.
        """

    def __call__(self, epoch: float) -> float:
        """Return the rate after `epoch` epochs, positive even where the formula underflows.

        Parameters
        ----------
        epoch : float
            Passes over the rows since the start, >= 0; 2.5 is the middle of the third.

        Returns
        -------
        float
            The rate, > 0.
        """
        return max(self.rate(check_real("epoch", epoch, low=0.0)), sys.float_info.min)

    def then(self, after: float, schedule: Schedule) -> Schedule:
        """Return the schedule that follows this one for some epochs, then another from its start.

        Parameters
        ----------
        after : float
            Epochs that this schedule lasts, > 0.
        schedule : Schedule
            What comes after them; its epoch 0 is this one's epoch `after`.

        Returns
        -------
        Schedule
            Both, one after the other.

        Examples
        --------
        >>> from fastgd import schedules
        >>> halves = schedules.constant(0.2).then(5, schedules.constant(0.1))
        >>> halves(4.9), halves(5.0)
        (0.2, 0.1)
        """
        return _Chain(self, _check_positive("after", after), _check_schedule(schedule))


def constant(rate: float) -> Schedule:
    r"""Return the same rate for ever: :math:`\eta(e) = \eta_0`.

    Parameters
    ----------
    rate : float
        The rate, > 0.

    Returns
    -------
    Schedule
        The schedule.
    """
    return _Constant(_check_positive("rate", rate))


def step(rate: float, *, every: float, factor: float = 0.1) -> Schedule:
    r"""Return a rate that drops by a factor every so many epochs.

    .. math:: \eta(e) = \eta_0\, f^{\lfloor e / p \rfloor}

    Parameters
    ----------
    rate : float
        Where it starts, :math:`\eta_0 > 0`.
    every : float
        Epochs from drop to drop, :math:`p > 0`.
    factor : float, default=0.1
        What a drop multiplies the rate by, :math:`f` in (0, 1).

    Returns
    -------
    Schedule
        The schedule.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR,
       2016, section 3.4.
    """
    return _Step(
        _check_positive("rate", rate), _check_positive("every", every), _check_factor(factor)
    )


def exponential(rate: float, *, factor: float) -> Schedule:
    r"""Return a rate that falls by the same factor each epoch: :math:`\eta(e) = \eta_0 f^e`.

    Parameters
    ----------
    rate : float
        Where it starts, :math:`\eta_0 > 0`.
    factor : float
        What an epoch multiplies the rate by, :math:`f` in (0, 1).

    Returns
    -------
    Schedule
        The schedule.

    References
    ----------
    .. [1] X. Li, Z. Zhuang, F. Orabona, "A Second Look at Exponential and Cosine Step Sizes:
       Simplicity, Adaptivity, and Performance", ICML, 2021.
    """
    return _Exponential(_check_positive("rate", rate), _check_factor(factor))


def linear(start: float, end: float, *, epochs: float) -> Schedule:
    r"""Return a rate that goes from one value to another in a straight line, and stays there.

    .. math:: \eta(e) = \eta_0 + (\eta_1 - \eta_0) \min(e / E, 1)

    Parameters
    ----------
    start, end : float
        The two rates, :math:`\eta_0, \eta_1 > 0`.
    epochs : float
        Epochs from one to the other, :math:`E > 0`.

    Returns
    -------
    Schedule
        The schedule.
    """
    return _Linear(
        _check_positive("start", start),
        _check_positive("end", end),
        _check_positive("epochs", epochs),
    )


def cosine(rate: float, *, epochs: float, end: float | None = None) -> Schedule:
    r"""Return a rate that falls along half a cosine, slowly at both ends, and stays at its end.

    .. math:: \eta(e) = \eta_1 + \frac{\eta_0 - \eta_1}{2} (1 + \cos(\pi \min(e / E, 1)))

    Parameters
    ----------
    rate : float
        Where it starts, :math:`\eta_0 > 0`.
    epochs : float
        Epochs until the end, :math:`E > 0`.
    end : float, optional
        Where it ends, :math:`\eta_1 > 0`; by default a hundredth of `rate`.

    Returns
    -------
    Schedule
        The schedule.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR,
       2017, equation 5.
    """
    start = _check_positive("rate", rate)
    return _Cosine(start, _check_or("end", end, 0.01 * start), _check_positive("epochs", epochs))


def warm_up(schedule: Schedule, *, epochs: float, start: float | None = None) -> Schedule:
    r"""Return a straight ramp up to the first rate of a schedule, and then that schedule.

    .. math::

       \eta(e) = \begin{cases}
           \eta_0 + (s(0) - \eta_0)\, e / E & e < E \\
           s(e - E) & e \ge E
       \end{cases}

    Parameters
    ----------
    schedule : Schedule
        What comes after the ramp, :math:`s`; it begins there, no part of it is lost.
    epochs : float
        Epochs of the ramp, :math:`E > 0`.
    start : float, optional
        Where the ramp starts, :math:`\eta_0 > 0`; by default a hundredth of the first rate.

    Returns
    -------
    Schedule
        The schedule.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
       arXiv:1706.02677, 2017, section 2.2.

    Examples
    --------
    >>> from fastgd import schedules
    >>> rate = schedules.warm_up(schedules.cosine(0.1, epochs=20), epochs=1)
    >>> rate(0.0), rate(1.0), rate(21.0)
    (0.001, 0.1, 0.001)
    """
    first = _check_schedule(schedule)(0.0)
    ramp = linear(_check_or("start", start, 0.01 * first), first, epochs=epochs)
    return ramp.then(epochs, schedule)


def one_cycle(
    peak: float,
    *,
    epochs: float,
    rise: float = 0.3,
    start: float | None = None,
    end: float | None = None,
) -> Schedule:
    r"""Return a rate that rises to a peak and falls far below its start, along half cosines.

    .. math::

       \eta(e) = \begin{cases}
           \eta_p + \frac{\eta_0 - \eta_p}{2} (1 + \cos(\pi e / (r E))) & e < r E \\
           \eta_1 + \frac{\eta_p - \eta_1}{2} (1 + \cos(\pi (e - r E) / (E - r E))) & r E \le e < E
       \end{cases}

    and :math:`\eta_1` from then on. The cosines in place of the paper's straight lines, and the
    two rates beside the peak, are those that PyTorch's OneCycleLR has by default.

    Parameters
    ----------
    peak : float
        The largest rate, :math:`\eta_p > 0`.
    epochs : float
        Epochs of the whole cycle, :math:`E > 0`.
    rise : float, default=0.3
        Share of them that the rate rises for, :math:`r` in (0, 1).
    start : float, optional
        Where it starts, :math:`\eta_0 > 0`; by default a 25th of the peak.
    end : float, optional
        Where it ends, :math:`\eta_1 > 0`; by default a 250,000th of the peak.

    Returns
    -------
    Schedule
        The schedule.

    References
    ----------
    .. [1] L. N. Smith, N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using
       Large Learning Rates", arXiv:1708.07120, 2017.
    """
    top = _check_positive("peak", peak)
    first = _check_or("start", start, top / 25.0)
    last = _check_or("end", end, top / 250_000.0)
    length = _check_positive("epochs", epochs)
    share = check_real("rise", rise, low=0.0, high=1.0, low_open=True, high_open=True)
    up, down = share * length, length - share * length
    return _Cosine(first, top, up).then(up, _Cosine(top, last, down))


@dataclass(frozen=True)
class _Constant(Schedule):
    value: float

    def rate(self, epoch: float) -> float:  # noqa: ARG002 - the same at all of them
        return self.value

    def __repr__(self) -> str:
        return f"constant({self.value!r})"


@dataclass(frozen=True)
class _Step(Schedule):
    start: float
    every: float
    factor: float

    def rate(self, epoch: float) -> float:
        return self.start * float(self.factor ** math.floor(epoch / self.every))

    def __repr__(self) -> str:
        return f"step({self.start!r}, every={self.every!r}, factor={self.factor!r})"


@dataclass(frozen=True)
class _Exponential(Schedule):
    start: float
    factor: float

    def rate(self, epoch: float) -> float:
        return self.start * float(self.factor**epoch)

    def __repr__(self) -> str:
        return f"exponential({self.start!r}, factor={self.factor!r})"


@dataclass(frozen=True)
class _Linear(Schedule):
    start: float
    end: float
    epochs: float

    def rate(self, epoch: float) -> float:
        share = min(epoch / self.epochs, 1.0)
        return (1.0 - share) * self.start + share * self.end

    def __repr__(self) -> str:
        return f"linear({self.start!r}, {self.end!r}, epochs={self.epochs!r})"


@dataclass(frozen=True)
class _Cosine(Schedule):
    start: float
    end: float
    epochs: float

    def rate(self, epoch: float) -> float:
        share = 0.5 - 0.5 * math.cos(math.pi * min(epoch / self.epochs, 1.0))
        return (1.0 - share) * self.start + share * self.end

    def __repr__(self) -> str:
        return f"cosine({self.start!r}, epochs={self.epochs!r}, end={self.end!r})"


@dataclass(frozen=True)
class _Chain(Schedule):
    first: Schedule
    after: float
    second: Schedule

    def rate(self, epoch: float) -> float:
        if epoch < self.after:
            return self.first.rate(epoch)
        return self.second.rate(epoch - self.after)

    def __repr__(self) -> str:
        return f"{self.first!r}.then({self.after!r}, {self.second!r})"


def _check_positive(name: str, value: object) -> float:
    return check_real(name, value, low=0.0, low_open=True)


def _check_factor(factor: object) -> float:
    return check_real("factor", factor, low=0.0, high=1.0, low_open=True, high_open=True)


def _check_or(name: str, value: object, default: float) -> float:
    """Return a rate, by default that one."""
    return default if value is None else _check_positive(name, value)


def _check_schedule(schedule: Any) -> Schedule:
    if isinstance(schedule, Schedule):
        return schedule
    expected = "a Schedule of fastgd.schedules"
    cure = "call the function, as in fastgd.schedules.constant(0.1)" if callable(schedule) else ""
    raise TypeError(message("schedule", expected, describe(schedule), cure))
