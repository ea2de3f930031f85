"""Tables of pandas, polars and Arrow, and whatever else speaks a protocol of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import SOLVERS

import fastgd
from fastgd._table import table_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = list("abcdefg")
INTEGERS = np.random.default_rng(0).integers(0, 100, size=(500, 7))
NUMBERS = INTEGERS / 4.0
TARGETS = NUMBERS @ np.arange(-3.0, 4.0) / 100 + np.random.default_rng(1).normal(size=500)


class Speaking:
    """An object that has some of the methods of another, and nothing else."""

    def __init__(self, other: Any, *names: str) -> None:
        self._other = other
        for name in names:
            if not callable(getattr(other, name)):
                setattr(self, name, getattr(other, name))


def speaking(other: Any, *names: str) -> Any:
    """Return an object that passes these methods and attributes on."""

    def passed_on(name: str) -> Any:
        return lambda self, *args, **kw: getattr(self._other, name)(*args, **kw)

    methods = {name: passed_on(name) for name in names if callable(getattr(other, name))}
    return type("Speaking", (Speaking,), methods)(other, *names)


def pandas_frame(X: NDArray[Any]) -> Any:
    return pytest.importorskip("pandas").DataFrame(X, columns=NAMES)


def pandas_columns(X: NDArray[Any]) -> Any:
    columns = {name: X[:, j].copy() for j, name in enumerate(NAMES)}
    return pytest.importorskip("pandas").DataFrame(columns)


def arrow_table(X: NDArray[Any]) -> Any:
    columns = {name: X[:, j].copy() for j, name in enumerate(NAMES)}
    return pytest.importorskip("pyarrow").table(columns)


def arrow_chunks(X: NDArray[Any]) -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    parts = [arrow_table(X[begin:end]) for begin, end in ((0, 3), (3, 3), (3, 260), (260, 500))]
    table = pyarrow.concat_tables(parts)
    # the first column ends its chunks elsewhere
    first = pyarrow.chunked_array([X[:100, 0].copy(), X[100:, 0].copy()])
    return table.set_column(0, "a", first)


def polars_frame(X: NDArray[Any]) -> Any:
    polars = pytest.importorskip("polars")
    return polars.DataFrame({name: X[:, j].copy() for j, name in enumerate(NAMES)})


def polars_chunks(X: NDArray[Any]) -> Any:
    polars = pytest.importorskip("polars")
    return polars.concat([polars_frame(X[:260]), polars_frame(X[260:])], rechunk=False)


CONTAINERS: dict[str, Callable[[NDArray[Any]], Any]] = {
    "pandas": pandas_frame,
    "pandas, columns apart": pandas_columns,
    "pandas on Arrow": lambda X: arrow_table(X).to_pandas(
        types_mapper=pytest.importorskip("pandas").ArrowDtype
    ),
    "Arrow": arrow_table,
    "Arrow, chunks": arrow_chunks,
    "Arrow, batch": lambda X: arrow_table(X).to_batches()[0],
    "Arrow, stream": lambda X: speaking(arrow_chunks(X), "__arrow_c_stream__"),
    "polars": polars_frame,
    "polars, chunks": polars_chunks,
    "DLPack": lambda X: speaking(X, "__dlpack__", "__dlpack_device__"),
    "array interface": lambda X: speaking(X, "__array_interface__"),
    "buffer": memoryview,
}
DTYPES = ["u1", "i2", "f4", "i4", "i8", "f8"]
FAMILIES = ["squared_error", "log_loss", "quantile", "poisson"]


def targets_of(loss: str) -> NDArray[Any]:
    if loss == "log_loss":
        return np.median(TARGETS) < TARGETS
    return np.abs(TARGETS) if loss == "poisson" else TARGETS


def fitted(X: Any, solver: Any, loss: str) -> fastgd.FitResult:
    options: dict[str, Any] = {"max_iter": 3, "tol": None, "batch_size": 50}
    return fastgd.fit(X, targets_of(loss), loss=loss, solver=solver, **options)


def assert_same_fit(one: fastgd.FitResult, other: fastgd.FitResult) -> None:
    assert one.coef.dtype == other.coef.dtype
    assert one.coef.tobytes() == other.coef.tobytes()
    assert one.intercept == other.intercept


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_same_bits_as_an_array(container: str, dtype: str) -> None:
    X = INTEGERS.astype(dtype)
    held = CONTAINERS[container](X)
    for solver in SOLVERS:
        assert_same_fit(fitted(held, solver, "squared_error"), fitted(X, solver, "squared_error"))


@pytest.mark.parametrize("loss", FAMILIES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_same_bits_for_every_family_of_losses(solver: str, loss: str) -> None:
    expected = fitted(NUMBERS, solver, loss)
    for container in ("Arrow, chunks", "polars", "pandas, columns apart"):
        assert_same_fit(fitted(CONTAINERS[container](NUMBERS), solver, loss), expected)


def test_columns_of_different_types() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    types = ["float32", "uint8", "Int64", "bool", "float64", "Float64", "boolean"]
    values = INTEGERS.copy()
    values[:, [3, 6]] %= 2
    frame = pandas.DataFrame(values, columns=NAMES).astype(dict(zip(NAMES, types, strict=True)))
    for held in (frame, polars.from_pandas(frame), frame.convert_dtypes(dtype_backend="pyarrow")):
        for solver in SOLVERS:
            expected = fitted(values.astype(float), solver, "squared_error")
            assert_same_fit(fitted(held, solver, "squared_error"), expected)


@pytest.mark.parametrize("container", ["pandas", "Arrow, chunks", "polars", "DLPack"])
def test_estimators_predict_from_what_they_were_fitted_to(container: str) -> None:
    held = CONTAINERS[container](NUMBERS)
    model = fastgd.GDRegressor().fit(held, TARGETS)
    plain = fastgd.GDRegressor().fit(NUMBERS, TARGETS)
    assert model.coef_.tobytes() == plain.coef_.tobytes()
    assert model.predict(held).tobytes() == plain.predict(NUMBERS).tobytes()
    assert model.score(held, TARGETS) == plain.score(NUMBERS, TARGETS)
    if container != "DLPack":
        assert model.feature_names_in_.tolist() == NAMES
        assert model.effects(held).names == tuple(NAMES)
    labels = targets_of("log_loss")
    classifier = fastgd.GDClassifier().fit(held, labels)
    plain_classifier = fastgd.GDClassifier().fit(NUMBERS, labels)
    for name in ("predict", "decision_function", "predict_proba"):
        got, expected = getattr(classifier, name)(held), getattr(plain_classifier, name)(NUMBERS)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", [*DTYPES, "f2", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_predictions_are_a_product(dtype: str, order: Any) -> None:
    model = fastgd.GDRegressor().fit(NUMBERS, np.column_stack([TARGETS, -TARGETS]))
    X = INTEGERS.astype(dtype, order=order)
    expected = X.astype(float) @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12, atol=1e-10)


def test_bfloat16_is_read_exactly() -> None:
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    X = INTEGERS.astype(bfloat16)
    for held in (X, np.asfortranarray(X), X[::-1][::-1]):
        for solver in SOLVERS:
            expected = fitted(X.astype(np.float32), solver, "squared_error")
            assert_same_fit(fitted(held, solver, "squared_error"), expected)
    model = fastgd.GDRegressor().fit(X, TARGETS)
    np.testing.assert_array_equal(model.predict(X), model.predict(X.astype(np.float32)))


def test_columns_are_not_copied() -> None:
    arrow, frame = arrow_table(NUMBERS), pandas_frame(NUMBERS)
    table = table_of(arrow)
    assert table is not None
    for j, pieces in enumerate(table._pieces):
        assert np.shares_memory(pieces[0], arrow.column(j).chunk(0).to_numpy())
    table = table_of(frame)
    assert table is not None
    assert all(np.shares_memory(pieces[0], frame.to_numpy()) for pieces in table._pieces)


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "text": (
        lambda: pandas_frame(NUMBERS).assign(c="x"),
        *(TypeError, r"column 'c' of dtype \w+; encode text"),
    ),
    "category": (
        lambda: pandas_frame(NUMBERS).assign(c=lambda f: f["a"].astype("category")),
        *(TypeError, "column 'c' of dtype category; encode categories"),
    ),
    "dates": (
        lambda: pandas_frame(NUMBERS).assign(c="2020-01-01").astype({"c": "datetime64[ns]"}),
        *(TypeError, r"column 'c' of dtype datetime64\[ns\]; turn dates"),
    ),
    "pandas NA": (
        lambda: pandas_frame(NUMBERS).astype({"b": "Float64"}).mask(NUMBERS[9, 1] == NUMBERS),
        *(ValueError, "a missing value at row"),
    ),
    "NaN": (
        lambda: pandas_frame(np.where(np.arange(500)[:, None] == 7, np.nan, NUMBERS)),
        *(ValueError, "got nan at row 7, column 'a'"),
    ),
    "Arrow null": (
        lambda: pytest.importorskip("pyarrow").table({"a": [1.0, 2.0, None], "b": [1, 2, 3]}),
        *(ValueError, "a missing value at row 2, column 'a'"),
    ),
    "polars null": (
        lambda: pytest.importorskip("polars").DataFrame({"a": [1.0, None], "b": [1, 2]}),
        *(ValueError, "a missing value at row 1, column 'a'"),
    ),
    "polars text": (
        lambda: pytest.importorskip("polars").DataFrame({"a": ["x", "y"]}),
        *(TypeError, "column 'a' of dtype String; encode text"),
    ),
    "device": (
        lambda: type(
            "OnDevice", (), {"__dlpack__": None, "__dlpack_device__": lambda self: (2, 0)}
        )(),
        *(TypeError, r"device of kind 2 in DLPack; .* \.cpu\(\)"),
    ),
    "empty": (
        lambda: pandas_frame(NUMBERS[:0]),
        *(ValueError, r"at least one row and one column, got shape \(0, 7\)"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str) -> None:
    make, error, words = BAD[case]
    held = make()
    y = np.zeros(held.shape[0]) if hasattr(held, "shape") else TARGETS
    with pytest.raises(error, match=rf"^X: .*{words}"):
        fastgd.fit(held, y)


def test_truncated_file_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "X.npy"
    np.save(path, np.ones((50_000, 4)))
    mapped = np.load(path, mmap_mode="r")
    model = fastgd.GDRegressor().fit(mapped[:100], np.arange(100.0))
    with path.open("r+b") as file:
        file.truncate(100_000)
    for call in (
        lambda: fastgd.fit(mapped[::2], np.ones(25_000)),
        lambda: fastgd.value(mapped.T[:2].T, np.ones(50_000), [1.0, 1.0]),
        lambda: model.predict(mapped),
    ):
        with pytest.raises(ValueError, match=r"^X: .* got one of 100000 bytes; .* cut short"):
            call()


@pytest.mark.parametrize("kind", [fastgd.GDRegressor, fastgd.GDClassifier])
def test_estimators_compute_in_what_is_asked_for(kind: Any) -> None:
    y = TARGETS if kind is fastgd.GDRegressor else np.arange(500) % 3
    wide = kind(dtype="float64").fit(INTEGERS.astype(np.float32), y)
    assert wide.coef_.dtype == np.float64
    assert wide.predict(INTEGERS.astype(np.float32)).shape == (500,)
    np.testing.assert_array_equal(wide.coef_, kind().fit(INTEGERS.astype(float), y).coef_)
    assert kind(dtype="float32").fit(INTEGERS.astype(float), y).coef_.dtype == np.float32
    stream = kind(dtype="float32", solver="sgd")
    classes = {} if kind is fastgd.GDRegressor else {"classes": [0, 1, 2]}
    assert stream.partial_fit(INTEGERS.astype(float), y, **classes).coef_.dtype == np.float32
