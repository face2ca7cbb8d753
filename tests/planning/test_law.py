"""What isn't listed for the place and the day is not permitted."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from assuage.knowledge import library
from assuage.planning.law import driving_of, law_of
from assuage.refusals import Refusal, Refused

ON = date(2026, 11, 23)
EVERY = [library.regimen(one) for one in library.regimen_ids()]


def refused(regimen: str, place: str, on: date = ON) -> Refusal:
    with pytest.raises(Refused) as caught:
        law_of(library.regimen(regimen), place, on)
    return caught.value.refusal


CASES = [
    ("crps-inpatient-esketamine-100h", "US", ON, Refusal.PLACE_NOT_PERMITTED),
    ("anaesthesia-esketamine-induction", "US", ON, Refusal.PLACE_NOT_PERMITTED),
    ("crps-inpatient-esketamine-100h", "GB", ON, Refusal.PLACE_NOT_PERMITTED),
    ("depression-nasal-esketamine", "US", date(2019, 3, 4), Refusal.PLACE_NOT_PERMITTED),
    ("depression-iv", "UN", ON, Refusal.PLACE_NOT_PERMITTED),
    ("depression-iv", "CN", ON, Refusal.PLACE_NOT_PERMITTED),
    ("crps-coma", "DE", ON, Refusal.PLACE_NOT_PERMITTED),
    ("crps-coma", "MX", ON, Refusal.PLACE_NOT_PERMITTED),
    ("depression-iv", "XX", ON, Refusal.PLACE_UNKNOWN),
    ("depression-iv", "", ON, Refusal.PLACE_UNKNOWN),
    ("depression-iv", "../products", ON, Refusal.PLACE_UNKNOWN),
    ("depression-iv", "US ", ON, Refusal.PLACE_UNKNOWN),
    ("depression-iv", "GB", date(2005, 12, 31), Refusal.PLACE_DATE_UNKNOWN),
    ("depression-iv", "GB-NIR", date(2005, 12, 31), Refusal.PLACE_DATE_UNKNOWN),
    ("depression-iv", "US", date(1999, 8, 11), Refusal.PLACE_DATE_UNKNOWN),
    ("depression-iv", "IN", date(2005, 12, 31), Refusal.PLACE_DATE_UNKNOWN),
    ("depression-iv", "CA", date(2005, 5, 1), Refusal.PLACE_DATE_UNKNOWN),
    ("depression-iv", "FR", date(2016, 12, 31), Refusal.PLACE_DATE_UNKNOWN),
]


@pytest.mark.parametrize(("regimen", "place", "on", "code"), CASES)
def test_what_the_law_does_not_permit_is_refused(
    regimen: str, place: str, on: date, code: Refusal
) -> None:
    assert refused(regimen, place, on) is code


@pytest.mark.parametrize(
    ("regimen", "place", "on"),
    [
        ("depression-iv", "US", date(1999, 8, 12)),
        ("depression-iv", "GB", date(2006, 1, 1)),
        ("depression-nasal-esketamine", "US", date(2019, 3, 5)),
        ("crps-inpatient-esketamine-100h", "NL", ON),
        ("depression-iv", "us", ON),
        ("depression-iv", "GB", date(2028, 2, 29)),
    ],
)
def test_the_first_day_in_force_is_permitted(regimen: str, place: str, on: date) -> None:
    law = law_of(library.regimen(regimen), place, on)
    assert law.place == place.upper()
    assert law.date == on.isoformat()


def test_class_and_schedule_change_on_their_days() -> None:
    """source: clinical reading 4.1: GB Class B from 10 June 2014, Schedule 2 from 30 Nov 2015."""
    regimen = library.regimen("depression-iv")

    def said(on: date) -> str:
        return " ".join(one.text for one in law_of(regimen, "GB", on).controls)

    assert "Class C" in said(date(2014, 6, 9))
    assert "Class B" not in said(date(2014, 6, 9))
    assert "Class B" in said(date(2014, 6, 10))
    assert "Schedule 2" not in said(date(2015, 11, 29))
    assert "Schedule 2" in said(date(2015, 11, 30))


@pytest.mark.parametrize("code", library.place_codes())
def test_a_place_answers_every_regimen_with_a_law_or_a_refusal(code: str) -> None:
    place = library.place(code)
    assert place is not None
    for regimen in EVERY:
        route, own = regimen.routes[0], [one for one in place.permission if one.valid_from is None]
        listed = any(
            one.drug == regimen.drug and route in one.routes and regimen.technique in one.techniques
            for one in own
        )
        if listed and regimen.technique != "coma":
            assert law_of(regimen, code, ON).permission.source in library.sources()
        elif not place.parent and len(own) == len(place.permission):
            assert refused(regimen.id, code) is Refusal.PLACE_NOT_PERMITTED


def test_no_place_at_all_permits_the_coma_technique() -> None:
    for code in library.place_codes():
        assert refused("crps-coma", code) is Refusal.PLACE_NOT_PERMITTED


def test_a_part_takes_its_parents_law_and_its_own_comes_first() -> None:
    scotland = law_of(library.regimen("depression-nasal-esketamine"), "GB-SCT", ON)
    england = law_of(library.regimen("depression-nasal-esketamine"), "GB-ENG", ON)
    assert not scotland.permission.text.startswith("Restricted")
    assert england.permission.text.startswith("Restricted")
    assert law_of(library.regimen("depression-iv"), "GB-ENG", ON).controls


@pytest.mark.parametrize("code", library.place_codes())
def test_a_record_of_the_law_is_whole(code: str) -> None:
    place = library.place(code)
    assert place is not None
    assert place.code.upper() == code
    assert place.parent == "" or place.parent.upper() in library.place_codes()
    assert place.control
    for one in (*place.control, *place.permission):
        assert one.source in library.sources()
        if one.valid_from and one.valid_to:
            assert one.valid_from <= one.valid_to
    seen = [
        (one.drug, route, technique)
        for one in place.permission
        for route in one.routes
        for technique in one.techniques
    ]
    assert len(seen) == len(set(seen)), "two entries answer one question"


@pytest.mark.parametrize("code", library.place_codes())
def test_two_schedules_are_never_in_force_together(code: str) -> None:
    place = library.place(code)
    assert place is not None
    for kind in ("class", "schedule"):
        dated = sorted(
            (one for one in place.control if one.kind == kind and one.valid_from),
            key=lambda one: one.valid_from or date.min,
        )
        for old, new in pairwise(dated):
            assert old.valid_to is not None
            assert new.valid_from == old.valid_to + timedelta(days=1)


def test_driving_is_said_for_every_place_that_permits() -> None:
    for code in library.place_codes():
        place = library.place(code)
        assert place is not None
        if place.permission:
            assert driving_of(code)
