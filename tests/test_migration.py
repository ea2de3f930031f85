"""docs/migration.md: every call on its right is made, and ends where the call on its left does."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
import sklearn.datasets
import sklearn.linear_model
from sklearn.base import BaseEstimator, clone

import fastgd
from fastgd.linear_model import GDClassifier, GDRegressor

PAGE = Path(__file__).parents[1] / "docs" / "migration.md"
OURS = {"GDClassifier": GDClassifier, "GDRegressor": GDRegressor, "fastgd": fastgd, "np": np} | {
    "losses": fastgd.losses
}

VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))

# Modules whose names a section uses; those of other sections are no Python, or take a loop.
PEERS: dict[str, list[str]] = {
    "scikit-learn": ["sklearn.linear_model", "sklearn.svm", "sklearn.multiclass"],
    "The same penalty on standardised columns": [
        *("sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing"),
    ],
    "statsmodels": ["statsmodels.api"],
    "numpy and scipy": ["scipy.optimize"],
    "glum": ["glum"],
    "snapml": ["snapml"],
    "cyanure": ["cyanure.estimators"],
}

# alpha here, whatever a and C are there.
STRENGTH = 0.1

# How far apart objectives may lie: kinks are rounded off, SGD does not end, and of statsmodels a
# coefficient that was 0 once stays there.
CLOSE, KINKS, ROUGH, ASTRAY = 1e-6, 1e-5, 3e-4, 2e-3


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    section: str
    theirs: str
    ours: str

    @property
    def kind(self) -> str:
        """What y holds."""
        if "OneVsRest" in self.theirs or "softmax" in self.ours:
            return "classes"
        if "GDClassifier" in self.ours:
            return "labels"
        return "amounts" if re.search("poisson|gamma|tweedie", self.ours) else "numbers"

    @property
    def slack(self) -> float:
        """How much more than ours their objective may be."""
        if self.theirs.startswith("SGD"):
            return ROUGH
        if "L1_wt" in self.theirs:
            return ASTRAY
        return KINKS if re.search("[^d_]hinge|[^d]_insensitive|quantile", self.ours) else CLOSE


def lines() -> list[tuple[str, str]]:
    """Rows of the page's tables of calls, each with its section."""
    if not PAGE.exists():
        return []
    sections = [text.partition("\n") for text in PAGE.read_text("utf-8").split("\n## ")[1:]]
    return [
        (title, line)
        for title, _, text in sections
        for line in re.findall(r"^\| `.*\|$", text, re.MULTILINE)
    ]


def rows() -> list[Row]:
    """Those that have a call here."""
    matches = [(title, re.match(r"\| `(.*?)`.*? \| `(.*?)` \|", line)) for title, line in lines()]
    return [Row(title, *match.groups()) for title, match in matches if match]


ROWS = rows()
# Rules that end nowhere: where they come to depends on the order of rows.
RULES = re.compile('perceptron|"pa[12]"')
COMPARED = [row for row in ROWS if row.section in PEERS and not RULES.search(row.ours)]
ALONE = [row for row in ROWS if row.section not in PEERS or RULES.search(row.ours)]
PASSIVE_AGGRESSIVE = [row for row in ALONE if '"pa' in row.ours]


def name(row: Row) -> str:
    return f"{row.section}: {row.theirs}"


def numbers(which: str) -> tuple[Any, Any]:
    """Columns of like size, some correlated, and numbers that follow them."""
    if which == "diabetes":
        X, y = sklearn.datasets.load_diabetes(return_X_y=True)
        return (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std() + 0.3
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    X[:, 1] = 0.8 * X[:, 0] + 0.6 * X[:, 1]
    return X, X @ [0.6, -0.3, 0.0, 0.3, 0.1, -0.5] + 0.5 * rng.standard_t(3, size=400)


def table(row: Row, which: str) -> dict[str, Any]:
    """Names of the page: X, y, weights, and numbers that make the penalty matter."""
    X, y = numbers("synthetic" if which == "synthetic" else "diabetes")
    if row.kind == "amounts":
        y = np.exp(0.5 * y)
    if row.kind == "labels":
        y = (y > 0.4).astype(int)
    if row.kind == "classes":
        y = np.digitize(y, [-0.6, 0.5])
    if which == "real" and row.kind in ("labels", "classes"):
        binary = row.kind == "labels"
        load = sklearn.datasets.load_breast_cancer if binary else sklearn.datasets.load_wine
        X, y = load(return_X_y=True)
        X = X[:, [1, 4, 8, 9] if binary else [1, 2, 3, 7]]  # these do not separate the classes
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    n, d = X.shape
    s = np.random.default_rng(1).uniform(0.5, 2.0, size=n)
    total = s.sum() if "s.sum()" in row.ours else n
    summed = re.search(r"a \* .*/ n|a / (n|s\.sum\(\))", row.ours)
    return {
        "X": X, "y": y, "Y": np.stack([y, X[:, 0] - y], axis=1), "s": s, "n": n, "d": d,
        "A": np.column_stack([np.ones(n), X]), "f": np.arange(1.0, d + 1.0), "l": STRENGTH,
        "a": STRENGTH * (total if summed else 1.0), "C": 1.0 / (STRENGTH * total),
        "r": 0.4, "e": 1.35 if "HuberR" in row.theirs else 0.3, "q": 0.7, "p": 1.5,
    }  # fmt: skip


def theirs_of(row: Row, names: dict[str, Any]) -> Any:
    """What the call on the left gives, run until it stands still."""
    if "sklearn.linear_model" in PEERS[row.section] and VERSION < (1, 8):
        pytest.skip("the page is about scikit-learn 1.9")
    names = names | {"np": np}
    for module in PEERS[row.section]:
        peer = pytest.importorskip(module)
        names |= vars(peer) | {module.split(".")[0]: importlib.import_module(module.split(".")[0])}
        names |= {"sm": peer}
    before, fit, arguments = row.theirs.partition(".fit(")
    model = eval(before, names)
    if not isinstance(model, BaseEstimator):
        return eval(row.theirs, names)
    last = model[-1] if hasattr(model, "steps") else getattr(model, "estimator", model)
    close: dict[str, Any] = {"tol": 1e-10, "gradient_tol": 1e-9, "max_iter": 10**6, "verbose": 0}
    if row.theirs.startswith("SGD"):
        # its averages leave out the l1 norm
        average = 100 * names["n"] if "penalty" not in row.theirs else False
        close = {"tol": None, "max_iter": 600, "average": average, "random_state": 0}
        close |= {"learning_rate": "invscaling", "eta0": 0.1, "power_t": 0.5}
    known = last.get_params()
    last.set_params(**{name: value for name, value in close.items() if name in known})
    return eval(f"model.fit({arguments if fit else 'X, y)'}", names | {"model": model})


def coefficients(model: Any, d: int) -> tuple[Any, Any]:
    """Coefficients of d columns and intercepts of whatever a library gives."""
    if hasattr(model, "estimators_"):  # one for each class
        parts = [coefficients(one, d) for one in model.estimators_]
        return tuple(np.stack(part) for part in zip(*parts, strict=True))
    if hasattr(model, "steps"):
        coef, intercept = coefficients(model[-1], d)
        return coef / model[0].scale_, intercept - coef @ (model[0].mean_ / model[0].scale_)
    if hasattr(model, "coef_"):
        coef, intercept = np.squeeze(model.coef_), np.squeeze(model.intercept_)
        # theirs penalises the intercept: ours has a column for it
        return (coef, intercept) if coef.shape[-1] == d else (np.append(coef, intercept), 0.0)
    if hasattr(model, "coef"):
        return model.coef, model.intercept
    if np.ndim(getattr(model, "params", 0.0)) == 2:  # differences from the first class
        both = np.insert(np.transpose(model.params), 0, 0.0, axis=0)
        both -= both.mean(axis=0)
        return both[:, 1:], both[:, 0]
    flat = np.ravel(getattr(model, "params", model))
    return (flat, 0.0) if len(flat) == d else (flat[1:], flat[0])


class Fit:
    """The call on the right, fitted: its coefficients, and its objective at any."""

    def __init__(self, call: str, names: dict[str, Any]) -> None:
        before, _, arguments = call.partition(".fit(")
        self.estimator = eval(before, names | OURS)
        taken = {"take": lambda X, y, **named: (X, y, named)}
        self.X, self.y, self.named = eval(f"take({arguments or 'X, y)'}", names | OURS | taken)
        self.model = self.fitted(self.estimator)
        self.n_features = self.X.shape[1]
        self.results = getattr(self.model, "result_", self.model)
        if not isinstance(self.results, list):
            self.results = [self.results]

    def fitted(self, estimator: Any) -> Any:
        return estimator.fit(self.X, self.y, **self.named)

    def with_other(self, **parameters: Any) -> Any:
        """Coefficients with other parameters."""
        if self.estimator is fastgd:
            model = fastgd.fit(self.X, self.y, **self.named | parameters)
        else:
            model = self.fitted(clone(self.estimator).set_params(**parameters))
        return coefficients(model, self.n_features)

    def value(self, coef: Any, intercept: Any) -> float:
        weights = self.named.get("sample_weight")
        if getattr(self.model, "class_weight", None) == "balanced":
            weights = len(self.y) / (2.0 * np.bincount(self.y)[self.y])
        result = self.results[0]
        named = {
            "loss": self.named.get("loss") or self.model._loss(),
            "offset": self.named.get("offset"),
            "sample_weight": weights,
            **{name: getattr(result, name) for name in ("alpha", "l1_ratio")},
            **{name: getattr(result, name) for name in ("penalty_scale", "penalty_factor")},
        }
        if not isinstance(self.model, GDClassifier):
            return fastgd.value(self.X, self.y, coef, intercept, **named)
        if self.model._loss().targets == "classes":
            codes = np.unique(self.y, return_inverse=True)[1]
            return fastgd.value(self.X, codes, coef, intercept, **named)
        n_models, classes = len(self.results), self.model.classes_
        parts = zip(np.atleast_2d(coef), np.atleast_1d(intercept), classes[-n_models:], strict=True)
        return sum(
            fastgd.value(self.X, np.where(self.y == k, 1.0, -1.0), c, b, **named)
            for c, b, k in parts
        )


@pytest.mark.parametrize("which", ["synthetic", "real"])
@pytest.mark.parametrize("row", COMPARED, ids=map(name, COMPARED))
def test_both_end_at_the_same_place(row: Row, which: str) -> None:
    names = table(row, which)
    with warnings.catch_warnings():
        # what peers say of themselves is not ours
        warnings.simplefilter("ignore")
        peer = theirs_of(row, names)
    ours = Fit(row.ours, names | {"peer": peer})
    theirs = coefficients(peer, ours.n_features)
    here, there = (ours.value(*c) for c in (coefficients(ours.model, ours.n_features), theirs))
    assert here <= there * (1.0 + min(row.slack, KINKS))
    assert there <= here * (1.0 + row.slack)
    alpha = ours.results[0].alpha
    if alpha > 0.0:
        # a strength that is off by a factor would show
        for other in (alpha / 2.0, alpha * 2.0):
            assert ours.value(*ours.with_other(alpha=other)) > here * (1.0 + 2.0 * row.slack)
    if row.slack == CLOSE:
        for mine, other in zip(ours.with_other(tol=1e-11), theirs, strict=True):
            if "softmax" in row.ours and np.ndim(other) == 1:
                # one number added to all intercepts changes nothing
                mine, other = mine - mine.mean(), other - other.mean()
            np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("row", ALONE, ids=map(name, ALONE))
def test_the_others_are_calls_that_work(row: Row) -> None:
    names = table(row, "synthetic")
    if "partial_fit" in row.ours:
        assert np.isfinite(eval(row.ours, names | OURS).coef_).all()
        return
    if "perceptron" in row.ours:
        # a rule for classes that a plane divides
        z = names["X"] @ np.arange(1.0, names["d"] + 1.0)
        names |= {"X": names["X"][abs(z) > 2.0], "y": (z > 0.0)[abs(z) > 2.0].astype(int)}
    with warnings.catch_warnings():
        # steps of the caller's may not end
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        ours = Fit(row.ours, names)
    assert ours.results[0].status in ("converged", "iteration_limit")
    if "perceptron" in row.ours:
        assert ours.model.score(ours.X, ours.y) == 1.0


@pytest.mark.skipif(VERSION < (1, 8), reason="the page is about scikit-learn 1.9")
@pytest.mark.parametrize("row", PASSIVE_AGGRESSIVE, ids=map(name, PASSIVE_AGGRESSIVE))
def test_rules_take_the_same_steps(row: Row) -> None:
    names = table(row, "synthetic")
    named = {"shuffle": False, "max_iter": 3, "tol": None}
    ours = Fit(row.ours, names).with_other(**named)
    with warnings.catch_warnings():
        # PassiveAggressive* say that SGD* take their place
        warnings.simplefilter("ignore")
        peer = eval(row.theirs, names | vars(sklearn.linear_model)).set_params(**named)
        theirs = coefficients(peer.fit(names["X"], names["y"]), names["d"])
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not installed")
def test_each_row_of_the_page_is_a_call_or_says_that_there_is_none() -> None:
    assert {row.section for row in ROWS} >= set(PEERS)
    for section, line in lines():
        ours = line.split(" | ")[1]
        assert re.fullmatch(r"`(GD\w+|fastgd\.fit)\(.*\)`|none", ours), (section, line)
