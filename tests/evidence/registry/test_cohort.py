"""What a report counts is what the tables hold, and no small count is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from statistics import fmean, median, stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.care.outcomes.shares import share
from assuage.evidence.registry import cohort, export
from assuage.evidence.registry.cohort import Cohort, Measured
from assuage.evidence.registry.dictionary import Dataset, Row
from assuage.knowledge import library

from .sets import made


def shown(dataset: Dataset, least: int = 5) -> Cohort:
    return cohort.cohort(dataset, least, "week-4")


def phq(held: Cohort) -> Measured:
    return next(one for one in held.measured if one.instrument == "phq-9")


def firsts(dataset: Dataset) -> dict[str, dict[str, Any]]:
    """Each person's first course: its baseline and its points by day, read off the tables."""
    found: dict[str, dict[str, Any]] = {}
    for row in dataset.tables["courses"]:
        if row["course"] == 1:
            found[str(row["person"])] = {"row": row, "base": None, "points": []}
    for row in dataset.tables["outcomes"]:
        if row["course"] == 1 and row["total"] == "total":
            if row["baseline"]:
                found[str(row["person"])]["base"] = row["value"]
            elif not row["acute"]:
                found[str(row["person"])]["points"].append((row["course_day"], row["value"]))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_outcomes_are_what_the_tables_say(seed: int) -> None:
    """Enough people that nothing is hidden, counted again here."""
    dataset = made(seed, 150)
    people = firsts(dataset)
    held = phq(shown(dataset))
    bases = [one["base"] for one in people.values() if one["base"] is not None]
    assert held.baseline is not None
    assert (held.baseline.n, held.baseline.mean) == (len(bases), pytest.approx(fmean(bases)))
    assert held.baseline.sd == pytest.approx(stdev(bases))
    order = [one.id for one in library.registry().window]
    for at, window in zip(held.at, library.registry().window, strict=True):
        now = {
            name: next((v for day, v in one["points"] if day == window.target), None)
            for name, one in people.items()
        }
        if not any(value is not None for value in now.values()):
            assert (at.assessed, at.score) == (0, None)
            continue
        scores = [value for value in now.values() if value is not None]
        assert at.score is not None
        assert (at.assessed, at.score.mean) == (len(scores), pytest.approx(fmean(scores)))
        both = [
            (one["base"], now[name])
            for name, one in people.items()
            if one["base"] is not None and now[name] is not None
        ]
        assert at.change is not None
        assert at.change.mean == pytest.approx(fmean(b - a for a, b in both))
        met = sum(2 * b <= a for a, b in both)
        assert at.responders == share(met, len(both))
        assert at.remitted == share(sum(value < 5 for value in scores), len(scores))
        due = [
            name
            for name, one in people.items()
            if (last := one["row"]["followed"]) and order.index(last) >= order.index(at.window)
        ]
        assert at.followed == len(due)
        assert at.not_assessed == sum(now[name] is None for name in due)


@pytest.mark.parametrize("seed", range(3))
def test_doses_are_told_by_drug_and_harms_with_both_denominators(seed: int) -> None:
    dataset = made(seed, 120)
    held = shown(dataset)
    for one in held.doses:
        mine = [row for row in dataset.tables["sessions"] if row["drug"] == one.drug]
        assert one.sessions == len(mine)
        assert one.people == len({row["person"] for row in mine})
        assert one.session_mg is not None
        assert one.session_mg.median == median(float(str(row["given_mg"])) for row in mine)
        sums: dict[str, float] = {}
        for row in mine:
            name = str(row["person"])
            sums[name] = sums.get(name, 0) + float(str(row["given_mg"]))
        assert one.person_mg is not None
        assert one.person_mg.median == median(sums.values())
    assert len(held.doses) == 2
    everybody, all_sessions = len(dataset.tables["people"]), len(dataset.tables["sessions"])
    for told in held.harms:
        rows = [row for row in dataset.tables["harms"] if told.term in ("any", row["term"])]
        assert told.people is not None
        assert told.sessions is not None
        assert (told.people.count, told.people.of) == (
            len({row["person"] for row in rows}),
            everybody,
        )
        within = {(row["person"], row["course"], row["session"]) for row in rows if row["session"]}
        assert (told.sessions.count, told.sessions.of) == (len(within), all_sessions)
        hidden = told.term == "any" and any(one.people is None for one in held.harms)
        assert told.events == (None if hidden else len(rows))
        serious = {row["person"] for row in rows if row["serious"] != "no"}
        assert told.serious in (len(serious), None)


def counts(held: Any, where: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number of people in a report, with where it stands."""
    if isinstance(held, dict):
        for name, one in held.items():
            yield from counts(one, f"{where}.{name}")
    elif isinstance(held, list | tuple):
        for one in held:
            yield from counts(one, where)
    elif isinstance(held, int) and not isinstance(held, bool):
        yield where, held


# Not people: the rule itself, forms that aren't there, and events and sessions of enough people.
NOT_PEOPLE = (".least", ".not_assessed", ".events", ".harms.sessions.count")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(5, 9), st.booleans())
def test_no_small_count_of_people_is_in_a_report(
    seed: int, people: int, least: int, few: bool
) -> None:
    pooled = export.pooled([made(seed, people, few=few), made(seed + 1, people, site="south")])
    for dataset in (made(seed, people, few=few), pooled):
        told = asdict(shown(dataset, least))
        for where, number in counts(told):
            if not where.endswith(NOT_PEOPLE):
                assert not 0 < number < least, where


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 40))
def test_what_is_left_of_a_total_is_never_small(seed: int, people: int) -> None:
    """What a reader gets by taking what is shown from the total beside it."""
    dataset = made(seed, people)
    held = shown(dataset)
    for parts in (*held.by.values(), held.regimens, held.endings):
        known = [one for one in parts.values() if one is not None]
        hidden = len(parts) - len(known)
        total = held.courses if parts in (held.regimens, held.endings) else held.people
        assert total is not None
        left = total - sum(known)
        assert hidden != 1 or not known
        assert not 0 < left < 5
    for measured in held.measured:
        for at in measured.at:
            for one in (at.responders, at.remitted):
                assert one is None or not 0 < one.of - one.count < 5
    for told in held.harms:
        assert told.people is None or not 0 < told.people.of - told.people.count < 5
    for site in held.funnels:
        if site.whole is not None:
            known = [pair for pair in site.sites.values() if pair is not None]
            rest = [site.whole[n] - sum(pair[n] for pair in known) for n in (0, 1)]
            assert not 0 < rest[0] < 5
            assert not 0 < rest[1] - rest[0] < 5


def without_some(dataset: Dataset, day: int, kept: int) -> Dataset:
    """The set with a baseline of everybody, and that day's score of all but the last ones."""
    names = [str(row["person"]) for row in dataset.tables["people"]]
    score = next(row for row in dataset.tables["outcomes"] if row["value"] is not None)
    rows: list[Row] = []
    for place, name in enumerate(names):
        key: Row = {"person": name, "course": 1}
        rows.append(score | key | {"baseline": True, "value": 8.0 + place % 15, "course_day": 0})
        if place < kept:
            rows.append(
                score | key | {"baseline": False, "value": 5.0, "course_day": day, "day": day}
            )
    return replace(dataset, tables={**dataset.tables, "outcomes": tuple(rows)})


@pytest.mark.parametrize(("kept", "hidden"), [(20, False), (19, True), (16, True), (15, False)])
def test_means_dont_give_away_the_few_who_came_no_more(kept: int, *, hidden: bool) -> None:
    """The sums of scores, changes and baselines leave the baselines of those who left.

    source: the set itself, whose baselines are written here.
    """
    held = phq(shown(without_some(made(3, 20), 28, kept)))
    at = next(one for one in held.at if one.window == "week-4")
    assert at.change is not None
    assert held.baseline is not None
    assert (at.score is None) is hidden
    if at.score is not None:  # what can be worked out is the sum of nobody or of enough people
        before = at.score.mean * at.score.n - at.change.mean * at.change.n
        left = held.baseline.mean * held.baseline.n - before
        assert left == pytest.approx(sum(8.0 + place % 15 for place in range(kept, 20)))


def harms_of(dataset: Dataset, **by: int) -> Dataset:
    """The set with each harm in so many people, one after the other, once each."""
    names = [str(row["person"]) for row in dataset.tables["people"]]
    first = next(iter(dataset.tables["harms"]))
    rows: list[Row] = []
    place = 0
    for term, many in by.items():
        for name in names[place : place + many]:
            rows.append(first | {"person": name, "course": 1, "term": term, "serious": "no"})
        place += many
    return replace(dataset, tables={**dataset.tables, "harms": tuple(rows)})


def test_a_rare_harm_isnt_what_the_others_leave_of_any_harm() -> None:
    """9 people with any harm, 5 with nausea: a hidden harm could only be of 4. So could events."""
    told = {one.term: one for one in shown(harms_of(made(3, 40), nausea=5, psychosis=4)).harms}
    assert told["any"].people is not None
    assert (told["any"].people.count, told["any"].events) == (9, None)
    assert (told["nausea"].people, told["psychosis"].people) == (None, None)


def test_few_serious_harms_arent_what_the_others_leave() -> None:
    dataset = harms_of(made(3, 40), nausea=12, psychosis=12)
    rows = tuple(
        row | {"serious": "hospitalisation"} if place < 5 or place > 20 else row
        for place, row in enumerate(dataset.tables["harms"])
    )
    held = shown(replace(dataset, tables={**dataset.tables, "harms": rows}))
    assert [(one.term, one.serious) for one in held.harms] == [
        ("any", None),
        ("nausea", 5),
        ("psychosis", None),
    ]


def test_two_harms_that_could_only_be_rare_hide_how_many_had_any() -> None:
    held = shown(harms_of(made(3, 40), nausea=4, psychosis=4))
    assert all(one.people is None for one in held.harms)
    (harm,) = (one for one in held.funnels if one.what == "harm")
    assert harm.whole is None
    assert set(harm.sites.values()) == {None}


def test_a_drug_of_few_isnt_what_the_other_leaves_of_all() -> None:
    dataset = made(3, 20)
    few = {str(row["person"]) for row in dataset.tables["people"][:4]}
    rows = tuple(
        row | {"drug": "esketamine" if row["person"] in few else "racemic-ketamine"}
        for row in dataset.tables["sessions"]
    )
    held = shown(replace(dataset, tables={**dataset.tables, "sessions": rows}))
    assert [(one.people, one.weighed) for one in held.doses] == [(None, None)] * 2
    assert [one.session_mg is None for one in held.doses] == [True, False]


def test_every_instrument_that_was_named_or_asked_is_shown() -> None:
    held = shown(made(2, 30))
    assert [one.instrument for one in held.measured] == ["phq-9", "nrs-pain"]
    assert held.measured[1].baseline is None


def test_sites_are_compared_at_the_time_that_was_asked() -> None:
    pooled = export.pooled([made(3, 60), made(4, 70, site="south")])
    week, month = (
        next(one for one in cohort.cohort(pooled, 5, window).funnels if one.what == "response")
        for window in ("week-1", "week-4")
    )
    assert week.whole != month.whole
    assert set(week.sites) == {"north", "south"}
    for site, seed in (("north", 3), ("south", 4)):
        people = firsts(made(seed, 60 if site == "north" else 70, site=site)).values()
        both = [
            (one["base"], value)
            for one in people
            for day, value in one["points"]
            if day == 7 and one["base"] is not None
        ]
        assert week.sites[site] == (sum(2 * b <= a for a, b in both), len(both))


def test_a_report_of_few_hides_all_and_fails_at_nothing() -> None:
    held = shown(made(1, 3))
    assert held.people is None
    assert phq(held).baseline is None
    assert all(one.people is None for one in held.harms if one.term == "any")
