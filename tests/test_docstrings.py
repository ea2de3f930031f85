"""Every public name explains itself, in numpydoc's form."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest

import fastgd
from fastgd import losses, schedules

validate = pytest.importorskip("numpydoc.validate").validate


def resolve(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


PUBLIC = [
    f"{module.__name__}.{name}"
    for module in (fastgd, losses, schedules)
    for name in module.__all__
    if callable(getattr(module, name))
]
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(resolve(name))]

# Not held: sections and an extended summary, which not every name needs.
NOT_HELD = {"EX01", "ES01", "SA01"}

# Their parameters are those of another function, and described there.
REFERRING = {
    "fastgd.duality_gap": "fastgd.value",
    "fastgd.value_and_gradient": "fastgd.value",
}


def test_public_names_are_those_announced() -> None:
    assert sorted(fastgd.__all__) == fastgd.__all__
    assert set(fastgd.__all__) == {
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
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring_passes_numpydoc(name: str) -> None:
    errors = [f"{code}: {text}" for code, text in validate(name)["errors"] if code not in NOT_HELD]
    if dataclasses.is_dataclass(resolve(name)):
        # fields are documented as attributes, not as parameters of a constructor nobody calls
        errors = [error for error in errors if error[:4] not in {"PR01", "PR02"}]
    if name in REFERRING:
        errors = [error for error in errors if error[:4] != "PR04"]
    assert errors == []


@pytest.mark.parametrize("name", [n for n in PUBLIC if dataclasses.is_dataclass(resolve(n))])
def test_every_field_is_an_attribute_explained(name: str) -> None:
    documentation = inspect.getdoc(resolve(name)) or ""
    attributes = documentation.partition("Attributes\n----------\n")[2]
    headings = [line for line in attributes.splitlines() if line and line[0] != " "]
    explained = [n.strip() for line in headings for n in line.partition(" : ")[0].split(",")]
    assert explained == [field.name for field in dataclasses.fields(resolve(name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_tells_its_default(name: str) -> None:
    """As it is in the signature, wherever it is not None."""
    function = resolve(name)
    documentation = inspect.getdoc(function) or ""
    if name in REFERRING:
        return
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default in (inspect.Parameter.empty, None):
            continue
        (line,) = re.findall(rf"^{parameter.name} : .*$", documentation, re.MULTILINE)
        assert ast.literal_eval(line.partition("default=")[2]) == parameter.default


@pytest.mark.parametrize(("name", "other"), REFERRING.items())
def test_functions_documented_by_another_take_the_same(name: str, other: str) -> None:
    one, two = inspect.signature(resolve(name)), inspect.signature(resolve(other))
    shared = [parameter for parameter in one.parameters if parameter in two.parameters]
    assert {name: one.parameters[name] for name in shared} == two.parameters
    documentation = inspect.getdoc(resolve(name)) or ""
    lists = re.findall(rf"^(.+)\n    As in `{other.split('.')[-1]}`\.", documentation, re.MULTILINE)
    assert ", ".join(lists) == ", ".join(shared)


@pytest.mark.parametrize("name", ["diagnose", "duality_gap", "fit", "value", "value_and_gradient"])
@pytest.mark.parametrize("section", [".. math::", "Parameters", "Returns", "Raises", "Examples"])
def test_calculations_state_formula_errors_and_an_example(name: str, section: str) -> None:
    assert section in (getattr(fastgd, name).__doc__ or "")


@pytest.mark.parametrize(
    "module", ["fastgd"] + [f"fastgd.{m.name}" for m in pkgutil.iter_modules(fastgd.__path__)]
)
def test_examples_run_and_modules_say_what_they_are(module: str) -> None:
    imported = importlib.import_module(module)
    if not module.endswith("_core"):
        assert (imported.__doc__ or "").strip()
    assert doctest.testmod(imported, extraglobs={"fastgd": fastgd}).failed == 0
