"""A site, and what may stand in the name of a stream."""

from __future__ import annotations

import pytest

from assuage.care import people
from assuage.care import site as sites

from .world import NORTH, SOUTH, STAFF, World, code, in_memory


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.found()
    return made


def test_a_site_is_what_its_events_say(w: World) -> None:
    told = sites.of(w.record, NORTH)
    assert (told.name, told.place, told.zone_name) == ("The north", "gb-eng", "Europe/London")
    assert set(told.areas) == {sites.MAIN, "ward", "theatre"}
    assert {one.id: one.roles for one in told.people.values()} == STAFF
    people.change_roles(w.desk("max"), "nia", ())
    assert sites.of(w.record, NORTH).people["nia"].roles == ()
    kept, anew = sites.of(w.record, NORTH), w.record.rebuild(sites.Site, sites.stream(NORTH))
    assert vars(kept) == vars(anew)


def test_an_unknown_site_is_refused(w: World) -> None:
    assert code(lambda: sites.of(w.record, SOUTH)) == "SITE_UNKNOWN"
    assert code(lambda: w.desk("nia", site=SOUTH).local_now()) == "SITE_UNKNOWN"
    assert code(lambda: w.desk("nia", site=SOUTH).allow("draw")) == "SITE_UNKNOWN"


@pytest.mark.parametrize(
    "text",
    ["", "A", "a b", "../x", "a/b", "-a", ".a", "a" * 41, "é", "a\n", "a\0", "\ud800", "١"],
)
def test_an_id_that_isnt_safe_is_refused(text: str) -> None:
    assert code(lambda: sites.checked_id(text, "a site")) == "ID_INVALID"


@pytest.mark.parametrize("text", ["a", "0", "st-1.2", "a" * 40])
def test_a_safe_id_is_taken(text: str) -> None:
    assert sites.checked_id(text, "a site") == text


@pytest.mark.parametrize("text", ["", "Mars/Base", "/etc/passwd", "../../etc/passwd", "Europe"])
def test_a_zone_that_isnt_one_is_refused(text: str) -> None:
    assert code(lambda: sites.checked_zone(text)) == "VALUE_NOT_ALLOWED"


def test_places_roles_and_prescribers_exist(w: World) -> None:
    assert sites.checked_place("gb-eng") == "gb-eng"
    assert code(lambda: sites.checked_place("atlantis")) == "PLACE_UNKNOWN"
    assert sites.checked_roles(("nurse", "nurse")) == ("nurse",)
    assert code(lambda: sites.checked_roles(("king",))) == "VALUE_NOT_ALLOWED"
    site = sites.of(w.record, NORTH)
    assert sites.checked_prescriber(site, "dia") == "dia"
    assert code(lambda: sites.checked_prescriber(site, "nia")) == "PRESCRIBER_NOT_PERMITTED"
    assert code(lambda: sites.checked_prescriber(site, "gone")) == "PRESCRIBER_NOT_PERMITTED"
    assert code(lambda: sites.checked_prescriber(site, "x")) == "PERSON_UNKNOWN"
