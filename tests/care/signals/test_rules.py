"""Each signal sees the one who is planted, and nobody else; names decide nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.care.signals.rules import SIGNALS, Found
from assuage.care.signals.seen import Period, Seen
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

from .plain import PEOPLE, PLANTED, START, THIEF, plain

RULES = {one.id: one.rule for one in library.signals().signal}
EVERY = pytest.mark.parametrize("id_", list(SIGNALS))


def about(id_: str, seen: Seen) -> dict[str, Found]:
    return {one.person: one for one in SIGNALS[id_](seen, RULES[id_])}


def test_there_is_a_function_for_each_signal_that_is_known_and_a_planted_case() -> None:
    assert set(SIGNALS) == set(RULES) == set(PLANTED)


@EVERY
def test_nothing_is_said_of_people_who_are_alike(id_: str) -> None:
    assert {one.status for one in about(id_, plain()).values()} == {"nothing"}


@EVERY
def test_the_one_who_is_planted_is_seen_and_nobody_else(id_: str) -> None:
    found = about(id_, PLANTED[id_](plain()))
    assert found[THIEF].status == "signal"
    assert [one.person for one in found.values() if one.status == "signal"] == [THIEF]
    expected = found[THIEF].expected
    assert expected is not None
    assert found[THIEF].count > expected


@EVERY
@pytest.mark.parametrize("planted", [False, True])
def test_with_few_events_it_says_too_few_and_not_nothing(id_: str, planted: bool) -> None:
    seen = plain(sessions=4)
    found = about(id_, PLANTED[id_](seen) if planted else seen)
    assert {one.status for one in found.values()} == {"too few to tell"}
    assert all(one.statistic is None and one.expected is None for one in found.values())


@pytest.mark.parametrize("id_", [one for one in SIGNALS if one != "measuring"])
def test_without_colleagues_there_is_nobody_to_compare_with(id_: str) -> None:
    alone = plain(people=(THIEF,))
    assert about(id_, PLANTED[id_](alone))[THIEF].status == "too few to tell"


def test_what_is_missing_is_compared_with_zero_even_alone() -> None:
    alone = plain(people=(THIEF,))
    assert about("measuring", alone)[THIEF].status == "nothing"
    assert about("measuring", PLANTED["measuring"](alone))[THIEF].status == "signal"


def test_with_one_colleague_a_witness_is_no_choice() -> None:
    two = plain(people=(THIEF, "ben"))
    assert about("same-witness", two)[THIEF].status == "too few to tell"


@EVERY
def test_nobody_at_all_is_no_error(id_: str) -> None:
    assert SIGNALS[id_](Seen((), (), (), {}), RULES[id_]) == []


def test_what_is_not_known_is_left_out_and_not_taken_for_right() -> None:
    seen = plain()
    unknown = replace(
        seen,
        drawn=tuple(
            replace(one, session_area="", ended_at=None, missing_ug=None, settled=False)
            for one in seen.drawn
        ),
        given=tuple(
            replace(one, effect=None, pump_ug=None, ended_at=None, route="im") for one in seen.given
        ),
    )
    for id_ in ("elsewhere", "after-session", "measuring", "no-effect", "pump-differs"):
        assert about(id_, unknown) == {}
    for id_ in ("pump-missing", "waste-size", "waste-frequency", "waste-beyond"):
        assert about(id_, unknown) == {}


def test_three_late_entries_of_one_session_count_once() -> None:
    seen = plain()
    late = replace(seen.drawn[0], late_days=2)
    rows = replace(
        seen,
        drawn=(late, *seen.drawn[1:]),
        given=(replace(seen.given[0], late_days=2), *seen.given[1:]),
        wasted=(replace(seen.wasted[0], late_days=2), *seen.wasted[1:]),
    )
    found = about("entry-late", rows)[late.by]
    assert (found.count, found.of) == (1, 40)


def test_the_witness_is_named() -> None:
    found = about("same-witness", PLANTED["same-witness"](plain()))[THIEF]
    assert found.beside == "ben"
    assert (found.count, found.of) == (20, 20)


def test_a_pair_alone_on_the_same_days_is_no_signal() -> None:
    """Two who share a shift, with one more at work on a few days only."""
    seen = PLANTED["same-witness"](plain())
    shift = {day: frozenset({THIEF, "ben"}) for day in seen.at_work}
    found = about("same-witness", replace(seen, at_work=shift))
    assert found[THIEF].status == "too few to tell"


def noisy(seed: int) -> Seen:
    """Everybody odd in some rows at random, so that all signals have something to weigh."""
    rng = Random(seed)
    seen = plain()
    return replace(
        seen,
        drawn=tuple(
            replace(
                one,
                area=rng.choice(("ward", "ward", "theatre")),
                wasted_ug=rng.choice((0, 50_000, one.wasted_ug)),
                missing_ug=rng.randrange(-8000, 9000),
                undone=rng.random() < 0.1,
                accepted=rng.random() < 0.1,
                late_days=int(rng.random() < 0.1),
            )
            for one in seen.drawn
        ),
        given=tuple(
            replace(
                one,
                effect=rng.random() < 0.8,
                pump_ug=rng.choice((None, one.ug, one.ug // 2)),
            )
            for one in seen.given
        ),
        wasted=tuple(
            replace(
                one,
                witness=rng.choice([person for person in PEOPLE if person != one.by]),
                after_min=rng.expovariate(0.03),
            )
            for one in seen.wasted
        ),
    )


def renamed(seen: Seen, new: dict[str, str]) -> Seen:
    return Seen(
        drawn=tuple(replace(one, by=new[one.by]) for one in seen.drawn),
        given=tuple(replace(one, by=new[one.by]) for one in seen.given),
        wasted=tuple(replace(one, by=new[one.by], witness=new[one.witness]) for one in seen.wasted),
        at_work={
            day: frozenset(new[one] for one in people) for day, people in seen.at_work.items()
        },
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.permutations(PEOPLE))
def test_other_names_change_nothing_but_the_names(seed: int, order: list[str]) -> None:
    seen = noisy(seed)
    new = dict(zip(PEOPLE, order, strict=True))
    for id_ in SIGNALS:
        before = about(id_, seen)
        after = about(id_, renamed(seen, new))
        for person, found in before.items():
            wanted = replace(found, person=new[person], beside=new.get(found.beside, ""))
            assert after[new[person]] == wanted


def test_a_period_knows_what_lies_in_it() -> None:
    end = START.replace(month=4)
    period = Period(START, end)
    assert period.holds(START)
    assert not period.holds(end)
    assert period.days == 90
    for start, other in ((end, START), (START, START), (START.replace(tzinfo=None), end)):
        with pytest.raises(Refused) as caught:
            Period(start, other)
        assert caught.value.refusal is Refusal.FIELD_INVALID
