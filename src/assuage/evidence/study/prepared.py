"""An outcome's values as an estimand sees them, ready for any method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assuage.evidence.analysis.table import Table
from assuage.evidence.mixed.fitted import F, I
from assuage.evidence.study.data import Data
from assuage.evidence.study.schema import Better, Outcome, Protocol, Responding
from assuage.evidence.trial import strategies
from assuage.evidence.trial.estimands import Assumption, Estimand, Measure
from assuage.evidence.trial.strategies import B, Long

# Of a percentage: 40 % of 7 is 2.8000000000000003 in floating point, and a fall of 2.8 meets it.
ROUNDING = 1e-9
PERSON, ARM, VISIT = "participant", "arm", "visit"


@dataclass(frozen=True)
class Prepared:
    """An outcome by person and visit after baseline; all in the order of the data's people.

    `value` (N, m) is NaN where missing or not counted, `baseline` (N,) NaN where there is none;
    `last` (N,) is each person's last value that counts. `method` says what each person's missing
    values are taken to have been from the visit `first` (N,) on, by the estimand's events; `first`
    is m where no event says so. `met` (N,) is who had any of its events before a visit.
    """

    value: F
    baseline: F
    last: F
    measure: Measure
    fates: Mapping[str, int]
    while_on_treatment: bool
    method: tuple[Assumption, ...]
    first: I
    met: B

    @property
    def response(self) -> F:
        """The values, or their changes from baseline, (N, m)."""
        return self.value - self.baseline[:, None] if self.measure == "change" else self.value


def prepare(
    p: Protocol,
    data: Data,
    outcome: Outcome,
    estimand: Estimand,
    rule: Responding | None = None,
) -> Prepared:
    """Return an outcome as an estimand sees it; with a rule, who responded. Raises Refused."""
    values = data.numbers(outcome.held_in[0])
    before = 0 if p.baseline is None else 1
    after, start = values[:, before:], _baseline(values, before)
    if rule is not None:
        after = responded(after, start, rule, outcome.better)
    people, visits = after.shape
    person, visit = (one.ravel() for one in np.indices((people, visits)))
    day = np.array([one.day for one in p.after])
    held = np.tile(day, (people, 1))
    if p.columns.day is not None:
        actual = data.numbers(p.columns.day)[:, before:]
        held = np.where(np.isnan(actual), held, actual)
    rows = Long(person, visit, held.ravel(), after.ravel(), people, visits)
    days = event_days(p, data, estimand)
    applied = strategies.apply(estimand, rows, days)
    met = np.zeros(people, bool)
    for one in days.values():
        met |= (held > one[:, None]).any(1)
    return Prepared(
        strategies.wide(rows, applied),
        start,
        strategies.last_counting(rows, applied),
        estimand.variable.measure,
        {name: many for name, many in applied.tally().items() if many},
        any(one.strategy == "while-on-treatment" for one in estimand.events),
        applied.method,
        applied.first,
        met,
    )


def plain(p: Protocol, data: Data, outcome: Outcome) -> Prepared:
    """Return an outcome as it was measured, for one that has no estimand."""
    values = data.numbers(outcome.held_in[0])
    before = 0 if p.baseline is None else 1
    people, visits = values[:, before:].shape
    return Prepared(
        values[:, before:],
        _baseline(values, before),
        values[:, -1],
        "value",
        {},
        False,
        ("missing-at-random",) * people,
        np.full(people, visits),
        np.zeros(people, bool),
    )


def _baseline(values: F, before: int) -> F:
    return values[:, 0] if before else np.full(len(values), np.nan)


def responded(values: F, baseline: F, rule: Responding, better: Better) -> F:
    """Return who responded: 1, 0, or NaN where it can't be known.

    `values` (N, m), `baseline` (N,). A share of a baseline that isn't above 0 means nothing, and
    is not known.
    """
    gain = (baseline[:, None] - values) * (1.0 if better == "lower" else -1.0)
    known = ~np.isnan(values)
    if rule.percent_better is not None:
        start = np.where(baseline > 0.0, baseline, np.nan)[:, None]
        met = gain >= start * (rule.percent_better / 100.0) - ROUNDING
        known &= ~np.isnan(start)
    elif rule.points_better is not None:
        met = gain >= rule.points_better - ROUNDING
        known &= ~np.isnan(baseline)[:, None]
    elif rule.at_most is not None:
        met = values <= rule.at_most
    else:
        met = values >= (np.nan if rule.at_least is None else rule.at_least)
    return np.where(known, met.astype(float), np.nan)


def event_days(p: Protocol, data: Data, estimand: Estimand) -> dict[str, F]:
    """Return each event's day for each person, infinite where it never came."""
    found = {}
    for one in estimand.events:
        days = data.days_of_person(p.columns.events[one.name])
        found[one.name] = np.where(np.isnan(days), np.inf, days)
    return found


def table(p: Protocol, data: Data, prepared: Prepared, response: F, visits: list[int]) -> Table:
    """Return the rows of some visits after baseline as a table for the analysis.

    Its columns are participant, arm, visit, value or change, baseline and the covariates; a
    number keeps every digit. `response` is (N, m).
    """
    covariates = {name: data.of_person(name) for name in p.columns.covariates}
    names = [PERSON, ARM, VISIT, prepared.measure, "baseline", *covariates]
    cells: dict[str, list[str | None]] = {name: [] for name in names}
    for visit in visits:
        for place, person in enumerate(data.people):
            held = (
                *(person, data.arms[data.arm[place]], p.after[visit].id),
                *(_text(response[place, visit]), _text(prepared.baseline[place])),
                *(column[place] for column in covariates.values()),
            )
            for name, text in zip(names, held, strict=True):
                cells[name].append(text)
    rows = tuple(range(1, len(cells[PERSON]) + 1))
    return Table(data.name, {name: tuple(column) for name, column in cells.items()}, rows)


def _text(value: float) -> str | None:
    return None if np.isnan(value) else repr(float(value))
