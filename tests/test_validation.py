"""The front door by itself: what passes through it, as what, and that nothing is copied."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fastgd import _options as options
from fastgd import _validation as validation
from fastgd._matrix import check_matrix
from fastgd._targets import check_targets
from fastgd.losses import huber, log_loss, squared_error

if TYPE_CHECKING:
    from pathlib import Path

DTYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
LAYOUTS: dict[str, Any] = {
    "C": lambda X: X,
    "F": np.asfortranarray,
    "transposed": lambda X: np.ascontiguousarray(X.T).T,
    "strided": lambda X: X[::2, ::2],
    "backwards": lambda X: X[::-1, ::-1],
    "broadcast": lambda X: np.broadcast_to(X[:1], X.shape),
}


class TestMatrix:
    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_array_is_used_where_it_lies(self, dtype: str, layout: str) -> None:
        X = LAYOUTS[layout](np.arange(24).reshape(6, 4).astype(dtype))
        checked = check_matrix(X)
        assert np.shares_memory(checked, X)
        assert (checked.dtype, checked.shape, checked.strides) == (X.dtype, X.shape, X.strides)

    def test_read_only_array_and_memmap_are_used_where_they_lie(self, tmp_path: Path) -> None:
        X = np.ones((4, 2))
        X.flags.writeable = False
        mapped = np.memmap(tmp_path / "X", dtype="f4", mode="w+", shape=(4, 2))
        for source in (X, mapped):
            assert np.shares_memory(check_matrix(source), source)

    @pytest.mark.parametrize("dtype", [np.longlong, np.ulonglong, np.intc, np.uintc])
    def test_c_integer_types_are_named_by_their_width(self, dtype: type) -> None:
        X: np.ndarray = np.ones((4, 2), dtype)
        checked = check_matrix(X)
        assert np.shares_memory(checked, X)
        assert checked.dtype.num == np.dtype(f"{X.dtype.kind}{X.dtype.itemsize}").num

    @pytest.mark.parametrize("dtype", [">f8", ">f4", ">i2", ">u8"])
    def test_byte_swapped_array_is_used_where_it_lies(self, dtype: str) -> None:
        X = np.arange(6).reshape(3, 2).astype(dtype)
        assert np.shares_memory(check_matrix(X), X)
        beside = validation.check_numbers("y", X)
        assert beside.dtype == X.dtype.newbyteorder("=")
        np.testing.assert_array_equal(beside, X)

    def test_unaligned_array_is_used_where_it_lies(self) -> None:
        X = np.zeros(1 + 6 * 8, dtype=np.uint8)[1:].view("f8").reshape(3, 2)
        assert not X.flags.aligned
        assert np.shares_memory(check_matrix(X), X)
        assert validation.check_numbers("y", X).flags.aligned

    def test_long_double_becomes_float64(self) -> None:
        X = np.ones((3, 2), dtype=np.longdouble) / 3
        checked = check_matrix(X)
        assert checked.dtype == np.float64
        np.testing.assert_array_equal(checked, X.astype(np.float64))

    @pytest.mark.parametrize("X", [[[1, 2], [3, 4]], ((1, 2), (3, 4)), np.ma.ones((2, 2))])
    def test_anything_array_like_passes(self, X: object) -> None:
        assert check_matrix(X).shape == (2, 2)

    def test_frame_passes(self) -> None:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
        table = check_matrix(frame)
        assert table.shape == (3, 2)
        assert [[table[i, j] for j in range(2)] for i in range(3)] == frame.to_numpy().tolist()

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_compute_dtype_holds_every_value(self, dtype: str) -> None:
        float32 = dtype in {"bool", "i1", "i2", "u1", "u2", "f2", "f4"}
        computed = validation.compute_dtype(np.ones((1, 1), dtype))
        assert computed == (np.float32 if float32 else np.float64)
        assert float32 == np.can_cast(dtype, np.float32, "safe")


class TestTargets:
    @pytest.mark.parametrize("loss", [squared_error(), huber()])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3)])
    def test_real_targets_are_a_view(self, shape: tuple[int, ...], dtype: str, loss: Any) -> None:
        y = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        targets = check_targets(y, 6, loss, need_both_classes=True)
        assert np.shares_memory(targets.values, y)
        assert targets.values.shape == (6, shape[1] if len(shape) > 1 else 1)
        assert targets.one_dimensional == (len(shape) == 1)
        assert (targets.classes, targets.negative, targets.positive) == (None, None, None)

    def test_column_of_a_table_is_a_view(self) -> None:
        table = np.arange(12.0).reshape(6, 2)
        targets = check_targets(table[::-1, 1], 6, squared_error(), need_both_classes=True)
        assert np.shares_memory(targets.values, table)
        assert targets.values[:, 0].tolist() == table[::-1, 1].tolist()

    @pytest.mark.parametrize(
        ("y", "classes"),
        [
            (np.array([True, False, True]), [False, True]),
            (np.array([1, -1, 1], "i1"), [-1, 1]),
            (np.array([0, 1, 0], "u1"), [0, 1]),
            (np.array([200, 100, 200], "u1"), [100, 200]),
            (np.array([2.5, -7.0, 2.5], "f4"), [-7.0, 2.5]),
            (np.array([0.1, 0.2, 0.1], "f2"), np.array([0.1, 0.2], "f2").tolist()),
            (np.array([[3], [7], [3]]), [3, 7]),
        ],
    )
    def test_any_two_labels(self, y: np.ndarray, classes: list[Any]) -> None:
        targets = check_targets(y, 3, log_loss(), need_both_classes=True)
        assert np.shares_memory(targets.values, y)
        assert targets.classes is not None
        assert targets.classes.dtype == y.dtype
        assert targets.classes.tolist() == classes
        assert (targets.negative, targets.positive) == tuple(map(float, classes))
        assert targets.one_dimensional == (y.ndim == 1)

    @pytest.mark.parametrize(
        ("y", "negative"),
        [
            ([0, 1, 0], 0.0),
            ([0, 0, 0], 0.0),
            ([1, 1, 1], 0.0),
            ([-1, 1, 1], -1.0),
            ([-1.0, -1.0, -1.0], -1.0),
            ([True, False, True], 0.0),
        ],
    )
    def test_known_labels_may_come_in_pieces(self, y: list[Any], negative: float) -> None:
        targets = check_targets(y, 3, log_loss(), need_both_classes=False)
        assert targets.classes is None
        assert (targets.negative, targets.positive) == (negative, 1.0)

    @pytest.mark.parametrize("loss", [squared_error(), log_loss()])
    def test_no_large_temporary(self, loss: Any) -> None:
        y = np.arange(1_000_000, dtype=np.float64) % 2
        tracemalloc.start()
        check_targets(y, len(y), loss, need_both_classes=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        allowed = 2 * len(y) if loss.targets == "binary" else 0
        assert peak < allowed + 100_000


class TestRowVectors:
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_weights_and_offset_are_views(self, dtype: str) -> None:
        values = np.ones((6, 2), dtype)
        weights = validation.check_sample_weight(values[:, 0], 6)
        assert weights is not None
        assert np.shares_memory(weights, values)
        for offset, n_outputs in ((values, 2), (values[:, 0], 1), (values[:, :1], 1)):
            checked = validation.check_offset(offset, 6, n_outputs)
            assert checked is not None
            assert np.shares_memory(checked, values)
            assert checked.shape == (6, n_outputs)

    def test_none_stays_none(self) -> None:
        assert validation.check_sample_weight(None, 6) is None
        assert validation.check_offset(None, 6, 1) is None

    def test_some_weights_may_be_zero(self) -> None:
        assert validation.check_sample_weight([0, 0, 2], 3) is not None


class TestCoefficients:
    @pytest.mark.parametrize(
        ("coef", "n_outputs"),
        [([1, 2, 3], 1), ([[1, 2, 3]], 1), (np.ones((2, 3), "f4", order="F"), 2)],
    )
    def test_coef_is_outputs_by_features(self, coef: Any, n_outputs: int) -> None:
        checked = validation.check_coef("coef", coef, n_outputs, 3)
        assert checked.dtype == np.float64
        assert checked.shape == (n_outputs, 3)
        assert checked.flags.c_contiguous
        np.testing.assert_array_equal(checked, np.reshape(coef, (n_outputs, 3)))

    @pytest.mark.parametrize(
        ("intercept", "n_outputs", "expected"),
        [(0.5, 1, [0.5]), (2, 3, [2, 2, 2]), ([1, 2], 2, [1, 2]), (np.float32(1.5), 1, [1.5])],
    )
    def test_intercept_is_one_per_output(
        self, intercept: Any, n_outputs: int, expected: list[float]
    ) -> None:
        checked = validation.check_intercept("intercept", intercept, n_outputs)
        assert checked.dtype == np.float64
        assert checked.tolist() == expected


class TestSingleValues:
    @pytest.mark.parametrize("value", [0, 1, 0.5, Fraction(1, 3), np.float32(0.25), np.int8(1)])
    def test_real_accepts_every_real_type(self, value: Any) -> None:
        number = validation.check_real("alpha", value, low=0, high=1)
        assert type(number) is float
        assert number == float(value)

    @pytest.mark.parametrize(
        ("bounds", "inside", "outside"),
        [
            ({}, [-1e300, 0, 1e300], [np.nan, np.inf, -np.inf, 10**400, -(10**400)]),
            ({"low": 0}, [0, 1e300], [-1e-300]),
            ({"low": 0, "low_open": True}, [1e-300], [0, -0.0]),
            ({"low": 0, "high": 1}, [0, 1], [-0.1, 1.1]),
            ({"low": 0, "high": 1, "high_open": True}, [0, 0.999], [1]),
        ],
    )
    def test_real_bounds(
        self, bounds: dict[str, Any], inside: list[float], outside: list[float]
    ) -> None:
        for value in inside:
            assert validation.check_real("eta0", value, **bounds) == value
        for value in outside:
            with pytest.raises(ValueError, match=r"^eta0: expected a finite number"):
                validation.check_real("eta0", value, **bounds)

    @pytest.mark.parametrize(
        ("bounds", "words"),
        [
            ({}, "a finite number"),
            ({"low": 0.0}, "a finite number >= 0"),
            ({"low": 0, "low_open": True}, "a finite number > 0"),
            ({"low": 0, "high": 1.0, "high_open": True}, r"a finite number in \[0, 1\)"),
            ({"low": 0.5, "high": 1, "low_open": True}, r"a finite number in \(0.5, 1\]"),
            ({"alternative": "None"}, "a finite number or None"),
        ],
    )
    def test_real_words_its_bounds(self, bounds: dict[str, Any], words: str) -> None:
        with pytest.raises(TypeError, match=rf"^eta0: expected {words}, got 'x' \(str\)$"):
            validation.check_real("eta0", "x", **bounds)

    @pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
    def test_integer_accepts_every_integer_type(self, value: Any) -> None:
        number = validation.check_integer("max_iter", value, 1)
        assert type(number) is int
        assert number == 3

    @pytest.mark.parametrize("value", [3.0, np.float64(3), True, np.True_, "3", None, np.array(3)])
    def test_integer_rejects_other_types(self, value: object) -> None:
        with pytest.raises(TypeError, match=r"^max_iter: expected an integer >= 1, got "):
            validation.check_integer("max_iter", value, 1)

    def test_integer_fits_the_core(self) -> None:
        assert validation.check_integer("max_iter", 2**63 - 1, 1) == 2**63 - 1
        with pytest.raises(
            ValueError, match=r"^max_iter: expected an integer >= 1, got 9223372036"
        ):
            validation.check_integer("max_iter", 2**63, 1)

    @pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
    def test_flag(self, value: Any) -> None:
        assert validation.check_flag("progress", value) is bool(value)

    def test_choice_points_to_the_nearest(self) -> None:
        assert validation.check_choice("solver", "sgd", ("batch", "sgd")) == "sgd"
        with pytest.raises(ValueError, match=r"^solver: .* got 'Bach'; did you mean 'batch'\?$"):
            validation.check_choice("solver", "Bach", ("batch", "sgd"))
        with pytest.raises(ValueError, match=r"^solver: .* or None, got 'newton'$"):
            validation.check_choice("solver", "newton", ("batch", "sgd"), alternative="None")

    def test_long_value_is_cut(self) -> None:
        with pytest.raises(ValueError, match=r"got 'x{50,60}\.\.\.$"):
            validation.check_choice("solver", "x" * 10_000, ("batch",))


class TestOptions:
    @pytest.mark.parametrize(("average", "rows"), [(True, 1), (False, 0), (5, 5), (np.int64(7), 7)])
    def test_average(self, average: Any, rows: Any) -> None:
        assert options.check_average(average) == rows

    @pytest.mark.parametrize(
        ("shuffle", "expected"),
        [("block", "block"), ("full", "full"), (False, False), (np.False_, False)],
    )
    def test_shuffle(self, shuffle: Any, expected: Any) -> None:
        assert options.check_shuffle(shuffle) == expected

    def test_none_where_none_means_something(self) -> None:
        assert options.check_tol(None) is None
        assert validation.check_n_threads(None) is None
        assert options.check_callback(None) is None

    def test_batch_size_beyond_the_rows_is_cut_only_by_default(self) -> None:
        assert options.check_batch_size(256, 20, default=256) == 20
        assert options.check_batch_size(20, 20, default=256) == 20
        with pytest.raises(ValueError, match=r"^batch_size: "):
            options.check_batch_size(21, 20, default=256)

    def test_learning_rate(self) -> None:
        assert options.check_learning_rate("optimal", 0.1) == "optimal"
        assert options.check_learning_rate(abs, 0.0) is abs

    @pytest.mark.parametrize(
        ("answer", "stop"), [(None, False), (False, False), (True, True), (np.True_, True)]
    )
    def test_callback_answer(self, answer: Any, stop: bool) -> None:
        assert options.check_callback_answer(answer) is stop


class TestSeed:
    @pytest.mark.parametrize("seed", [0, 42, 2**64 - 1, np.uint64(2**64 - 1)])
    def test_integer_is_the_seed(self, seed: Any) -> None:
        assert options.check_seed(seed) == int(seed)

    @pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
    def test_generator_is_drawn_from(self, make: Any) -> None:
        generator = make(3)
        first, second = options.check_seed(generator), options.check_seed(generator)
        assert first == options.check_seed(make(3))
        assert first != second
        assert 0 <= first < 2**64

    def test_none_is_fresh(self) -> None:
        assert options.check_seed(None) != options.check_seed(None)
