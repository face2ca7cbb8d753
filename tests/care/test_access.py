"""Who may do what: denied unless a role allows it, and nobody stands beside themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import get_args

import pytest
from argon2 import PasswordHasher

from assuage.care import access, chair, consent, course, patient, people
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.outcomes import harms, recording, trajectory
from assuage.care.people import NewPerson, NewSite
from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.site import RolesChanged, SignInFailed
from assuage.knowledge import library
from assuage.knowledge.schema.law import Act
from assuage.record.events import Signature
from assuage.record.record import Decision
from assuage.record.store import Secret
from assuage.refusals import Refusal, Refused

from .world import NORTH, SOUTH, START, VIAL, World, code, in_memory

WORDS, OTHER_WORDS = "correct horse battery", "staple horse correct"
PAGE = stock.Page(VIAL, "ward", 1)
PARTY = f.Party(name="S", address="A", authority="1")
DELIVERY = stock.Delivery(PARTY, "r", "l", date(2030, 1, 1))
COLLECTED = stock.Collection("x", True, True)
NEW = NewPerson("new", "New", ("nurse",), WORDS)
DONE = discrepancy.Conclusion("found", "x")
SESSION = chair.NewSession("s9", "p1", "o", "dia", "ward")
COURSE = course.NewCourse("c9", "p1", "depression", "depression-iv", 6, ("phq-9",), "phq-9")
OUTCOME = recording.NewOutcome("phq-9", {"q1": 1})
HARM = harms.NewHarm("nausea", 1, "no", "possible", "none")

# Every command, the permission it asks for, and whether it asks for a witness first.
COMMANDS: dict[str, tuple[str, bool, Callable[[Desk], object]]] = {
    "receive": ("receive", False, lambda d: stock.receive(d, PAGE, DELIVERY)),
    "supply": ("supply", False, lambda d: stock.supply(d, PAGE, "main", COLLECTED)),
    "transfer": (
        "transfer",
        True,
        lambda d: stock.transfer(d, PAGE, stock.Consignment(PARTY, "r", COLLECTED)),
    ),
    "destroy": ("destroy", True, lambda d: stock.destroy(d, PAGE, stock.Destruction("r", "m"))),
    "draw": ("draw", False, lambda d: vial.draw(d, "s1", VIAL, "ward")),
    "draw accepted": (
        "draw",
        True,
        lambda d: vial.draw(d, "s1", VIAL, "ward", accepted="x"),
    ),
    "intend": ("administer", False, lambda d: vial.intend(d, "s1", vial.Dosing("d", 1, "iv"))),
    "confirm": ("administer", False, lambda d: vial.confirm(d, "s1", "i", 1)),
    "not given": ("administer", False, lambda d: vial.not_given(d, "s1", "i", "r")),
    "waste": ("waste", True, lambda d: vial.waste(d, "d", 1, "r")),
    "put back": ("return", True, lambda d: vial.put_back(d, "d", "r")),
    "settle": ("waste", False, lambda d: vial.settle(d, "d")),
    "check": ("stock-check", True, lambda d: checks.check(d, VIAL, "ward", 10)),
    "footnote": ("correct", False, lambda d: checks.correct(d, 1, "t")),
    "correct": ("correct", True, lambda d: checks.correct(d, 1, "t", 2)),
    "report": ("open-discrepancy", False, lambda d: discrepancy.report(d, VIAL, "ward", 0, "t")),
    "recount": ("recount", True, lambda d: discrepancy.recount(d, "x", 1)),
    "reconstruct": ("reconstruct", False, lambda d: discrepancy.reconstruct(d, "x", 0, 0, "t")),
    "escalate": ("escalate", False, lambda d: discrepancy.escalate(d, "x", "t", "r")),
    "close": ("close-discrepancy", True, lambda d: discrepancy.close(d, "x", DONE)),
    "open session": ("open-session", False, lambda d: chair.open_session(d, SESSION)),
    "enter": ("open-session", False, lambda d: chair.enter(d, "s1")),
    "read pump": ("administer", False, lambda d: chair.read_pump(d, "s1", "i", 1)),
    "note effect": ("administer", False, lambda d: chair.note_effect(d, "s1", "i", True)),
    "end session": ("end-session", False, lambda d: chair.end_session(d, "s1")),
    "register patient": (
        "register-patient",
        False,
        lambda d: patient.register(d, "p9", "n", date(1980, 1, 1), "a"),
    ),
    "erase": ("erase-patient", True, lambda d: patient.erase(d, "p1", "r")),
    "open course": ("open-course", False, lambda d: course.open_course(d, COURSE)),
    "describe": ("open-course", False, lambda d: course.describe(d, "c1", sex="male")),
    "join": ("open-course", False, lambda d: course.join(d, "c1", "s1")),
    "part": ("open-course", False, lambda d: course.part(d, "c1", "s1", "r")),
    "end course": ("open-course", False, lambda d: course.end(d, "c1", "completed")),
    "record outcome": ("record-outcome", False, lambda d: recording.record(d, "c1", OUTCOME)),
    "correct outcome": (
        "record-outcome",
        False,
        lambda d: recording.correct(d, "c1", "o", None, "r"),
    ),
    "miss outcome": (
        "record-outcome",
        False,
        lambda d: recording.miss(d, "c1", "phq-9", date(2026, 3, 3), "declined"),
    ),
    "baseline": ("record-outcome", False, lambda d: recording.declare_baseline(d, "c1", "o")),
    "answer": ("answer-flag", False, lambda d: recording.answer(d, "c1", "o", "t")),
    "follow-ups": ("view-outcome", False, recording.follow_ups),
    "look at outcomes": ("view-outcome", False, lambda d: trajectory.look(d, "c1")),
    "harm": ("record-outcome", False, lambda d: harms.record(d, "c1", HARM)),
    "correct harm": ("record-outcome", False, lambda d: harms.correct(d, "c1", "h", HARM, "r")),
    "consent": ("record-consent", False, lambda d: consent.give(d, "p1", ("registry",), "v1")),
    "withdraw": ("record-consent", False, lambda d: consent.withdraw(d, "p1")),
    "area": ("enrol-people", False, lambda d: people.add_area(d, "icu", "ICU")),
    "enrol": ("enrol-people", False, lambda d: people.enrol(d, NEW)),
    "roles": ("enrol-people", False, lambda d: people.change_roles(d, "nia", ())),
    "passphrase": ("enrol-people", False, lambda d: people.set_passphrase(d, "noa", WORDS)),
}
HOLDERS = {
    "nurse": "nia",
    "physician": "dia",
    "pharmacist": "pia",
    "pharmacy-technician": "tec",
    "controlled-drugs-officer": "ola",
    "site-manager": "max",
    "diversion-reviewer": "rev",
    "auditor": "aud",
    "investigator": "ivy",
    "": "gone",
}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def made() -> World:
    there = in_memory()
    there.ready()
    return there


def signed_up() -> World:
    """A site opened by its own command, with one nurse who has a passphrase."""
    made = in_memory()
    new = NewSite(NORTH, "North", "1 Road", "gb-eng", "Europe/London")
    by = people.open_site(
        made.record, made.clock, new, NewPerson("boss", "Boss", ("site-manager",), WORDS)
    )
    desk = Desk(made.record, made.clock, NORTH, by)
    people.enrol(desk, NewPerson("amy", "Amy", ("nurse",), OTHER_WORDS))
    return made


def enter(made: World, person: str = "amy", words: str = OTHER_WORDS) -> str:
    return code(lambda: access.sign_in(made.record, made.clock, NORTH, person, words))


# The matrix of roles and commands.


def test_every_role_and_every_register_permission_is_in_the_matrix() -> None:
    assert set(HOLDERS) - {""} == set(library.roles())
    asked = {act for act, _, _ in COMMANDS.values()}
    elsewhere = {"witness", "prescribe", "view-register", "view-signals", "backup", "restore"}
    elsewhere |= {"run-registry", "lock-study", "unblind-study"}
    assert set(get_args(Act)) == asked | elsewhere | {"resolve-unknown"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_every_role_without_the_permission(made: World, name: str) -> None:
    act, _, call = COMMANDS[name]
    head = made.record.head()
    for role, person in HOLDERS.items():
        if act in library.roles().get(role, ()):
            continue
        told = code(lambda person=person: call(made.desk(person, "noa")))
        assert told == "ROLE_NOT_PERMITTED", (name, role)
    assert made.record.head() == head


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_lets_every_role_with_the_permission_pass(made: World, name: str) -> None:
    act, _, call = COMMANDS[name]
    able = [one for role, one in HOLDERS.items() if act in library.roles().get(role, ())]
    assert able
    for person in able:
        told = code(lambda person=person: call(made.desk(person, "ned")))
        assert told not in ("ROLE_NOT_PERMITTED", "WITNESS_MISSING"), (name, person)


@pytest.mark.parametrize("name", [one for one, (_, needed, _) in COMMANDS.items() if needed])
def test_every_witnessed_command_refuses_a_wrong_witness(made: World, name: str) -> None:
    act, _, call = COMMANDS[name]
    person = next(one for role, one in HOLDERS.items() if act in library.roles().get(role, ()))
    head = made.record.head()
    now = made.clock.utc_now()
    wrong = {
        "WITNESS_MISSING": [None],
        "WITNESS_IS_ACTOR": [made.sign(person)],
        "ROLE_NOT_PERMITTED": [
            *(made.sign(one) for one in ("aud", "rev", "oto", "gone", "nobody")),
            Signature(person="aud", roles=("nurse",), method="test", at=now),
        ],
        "WITNESS_STALE": [
            made.sign("noa", now - timedelta(minutes=5, seconds=1)),
            made.sign("noa", now + timedelta(seconds=1)),
            made.sign("noa", now - timedelta(days=400)),
        ],
    }
    for told, witnesses in wrong.items():
        for witness in witnesses:
            desk = made.desk(person).beside(witness)
            assert code(lambda desk=desk: call(desk)) == told
    assert made.record.head() == head


def test_a_witness_counts_for_five_minutes(made: World) -> None:
    five = made.sign("noa", made.clock.utc_now() - timedelta(minutes=5))
    checks.check(made.desk("nia").beside(five), VIAL, "ward", 10)


def test_a_witness_who_isnt_needed_is_checked_all_the_same(made: World) -> None:
    desk = made.desk("nia").beside(made.sign("aud"))
    assert code(lambda: vial.draw(desk, "s1", VIAL, "ward")) == "ROLE_NOT_PERMITTED"


def test_a_signature_of_another_site_counts_for_nothing(made: World) -> None:
    made.found(SOUTH, areas=())
    by = Signature(person="stranger", roles=("site-manager",), method="test", at=START)
    desk = Desk(made.record, made.clock, SOUTH, by)
    assert code(lambda: people.add_area(desk, "icu", "ICU")) == "ROLE_NOT_PERMITTED"


def test_a_role_that_was_taken_away_counts_no_more(made: World) -> None:
    before = made.desk("nia")
    people.change_roles(made.desk("max"), "nia", ())
    assert code(lambda: vial.draw(before, "s1", VIAL, "ward")) == "ROLE_NOT_PERMITTED"
    beside = made.desk("noa").beside(before.by)
    assert code(lambda: checks.check(beside, VIAL, "ward", 10)) == "ROLE_NOT_PERMITTED"


def test_a_role_gained_counts_from_the_next_sign_in(made: World) -> None:
    before = made.desk("aud")
    people.change_roles(made.desk("max"), "aud", ("nurse",))
    assert code(lambda: vial.draw(before, "s1", VIAL, "ward")) == "ROLE_NOT_PERMITTED"


# Signing in.


def test_who_proves_it_signs_in_with_the_roles_of_now() -> None:
    made = signed_up()
    told = access.sign_in(made.record, made.clock, NORTH, "amy", OTHER_WORDS)
    assert (told.person, told.roles, told.at) == ("amy", ("nurse",), made.clock.utc_now())


def test_a_wrong_name_and_a_wrong_passphrase_look_alike_and_are_recorded() -> None:
    made = signed_up()
    for person, words in (("amy", WORDS), ("nobody", WORDS), ("", WORDS), ("\ud800", "")):
        assert enter(made, person, words) == "SIGN_IN_FAILED"
    told = [one.fact for one in made.record.events(sites.stream(NORTH))]
    failed = [one.person for one in told if isinstance(one, SignInFailed)]
    assert failed == ["amy", "nobody", "nobody", "nobody"]


def test_five_failures_in_fifteen_minutes_lock_and_then_unlock() -> None:
    made = signed_up()
    for _ in range(5):
        assert enter(made, words=WORDS) == "SIGN_IN_FAILED"
        made.clock.go(minutes=2)
    assert enter(made) == "SIGN_IN_LOCKED"  # the right passphrase too
    assert enter(made, "boss", WORDS) == "ok"
    made.clock.go(minutes=4, seconds=59)
    assert enter(made) == "SIGN_IN_LOCKED"
    made.clock.go(seconds=1)  # fifteen minutes after the first failure
    assert enter(made) == "ok"


def test_four_failures_dont_lock() -> None:
    made = signed_up()
    assert [enter(made, words=WORDS) for _ in range(4)] == ["SIGN_IN_FAILED"] * 4
    assert enter(made) == "ok"


def test_a_refused_sign_in_while_locked_isnt_counted_again() -> None:
    made = signed_up()
    for _ in range(5):
        enter(made, words=WORDS)
    for _ in range(14):
        made.clock.go(minutes=1)
        assert enter(made, words=WORDS) == "SIGN_IN_LOCKED"
    made.clock.go(minutes=1)
    assert enter(made) == "ok"


def test_a_verifier_put_in_anothers_place_is_refused() -> None:
    made = signed_up()
    mine = made.record.store.secret(access.PASSPHRASE, f"{NORTH}/boss")
    made.record.store.append((), (Secret(access.PASSPHRASE, f"{NORTH}/amy", mine),))
    assert enter(made, "amy", WORDS) == "SIGN_IN_FAILED"
    made.record.store.append((), (Secret(access.PASSPHRASE, f"{NORTH}/amy", b"$argon2id$x"),))
    assert enter(made) == "SIGN_IN_FAILED"
    made.record.store.append((), (Secret(access.PASSPHRASE, f"{NORTH}/amy", None),))
    assert enter(made) == "SIGN_IN_FAILED"


def test_who_has_left_cant_sign_in() -> None:
    made = signed_up()
    by = access.sign_in(made.record, made.clock, NORTH, "boss", WORDS)
    people.change_roles(Desk(made.record, made.clock, NORTH, by), "amy", ())
    assert enter(made) == "SIGN_IN_FAILED"


def test_an_unknown_site_is_refused() -> None:
    made = signed_up()
    told = code(lambda: access.sign_in(made.record, made.clock, "x", "amy", WORDS))
    assert told == "SITE_UNKNOWN"


@pytest.mark.parametrize(
    "words", ["", "short", "elevenchars", "aaaaaaaaaaaaaaaaaaaa", "ababcdcdabab"]
)
def test_a_weak_passphrase_is_refused(words: str) -> None:
    assert code(lambda: access.new_passphrase("amy", NORTH, words)) == "PASSPHRASE_WEAK"


def test_what_no_fact_can_hold_is_a_refusal_and_no_crash() -> None:
    def broken() -> None:
        with access.holdable():
            RolesChanged(person="", roles=())

    def unsayable() -> None:
        with access.holdable():
            "\ud800".encode()

    assert (code(broken), code(unsayable)) == ("FIELD_INVALID", "FIELD_INVALID")


def test_a_command_given_twice_counts_once(made: World) -> None:
    desk = made.desk("nia", command="once")
    first = vial.draw(desk, "s1", VIAL, "ward")
    again = vial.draw(desk, "s1", VIAL, "ward")
    assert [one.hash for one in first] == [one.hash for one in again]
    assert made.book().units(VIAL.id, "ward") == 9


def test_a_decision_without_facts_stores_nothing(made: World) -> None:
    head = made.record.head()
    assert made.desk("nia").commit(lambda: Decision({})) == ()
    assert made.record.head() == head
    assert Refused(Refusal.AREA_EXISTS, area="x").code == "AREA_EXISTS"
