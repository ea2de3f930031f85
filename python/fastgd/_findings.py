"""What a diagnosis means, in words: each finding with its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .diagnosis import Diagnosis

_NAMED = 5

# Columns made up of more than so many others are not told as an equation.
_TERMS = 8

# Condition numbers above this cost batch descent more epochs than one likes to wait for.
_SLOW = 1e3

# By so much units, or correlations, must worsen a condition number to be told of.
_WORSE = 10.0

_INFLATED = 100.0


def describe_findings(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield a sentence for each finding, or one that there is none."""
    anything = False
    for finding in _each(diagnosis):
        anything = True
        yield finding
    if not anything:
        yield "nothing stands in the way: any solver and step size rule will do"


def _each(diagnosis: Diagnosis) -> Iterator[str]:
    # first, as such a row makes columns look alike
    if diagnosis.limited_by["sgd"].startswith("row"):
        yield (
            f"{diagnosis.limited_by['sgd']} stands far off: correct or drop it, or leave the step "
            "to learning_rate='auto', which caps that row's alone"
        )
    yield from _of_columns(diagnosis)
    yield from _of_condition(diagnosis)
    if diagnosis.separable:
        factor = diagnosis.penalty_factor
        exempt = factor is not None and not factor.all()
        bounded = "set alpha > 0"
        if diagnosis.alpha:
            but_for = " but for those of penalty_factor 0" if exempt else ""
            bounded = f"alpha={diagnosis.alpha:g} bounds them{but_for}"
        yield (
            "a plane divides the classes: without a penalty nothing bounds coefficients and no "
            f"optimum is the only one; {bounded}"
        )


def _of_columns(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.constant:
        named = _columns(diagnosis.constant)
        if diagnosis.fit_intercept:
            yield f"{named} constant, which the intercept is already: leave out"
        else:
            yield f"{named} constant: fit_intercept=True does the same, unpenalised"
    # every column is made up of as many others as there are rows: that tells of no column
    few_rows = diagnosis.n_rows <= diagnosis.n_features
    dependent = diagnosis.dependent
    told = [dependency for dependency in dependent if len(dependency.parts) <= _TERMS][:_NAMED]
    for dependency in told:
        if dependency.exact:
            yield (
                f"{dependency}: its coefficient is not determined; leave it out, or set alpha > 0 "
                "to share evenly"
            )
        else:
            yield (
                f"{dependency} but for little: large coefficients that cancel tell them apart; "
                "leave it out, or set alpha > 0"
            )
    others = [dependency.column for dependency in dependent if dependency not in told]
    if others and not few_rows:
        as_well = " as well" if told else ""
        yield f"{_columns(others)} made up of others{as_well}: leave out, or set alpha > 0"
    pairs = diagnosis.near_duplicates
    if pairs:
        named = ", ".join(f"{first} and {second}" for first, second, _ in pairs[:_NAMED])
        more = f" and {len(pairs) - _NAMED} more pairs" if len(pairs) > _NAMED else ""
        yield (
            f"columns {named}{more} are nearly the same (correlation {pairs[0][2]:.6f}): keep one "
            "of each, or their sum and difference"
        )
    paired = {column for pair in pairs for column in pair[:2]}
    inflation = diagnosis.variance_inflation
    inflated = [
        int(j)
        for j in np.argsort(-inflation)
        if _INFLATED <= inflation[j] < np.inf and int(j) not in paired
    ]
    if inflated and not few_rows:
        yield (
            f"{_columns(inflated)} nearly made up of others (variance inflation up to "
            f"{inflation[inflated[0]]:.3g}), coefficients loosely determined: leave some out, or "
            "set alpha > 0"
        )
    if few_rows and not diagnosis.alpha:
        yield (
            f"{diagnosis.n_features} columns on {diagnosis.n_rows} rows: many coefficients fit "
            "equally well; set alpha > 0"
        )


def _of_condition(diagnosis: Diagnosis) -> Iterator[str]:
    condition = diagnosis.condition
    as_given, scaled = condition["none"], condition["scale"]
    if as_given > max(_SLOW, _WORSE * scaled):
        yield (
            f"units and means of the columns make the condition number {as_given:.3g} where "
            f"{scaled:.3g} would do (standard deviations differ up to "
            f"{_spread_ratio(diagnosis):.3g} times): keep learning_rate='auto', which centres and "
            "scales, or use `mean` and `scale` in a loop of your own"
        )
    whitened = condition.get("whiten")
    if scaled > _SLOW and whitened is not None and scaled > _WORSE * whitened:
        yield (
            f"correlated columns leave a condition number of {scaled:.3g} after scaling: keep "
            "precondition='auto', which whitens, or for a loop of your own combine columns"
        )
    elif scaled > _SLOW and whitened is None:
        yield (
            f"correlated columns leave a condition number of {scaled:.3g} after scaling, on more "
            "columns than are whitened: set alpha > 0, or leave columns out"
        )


def _spread_ratio(diagnosis: Diagnosis) -> float:
    spread = diagnosis.scale[diagnosis.scale > 0]
    return float(spread.max() / spread.min()) if len(spread) else 1.0


def _columns(columns: Sequence[int]) -> str:
    """Name columns as the subject of a sentence, verb included."""
    if len(columns) == 1:
        return f"column {columns[0]} is"
    named = ", ".join(map(str, columns[:_NAMED]))
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return f"columns {named}{more} are"
