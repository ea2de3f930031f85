"""The stub of the compiled core says what the module has, no more and no less."""

from __future__ import annotations

import ast
import enum
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import fastgd
from fastgd import _core

Function: TypeAlias = ast.FunctionDef

# What pybind11 writes in signatures, and how the stub says it.
SPELLINGS = [
    (r"typing\.SupportsFloat( \| typing\.SupportsIndex)?", "float"),
    (r"typing\.SupportsInt( \| typing\.SupportsIndex)?", "int"),
    (r"typing\.Annotated\[numpy\.typing\.ArrayLike, numpy\.(\w+)\]", r"NDArray[np.\1]"),
    (r"numpy\.typing\.NDArray\[numpy\.float64\]", "NDArray[np.float64]"),
    (r"numpy\.ndarray", "NDArray[Any]"),
    (
        r"collections\.abc\.(Sequence|Mapping)",
        lambda found: {"Sequence": "list"}.get(found[1], "dict"),
    ),
    (r"fastgd\._core\.", ""),
]
# Types that pybind11 cannot see into; the stub may say more.
OPAQUE = {"object", "dict", "list", "tuple"}


@cache
def stub() -> dict[str, ast.stmt | list[Function]]:
    """Public definitions of the stub by name; functions as lists of overloads."""
    source = Path(fastgd.__file__).with_name("_core.pyi").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            # what classes share, private ones say
            node.body += [child for base in node.bases for child in body_of(found, base)]
            found[node.name] = node
    return {name: node for name, node in found.items() if not name.startswith("_")}


def body_of(found: dict[str, Any], base: ast.expr) -> list[ast.stmt]:
    return list(found[base.id].body) if isinstance(base, ast.Name) and base.id in found else []


def functions() -> list[str]:
    return sorted(name for name, node in stub().items() if isinstance(node, list))


def classes(*, enums: bool) -> list[str]:
    return sorted(
        name
        for name, node in stub().items()
        if isinstance(node, ast.ClassDef)
        and ([ast.unparse(base) for base in node.bases] == ["Enum"]) == enums
    )


def methods(name: str) -> dict[str, Function]:
    node = stub()[name]
    assert isinstance(node, ast.ClassDef)
    return {child.name: child for child in node.body if isinstance(child, ast.FunctionDef)}


def attributes(name: str) -> dict[str, str]:
    node = stub()[name]
    assert isinstance(node, ast.ClassDef)
    return {
        child.target.id: ast.unparse(child.annotation)
        for child in node.body
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name)
    }


def bound_signature(function: object) -> Function:
    """The signature in the docstring of a bound function, as syntax."""
    text = inspect.getdoc(function)
    assert text is not None
    line = text.splitlines()[0]
    for spelling, ours in SPELLINGS:
        line = re.sub(spelling, ours, line)
    line = line if not line.startswith("(") else "getter" + line
    node = ast.parse(f"def {line}: ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def arguments(function: Function) -> list[tuple[str, str | None]]:
    """Names and defaults."""
    given = function.args.args
    missing = [None] * (len(given) - len(function.args.defaults))
    defaults = [*missing, *(ast.unparse(default) for default in function.args.defaults)]
    return [(argument.arg, default) for argument, default in zip(given, defaults, strict=True)]


def types(function: Function) -> list[tuple[str, str]]:
    """Names and annotations, the result as "return"."""
    named = [(a.arg, a.annotation) for a in function.args.args if a.arg != "self"]
    return [
        (name, ast.unparse(node)) for name, node in [*named, ("return", function.returns)] if node
    ]


def agree(bound: Function, ours: Function) -> None:
    assert arguments(bound) == arguments(ours)
    for (name, theirs), (_, mine) in zip(types(bound), types(ours), strict=True):
        told = mine.replace("Literal[True]", "bool").replace("Literal[False]", "bool")
        assert theirs in OPAQUE or theirs == told, name


def test_every_public_name_is_in_both() -> None:
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert public == set(stub())


@pytest.mark.parametrize("name", functions())
def test_function(name: str) -> None:
    overloads = stub()[name]
    assert isinstance(overloads, list)
    for ours in overloads:
        agree(bound_signature(getattr(_core, name)), ours)


@pytest.mark.parametrize("name", classes(enums=True))
def test_enumeration(name: str) -> None:
    node = stub()[name]
    assert isinstance(node, ast.ClassDef)
    members = {
        ast.unparse(child.targets[0]): ast.literal_eval(child.value)
        for child in node.body
        if isinstance(child, ast.Assign)
    }
    bound = getattr(_core, name)
    assert issubclass(bound, enum.Enum)
    assert members == {member.name: member.value for member in bound}


@pytest.mark.parametrize("name", classes(enums=False))
def test_class(name: str) -> None:
    bound = getattr(_core, name)
    own = {key for key in vars(bound) if not key.startswith("_")} | {"__init__"}
    assert own == set(methods(name)) | set(attributes(name))
    for method, ours in methods(name).items():
        agree(bound_signature(getattr(bound, method)), ours)
    for attribute, annotation in attributes(name).items():
        descriptor = vars(bound)[attribute]
        assert isinstance(descriptor, property)
        assert types(bound_signature(descriptor.fget)) == [("return", annotation)]
        assert descriptor.fset is not None
