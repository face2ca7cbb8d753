"""Type III tests and coefficients, as rows over the columns of a design.

A type III hypothesis is about means with equal weights: that of `arm` says that the arms' means,
averaged over every level of what `arm` interacts with, are alike. It is built here from the means
themselves, so it is the same under any coding. Where a factor interacts with a covariate its
hypothesis holds where the covariate is zero, as in SAS.

Its rows take the reference level from each other one, as lmerTest's do. Any rows of the same
hypothesis have the same F, and the same degrees of freedom by Kenward-Roger; Satterthwaite's for
several rows depend on which are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from assuage.evidence.analysis.design import INTERCEPT, Columns, Design
from assuage.evidence.mixed.fitted import F

CODINGS = ("treatment", "sum")


@dataclass(frozen=True)
class Hypothesis:
    """A term and the rows (q, p) that are zero together; None when the data don't tell them."""

    term: str
    rows: F | None


@dataclass(frozen=True)
class Coefficient:
    """A coefficient's name and its row (p,), None when the data don't tell it."""

    term: str
    row: F | None


def type_three(design: Design) -> tuple[Hypothesis, ...]:
    """Return the hypothesis of every term but the intercept."""
    return tuple(Hypothesis(one.title, _together(design, one)) for one in design.terms if one.names)


def _together(design: Design, term: Columns) -> F | None:
    rows = [design.estimable(row) for _, row in _deviations(design, term, "treatment")]
    found = [row for row in rows if row is not None]
    return np.array(found) if len(found) == len(rows) else _told(design, term)


def _told(design: Design, term: Columns) -> F | None:
    """Return the rows of the columns by which a term makes the model larger, if any.

    A combination that nobody is in takes degrees of freedom from the interaction that has it, as
    in SAS and R, where no other interaction has the same factors and more.
    """
    more = {
        one.names
        for one in design.terms
        if set(term.names) < set(one.names)
        and all(name in design.factors for name in one.names if name not in term.names)
    }
    own = np.zeros(len(design.columns), dtype=bool)
    own[term.place] = True
    mine, others = own[design.told.kept], ~own[~design.told.kept]
    # A dropped column of another term that these make up would come back if they went.
    if more or not mine.any() or design.told.made_of[mine][:, others].any():
        return None
    return np.eye(len(mine))[mine]


def coefficients(design: Design, coding: str) -> tuple[Coefficient, ...]:
    """Return the coefficients under "treatment" or "sum" coding.

    With sum-to-zero coding a level's coefficient is how far its mean lies from that of all
    levels; the last level's is minus the others' sum and isn't shown.
    """
    if coding == "treatment":
        return tuple(
            Coefficient(name, row)
            for name, row in zip(
                np.array(design.columns)[design.told.kept].tolist(),
                np.eye(int(design.told.kept.sum())),
                strict=True,
            )
        )
    return tuple(
        Coefficient(title, design.estimable(row))
        for term in design.terms
        for title, row in _deviations(design, term, coding)
    )


def _deviations(design: Design, term: Columns, coding: str) -> list[tuple[str, F]]:
    """Return, level by level, a term's deviation from the reference, or from the mean ("sum").

    A factor that is coded in full has nothing to deviate from, and gives each level itself.
    """
    numbers = {name for name in term.names if name in design.covariates}
    within = [name for name in term.names if name in design.factors]
    deviating = {name for name in within if name not in term.full}
    # A term without a factor that deviates is the same at each of its levels: nothing is left.
    counted = [
        one.names
        for one in design.terms
        if {name for name in one.names if name in design.covariates} == numbers
        and deviating <= set(one.names)
    ]
    at = dict.fromkeys(design.covariates, 1.0)
    found = []
    for cell in product(*(_shown(design, name, term, coding) for name in within)):
        places = dict(zip(within, cell, strict=True))
        weights = {
            name: _weights(design, name, place, term, coding) for name, place in places.items()
        }
        found.append((_title(design, term, places), design.row(weights, at, counted)))
    return found


def _shown(design: Design, name: str, term: Columns, coding: str) -> list[int]:
    factor = design.factors[name]
    left = len(factor.levels) - 1 if coding == "sum" else factor.reference
    return [n for n in range(len(factor.levels)) if n != left or name in term.full]


def _weights(design: Design, name: str, place: int, term: Columns, coding: str) -> F:
    factor = design.factors[name]
    every = np.eye(len(factor.levels))
    base: F = np.zeros(len(every))
    if name not in term.full:
        base = every.mean(axis=0) if coding == "sum" else every[factor.reference]
    return np.asarray(every[place] - base)


def _title(design: Design, term: Columns, places: Mapping[str, int]) -> str:
    pieces = [
        f"{name}[{design.factors[name].levels[places[name]]}]" if name in places else name
        for name in term.names
    ]
    return ":".join(pieces) or INTERCEPT
