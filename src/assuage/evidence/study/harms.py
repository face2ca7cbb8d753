"""What happened to people, counted with denominators: harms, leaving, events, times.

Of a harm, the people who had it at any visit after the baseline, out of those who were asked at any
of them. A difference of shares has Miettinen and Nurminen's interval and no test: a trial of
efficacy is too small to acquit by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from assuage.evidence.mixed.fitted import F
from assuage.evidence.report import numbers
from assuage.evidence.report.blocks import Table
from assuage.evidence.report.numbers import DASH
from assuage.evidence.study.data import YES_OR_NO, Data
from assuage.evidence.study.results import Results
from assuage.evidence.study.schema import Outcome, Protocol
from assuage.evidence.trial.strategies import B

Told = tuple[str, B, B, Sequence[str]]  # a harm, who had it, who was asked, and times by arm


def harms(results: Results) -> Table:
    """Return each harm and each reason for leaving, by arm; without rows where there is none."""
    p, data = results.study.protocol, results.data
    rows = []
    for name, had, asked, times in _told(results):
        counts = [
            (int(had[data.arm == arm].sum()), int(asked[data.arm == arm].sum()))
            for arm in range(len(data.arms))
        ]
        control = None if data.blinded else data.arms.index(p.control.id)
        for arm, (met, people) in enumerate(counts):
            against = None if control in (None, arm) else counts[control]
            cells = (numbers.share(met, people), times[arm], _apart((met, people), against, p))
            rows.append((name, results.arm_name(arm), *cells))
    level = f"{100 * (1 - p.alpha):g} %"
    difference = f"difference from control, %-points ({level} interval)"
    columns = ("harm", "arm", "people with it", "times / visits asked", difference)
    notes = (
        "After the baseline. People: of those asked at any visit. Intervals by Miettinen and "
        "Nurminen; they adjust for nothing, and nothing was tested.",
    )
    return Table(columns, tuple(rows), "Harms and leaving", notes, "harms", ("arm",))


def _told(results: Results) -> Iterator[Told]:
    p, data = results.study.protocol, results.data
    arms = range(len(data.arms))
    for one in results.outcomes:
        if one.outcome.harm is None:
            continue
        often = _often(p, data, one.outcome)
        known = ~np.isnan(often)
        times = [
            f"{np.nansum(often[data.arm == arm]):.0f} / {known[data.arm == arm].sum()}"
            for arm in arms
        ]
        had, asked = (np.asarray(told.any(1)) for told in (np.nan_to_num(often) > 0.0, known))
        yield one.outcome.name, had, asked, times
    if p.columns.drop_out is not None:
        why = data.of_person(p.columns.drop_out)
        all_ = np.ones(len(data.people), bool)
        for reason in sorted({one for one in why if one is not None}):
            mine = np.array([one == reason for one in why])
            yield f"Left: {reason}", mine, all_, [DASH for _ in arms]


def _often(p: Protocol, data: Data, outcome: Outcome) -> F:
    """Return how often each person had a harm before each visit after the first, NaN: unasked."""
    column = outcome.held_in[0]
    if outcome.harm == "count":
        found = data.numbers(column)
    else:
        rows = [[np.nan if o is None else YES_OR_NO[o] for o in row] for row in data.texts[column]]
        found = np.array(rows, float)
    return found[:, int(p.baseline is not None) :]


def _apart(own: tuple[int, int], control: tuple[int, int] | None, p: Protocol) -> str:
    from assuage.evidence.trial.responders import Count, difference

    if control is None or not own[1] or not control[1]:
        return DASH
    found = difference([Count(*own)], [Count(*control)], level=1.0 - p.alpha)
    return numbers.with_interval(100 * found.estimate, 100 * found.low, 100 * found.high, 1)


def events(results: Results) -> Table:
    """Return each intercurrent event of the data, whether or not an estimand speaks of it."""
    p, data = results.study.protocol, results.data
    rows = []
    for name, column in p.columns.events.items():
        days = data.days_of_person(column)
        used = [
            one.id
            for one in results.study.estimands.values()
            if name in {event.name for event in one.events}
        ]
        for arm in range(len(data.arms)):
            mine = days[data.arm == arm]
            came = sorted(float(one) for one in mine[~np.isnan(mine)])
            share = numbers.share(len(came), len(mine))
            about = ", ".join(used) or "NO estimand"
            rows.append((name, results.arm_name(arm), share, _spread(came), about))
    columns = ("event", "arm", "people", "day, median (range)", "in the estimands")
    words = ("arm", "in the estimands")
    return Table(columns, tuple(rows), "Intercurrent events", (), "events", words)


def timing(results: Results) -> Table:
    """Return the days on which visits were held; without rows where the data have only planned."""
    p, data = results.study.protocol, results.data
    rows = []
    if p.columns.day is not None:
        days = data.numbers(p.columns.day)
        for place, visit in enumerate(p.visit):
            held = sorted(float(one) for one in days[:, place] if not np.isnan(one))
            rows.append((visit.name, f"{visit.day:g}", str(len(held)), _spread(held)))
    columns = ("visit", "planned day", "held", "day, median (range)")
    return Table(columns, tuple(rows), "When visits were held", (), "timing")


def _spread(days: Sequence[float]) -> str:
    if not days:
        return DASH
    return f"{median(days):g} ({days[0]:g} to {days[-1]:g})"


def times(results: Results, outcome: Outcome, name: str) -> Table:
    """Return a time to an event by arm: how many had it, and when, with no model of the arms."""
    from assuage.evidence.trial.survival import Times, kaplan_meier

    data = results.data
    days = data.days_of_person(outcome.held_in[0])
    came = np.array([one == "1" for one in data.of_person(outcome.held_in[1])])
    rows = []
    for arm in range(len(data.arms)):
        mine = (data.arm == arm) & ~np.isnan(days)
        middle = DASH
        if mine.any():
            curve = kaplan_meier(Times(days[mine], came[mine]))
            found = (curve.median, curve.median_low, curve.median_high)
            ends = [f"{one:g}" if np.isfinite(one) else DASH for one in found]
            middle = f"{ends[0]} ({ends[1]} to {ends[2]})"
        many = int(mine.sum())
        cells = (
            numbers.share(int(came[mine].sum()), many),
            str(int((data.arm == arm).sum()) - many),
            _spread(sorted(float(one) for one in days[mine & ~came])),
            middle,
        )
        rows.append((results.arm_name(arm), *cells))
    columns = ("arm", "had the event", "no time", "day last seen without it, median (range)")
    notes = (f"Median: Kaplan and Meier's, with a 95 % interval; {DASH} where it isn't reached.",)
    title = f"{' and '.join(outcome.held_in)}, by arm"
    return Table((*columns, "median day of the event"), tuple(rows), title, notes, name)
