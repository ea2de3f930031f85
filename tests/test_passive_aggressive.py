"""learning_rate="pa1" and "pa2": scikit-learn's steps, and where the loss of a row ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import losses

RULES = ["pa1", "pa2"]
KINKED = ["hinge", "epsilon_insensitive"]


def table(d: int, loss: str = "epsilon_insensitive", n: int = 203) -> tuple[Any, Any]:
    rng = np.random.default_rng(d)
    X = rng.normal(size=(n, d)) / np.sqrt(d) + 1.0
    y = X @ rng.normal(size=d) + rng.normal(size=n)
    X[7] = 0.0
    return X, np.sign(y - np.median(y) + 1e-9) if loss == "hinge" else y


def weights(n: int) -> Any:
    drawn = np.random.default_rng(9).uniform(0.0, 1.5, size=n)
    drawn[3] = 0.0
    return drawn


def loss_of(loss: str, y: Any, z: Any) -> Any:
    return np.maximum(0.0, 1.0 - y * z if loss == "hinge" else np.abs(z - y) - 0.1)


ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"eta0": 0.05, "max_iter": 3},
    {"eta0": 0.3, "penalty": "l2", "alpha": 0.02},
    {"eta0": 0.5, "fit_intercept": False, "max_iter": 2},
]


def both(ours: type, theirs: type, arguments: dict[str, Any]) -> tuple[Any, Any]:
    named = {"penalty": None, "eta0": 1.0, "max_iter": 1} | arguments
    made = [kind(shuffle=False, tol=None, **named) for kind in (ours, theirs)]
    return made[0], made[1]


def assert_alike(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-9, atol=1e-10)


def peers() -> Any:
    """scikit-learn's estimators, if it is there and knows the rules."""
    peer = pytest.importorskip("sklearn.linear_model")
    try:
        peer.SGDClassifier(learning_rate="pa1").fit([[0.0], [1.0]], [0, 1])
    except ValueError:
        pytest.skip("scikit-learn is older than 1.8")
    return peer


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 17, 40])
@pytest.mark.parametrize("rule", RULES)
def test_regressor_takes_scikit_learn_s_steps(rule: str, d: int, arguments: dict[str, Any]) -> None:
    X, y = table(d)
    named = {"loss": "epsilon_insensitive", "learning_rate": rule} | arguments
    for weight in (None, weights(len(y))):
        models = both(fastgd.GDRegressor, peers().SGDRegressor, named)
        assert_alike(*(model.fit(X, y, sample_weight=weight) for model in models))
    streamed = both(fastgd.GDRegressor, peers().SGDRegressor, named | {"max_iter": 1})
    above_zero = weights(len(y)) + 0.1  # of a stream rows of weight 0 do not shrink coefficients
    for chunk in np.split(np.arange(len(y)), [1, 2, 50, 155]):
        for model in streamed:
            model.partial_fit(X[chunk], y[chunk], sample_weight=above_zero[chunk])
    assert_alike(*streamed)


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("d", [1, 3, 8, 17, 40])
@pytest.mark.parametrize("rule", RULES)
def test_classifier_takes_scikit_learn_s_steps(
    rule: str, d: int, arguments: dict[str, Any]
) -> None:
    X, z = table(d)
    named = {"loss": "hinge", "learning_rate": rule} | arguments
    binary = np.where(z > np.median(z), "yes", "no")
    several = np.array(["a", "b", "c"])[np.digitize(z, np.quantile(z, [0.3, 0.7]))]
    for labels, class_weight, weight in (
        (binary, None, weights(len(z))),
        (binary, {"yes": 1.2, "no": 0.5}, None),
        (binary, "balanced", None),
        (several, None, None),
        (several, None, weights(len(z))),
    ):
        asked = named | {"class_weight": class_weight}
        models = both(fastgd.GDClassifier, peers().SGDClassifier, asked)
        assert_alike(*(model.fit(X, labels, sample_weight=weight) for model in models))
    streamed = both(fastgd.GDClassifier, peers().SGDClassifier, named | {"max_iter": 1})
    for chunk in np.split(np.arange(len(z)), [1, 2, 50, 155]):
        for model in streamed:
            model.partial_fit(X[chunk], several[chunk], classes=["a", "b", "c"])
    assert_alike(*streamed)


@pytest.mark.parametrize("average", [True, 60])
@pytest.mark.parametrize("rule", RULES)
def test_averages_are_scikit_learn_s(rule: str, average: int) -> None:
    X, y = table(5)
    X, y = np.delete(X, 7, axis=0), np.delete(y, 7)  # theirs does not count rows of zeros
    named = {"loss": "epsilon_insensitive", "learning_rate": rule, "average": average}
    models = both(fastgd.GDRegressor, peers().SGDRegressor, named | {"max_iter": 2})
    assert_alike(*(model.fit(X, y) for model in models))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", KINKED)
@pytest.mark.parametrize("rule", RULES)
def test_a_step_without_bound_ends_the_loss_of_its_row(rule: str, loss: str, dtype: Any) -> None:
    X, y = table(6, loss)
    coef = 3.0 * np.random.default_rng(1).normal(size=6)
    for x, target in zip(X[8:40].astype(dtype), y[8:40], strict=True):
        # another label for the fit to know both, on a row that cannot move anything
        rows, targets = np.stack([x, 0.0 * x]), np.array([target, -target])
        result = fastgd.fit(
            rows, targets, loss=loss, learning_rate=rule, eta0=1e30, shuffle=False, max_iter=1,
            tol=None, fit_intercept=False, coef_init=coef,
        )  # fmt: skip
        before, after = (loss_of(loss, target, x @ w) for w in (coef, result.coef))
        scale = np.finfo(dtype).eps * (np.abs(x) @ np.abs(coef) + 10.0)
        assert after <= 8.0 * scale
        if before == 0.0:
            np.testing.assert_array_equal(result.coef, coef.astype(dtype))
        else:
            # no step shorter in norm ends it: it lies along the row
            move = result.coef - coef
            cosine = move @ x / np.linalg.norm(move) / np.linalg.norm(x)
            assert abs(cosine) == pytest.approx(1.0, abs=1e-3 if dtype == np.float32 else 1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_several_outputs_are_fits_of_their_own(rule: str) -> None:
    X, y = table(7)
    Y = np.stack([y, 2.0 - y, X[:, 0]], axis=1)
    named: dict[str, Any] = {
        "loss": "epsilon_insensitive", "learning_rate": rule, "eta0": 0.4, "max_iter": 4,
        "tol": None,
    }  # fmt: skip
    together = fastgd.fit(X, Y, sample_weight=weights(len(y)), **named)
    for k in range(3):
        alone = fastgd.fit(X, Y[:, k], sample_weight=weights(len(y)), **named)
        np.testing.assert_array_equal(together.coef[k], alone.coef)
        assert together.intercept[k] == alone.intercept


@pytest.mark.parametrize("loss", KINKED)
@pytest.mark.parametrize("rule", RULES)
def test_penalties_shrink_by_eta0_and_bounds_hold(rule: str, loss: str) -> None:
    """The proximal step after each row, with a factor for each column."""
    X, y = table(4, loss)
    eta0, alpha, factor, low = 0.2, 0.05, np.array([0.0, 1.0, 2.0, 0.5]), np.full(4, -0.3)
    result = fastgd.fit(
        X, y, loss=loss, learning_rate=rule, eta0=eta0, alpha=alpha, l1_ratio=0.4,
        penalty_factor=factor, bounds=(low, None), shuffle=False, max_iter=1, tol=None,
    )  # fmt: skip
    w, b = np.zeros(4), 0.0
    for x, target in zip(X, y, strict=True):
        value, norm = loss_of(loss, target, x @ w + b), x @ x
        sign = target if loss == "hinge" else np.sign(target - x @ w - b)
        most = 0.0 if norm == 0.0 and rule == "pa1" else eta0
        length = value / (norm + 0.5 / eta0)
        if rule == "pa1":
            length = min(most, value / max(norm, 1e-300))
        w = w - most * alpha * 0.6 * factor * w + length * sign * x
        w = np.sign(w) * np.maximum(np.abs(w) - most * alpha * 0.4 * factor, 0.0)
        w, b = np.maximum(w, low), b + length * sign
    np.testing.assert_allclose(result.coef, w, rtol=1e-9, atol=1e-12)
    assert result.intercept == pytest.approx(b, rel=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_chunks_threads_and_epochs_change_no_bit(rule: str) -> None:
    X, y = table(9, n=4000)
    named: dict[str, Any] = {
        "loss": "epsilon_insensitive", "learning_rate": rule, "eta0": 0.3, "alpha": 1e-3,
        "tol": None,
    }  # fmt: skip
    whole = fastgd.GDRegressor(max_iter=1, shuffle=False, n_threads=1, **named).fit(X, y)
    streamed = fastgd.GDRegressor(**named)
    for chunk in np.split(np.arange(len(y)), [1, 3, 6, 1000, 2999, 3002]):
        streamed.partial_fit(X[chunk], y[chunk])
    np.testing.assert_array_equal(streamed.coef_, whole.coef_)
    np.testing.assert_array_equal(streamed.intercept_, whole.intercept_)
    seven = fastgd.fit(X, y, max_iter=7, n_threads=1, **named)
    other = fastgd.fit(X, y, max_iter=7, n_threads=3, **named)
    first = fastgd.fit(X, y, max_iter=3, **named)
    rest = fastgd.fit(
        X, y, max_iter=4, coef_init=first.coef, intercept_init=first.intercept, epochs_before=3,
        **named,
    )  # fmt: skip
    for result in (other, rest):
        np.testing.assert_array_equal(result.coef, seven.coef)
        assert result.intercept == seven.intercept


def test_eta0_of_a_stream_may_change() -> None:
    X, y = table(5)
    model = fastgd.GDRegressor(loss="epsilon_insensitive", learning_rate="pa1", eta0=0.5)
    model.partial_fit(X[:100], y[:100])
    before = model.coef_
    model.set_params(eta0=1e-12).partial_fit(X[100:], y[100:])
    np.testing.assert_allclose(model.coef_, before, atol=1e-8)
    assert (model.coef_ != before).any()


@pytest.mark.parametrize("rule", RULES)
def test_rows_of_weight_zero_move_nothing(rule: str) -> None:
    X, y = table(5)
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    X[weight == 0.0] *= 1e9
    named: dict[str, Any] = {
        "loss": "epsilon_insensitive", "learning_rate": rule, "shuffle": False, "max_iter": 1,
        "tol": None,
    }  # fmt: skip
    some = fastgd.fit(X, y, sample_weight=weight, **named)
    rest = fastgd.fit(X[weight > 0.0], y[weight > 0.0], **named)
    np.testing.assert_allclose(some.coef, rest.coef, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_the_last_iterate_is_kept_however_high(rule: str) -> None:
    """Steps that each serve one row may end twice as high as they began: that is no divergence."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, 40))
    y = np.where(rng.uniform(size=50) > 0.5, 1, -1)
    result = fastgd.fit(
        X, y, loss="hinge", learning_rate=rule, eta0=1e3, max_iter=1, tol=None, shuffle=False
    )
    assert result.status == "iteration_limit"
    assert loss_of("hinge", y[-1], X[-1] @ result.coef + result.intercept) < 0.1


def test_short_rows_with_an_intercept_may_diverge_and_are_told_of() -> None:
    rng = np.random.default_rng(6)
    X = 1e-3 * rng.normal(size=(200, 1))
    y = rng.normal(size=200)
    named: dict[str, Any] = {
        "loss": "epsilon_insensitive", "learning_rate": "pa2", "eta0": 100.0, "max_iter": 5,
    }  # fmt: skip
    with pytest.warns(fastgd.ConvergenceWarning, match=r"norm below 1.*column of ones"):
        result = fastgd.fit(X, y, **named)
    assert result.status == "diverged"
    cured = fastgd.fit(np.c_[X, np.ones(200)], y, fit_intercept=False, tol=None, **named)
    assert cured.status == "iteration_limit"
    assert cured.objective < 10.0


def test_the_plan_is_single_rows() -> None:
    X, y = table(4)
    plan = fastgd.explain_plan(X, y, loss="epsilon_insensitive", learning_rate="pa2")
    assert (plan.solver, plan.precondition, plan.update) == ("sgd", "none", "plain")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"solver": "batch"}, "solver: expected with learning_rate='pa1' 'sgd', got 'batch'"),
    ({"solver": "minibatch"}, "solver: expected with learning_rate='pa1' 'sgd'"),
    ({"update": "momentum"}, "update: expected with learning_rate='pa1' 'plain'"),
    ({"update": "adam"}, "update: expected with learning_rate='pa1' 'plain'"),
    ({"update": "lbfgs"}, "update: expected"),
    ({"variance_reduction": "svrg"}, "variance_reduction: expected with learning_rate='pa1'"),
    ({"precondition": "scale"}, "precondition: expected with learning_rate='pa1' 'none'"),
    ({"precondition": "whiten"}, "precondition: expected"),
    ({"loss": "squared_error"}, "loss: expected with learning_rate='pa1' 'hinge' or"),
    ({"loss": losses.quantile(0.5)}, "loss: expected with learning_rate='pa1'"),
    ({"loss": losses.epsilon_insensitive(0.1, smoothing=0.5)}, "loss: .* not smoothed"),
    ({"eta0": 0.0}, "eta0: expected a finite number > 0"),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD, ids=str)
def test_bad_combinations(arguments: dict[str, Any], expected: str) -> None:
    X, y = table(3)
    named = {"loss": "epsilon_insensitive", "learning_rate": "pa1"} | arguments
    with pytest.raises(ValueError, match=expected):
        fastgd.fit(X, y, **named)
    if arguments.get("precondition") != "whiten" and arguments.get("solver") != "batch":
        with pytest.raises(ValueError, match=expected):
            fastgd.GDRegressor(**named).partial_fit(X, y)
