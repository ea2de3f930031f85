"""Wide tables under a ridge are fitted in the space of their rows: the same optimum, sooner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastgd

N, D = 50, 120
Table = dict[str, Any]

# Steps see their kinks rounded off, `value` does not.
KINKED = ("hinge", "quantile")


def wide(loss: str, dtype: str = "f8") -> Table:
    """Return columns of several units and means, and targets for the loss."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((N, D)) * 10.0 ** rng.uniform(-1, 1, size=D) + rng.uniform(-3, 3, D)
    z = X[:, :5].sum(axis=1) + rng.standard_normal(N)
    z = (z - z.mean()) / z.std()
    y = {
        "hinge": z > 0.0,
        "log_loss": z > 0.0,
        "poisson": np.round(np.exp(z)),
        "softmax": np.digitize(z, [-0.5, 0.5]),
    }.get(loss, z)
    return {"X": X.astype(dtype), "y": y.astype(float), "loss": loss}


def tall(asked: Table) -> Table:
    """Return the same with rows that weigh nothing, more than there are columns."""
    padding = np.full((D, D), 7.0, asked["X"].dtype)
    weight = asked.get("sample_weight", np.ones(N))
    more = {
        "X": np.vstack([asked["X"], padding]),
        "y": np.concatenate([asked["y"], asked["y"][:1].repeat(D)]),
        "sample_weight": np.concatenate([weight, np.zeros(D)]),
    }
    if "offset" in asked:
        more["offset"] = np.concatenate([asked["offset"], np.zeros(D)])
    return asked | more


@pytest.mark.parametrize("solver", ["batch", "minibatch", "sgd"])
@pytest.mark.parametrize(
    "loss",
    ["squared_error", "huber", "quantile", "hinge", "log_loss", "poisson", "softmax"],
)
def test_wide_and_tall_end_at_one_optimum(loss: str, solver: Any) -> None:
    asked = wide(loss)
    options = {"alpha": 0.1, "precondition": "whiten", "solver": solver}
    result = fastgd.fit(**asked, **options)
    expected = fastgd.fit(**tall(asked), **options)
    assert result.status == expected.status == "converged"
    assert result.precondition == expected.precondition == "whiten"
    assert result.objective == pytest.approx(expected.objective, rel=3e-6)
    if loss not in KINKED:
        there = fastgd.value(**asked, coef=result.coef, intercept=result.intercept, alpha=0.1)
        assert there == pytest.approx(result.objective, rel=1e-9)


@pytest.mark.parametrize(
    "option",
    [
        {"fit_intercept": False},
        {"penalty_scale": "std"},
        {"penalty_factor": np.linspace(0.5, 4.0, D)},
        {"sample_weight": np.linspace(0.0, 3.0, N)},
        {"offset": np.linspace(-1.0, 1.0, N)},
        {"coef_init": np.linspace(-0.1, 0.1, D), "intercept_init": 2.0},
        {"alpha": 1e-4},
        {"alpha": 100.0},
    ],
    ids=lambda option: next(iter(option)),
)
@pytest.mark.parametrize("loss", ["quantile", "poisson"])
def test_whatever_is_asked_for(loss: str, option: dict[str, Any]) -> None:
    asked = wide(loss) | {"alpha": 0.1, "precondition": "whiten"} | option
    result = fastgd.fit(**asked)
    expected = fastgd.fit(**tall(asked))
    assert result.status == "converged"
    assert result.objective == pytest.approx(expected.objective, rel=3e-6)


def test_a_factor_of_none_is_fitted_on_the_columns() -> None:
    factor = np.ones(D)
    factor[7] = 0.0
    asked = wide("quantile") | {"alpha": 0.1, "penalty_factor": factor}
    result = fastgd.fit(**asked)
    assert result.objective == pytest.approx(fastgd.fit(**tall(asked)).objective, rel=3e-6)


@pytest.mark.parametrize("loss", ["hinge", "softmax"])
def test_single_precision(loss: str) -> None:
    result = fastgd.fit(**wide(loss, "f4"), alpha=0.1)
    expected = fastgd.fit(**wide(loss), alpha=0.1)
    assert result.coef.dtype == np.float32
    assert result.objective == pytest.approx(expected.objective, rel=1e-5)


def test_callbacks_see_all_columns() -> None:
    seen: list[tuple[tuple[int, ...], float, float]] = []
    asked = wide("softmax") | {"precondition": "whiten"}

    def look(info: fastgd.EpochInfo) -> None:
        there = fastgd.value(
            asked["X"], asked["y"], info.coef, info.intercept, loss="softmax", alpha=0.1
        )
        seen.append((info.coef.shape, there, info.objective))

    result = fastgd.fit(**asked, alpha=0.1, callback=look)
    assert len(seen) == result.n_iter == len(result.history.objective)
    for shape, there, objective in seen:
        assert shape == (3, D)
        assert there == pytest.approx(objective, rel=1e-9)


def test_held_out_rows_judge_it() -> None:
    result = fastgd.fit(**wide("hinge"), alpha=0.1, validation_fraction=0.3)
    assert np.isfinite(result.history.validation).all()


def test_classes_end_as_their_fits_alone() -> None:
    asked = wide("softmax")
    model = fastgd.GDClassifier(loss="hinge", alpha=0.1, random_state=0).fit(asked["X"], asked["y"])
    for label, result in enumerate(model.result_):
        alone = fastgd.fit(asked["X"], asked["y"] == label, loss="hinge", alpha=0.1)
        assert result.coef.shape == (D,)
        assert result.objective == pytest.approx(alone.objective, rel=1e-9)


@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_limits_hold() -> None:
    asked = wide("hinge") | {"alpha": 1e-3, "tol": 0.0}
    assert fastgd.fit(**asked, max_iter=3).n_iter == 3
    assert fastgd.fit(**asked, max_time=1e-9, max_iter=50).status == "time_limit"


def test_bits_do_not_depend_on_threads() -> None:
    one, two = (fastgd.fit(**wide("hinge"), alpha=0.1, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.coef, two.coef)


def test_nan_is_found() -> None:
    asked = wide("hinge")
    asked["X"][3, 5] = np.nan
    with pytest.raises(ValueError, match="row 3, column 5"):
        fastgd.fit(**asked, alpha=0.1)
