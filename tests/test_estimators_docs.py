"""The estimators explain themselves, in numpydoc's form, and take what scikit-learn's take."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.linear_model import SGDClassifier, SGDRegressor

from fastgd.linear_model import GDClassifier, GDRegressor

KINDS = [GDRegressor, GDClassifier]
PAIRS = [(GDRegressor, SGDRegressor), (GDClassifier, SGDClassifier)]
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
PAGE = Path(__file__).parents[1] / "docs" / "estimators.md"


def methods(kind: type) -> list[str]:
    """The public ones written here."""
    names = [name for name in dir(kind) if name[0] != "_"]
    own = [name for name in names if "fastgd" in getattr(getattr(kind, name), "__module__", "")]
    return [*own, "partial_fit"]


@pytest.mark.parametrize("kind", KINDS)
def test_docstrings_pass_numpydoc(kind: type) -> None:
    validate = pytest.importorskip("numpydoc.validate").validate
    place = f"fastgd.linear_model.{kind.__name__}"
    for name in [place, *(f"{place}.{method}" for method in methods(kind))]:
        errors = [
            code for code, _ in validate(name)["errors"] if code not in {"EX01", "ES01", "SA01"}
        ]
        if kind is GDClassifier and name == place:
            errors = [code for code in errors if code != "PR04"]  # types told by GDRegressor
        assert errors == [], name


def parameters_of(kind: Any) -> dict[str, Any]:
    signature = inspect.signature(kind)
    return {name: parameter.default for name, parameter in signature.parameters.items()}


def test_defaults_are_told_and_alike() -> None:
    regressor, classifier = map(parameters_of, KINDS)
    alike = regressor | {"loss": "log_loss", "n_jobs": None, "class_weight": None}
    assert classifier == alike
    documentation = inspect.getdoc(GDRegressor) or ""
    for name, default in regressor.items():
        if default is not None:
            (line,) = re.findall(rf"^{name} : .*$", documentation, re.MULTILINE)
            assert line.endswith(f"default={default!r}".replace("'", '"')), name


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_parameters_and_calls_of_scikit_learn(ours: Any, theirs: Any) -> None:
    assert set(parameters_of(theirs)) <= set(parameters_of(ours))
    for method in ("fit", "partial_fit"):
        expected = inspect.signature(getattr(theirs, method)).parameters
        assert list(inspect.signature(getattr(ours, method)).parameters) == list(expected)


@pytest.mark.skipif(not PAGE.exists() or VERSION < (1, 9), reason="the page is about 1.9")
def test_the_page_lists_the_defaults_that_differ() -> None:
    rows = re.findall(
        r"^\| `(\w+)`.*?\|(.*?)\|(.*?)\|(.*?)\|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told = {(name, i): cells[i].strip().strip("`") for name, *cells in rows for i in (0, 1, 2)}
    for i, (ours, theirs) in enumerate(PAIRS):
        own = parameters_of(ours)
        for name, default in parameters_of(theirs).items():
            if own[name] != default:
                assert told[name, i].strip('"') == str(default).replace("0.0001", "1e-4").replace(
                    "0.001", "1e-3"
                )
                assert told[name, 2].strip('"') == str(own[name]).replace("1e-06", "1e-6")


@pytest.mark.parametrize("module", ["_regressor", "_classifier"])
def test_examples_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(f"fastgd.linear_model.{module}"))
    assert results.attempted > 0
    assert results.failed == 0
