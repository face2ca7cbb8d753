"""Analyses one drawn trial as a trial is analysed: a mixed model for repeated measures.

    score = visit + arm:visit + baseline (by visit or common) + error of a covariance of visits

The arm's effect at a visit is one coefficient, so a difference is one row. A fit that is refused
is a result of its own: it is counted, and nothing else is tried in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.virtual.design import Design, OutcomeName
from assuage.kinetics.exact import Array
from assuage.refusals import Refusal, Refused

FITTED = "fitted"
# What may befall an analysis, by the number that stands for it in the results.
ENDS = (FITTED, "FIT_NOT_CONVERGED", "DESIGN_SINGULAR", "DATA_INVALID", "FIT_IMPOSSIBLE")
FIGURES = ("estimate", "se", "df", "p", "low", "high")


@dataclass(frozen=True, eq=False)
class Rows:
    """What the model is fitted to: x (rows, columns), y, subject and visit (rows,)."""

    x: Array
    y: Array
    subject: NDArray[np.int64]
    visit: NDArray[np.int64]
    visits: int


def rows_of(
    design: Design,
    name: OutcomeName,
    arm: NDArray[np.int64],
    baseline: Array,
    scores: Array,
    seen: NDArray[np.bool_],
) -> Rows:
    """Lay out one trial: `arm` and `baseline` (people,), `scores` and `seen` (people, visits)."""
    days = design.days(name)
    columns = [design.visits_d.index(day) for day in days]
    many = len(days)
    kept = seen[:, columns]
    person, visit = np.nonzero(kept)
    y = scores[:, columns][kept]
    at = np.eye(many)[visit]
    others = [place for place in range(len(design.arm)) if place != _reference(design)]
    parts = [at, *(at * (arm[person] == place)[:, None] for place in others)]
    before = (baseline - baseline.mean())[person][:, None]
    parts.append(at * before if design.analysis.baseline == "by-visit" else before)
    subject = np.unique(person, return_inverse=True)[1]
    return Rows(np.hstack(parts), y, subject.astype(np.int64), visit.astype(np.int64), many)


def _reference(design: Design) -> int:
    return design.place(design.analysis.reference)


def tested(design: Design, name: OutcomeName, rows: Rows) -> tuple[Array, int]:
    """Return (other arms, days, figures) differences from the reference, and how it ended.

    NaN throughout where the fit was refused.
    """
    from assuage.evidence.mixed import inference, repeated

    asked = design.analysis
    days = [design.days(name).index(day) for day in asked.at_d]
    found = np.full((len(design.arm) - 1, len(days), len(FIGURES)), np.nan)
    if not rows.x.any(axis=0).all():  # an arm has nobody left at a visit
        return found, ENDS.index(Refusal.DESIGN_SINGULAR.name)
    try:
        fit = repeated.fit(
            rows.x, rows.y, rows.subject, rows.visit, asked.covariance, visits=rows.visits
        )
        for place in range(len(found)):
            for column, day in enumerate(days):
                row = np.zeros(rows.x.shape[1])
                row[rows.visits * (1 + place) + day] = 1.0
                one = inference.estimate(fit, row, asked.df, level=1.0 - asked.alpha)
                found[place, column] = [getattr(one, figure) for figure in FIGURES]
    except Refused as refused:
        if refused.code not in ENDS:
            raise
        return np.full(found.shape, np.nan), ENDS.index(refused.code)
    return found, ENDS.index(FITTED)
