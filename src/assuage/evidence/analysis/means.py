"""Least-squares means, what the model says of each level, and the differences between them.

Factors that aren't asked about are averaged with equal weights, whatever their numbers in the
data; covariates are held at their mean over the rows that are used. SAS and emmeans do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, product

import numpy as np

from assuage.evidence.analysis.design import Design, said
from assuage.evidence.analysis.phrases import Means
from assuage.evidence.mixed.fitted import F
from assuage.refusals import Refusal, Refused

KINDS = ("pairwise", "reference")


@dataclass(frozen=True)
class Mean:
    """Levels by name, those compared first; the row (p,), None when the data don't tell it.

    `rows` is how many rows of the data have these levels.
    """

    levels: Mapping[str, str]
    row: F | None
    rows: int


@dataclass(frozen=True)
class MeanSet:
    """The means of one question, within by within and compared by compared."""

    asked: Means
    means: tuple[Mean, ...]


def ls_means(design: Design, asked: Means, at: Mapping[str, Sequence[float]]) -> MeanSet:
    """Return the means that were asked for. Raises Refused for a name that isn't a factor.

    `at` holds covariates; one that stands behind the bar takes each of its values in turn, and
    any other has one.
    """
    for name in asked.compared:
        if name not in design.factors:
            raise _no_factor(design, name, compared=True)
    for name in asked.within:
        if name not in design.factors and not (name in design.covariates and name in at):
            raise _no_factor(design, name, compared=False)
    fixed = {name: values[0] for name, values in at.items() if name not in asked.within}
    for name, values in at.items():
        if name in fixed and len(values) > 1:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what=f"several values of {name} and means without it",
                remedy=f"give one value, or ask for '{asked.text}' within {name}",
            )
    names = (*asked.within, *asked.compared)
    found = []
    for cell in product(*(_places(design, name, at) for name in names)):
        levels = {name: label for name, (label, _) in zip(names, cell, strict=True)}
        weights, held = {}, dict(fixed)
        for name, (_, value) in zip(names, cell, strict=True):
            if name in design.factors:
                weights[name] = np.eye(len(design.factors[name].levels))[int(value)]
            else:
                held[name] = value
        row = design.estimable(design.row(weights, held))
        ordered = {name: levels[name] for name in (*asked.compared, *asked.within)}
        found.append(Mean(ordered, row, _count(design, ordered)))
    return MeanSet(asked, tuple(found))


def _places(
    design: Design, name: str, at: Mapping[str, Sequence[float]]
) -> list[tuple[str, float]]:
    if name in design.factors:
        return [(level, float(place)) for place, level in enumerate(design.factors[name].levels)]
    return [(f"{value:g}", value) for value in at[name]]


def _count(design: Design, levels: Mapping[str, str]) -> int:
    mask = np.ones(len(design.y), dtype=bool)
    for name, level in levels.items():
        if name in design.factors:
            factor = design.factors[name]
            mask &= factor.codes == factor.levels.index(level)
    return int(mask.sum())


def _no_factor(design: Design, name: str, *, compared: bool) -> Refused:
    if name in design.covariates:
        what = f"factor for --means, for it is a number (--factor {name} makes it one"
        what += ")" if compared else f", --at {name}=... says where)"
    else:
        what = "factor of the model for --means"
    choices = said(tuple(design.factors)) or "no factor; the model has none"
    return Refused(Refusal.VALUE_NOT_ALLOWED, text=name, what=what, choices=choices)


@dataclass(frozen=True)
class Contrast:
    """What is taken from what, where, and its row (p,), None when the data don't tell it."""

    left: str
    right: str
    at: Mapping[str, str]
    row: F | None

    @property
    def title(self) -> str:
        """The contrast as a reader writes it."""
        return f"{self.left} - {self.right}"


def contrasts(found: MeanSet, kind: str, references: Mapping[str, str]) -> tuple[Contrast, ...]:
    """Return the contrasts of a set of means, within its further levels.

    "pairwise" takes the later level from the earlier, as emmeans does, and a reference level
    always from the other. "reference" takes the reference (the first level of each factor, unless
    another is named) from each other level.
    """
    made = []
    for _, group in groupby(found.means, key=lambda one: _at(found, one)):
        for left, right in _pairs(found, list(group), kind, references):
            row = None if left.row is None or right.row is None else left.row - right.row
            at = dict(_at(found, left))
            made.append(Contrast(_label(found, left), _label(found, right), at, row))
    return tuple(made)


def _pairs(
    found: MeanSet, group: list[Mean], kind: str, references: Mapping[str, str]
) -> Iterator[tuple[Mean, Mean]]:
    base = {name: references.get(name, group[0].levels[name]) for name in found.asked.compared}
    for left, right in combinations(group, 2):
        low, high = (
            all(one.levels[name] == level for name, level in base.items()) for one in (left, right)
        )
        if kind == "pairwise":
            turned = low and any(name in references for name in found.asked.compared)
            yield (right, left) if turned else (left, right)
        elif low or high:
            yield (right, left) if low else (left, right)


def _at(found: MeanSet, one: Mean) -> tuple[tuple[str, str], ...]:
    return tuple((name, one.levels[name]) for name in found.asked.within)


def _label(found: MeanSet, one: Mean) -> str:
    return " ".join(one.levels[name] for name in found.asked.compared)
