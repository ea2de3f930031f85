"""`value` and `value_and_gradient`: the objective and its gradient at any coefficients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import LOSSES, Problem, make_problem
from scipy.optimize import check_grad, minimize

import fastgd

# Of sums of numbers of size 1: rounding grows with the root of their count at most.
TOLERANCE = {"f4": 1e-5, "f8": 1e-13}


def point(problem: Problem, seed: int = 1) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Draw coefficients (K, d), some of them zero, and intercepts (K,)."""
    generator = np.random.default_rng(seed)
    outputs, d = problem.targets.shape[1], problem.X.shape[1]
    coef = generator.normal(size=(outputs, d)) / np.sqrt(d)
    coef[:, ::4] = 0.0
    return coef, generator.normal(size=outputs)


def assert_matches_oracle(problem: Problem, coef: Any, intercept: Any, tolerance: float) -> None:
    arguments = problem.point_arguments()
    value, of_coef, of_intercept = fastgd.value_and_gradient(
        coef=coef, intercept=intercept, **arguments
    )
    alone = fastgd.value(coef=coef, intercept=intercept, **arguments)
    expected = problem.value(coef, intercept)
    np.testing.assert_allclose([value, alone], expected, rtol=20 * tolerance, atol=tolerance)
    expected_coef, expected_intercept = problem.gradient(coef, intercept)
    np.testing.assert_allclose(of_coef, expected_coef, rtol=20 * tolerance, atol=20 * tolerance)
    np.testing.assert_allclose(of_intercept, expected_intercept, rtol=0, atol=20 * tolerance)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", LOSSES)
@given(
    n=st.integers(1, 200),
    d=st.integers(1, 70),
    outputs=st.integers(1, 5),
    weighted=st.booleans(),
    offset=st.booleans(),
    alpha=st.sampled_from([0.0, 0.3]),
    l1_ratio=st.sampled_from([0.0, 0.4, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_matches_numpy(
    loss: str,
    dtype: str,
    n: int,
    d: int,
    outputs: int,
    weighted: bool,
    offset: bool,
    alpha: float,
    l1_ratio: float,
    seed: int,
) -> None:
    outputs = 1 if loss == "log_loss" else outputs
    generator = np.random.default_rng(seed)
    problem = make_problem(
        loss,
        n,
        d,
        outputs=outputs,
        dtype=dtype,
        seed=seed,
        alpha=alpha,
        l1_ratio=l1_ratio,
        sample_weight=generator.integers(0, 4, size=n) + np.eye(1, n)[0] if weighted else None,
        offset=generator.normal(size=(n, outputs)) if offset else None,
    )
    assert_matches_oracle(problem, *point(problem, seed), tolerance=TOLERANCE[dtype])


@pytest.mark.parametrize(("n", "d"), [(40_000, 7), (3_000, 300), (20, 20_011)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", LOSSES)
def test_matches_numpy_on_many_blocks(loss: str, dtype: str, n: int, d: int) -> None:
    problem = make_problem(loss, n, d, dtype=dtype, alpha=0.1, l1_ratio=0.5)
    assert_matches_oracle(problem, *point(problem), tolerance=3 * TOLERANCE[dtype])


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_the_slope_of_value(loss: str, l1_ratio: float) -> None:
    problem = make_problem(loss, alpha=0.2, l1_ratio=l1_ratio, epsilon=0.7)
    arguments = problem.point_arguments()

    def value(theta: Any) -> float:
        return fastgd.value(coef=theta[:-1], intercept=theta[-1], **arguments)

    def gradient(theta: Any) -> Any:
        return np.append(
            *fastgd.value_and_gradient(coef=theta[:-1], intercept=theta[-1], **arguments)[1:]
        )

    theta = np.array([0.3, -0.4, 0.5, 0.2, -0.1, 0.25])
    for direction in np.eye(6):
        width = 1e-5 * direction
        slope = (value(theta + width) - value(theta - width)) / 2e-5
        assert slope == pytest.approx(gradient(theta) @ direction, rel=1e-6, abs=1e-8)
    assert check_grad(value, gradient, theta) < 1e-6


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_scipy_one_liner_reaches_the_normal_equations(alpha: float) -> None:
    problem = make_problem(alpha=alpha, fit_intercept=False)
    X, y, n = problem.X, problem.y, len(problem.y)
    found = minimize(
        lambda w: fastgd.value_and_gradient(X, y, w, alpha=alpha)[:2], np.zeros(5), jac=True
    )
    exact = np.linalg.solve(X.T @ X / n + alpha * np.eye(5), X.T @ y / n)
    np.testing.assert_allclose(found.x, exact, atol=1e-5)


def test_scipy_with_an_intercept_reaches_the_normal_equations() -> None:
    problem = make_problem(alpha=0.3, mean=2.0)
    X, y = problem.X, problem.y

    def function(theta: Any) -> tuple[float, Any]:
        value, *gradient = fastgd.value_and_gradient(X, y, theta[:-1], theta[-1], alpha=0.3)
        return value, np.append(*gradient)

    found = minimize(function, np.zeros(6), jac=True, options={"gtol": 1e-8})
    centred = X - X.mean(axis=0)
    covariance = centred.T @ centred / len(y) + 0.3 * np.eye(5)
    exact = np.linalg.solve(covariance, centred.T @ (y - y.mean()) / len(y))
    np.testing.assert_allclose(found.x[:-1], exact, atol=1e-6)
    np.testing.assert_allclose(found.x[-1], y.mean() - X.mean(axis=0) @ exact, atol=1e-6)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("loss", LOSSES)
def test_integer_weights_are_repetitions_and_weight_zero_is_absence(loss: str, dtype: str) -> None:
    weights = np.random.default_rng(0).integers(0, 4, size=300)
    problem = make_problem(loss, 300, 6, dtype=dtype, alpha=0.1, sample_weight=weights)
    rows = np.repeat(np.arange(300), weights)
    repeated = replace(problem, X=problem.X[rows], y=problem.y[rows], sample_weight=None)
    at = {"coef": np.arange(6) / 6, "intercept": -0.2}
    weighted = fastgd.value_and_gradient(**problem.point_arguments(), **at)
    expected = fastgd.value_and_gradient(**repeated.point_arguments(), **at)
    for got, want in zip(weighted, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype] * 10, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("loss", LOSSES)
def test_only_the_proportions_of_weights_count(loss: str) -> None:
    weights = np.random.default_rng(0).uniform(size=400)
    problem = make_problem(loss, sample_weight=weights)
    scaled = replace(problem, sample_weight=weights * 2.0**-20)
    at = {"coef": np.arange(5) / 5, "intercept": 0.1}
    for got, want in zip(
        fastgd.value_and_gradient(**scaled.point_arguments(), **at),
        fastgd.value_and_gradient(**problem.point_arguments(), **at),
        strict=True,
    ):
        np.testing.assert_array_equal(got, want)  # a power of two changes no mantissa


def test_single_class_pieces_of_log_loss_add_up() -> None:
    problem = make_problem("log_loss", 500, 4)
    X, y, coef = problem.X, problem.y, np.array([0.5, -1.0, 0.0, 2.0])
    whole = fastgd.value_and_gradient(X, y, coef, 0.1, loss="log_loss")
    pieces = [
        (
            np.mean(y == label),
            fastgd.value_and_gradient(X[y == label], y[y == label], coef, 0.1, loss="log_loss"),
        )
        for label in (0.0, 1.0)
    ]
    assert 0.1 < pieces[0][0] < 0.9
    for i in range(3):
        total = sum(share * piece[i] for share, piece in pieces)
        np.testing.assert_allclose(total, whole[i], rtol=1e-12, atol=1e-14)


def test_label_conventions_agree() -> None:
    problem = make_problem("log_loss")
    positive = problem.y == 1.0
    conventions = [
        positive,
        positive.astype("i1"),
        positive.astype("u8"),
        positive * 1.0,
        np.where(positive, 1, -1),
        np.where(positive, np.float32(1), np.float32(-1)),
    ]
    values = {fastgd.value(problem.X, y, np.ones(5), loss="log_loss") for y in conventions}
    assert len(values) == 1


@pytest.mark.parametrize(("dtype", "largest"), [("f4", 1e37), ("f8", 1e300)])
@pytest.mark.parametrize("loss", ["log_loss", "huber"])
def test_extreme_predictors_do_not_overflow(loss: str, dtype: str, largest: float) -> None:
    """These losses grow linearly: their values and slopes are finite wherever z is."""
    z = np.array([largest, 1e6, 800.0, 100.0, 1.0, 0.0]) * np.array([[1.0], [-1.0]])
    for row in z.ravel():
        for y in (0.0, 1.0):
            X = np.array([[row]], dtype)
            problem = Problem(X=X, y=np.array([y]), loss=loss)
            with np.errstate(over="ignore"):
                expected = problem.value([1.0]), problem.gradient([1.0])[1][0]
            got = fastgd.value_and_gradient(coef=[1.0], **problem.point_arguments())
            near = {"rtol": 20 * np.finfo(dtype).eps, "atol": 2 * np.finfo(dtype).tiny}
            np.testing.assert_allclose(got[0], expected[0], **near)
            np.testing.assert_allclose(got[2], expected[1], **near)


def test_an_objective_beyond_the_floats_is_infinite_and_no_blame_on_the_data() -> None:
    assert fastgd.value([[1e200]], [0.0], [1.0]) == np.inf
    value, _, of_intercept = fastgd.value_and_gradient([[1e200]], [0.0], [1.0])
    assert value == np.inf
    assert of_intercept == 1e200


@pytest.mark.parametrize("x_dtype", ["f4", "f8", "i4"])
@pytest.mark.parametrize(
    ("coef_dtype", "expected"), [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i8", "f8")]
)
def test_gradient_has_the_dtype_of_coef(x_dtype: str, coef_dtype: str, expected: str) -> None:
    X = np.arange(12).reshape(6, 2).astype(x_dtype)
    _, gradient, of_intercept = fastgd.value_and_gradient(X, np.ones(6), np.ones(2, coef_dtype))
    assert gradient.dtype == np.dtype(expected)
    assert type(of_intercept) is float


def test_gradient_is_shaped_as_the_coefficients() -> None:
    problem = make_problem(outputs=3)
    coef, intercept = point(problem)
    X, y = problem.X, problem.y
    _, of_coef, of_intercept = fastgd.value_and_gradient(X, y, coef, intercept)
    assert (of_coef.shape, np.shape(of_intercept)) == ((3, 5), (3,))
    one = fastgd.value_and_gradient(X, y[:, 0], coef[0], intercept[0])
    wide = fastgd.value_and_gradient(X, y[:, :1], coef[:1], intercept[:1])
    assert (one[1].shape, np.shape(one[2])) == ((5,), ())
    assert (wide[1].shape, np.shape(wide[2])) == ((1, 5), (1,))
    assert one[0] == wide[0]
    np.testing.assert_array_equal(one[1], wide[1][0])


def test_one_intercept_serves_all_outputs() -> None:
    problem = make_problem(outputs=3)
    coef, _ = point(problem)
    scalar = fastgd.value_and_gradient(problem.X, problem.y, coef, 0.7)
    each = fastgd.value_and_gradient(problem.X, problem.y, coef, np.full(3, 0.7))
    assert scalar[0] == each[0]
    np.testing.assert_array_equal(scalar[1], each[1])
    assert scalar[2] == pytest.approx(np.sum(each[2]), rel=1e-14)


def test_outputs_are_sums_of_their_own_objectives() -> None:
    problem = make_problem(outputs=4)
    coef, intercept = point(problem)
    X, y = problem.X, problem.y
    together = fastgd.value_and_gradient(X, y, coef, intercept)
    alone = [fastgd.value_and_gradient(X, y[:, k], coef[k], intercept[k]) for k in range(4)]
    assert together[0] == pytest.approx(sum(value for value, _, _ in alone), rel=1e-13)
    np.testing.assert_allclose(together[1], [g for _, g, _ in alone], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(together[2], [g for _, _, g in alone], rtol=1e-12, atol=1e-15)


def test_epsilon_joins_huber_to_squared_error() -> None:
    """A residual never leaves the quadratic part when epsilon is large."""
    problem = make_problem()
    at = (problem.X, problem.y, np.ones(5))
    wide = fastgd.value(*at, loss=fastgd.losses.huber(1e6))
    assert wide == pytest.approx(fastgd.value(*at), rel=1e-14)
    # and far out it is epsilon |r| - epsilon^2 / 2
    narrow = fastgd.value(*at, loss=fastgd.losses.huber(1e-9))
    r = np.abs(problem.X @ np.ones(5) - problem.y)
    assert narrow == pytest.approx(np.mean(1e-9 * r - 0.5e-18), rel=1e-9)
