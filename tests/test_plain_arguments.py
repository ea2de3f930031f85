"""Plain arguments of `value` and its gradient are not looked at in Python: nothing else differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fastgd
from fastgd import _core
from fastgd.objective import _PLAIN_LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

N, D = 37, 5
BINARY = [name for name in _PLAIN_LOSSES if fastgd.losses.resolve(name).targets == "binary"]


def arguments(loss: str = "squared_error", dtype: str = "f8", **changed: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    y = rng.standard_normal(N)
    plain = {
        "X": rng.standard_normal((N, D)).astype(dtype),
        "y": (np.where(y > 0.0, 1.0, -1.0) if loss in BINARY else y).astype(dtype),
        "coef": rng.standard_normal(D),
        "intercept": 0.25,
        "loss": loss,
        "alpha": 0.0,
        "l1_ratio": 0.0,
    }
    return plain | changed


def at_once(loss: str, **given: Any) -> Any:
    """What the core says of plain arguments, None if it declines."""
    order = ("X", "y", "coef", "intercept")
    return _core.plain_objective_at(
        *(given[name] for name in order),
        *(loss, _PLAIN_LOSSES[loss], given["alpha"], given["l1_ratio"], 0, True),
    )


def assert_same(one: Any, other: Any) -> None:
    assert one[0] == other[0]
    np.testing.assert_array_equal(one[1], other[1])
    assert one[1].dtype == other[1].dtype
    assert one[2] == other[2]
    assert type(one[2]) is float


@pytest.mark.parametrize("penalty", [{}, {"alpha": 0.3, "l1_ratio": 0.5}, {"alpha": 1}])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", _PLAIN_LOSSES)
def test_plain_arguments_give_the_bits_of_checked_ones(
    loss: str, dtype: str, penalty: dict[str, float]
) -> None:
    plain = arguments(loss, dtype, **penalty)
    assert at_once(**plain) is not None
    checked = plain | {"y": list(plain["y"])}
    assert at_once(**checked) is None
    assert_same(fastgd.value_and_gradient(**plain), fastgd.value_and_gradient(**checked))
    assert fastgd.value(**plain) == fastgd.value(**checked)


# Targets as users hold them, each of the values 0 and 1.
HELD: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "bool": lambda y: y.astype(bool),
    "int64": lambda y: y.astype("i8"),
    "uint8": lambda y: y.astype("u1"),
    "float16": lambda y: y.astype("f2"),
    "float32": lambda y: y.astype("f4"),
    "other byte order": lambda y: y.astype(">i4"),
    "a column of an array": lambda y: np.column_stack([y, -y])[:, 0],
    "backwards": lambda y: y[::-1].copy()[::-1],
    "unaligned": lambda y: unaligned(y),
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
@pytest.mark.parametrize("held", HELD)
def test_targets_may_lie_as_they_like(held: str, loss: str, dtype: str) -> None:
    plain = arguments(loss, dtype)
    labels = (plain["y"] > 0.0).astype("f8")
    given = plain | {"y": HELD[held](labels)}
    assert at_once(**given) is not None
    checked = given | {"y": given["y"].tolist()}
    assert at_once(**checked) is None
    assert_same(fastgd.value_and_gradient(**given), fastgd.value_and_gradient(**checked))
    assert fastgd.value(**given) == fastgd.value(**checked)


# Features as users hold them.
LAID: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "by columns": np.asfortranarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "unaligned": lambda X: unaligned(X),
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
@pytest.mark.parametrize("laid", LAID)
def test_features_may_lie_as_they_like(laid: str, loss: str, dtype: str) -> None:
    plain = arguments(loss, dtype)
    given = plain | {"X": LAID[laid](plain["X"]), "intercept": np.float64(0.25)}
    assert at_once(**given) is not None
    checked = plain | {"y": list(plain["y"])}
    assert at_once(**checked) is None
    assert_same(fastgd.value_and_gradient(**given), fastgd.value_and_gradient(**checked))
    assert fastgd.value(**given) == fastgd.value(**checked)


@pytest.mark.parametrize("held", ["complex128", "longdouble", "object", "datetime64[s]"])
def test_targets_that_are_no_numbers_of_ours_are_declined(held: str) -> None:
    plain = arguments()
    y = np.zeros(N, held)
    assert at_once(**plain | {"y": y}) is None


@pytest.mark.parametrize("name", ["float8_e5m2", "float8_e4m3fn", "int4"])
def test_targets_of_another_packages_types_are_declined(name: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    plain = arguments() | {"y": np.zeros(N).astype(getattr(ml_dtypes, name))}
    assert at_once(**plain) is None
    with pytest.raises(TypeError, match=f"y: .*{name}"):
        fastgd.value_and_gradient(**plain)


def test_wrong_labels_of_any_type_are_named() -> None:
    plain = arguments("log_loss")
    y = (plain["y"] > 0.0).astype("i8")
    y[7] = 2
    assert at_once(**plain | {"y": y}) is None
    with pytest.raises(ValueError, match=r"y: .* row 7|y: .*3 "):
        fastgd.value_and_gradient(**plain | {"y": y})


@pytest.mark.parametrize("coef_dtype", ["f4", "f8"])
@pytest.mark.parametrize("n_threads", [None, 1, 2])
def test_threads_and_the_type_of_coefficients_are_kept(
    coef_dtype: str, n_threads: int | None
) -> None:
    plain = arguments("log_loss", n_threads=n_threads)
    plain["coef"] = plain["coef"].astype(coef_dtype)
    result = fastgd.value_and_gradient(**plain)
    assert_same(result, fastgd.value_and_gradient(**plain | {"y": list(plain["y"])}))
    assert result[1].dtype == coef_dtype


def with_one(array: NDArray[Any], value: float) -> NDArray[Any]:
    changed = array.copy()
    changed.flat[7 % changed.size] = value
    return changed


# What somebody may have a question about: what is changed, how, and the error it then is, if any.
QUESTIONS: dict[str, tuple[str, str, Any, str | None]] = {
    "NaN in X": ("squared_error", "X", lambda X: with_one(X, np.nan), r"X: .* row 1, column 2"),
    "infinity in X": ("log_loss", "X", lambda X: with_one(X, np.inf), r"X: .* row 1, column 2"),
    "NaN in y": ("epsilon_insensitive", "y", lambda y: with_one(y, np.nan), r"y: .* row 7"),
    "infinity in y": ("huber", "y", lambda y: with_one(y, np.inf), r"y: .* row 7"),
    "a third label": ("hinge", "y", lambda y: with_one(y, 0.5), r"y: .* row 7"),
    "labels of both kinds": ("log_loss", "y", lambda y: with_one(y, 0.0), r"y: .* row 7"),
    "infinity in coef": ("hinge", "coef", lambda w: with_one(w, np.inf), r"coef: .*feature 2"),
    "NaN as intercept": ("squared_error", "intercept", lambda _: np.nan, "intercept"),
    "too few targets": ("squared_error", "y", lambda y: y[:-1].copy(), r"y: .*\(36,\)"),
    "too many coefficients": (
        "squared_error",
        "coef",
        lambda _: np.zeros(D + 1),
        r"coef: .*\(6,\)",
    ),
    "no row": ("squared_error", "X", lambda X: X[:0], r"X: .*\(0, 5\)"),
    "one dimension": ("squared_error", "X", lambda X: X[0].copy(), r"X: .*\(5,\)"),
    "a negative penalty": ("squared_error", "alpha", lambda _: -0.1, "alpha"),
    "an endless penalty": ("squared_error", "alpha", lambda _: 10**400, "alpha"),
    "a share above 1": ("squared_error", "l1_ratio", lambda _: 1.5, "l1_ratio"),
    "a flag as penalty": ("squared_error", "alpha", lambda _: True, "alpha"),
    "complex numbers": ("squared_error", "X", lambda X: X.astype(complex), r"X: .*complex"),
    "other byte order": ("squared_error", "X", lambda X: X.astype(">f8"), None),
    "unaligned": ("squared_error", "coef", lambda w: unaligned(w), None),
    "a subclass": ("squared_error", "X", lambda X: X.view(type("Own", (np.ndarray,), {})), None),
    "targets in a column": ("squared_error", "y", lambda y: y[:, np.newaxis], None),
    "another number of numpy's": ("squared_error", "intercept", np.float32, None),
}


def unaligned(array: NDArray[Any]) -> NDArray[Any]:
    memory = np.zeros(array.nbytes + 1, np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_may_be_asked_about_is_looked_at(name: str) -> None:
    loss, argument, change, error = QUESTIONS[name]
    plain = arguments(loss)
    asked = plain | {argument: change(plain[argument])}
    assert at_once(**asked) is None
    if error is None:
        assert fastgd.value_and_gradient(**asked)[0] == fastgd.value_and_gradient(**plain)[0]
        return
    for function in (fastgd.value, fastgd.value_and_gradient):
        with pytest.raises((ValueError, TypeError), match=error):
            function(**asked)


def test_an_unknown_loss_is_declined() -> None:
    plain = arguments()
    del plain["loss"]
    for loss in ("poisson", "softmax", "no such loss"):
        parameters = _PLAIN_LOSSES["squared_error"]
        order = (plain[name] for name in ("X", "y", "coef", "intercept"))
        assert _core.plain_objective_at(*order, loss, parameters, 0.0, 0.0, 0, True) is None


def test_maps_are_looked_at_however_deep_they_lie(tmp_path: Path) -> None:
    plain = arguments()
    np.save(tmp_path / "X.npy", plain["X"])
    view = np.asarray(np.load(tmp_path / "X.npy", mmap_mode="r"))[2:][::-1][::-1]
    assert type(view) is np.ndarray
    assert at_once(**plain | {"X": view, "y": plain["y"][2:].copy()}) is None
