"""Opening a site, and who belongs to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from assuage.care import access, people
from assuage.care import site as sites
from assuage.care.people import NewPerson, NewSite
from assuage.record.events import Envelope
from assuage.record.record import Decision, Record, new_command

from .world import NORTH, World, code, in_memory

WORDS = "correct horse battery"
MANAGER = NewPerson("boss", "Boss", ("site-manager",), WORDS)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.found()
    return made


def new(**changed: str) -> NewSite:
    told = {"id": "s", "name": "S", "address": "1 Road", "place": "us", "zone": "UTC"}
    return NewSite(**(told | changed))


# What is wrong with a new site, and its refusal.
SITES: tuple[tuple[NewSite, NewPerson, str], ...] = (
    (new(), MANAGER, "ok"),
    (new(id=NORTH), MANAGER, "SITE_EXISTS"),
    (new(id="Bad id"), MANAGER, "ID_INVALID"),
    (new(place="atlantis"), MANAGER, "PLACE_UNKNOWN"),
    (new(zone="Mars/Base"), MANAGER, "VALUE_NOT_ALLOWED"),
    (new(name=""), MANAGER, "FIELD_INVALID"),
    (new(name="\ud800"), MANAGER, "FIELD_INVALID"),
    (new(), NewPerson("boss", "Boss", ("site-manager",), "short"), "PASSPHRASE_WEAK"),
    (new(), NewPerson("boss", "Boss", ("king",), WORDS), "VALUE_NOT_ALLOWED"),
    (new(), NewPerson("boss", "", ("site-manager",), WORDS), "FIELD_INVALID"),
    (new(), NewPerson("no good", "Boss", ("site-manager",), WORDS), "ID_INVALID"),
)


@pytest.mark.parametrize(("site", "manager", "told"), SITES)
def test_a_site_is_opened_or_refused(
    w: World, site: NewSite, manager: NewPerson, told: str
) -> None:
    head = w.record.head()
    outcome = code(lambda: people.open_site(w.record, w.clock, site, manager))
    # What UTF-8 can't hold is seen when it is stored, by pydantic or by the record.
    assert outcome == told
    assert (w.record.head() == head) == (told != "ok")


def test_people_are_enrolled_changed_and_gone(w: World) -> None:
    desk = w.desk("max")
    nurse = NewPerson("new", "New", ("nurse",), WORDS)
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: people.enrol(desk, nurse), "ok"),
        (lambda: people.enrol(desk, nurse), "PERSON_EXISTS"),
        (lambda: people.enrol(desk, NewPerson("x", "", (), WORDS)), "FIELD_INVALID"),
        (lambda: people.change_roles(desk, "new", ("physician",)), "ok"),
        (lambda: people.change_roles(desk, "new", ("king",)), "VALUE_NOT_ALLOWED"),
        (lambda: people.change_roles(desk, "nobody", ()), "PERSON_UNKNOWN"),
        (lambda: people.change_roles(desk, "max", ("nurse",)), "ROLES_OWN"),
        (lambda: people.set_passphrase(desk, "new", "another good one"), "ok"),
        (lambda: people.set_passphrase(desk, "nobody", "another good one"), "PERSON_UNKNOWN"),
        (lambda: people.set_passphrase(w.desk("nia"), "nia", "another good one"), "ok"),
        (lambda: people.set_passphrase(w.desk("nia"), "noa", WORDS), "ROLE_NOT_PERMITTED"),
        (lambda: people.add_area(desk, "icu", "ICU"), "ok"),
        (lambda: people.add_area(desk, "icu", "ICU"), "AREA_EXISTS"),
        (lambda: people.add_area(desk, "main", "again"), "AREA_EXISTS"),
        (lambda: people.add_area(desk, "a/b", "x"), "ID_INVALID"),
        (lambda: people.add_area(desk, "lab", ""), "FIELD_INVALID"),
    )
    assert [code(call) for call, _ in calls] == [told for _, told in calls]
    held = sites.of(w.record, NORTH).people["new"]
    assert held.roles == ("physician",)
    assert access.sign_in(w.record, w.clock, NORTH, "new", "another good one").person == "new"
    assert code(lambda: access.sign_in(w.record, w.clock, NORTH, "new", WORDS)) == "SIGN_IN_FAILED"


def test_nobody_is_witnessed_by_whom_they_let_in(w: World) -> None:
    """One person who sets another's passphrase could sign for both."""
    people.set_passphrase(w.desk("max"), "noa", WORDS)
    assert code(lambda: w.desk("max", "noa").witnessed("an act")) == "WITNESS_NOT_OWN"
    assert code(lambda: w.desk("nia", "noa").witnessed("an act")) == "ok"
    people.set_passphrase(w.desk("noa"), "noa", "words that only noa has")
    assert code(lambda: w.desk("max", "noa").witnessed("an act")) == "ok"


def test_a_role_taken_away_while_a_command_waits_counts(w: World) -> None:
    desk, stream = w.desk("max"), sites.stream(NORTH)
    desk.allow("enrol-people")
    other = Record(w.record.store, w.record.keyring)
    asked: list[int] = []

    def end() -> Decision:
        other.view(sites.Site, stream)
        return Decision({stream: (sites.RolesChanged(person="max", roles=()),)})

    def decide() -> Decision:
        asked.append(desk.site.version)
        if len(asked) == 1:
            other.commit(Envelope(w.clock.utc_now(), new_command(), w.sign("nia")), end)
        return Decision({stream: (sites.AreaAdded(area="lab", name="Lab"),)})

    assert code(lambda: desk.commit(decide)) == "ROLE_NOT_PERMITTED"
    assert "lab" not in sites.of(w.record, NORTH).areas
