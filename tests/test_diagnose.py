"""What `diagnose` tells of tables whose spectra are known."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import SOLVERS, make_problem
from orthogonal import LABELS, TARGETS, FloatArray, U, bends, hadamard

import fastgd


@pytest.mark.parametrize(
    ("loss", "curvature"), [("squared_error", 1.0), ("log_loss", 0.25), ("huber", 1.0)]
)
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_spectrum_of_orthogonal_columns(loss: str, curvature: float, alpha: float) -> None:
    units = np.array([3.0, 0.5, 20.0, 1.0])
    y = LABELS if loss == "log_loss" else TARGETS
    found = fastgd.diagnose(U * units, y, loss=loss, alpha=alpha)
    expected = np.sort([*(curvature * units**2 + alpha), curvature])[::-1]
    np.testing.assert_allclose(found.spectrum["none"], expected, rtol=1e-12)
    np.testing.assert_allclose(found.spectrum["scale"], 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.spectrum["whiten"], 1.0, rtol=1e-9)
    assert found.smoothness == pytest.approx(400 * curvature + alpha)
    assert found.condition["none"] == pytest.approx(expected[0] / expected[-1])
    assert found.gradient_ratio == pytest.approx(np.sqrt(expected[0] / expected[-1]))
    np.testing.assert_allclose(found.scale, units)
    np.testing.assert_allclose(found.mean, 0.0, atol=1e-15)
    np.testing.assert_allclose(found.variance_inflation, 1.0)
    assert (found.constant, found.dependent, found.near_duplicates) == ((), (), ())


@given(
    st.lists(st.floats(-2, 2), min_size=16, max_size=16),
    st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    st.sampled_from([0.0, 0.1]),
)
def test_spectrum_of_any_covariance(entries: list[float], means: list[float], alpha: float) -> None:
    mixing = np.reshape(entries, (4, 4)) + 8 * np.eye(4)
    found = fastgd.diagnose(U @ mixing + means, TARGETS, alpha=alpha)
    expected = bends(U @ mixing + means, alpha=alpha)
    np.testing.assert_allclose(found.spectrum["none"], expected, rtol=1e-9)
    second = mixing.T @ mixing
    root = 1 / np.sqrt(np.diag(second) + alpha)
    scaled = np.outer(root, root) * (second + alpha * np.eye(4))
    of_columns = np.linalg.eigvalsh(scaled)
    expected_scaled = np.sort([*of_columns, 1.0])[::-1]
    np.testing.assert_allclose(found.spectrum["scale"], expected_scaled, rtol=1e-9)
    inverse = np.linalg.inv(second)
    np.testing.assert_allclose(
        found.variance_inflation, np.diag(inverse) * np.diag(second), rtol=1e-9
    )


@given(st.lists(st.integers(-12, 12), min_size=4, max_size=4))
def test_units_far_apart_are_resolved(exponents: list[int]) -> None:
    units = 10.0 ** np.array(exponents)
    found = fastgd.diagnose(U * units, TARGETS)
    largest, smallest = max(units.max(), 1.0) ** 2, min(units.min(), 1.0) ** 2
    assert found.condition["none"] == pytest.approx(largest / smallest, rel=1e-6)
    assert found.condition["scale"] == pytest.approx(1.0)


@given(st.floats(1e-6, 1e6), st.integers(0, 3), st.floats(-3, 3))
def test_the_unit_of_a_column_matters_as_given_alone(
    factor: float, column: int, mean: float
) -> None:
    X = U @ (np.tri(4) + np.eye(4)) + mean
    other = X.copy()
    other[:, column] *= factor
    one, two = (fastgd.diagnose(x, TARGETS) for x in (X, other))
    np.testing.assert_allclose(one.spectrum["scale"], two.spectrum["scale"], rtol=1e-9)
    np.testing.assert_allclose(one.variance_inflation, two.variance_inflation, rtol=1e-8)
    np.testing.assert_allclose(two.spectrum["none"][0], bends(other)[0], rtol=1e-10)
    assert two.scale[column] == pytest.approx(factor * one.scale[column])


def test_means_alone_worsen_the_condition_as_given() -> None:
    found = fastgd.diagnose(U + 1e6, TARGETS)
    # along (1, 1, 1, 1, 0) and beside it the intercept's remainder
    assert found.condition["none"] == pytest.approx((4e12 + 2) / (1 / 4e12), rel=1e-3)
    assert found.condition["scale"] == pytest.approx(1.0)


def test_without_intercept_nothing_is_centred() -> None:
    X = U + 3.0
    found = fastgd.diagnose(X, TARGETS, fit_intercept=False)
    np.testing.assert_allclose(found.spectrum["none"], [37, 1, 1, 1], rtol=1e-12)
    np.testing.assert_allclose(found.spectrum["scale"], np.array([37, 1, 1, 1]) / 10, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_same_for_any_number_of_threads(dtype: str) -> None:
    X = make_problem(n=40_000, d=30, mean=2.0, dtype=dtype).X
    X[:, 7] = X[:, 3]
    one, three = (fastgd.diagnose(X, X[:, 0], n_threads=threads) for threads in (1, 3))
    for field in ("mean", "scale", "variance_inflation"):
        np.testing.assert_array_equal(getattr(one, field), getattr(three, field))
    for metric in one.spectrum:
        np.testing.assert_array_equal(one.spectrum[metric], three.spectrum[metric])
    assert repr(one) == repr(three)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i8", "f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_layouts_and_element_types(dtype: str, order: Any) -> None:
    X = (U @ np.array([[1.0, 2, 0, 3], [0, 4, 0, 0], [0, 0, 1, 0], [0, 1, 1, 2]])) + 2
    found = fastgd.diagnose(np.asarray(X, dtype, order=order), TARGETS)
    np.testing.assert_allclose(found.spectrum["none"], bends(X), rtol=1e-6)


def test_weights_are_repetitions() -> None:
    X = make_problem(n=200, d=3).X
    weights = np.arange(200) % 3
    y = X[:, 0]
    one = fastgd.diagnose(X, y, sample_weight=weights)
    two = fastgd.diagnose(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    for metric in ("none", "scale"):
        np.testing.assert_allclose(one.spectrum[metric], two.spectrum[metric], rtol=1e-10)


def wide(singular: npt.ArrayLike) -> FloatArray:
    """Rows on 2,100 columns with these singular values."""
    size = np.size(singular)
    generator = np.random.default_rng(0)
    left = np.linalg.qr(generator.normal(size=(size, size)))[0]
    right = np.linalg.qr(generator.normal(size=(2100, size)))[0]
    return left * singular @ right.T


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_wide_tables_take_products(alpha: float) -> None:
    X = wide(np.repeat([1.0, 3.0, 10.0], 10))
    found = fastgd.diagnose(X, X[:, 0], fit_intercept=False, alpha=alpha)
    assert set(found.spectrum) == set(found.expected_epochs) == {"none", "scale"}
    assert found.exact
    largest, smallest = 100 / 30 + alpha, 1 / 30 + alpha
    assert found.smoothness == pytest.approx(largest, rel=1e-6)
    assert found.condition["none"] == pytest.approx(largest / smallest, rel=1e-6)
    assert np.isnan(found.variance_inflation).all()
    assert ("set alpha > 0" in repr(found)) == (alpha == 0.0)


def test_lanczos_never_exceeds_the_condition_number() -> None:
    X = wide(np.geomspace(1, 1000, 300))
    found = fastgd.diagnose(X, X[:, 0], fit_intercept=False)
    assert found.smoothness == pytest.approx(1e6 / 300, rel=1e-3)
    assert 1000 < found.condition["none"] < 1e6 * (1 + 1e-6)
    assert not found.exact
    assert "at least" in repr(found)


def test_whitening_by_a_sample_is_measured_on_all_rows() -> None:
    X = make_problem(n=30_000, d=200, scale=np.geomspace(1, 100, 200)).X
    X[:, 1] += 5 * X[:, 0]
    found = fastgd.diagnose(X, X[:, 0])
    assert 20_000 < found.rows_examined < 30_000
    assert f"; what follows from {found.rows_examined} rows" in " ".join(repr(found).split())
    assert 1.01 < found.condition["whiten"] < 2.0
    np.testing.assert_allclose(found.smoothness, bends(X)[0], rtol=0.1)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_separable_classes(fit_intercept: bool) -> None:
    X = make_problem(n=300, d=3).X
    noise = np.random.default_rng(1).logistic(size=300)
    for z, separable in ((X[:, 0], True), (X[:, 0] + noise, False)):
        found = fastgd.diagnose(X, z > 0, loss="log_loss", fit_intercept=fit_intercept)
        assert found.separable is separable
        assert ("a plane divides the classes" in repr(found)) == separable
    assert fastgd.diagnose(X, X[:, 0]).separable is None


def test_safe_steps() -> None:
    problem = make_problem(n=500, d=4, scale=[1.0, 30.0, 0.1, 5.0])
    found = fastgd.diagnose(problem.X, problem.y)
    A = np.column_stack([problem.X, np.ones(500)])
    assert found.safe_rate["batch"] == pytest.approx(1 / found.smoothness, rel=0.02)
    assert found.safe_rate["sgd"] == pytest.approx(1 / np.einsum("ij,ij->i", A, A).max())
    assert found.limited_by["batch"].startswith("column 1 (")


def test_a_row_far_off_is_named() -> None:
    problem = make_problem(n=5000, d=4)
    problem.X[4321] *= 1e4
    found = fastgd.diagnose(problem.X, problem.y)
    assert found.limited_by["sgd"].startswith("row 4321 (its norm is ")
    assert "row 4321 " in "".join(found.findings)


@pytest.mark.parametrize("condition", [3.0, 40.0])
def test_plain_epochs_are_those_of_the_slowest_direction(condition: float) -> None:
    """Started along it, steps of 1 / L take as many epochs as expected."""
    X = U * np.sqrt([condition, 2.0, 1.5, 1.0])
    found = fastgd.diagnose(X, X[:, 3])
    result = fastgd.fit(
        X,
        X[:, 3],
        learning_rate="constant",
        precondition="none",
        eta0=1 / found.smoothness,
        tol=None,
        max_iter=500,
    )
    gap = result.history.objective / 0.5
    needed = 1 + int(np.argmax(gap < 1e-6))
    assert found.expected_epochs["none"]["plain"] == needed
    assert found.expected_epochs["whiten"] == {"batch": 1, "minibatch": 4, "sgd": 4, "plain": 1}


@pytest.mark.parametrize("n", [2000, 20_000])
@pytest.mark.parametrize("precondition", ["none", "scale", "whiten"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_expected_epochs_are_of_the_right_order(solver: Any, precondition: Any, n: int) -> None:
    problem = make_problem(n=n, d=5, scale=[1.0, 2.0, 1.0, 0.5, 1.0], mean=0.5)
    expected = fastgd.diagnose(problem.X, problem.y).expected_epochs[precondition][solver]
    result = fastgd.fit(**problem.arguments(), solver=solver, precondition=precondition, tol=1e-14)
    least = problem.optimum()
    height = (result.history.objective - least) / (problem.value(np.zeros(5)) - least)
    needed = 1 + int(np.argmax(height < 1e-6))
    assert expected / 4 <= needed <= 3 * expected


def test_epochs_grow_with_the_condition_number() -> None:
    easy, hard = (
        fastgd.diagnose(U * [1.0, 1.0, 1.0, unit], TARGETS).expected_epochs["none"]
        for unit in (2.0, 200.0)
    )
    # quasi-Newton steps with its root, all others with itself
    assert 50 < hard["batch"] / easy["batch"] < 200
    for solver in ("minibatch", "sgd", "plain"):
        assert hard[solver] > 500 * easy[solver]


def test_repr_tells_what_to_do() -> None:
    other = U[:, 0] + 1e-3 * hadamard(5)[:, 4]
    X = np.column_stack([U * [1.0, 1e5, 1.0, 1.0], other, U[:, 2], np.ones(64)])
    found = fastgd.diagnose(X, TARGETS)
    text = " ".join(repr(found).split())
    assert max(map(len, repr(found).splitlines())) <= 100
    for words in (
        "64 rows, 7 columns, loss 'squared_error'",
        "column 6 is constant, which the intercept is already: leave out",
        "column 5 = column 2: its coefficient is not determined; leave it out",
        "columns 0 and 4 are nearly the same",
        "units and means of the columns make the condition number",
        "correlated columns leave a condition number of",
        "on the columns as given, for column 1 (100 % of the smoothness)",
    ):
        assert words in text


def test_repr_of_a_table_without_trouble() -> None:
    found = fastgd.diagnose(U, TARGETS)
    assert found.findings == ("nothing stands in the way: any solver and step size rule will do",)
    assert repr(found).splitlines()[0] == "Diagnosis"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "X",
    [
        np.ones((5, 2)),
        np.zeros((5, 2)),
        np.ones((1, 1)),
        np.arange(6.0).reshape(1, 6),
        np.random.default_rng(0).normal(size=(5, 20)),
        np.random.default_rng(0).normal(size=(50, 3)) * [1e200, 1.0, 1e-200],
        np.random.default_rng(0).normal(size=(50, 2)) * [1e150, 1e-150] + [1e160, 0],
        np.random.default_rng(0).standard_cauchy(size=(2000, 2)) ** 3,
    ],
)
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"alpha": 0.1}])
def test_odd_tables(X: FloatArray, options: dict[str, Any]) -> None:
    found = fastgd.diagnose(X, X[:, 0], **options)
    assert np.isfinite(found.safe_rate["batch"])
    assert found.findings
    for values in found.spectrum.values():
        assert np.all(np.diff(values) <= 1e-9 * np.abs(values[:-1]))


def test_plot_draws_each_metric() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    found = fastgd.diagnose(U * [1.0, 2.0, 3.0, 4.0], TARGETS)
    axes = found.plot()
    assert [len(line.get_xdata()) for line in axes.get_lines()] == [5, 5, 5]
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), np.array([16, 9, 4, 1, 1]) / 16)
    assert found.plot(axes) is axes
    pyplot.close(axes.figure)


def test_plot_without_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fastgd.diagnose(U, TARGETS)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'fastgd\[plot\]'"):
        found.plot()
