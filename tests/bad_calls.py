"""Tables of bad calls: what each must raise, and that it leaves nothing half-done."""

from __future__ import annotations

import copy
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class BadCall:
    """A good call with `given` arguments, made bad by `changes`."""

    function: str
    given: dict[str, Any]
    changes: dict[str, Any]
    error: type[Exception]
    message: str


def bad(
    case: str,
    expected: str,
    got: str,
    *,
    error: type[Exception] = ValueError,
    call: str = "fit",
    given: dict[str, Any] | None = None,
    blamed: str = "",
    **changes: object,
) -> Any:
    """Make a row of the table; the message blames the first of `changes` unless told otherwise."""
    blamed = blamed or next(iter(changes))
    message = "^" + re.escape(f"{blamed}: expected {expected}, got {got}") + "(; .+)?$"
    return pytest.param(BadCall(call, given or {}, changes, error, message), id=case)


# A wrong type rather than a bad value.
wrong = functools.partial(bad, error=TypeError)


def fails_cleanly(
    row: BadCall,
    good_call: dict[str, Any],
    numbers_from: Callable[[str, dict[str, Any]], list[Any]],
) -> None:
    """Make the bad call: it raises what the row says, changes no array and no later call."""
    good = good_call | row.given
    before = numbers_from(row.function, good)
    arguments = good | row.changes
    arrays = [value for value in arguments.values() if isinstance(value, np.ndarray)]
    copies = copy.deepcopy(arrays)

    with pytest.raises(row.error, match=row.message) as caught:
        numbers_from(row.function, arguments)

    assert caught.type is row.error
    for array, saved in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, saved)
    for again, first in zip(numbers_from(row.function, good), before, strict=True):
        np.testing.assert_array_equal(again, first)
