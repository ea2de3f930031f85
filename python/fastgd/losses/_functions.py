"""Functions of the caller's own: which kind each is and how the core calls it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _core
from .._validation import describe, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CustomFunctions", "check_function"]

_SIGNATURE = "double (double, double)"
_POINTER = ctypes.CFUNCTYPE(None).__base__

_capsule_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
    ("PyCapsule_GetName", ctypes.pythonapi)
)
_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


@dataclass(frozen=True)
class CustomFunctions:
    """What a loss of the caller's own is made of, each f(y, z).

    Attributes
    ----------
    value, derivative : object
        Compiled functions of two numbers or callables of two arrays.
    second_derivative : object or None
        The same, or None for differences of `derivative`.
    targets : Targets
        What the core may take targets for.
    """

    value: Any
    derivative: Any
    second_derivative: Any
    targets: _core.Targets

    def __hash__(self) -> int:
        # pointers to compiled code have no hash
        return hash(tuple(_address(f) or hash(f) for f in self._all))

    def __deepcopy__(self, memo: object) -> CustomFunctions:
        """Return the same: pointers to code cannot be copied, and nothing here changes."""
        return self

    @property
    def called(self) -> bool:
        """Whether one of them is called with arrays."""
        return any(f is not None and not _address(f) for f in self._all)

    @property
    def _all(self) -> tuple[Any, Any, Any]:
        return self.value, self.derivative, self.second_derivative

    def for_core(self) -> _core.UserFunctions:
        """Return them as the core calls them."""
        first, second, third = map(_address, self._all)
        return _core.UserFunctions(self._all, (first, second, third), self.targets)

    def at(self, order: int, y: NDArray[Any], z: NDArray[Any]) -> NDArray[Any]:
        """Return the loss or its first or second derivative, which may be by differences."""
        return self.for_core().evaluate(order, y, z)


def check_function(name: str, function: object) -> object:
    """Return `function` if it is one that the core can call."""
    expected = (
        "a callable of two arrays y and z, or a numba cfunc, ctypes function pointer or "
        f"scipy.LowLevelCallable of the signature {_SIGNATURE!r}"
    )
    signature = _signature(function)
    if signature is None:
        if not callable(function):
            raise TypeError(message(name, expected, describe(function)))
        return function
    if signature != _SIGNATURE:
        raise TypeError(message(name, expected, f"the signature {signature!r}"))
    if getattr(function, "user_data", None) is not None:
        raise TypeError(message(name, expected, "one with user_data", "bind it in the function"))
    return function


def _pointer(function: object) -> Any:
    """Return a ctypes pointer, that of a numba cfunc included, or None."""
    pointer = getattr(function, "ctypes", None) if hasattr(function, "address") else function
    return pointer if isinstance(pointer, _POINTER) else None  # type: ignore[arg-type]


def _is_low_level(function: object) -> bool:
    # scipy is no dependency: whoever has such an object has imported it
    return isinstance(function, tuple) and type(function).__name__ == "LowLevelCallable"


def _signature(function: object) -> str | None:
    """Return the signature of compiled code, None for anything else."""
    if _is_low_level(function):
        signature: str = function.signature  # type: ignore[attr-defined]
        return " ".join(signature.split())
    pointer = _pointer(function)
    if pointer is None:
        return None
    result, arguments = pointer.restype, pointer.argtypes or ()
    of_double = result is ctypes.c_double and all(a is ctypes.c_double for a in arguments)
    if of_double:
        return f"double ({', '.join(['double'] * len(arguments))})"
    names = [getattr(t, "__name__", str(t)) for t in (result, *arguments)]
    return f"{names[0]} ({', '.join(names[1:])})"


def _address(function: Any) -> int:
    """Return where compiled code begins, 0 for anything else."""
    if _is_low_level(function):
        capsule = tuple.__getitem__(function, 0)
        return _capsule_pointer(capsule, _capsule_name(capsule))  # type: ignore[no-any-return]
    pointer = _pointer(function)
    return 0 if pointer is None else ctypes.cast(pointer, ctypes.c_void_p).value or 0
