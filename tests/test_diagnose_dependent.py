"""What `diagnose` tells of columns that others make up, and of those that nearly do."""

from __future__ import annotations

import numpy as np
import pytest
from orthogonal import TARGETS, U, bends

import fastgd


def test_dependent_columns_are_named_with_what_they_are_made_of() -> None:
    X = np.column_stack([U, U[:, 2], 2 * U[:, 0] - 0.25 * U[:, 3] + 5, np.full(64, 7.0)])
    found = fastgd.diagnose(X, TARGETS)
    assert found.constant == (6,)
    assert [d.column for d in found.dependent] == [4, 5]
    assert found.dependent[0].parts == pytest.approx({2: 1.0})
    assert found.dependent[0].constant == 0.0
    assert found.dependent[1].parts == pytest.approx({0: 2.0, 3: -0.25})
    assert found.dependent[1].constant == pytest.approx(5.0)
    assert str(found.dependent[0]) == "column 4 = column 2"
    assert str(found.dependent[1]) == "column 5 = 2 * column 0 + -0.25 * column 3 + 5"
    # five directions remain: four columns and the intercept
    assert all(len(values) == 5 for values in found.spectrum.values())
    np.testing.assert_allclose(found.spectrum["none"], bends(X)[:5], rtol=1e-9)
    assert np.isnan(found.variance_inflation[6])
    np.testing.assert_array_equal(found.variance_inflation[4:6], np.inf)


def test_columns_made_up_of_many_are_counted_and_not_told_as_equations() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((300, 40))
    X[:, 39] = X[:, :39].sum(axis=1)
    told = str(fastgd.diagnose(X, X[:, 0]))
    assert "column 39 is made up of others" in " ".join(told.split())
    assert "* column" not in told


def test_fewer_rows_than_columns_are_one_finding() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((30, 80))
    X[:, 1] = 2.0 * X[:, 0]
    diagnosis = fastgd.diagnose(X, X[:, 2])
    assert len(diagnosis.dependent) == 51
    for dependency in diagnosis.dependent:
        made = X[:, list(dependency.parts)] @ list(dependency.parts.values())
        np.testing.assert_allclose(made + dependency.constant, X[:, dependency.column], atol=1e-8)
    told = " ".join(str(diagnosis).split())
    findings = told[told.index("findings") :]
    assert "column 1 = 2 * column 0" in findings
    assert "80 columns on 30 rows" in findings
    assert findings.count(" - ") == 2


def test_columns_that_hardly_differ_are_no_exact_combinations() -> None:
    noise = np.random.default_rng(0).normal(size=64)
    X = np.column_stack([U, U[:, 2] + 1e-9 * (noise - noise.mean()), U[:, 1]])
    found = fastgd.diagnose(X, TARGETS)
    assert [(d.column, d.exact) for d in found.dependent] == [(4, False), (5, True)]
    assert [str(d) for d in found.dependent] == ["column 4 = column 2", "column 5 = column 1"]
    assert "but for little: large coefficients that cancel" in found.findings[0]
    assert "its coefficient is not determined" in found.findings[1]


def test_all_categories_sum_to_the_intercept() -> None:
    X = np.eye(4)[np.arange(64) % 4]
    found = fastgd.diagnose(X, TARGETS)
    (dependency,) = found.dependent
    assert dependency.column == 3
    assert dependency.parts == pytest.approx({0: -1.0, 1: -1.0, 2: -1.0})
    assert dependency.constant == pytest.approx(1.0)
    assert fastgd.diagnose(X, TARGETS, fit_intercept=False).dependent == ()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_near_duplicates(sign: float) -> None:
    X = np.column_stack([U[:, :3], sign * (U[:, 1] + 0.01 * U[:, 3])])
    found = fastgd.diagnose(X, TARGETS)
    ((first, second, correlation),) = found.near_duplicates
    assert (first, second) == (1, 3)
    assert correlation == pytest.approx(sign / np.sqrt(1 + 1e-4))
    assert found.variance_inflation[1] == pytest.approx(1 / (1 - correlation**2))
    assert found.variance_inflation[0] == pytest.approx(1.0)
    assert found.condition["scale"] == pytest.approx(
        (1 + abs(correlation)) / (1 - abs(correlation))
    )
