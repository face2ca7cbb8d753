"""Members of a family: the published one is one of them, and a larger one gives more."""

from __future__ import annotations

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.planning import limits
from assuage.planning.optimisation.family import (
    MOST_CANDIDATES,
    Family,
    Member,
    default_days,
    default_hours,
    default_rates,
    family_of,
    members,
)
from assuage.planning.regimen import schedule
from assuage.refusals import Refused
from planning.asking import PLANNABLE
from planning.optimisation.searching import FAMILIES, OUTPATIENT, family

POSSIBLE = {one: family(one) for one in FAMILIES}


def rate_at(one: Family, member: Member, hour: float) -> float:
    return sum(
        member.rate_mg_per_h * share
        for start, duration, share in one.pieces(member.hours, member.days)
        if start <= hour < start + duration
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_the_published_schedule_is_a_member(name: str) -> None:
    one = POSSIBLE[name]
    made = schedule(one.regimen_of(one.published), one.variant.id, 70.0)
    plain = [
        [(a.session, a.day, a.start_h, a.duration_h, a.rate_mg_per_h, a.dose_mg) for a in given]
        for given in (one.given, made)
    ]
    for published, mine in zip(*plain, strict=True):
        assert mine == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_pieces_are_the_schedule(name: str) -> None:
    one = POSSIBLE[name]
    member = Member(9.0, None if one.without_break else 3.0, 3.0)
    given = schedule(one.regimen_of(member), one.variant.id, 70.0)
    pieces = one.pieces(member.hours, member.days)
    assert len(given) == len(pieces)
    for row, (start, duration, share) in zip(given, pieces, strict=True):
        assert (row.start_h, row.duration_h) == pytest.approx((start, duration))
        assert row.rate_mg_per_h == pytest.approx(9.0 * share)  # source: the member's own rate


@settings(max_examples=60, deadline=None)
@forall(
    name=st.sampled_from(FAMILIES),
    rates=st.tuples(st.floats(1, 40), st.floats(1, 40)),
    hours=st.tuples(st.floats(0.5, 23), st.floats(0.5, 23)),
    days=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    when=st.floats(0, 500),
)
def test_what_holds_another_gives_as_much_at_every_moment(
    name: str,
    rates: tuple[float, float],
    hours: tuple[float, float],
    days: tuple[int, int],
    when: float,
) -> None:
    one = POSSIBLE[name]
    less, more = (
        Member(pick(rates), None if one.without_break else pick(hours), float(pick(days)))
        for pick in (min, max)
    )
    assert more.holds(less)
    assert rate_at(one, more, when) >= rate_at(one, less, when)


def test_the_calendar_goes_on_as_it_ends() -> None:
    weekdays = family(OUTPATIENT).calendar(12)
    assert weekdays == (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 15, 16)
    assert family("crps-outpatient-goldberg-2005").calendar(12) == tuple(range(1, 13))
    weekly = family("crps-inpatient-5d-booster:boosters-weekly")
    assert weekly.calendar(6) == (1, 8, 15, 22, 29, 36)
    assert weekly.calendar(2) == (1, 8)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("weight", [45.0, 70.0, 110.0])
def test_the_default_grid_passes_no_limit_on_a_rate(name: str, weight: float) -> None:
    id_, _, variant = name.partition(":")
    one = family_of(library.regimen(id_), variant or None, weight)
    top = max(default_rates(one, weight))
    member = Member(top, None if one.without_break else 1.0, 1.0)
    regimen = one.regimen_of(member)
    given = schedule(regimen, one.variant.id, weight)
    _, refused = limits.check(regimen, given, weight, regimen.settings[0], frozenset())
    assert not [found for found in refused if "rate" in str(found.fields.get("quantity"))]
    assert default_days(one)[-1] == one.published.days
    assert bool(default_hours(one)) != one.without_break


@pytest.mark.parametrize("id_", [one for one in PLANNABLE if not one.startswith("crps")])
def test_a_regimen_without_a_prediction_of_relief_is_no_family(id_: str) -> None:
    with pytest.raises(Refused) as caught:
        family_of(library.regimen(id_), None, 70.0)
    assert caught.value.code == "MODEL_UNSUITABLE"


def test_a_dose_by_weight_needs_the_weight() -> None:
    with pytest.raises(Refused) as caught:
        family_of(library.regimen(OUTPATIENT), None, None)
    assert caught.value.code == "WEIGHT_UNKNOWN"


def test_too_large_a_grid_is_refused() -> None:
    rates = tuple(float(k) for k in range(1, 60))
    with pytest.raises(Refused) as caught:
        members(rates, rates[:10], rates[:10])
    assert caught.value.code == "OPTION_CONFLICT"
    assert len(members(rates, (), rates[:10])) == 590 < MOST_CANDIDATES
