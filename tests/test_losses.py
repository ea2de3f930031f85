"""The catalog of losses: names, parameters, targets and how a loss is asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from fastgd import losses


@pytest.mark.parametrize("name", losses.catalog)
def test_row_of_the_catalog(name: str) -> None:
    factory = losses.catalog[name]
    loss = factory()
    assert loss.name == name == factory.__name__
    assert name in losses.__all__
    assert loss.targets in {"real", "binary", "non-negative", "positive", "classes"}
    assert (loss.link == "log") == (loss.targets in {"non-negative", "positive"})
    assert type(loss.parameter) is float
    assert loss == losses.resolve(name) == losses.resolve(loss)


@pytest.mark.parametrize("name", losses.catalog)
@pytest.mark.parametrize("section", [".. math::", "Returns\n", "References\n"])
def test_docstring_has_formula_and_reference(name: str, section: str) -> None:
    assert section in (losses.catalog[name].__doc__ or "")


def test_parameters() -> None:
    assert losses.squared_error() == losses.Loss("squared_error", 0.0, "real")
    assert losses.log_loss() == losses.Loss("log_loss", 0.0, "binary", "logit")
    assert losses.huber() == losses.Loss("huber", 0.1, "real")
    assert losses.huber(np.float64(2)) == losses.huber(epsilon=2) == losses.huber(2.0)


def test_loss_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        losses.huber().parameter = 2.0  # type: ignore[misc]


def test_resolve_keeps_the_loss_it_is_given() -> None:
    loss = losses.huber(epsilon=3.0)
    assert losses.resolve(loss) is loss


@pytest.mark.parametrize(
    ("epsilon", "error", "got"),
    [
        (0, ValueError, "0"),
        (-0.1, ValueError, "-0.1"),
        (np.nan, ValueError, "nan"),
        (np.inf, ValueError, "inf"),
        ("0.1", TypeError, r"'0.1' \(str\)"),
        (True, TypeError, r"True \(bool\)"),
        (None, TypeError, "None"),
    ],
)
def test_huber_rejects(epsilon: Any, error: type[Exception], got: str) -> None:
    with pytest.raises(error, match=f"^epsilon: expected a finite number > 0, got {got}$"):
        losses.huber(epsilon)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("squared_eror", "squared_error"),
        ("square_error", "squared_error"),
        ("log_los", "log_loss"),
        ("LogLoss", "log_loss"),
        ("Huber", "huber"),
    ],
)
def test_unknown_name_points_to_the_nearest(typed: str, meant: str) -> None:
    message = rf"^loss: expected one of .*, got '{typed}'; did you mean '{meant}'\?$"
    with pytest.raises(ValueError, match=message):
        losses.resolve(typed)


@pytest.mark.parametrize("loss", [None, 3, b"huber", ["huber"], np.array(["huber", "log_loss"])])
def test_neither_name_nor_loss(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"^loss: expected one of 'squared_error', "):
        losses.resolve(loss)


@pytest.mark.parametrize("name", losses.catalog)
def test_function_that_was_not_called(name: str) -> None:
    with pytest.raises(TypeError, match=r"^loss: expected a name or .*; call the function"):
        losses.resolve(losses.catalog[name])  # type: ignore[arg-type]
