"""Drawn = given + wasted + returned, for a thief and for an honest person in a hurry.

source: amounts are the test's own; a vial holds 500 mg and its tolerance is 5 % of it, 25 mg.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from assuage.care import access, chair, patient
from assuage.care import session as sessions
from assuage.care.register import checks, discrepancy, vial
from assuage.care.register import facts as f
from assuage.care.register.item import Item
from assuage.record.record import Decision

from ..world import DEVICE, MG, SOUTH, VIAL, World, code, in_memory, only, refusal
from .checker import check
from .generator import rows

Call = Callable[[World], object]


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def clean(w: World) -> None:
    found = check(rows(w))
    assert (found.violations, found.total_ug) == ([], 0)


def state(w: World, draw: str) -> tuple[int, bool]:
    """What is left in milligrams, and whether the unit is still to be accounted for."""
    held = w.book().draws[draw]
    return held.left_ug // MG, held.open


# The way of one unit, as steps: what is done, the outcome, what is left in mg, open or not.
WAYS = """
give 500                ok                 0    closed
give 100, waste 400     ok                 0    closed
give 100, waste 425     ok               -25    open
give 100, waste 426     DRAW_EXCEEDED    400    open
give 525                ok               -25    open
give 526                DRAW_EXCEEDED    500    open
give 0                  DRAW_EXCEEDED    500    open
waste 500, waste 1      DRAW_CLOSED        0    closed
waste -1                DRAW_EXCEEDED    500    open
give 500, settle        DRAW_CLOSED        0    closed
give 480, settle        ok                 0    closed
give 480, settle, settle DRAW_CLOSED       0    closed
give 520, settle        ok                 0    closed
give 474, settle        ok                26    open
give 474, settle, settle PAGE_FROZEN      26    open
give 474, settle, waste 26 ok              0    closed
back                    ok                 0    closed
back, back              DRAW_CLOSED        0    closed
back, give 1            DRAW_CLOSED        0    closed
give 1, back            DRAW_OPENED      499    open
waste 1, back           DRAW_OPENED      499    open
open 100, back          DOSE_UNRESOLVED  500    open
open 100, settle        DOSE_UNRESOLVED  500    open
open 100, open 100      DOSE_UNRESOLVED  500    open
open 100, waste 425     ok                75    open
open 100, waste 426     DOSE_UNRESOLVED  500    open
open 300, waste 200, done 300 ok           0    closed
open 300, waste 200, not  ok             300    open
open 300, waste 200, done 325 ok         -25    open
open 300, waste 200, done 326 DRAW_EXCEEDED 300 open
open 100, end           DOSE_UNRESOLVED  500    open
open 100, not, back     ok                 0    closed
give 100, end           ok               400    open
give 490, end           ok                 0    closed
give 490, end, draw     SESSION_ENDED      0    closed
undo                    ok                 0    closed
undo, undo              CORRECTION_IMPOSSIBLE 0 closed
open 100, undo          DOSE_UNRESOLVED  500    open
give 100, undo          CORRECTION_IMPOSSIBLE 400 open
give 100, zero, back    ok                 0    closed
give 490, settle, zero, back DRAW_OPENED 490    open
give 100, zero, back, again 20 CORRECTION_IMPOSSIBLE 0 closed
give 480, settle, again 485 ok             0    closed
give 520, settle, again 526 DRAW_EXCEEDED  0    closed
give 520, settle, again 500 ok             0    closed
give 500, again 400     ok               100    open
give 500, again 400, draw PAGE_FROZEN    100    open
give 520, settle, again 20, back DRAW_OPENED 500 open
give 480, settle, again 400, waste 125 ok  -45    open
give 480, settle, again 400, waste 126 DRAW_EXCEEDED 80 open
open 10, waste 500      ok                 0    open
give 100, again 90, draw ok              410    open
"""


def do(w: World, draw: str, step: str) -> str:
    """Do one step of a way; return its outcome."""
    act, _, number = step.partition(" ")
    ug = int(number or 0) * MG
    nurse, two = w.desk("nia"), w.desk("nia", "noa")
    intents = list(w.record.view(sessions.Session, "session/s1").doses)
    given = [one.number for one in w.book().lines if isinstance(one.event.fact, f.DrugAdministered)]
    undone = w.book().draws[draw].number
    calls: dict[str, Callable[[], object]] = {
        "give": lambda: w.give(draw, ug / MG),
        "waste": lambda: vial.waste(two, draw, ug, "left"),
        "settle": lambda: vial.settle(nurse, draw),
        "back": lambda: vial.put_back(two, draw, "not needed"),
        "open": lambda: w.intend(draw, ug / MG),
        "done": lambda: vial.confirm(nurse, "s1", intents[-1], ug),
        "not": lambda: vial.not_given(nurse, "s1", intents[-1], "refused"),
        "end": lambda: chair.end_session(nurse, "s1"),
        "draw": lambda: vial.draw(nurse, "s1", VIAL, "ward"),
        "undo": lambda: checks.correct(two, undone, "not drawn", 0),
        "zero": lambda: checks.correct(two, given[-1], "not given", 0),
        "again": lambda: checks.correct(two, given[-1], "misread", ug),
    }
    return code(calls[act])


@pytest.mark.parametrize("row", WAYS.strip().splitlines())
def test_the_way_of_a_unit(w: World, row: str) -> None:
    *words, told, left, status = row.split()
    steps = [step.strip() for step in " ".join(words).split(",")]
    draw = w.draw()
    outcomes = [do(w, draw, step) for step in steps]
    assert outcomes == ["ok"] * (len(steps) - 1) + [told]
    assert state(w, draw) == (int(left), status == "open")
    clean(w)


def test_a_unit_is_drawn_only_for_its_session(w: World) -> None:
    w.session("s2")
    draw = w.draw("s1")
    dosing = vial.Dosing(draw, 5 * MG, "iv")
    assert code(lambda: vial.intend(w.desk("nia"), "s2", dosing)) == "DRAW_ELSEWHERE"


# Refusals of a draw, in order of precedence.
DRAWS = """
s9  ward    nia  AREA      SESSION_UNKNOWN
s1  cellar  nia  AREA      AREA_UNKNOWN
s9  cellar  nia  AREA      AREA_UNKNOWN
s1  theatre nia  AREA      STOCK_SHORT
s1  ward    pia  AREA      ROLE_NOT_PERMITTED
s9  cellar  aud  AREA      ROLE_NOT_PERMITTED
"""


@pytest.mark.parametrize("row", DRAWS.strip().splitlines())
def test_a_draw_is_refused(w: World, row: str) -> None:
    session, area, by, _, told = row.split()
    assert code(lambda: vial.draw(w.desk(by), session, VIAL, area)) == told


def test_a_session_of_another_site_is_none_of_this_one(w: World) -> None:
    w.found(SOUTH, areas=("ward",))
    w.stock(site=SOUTH)
    draw = w.draw()
    intent = w.intend(draw)
    head = w.record.head()
    south, beside = w.desk("nia", site=SOUTH), w.desk("nia", "noa", site=SOUTH)
    calls: tuple[Callable[[], object], ...] = (
        lambda: vial.draw(south, "s1", VIAL, "ward"),
        lambda: vial.intend(south, "s1", vial.Dosing(draw, 1, "iv")),
        lambda: vial.confirm(south, "s1", intent, 1),
        lambda: vial.not_given(south, "s1", intent, "r"),
        lambda: chair.enter(south, "s1"),
        lambda: chair.read_pump(south, "s1", intent, 1),
        lambda: chair.note_effect(south, "s1", intent, True),
        lambda: chair.end_session(south, "s1"),
    )
    assert [code(call) for call in calls] == ["SESSION_ELSEWHERE"] * len(calls)
    assert code(lambda: vial.waste(beside, draw, 1, "r")) == "DRAW_UNKNOWN"
    assert w.record.head() == head


def test_a_frozen_page_gives_nothing_unless_somebody_takes_it_upon_them(w: World) -> None:
    discrepancy.report(w.desk("nia"), VIAL, "ward", 0, "one looks opened")
    assert code(w.draw) == "PAGE_FROZEN"
    reason = "Dr Dia: can't wait"
    alone = w.desk("nia")
    told = code(lambda: vial.draw(alone, "s1", VIAL, "ward", accepted=reason))
    assert told == "WITNESS_MISSING"
    made = vial.draw(w.desk("nia", "noa"), "s1", VIAL, "ward", accepted=reason)
    fact = only(made, f.VialDrawn)
    assert w.record.keyring.open(fact.accepted) == reason  # type: ignore[attr-defined]
    draw = fact.draw  # type: ignore[attr-defined]
    w.give(draw, 100)  # what is in a hand can always be written down
    w.waste(draw, 400)
    clean(w)


@pytest.mark.parametrize("accepted", ["Dr Dia", "Dr Dia:", "Dr Dia: ", ": can't wait", " "])
def test_a_frozen_page_opens_for_a_name_and_a_reason(w: World, accepted: str) -> None:
    discrepancy.report(w.desk("nia"), VIAL, "ward", 0, "one looks opened")
    desk = w.desk("nia", "noa")
    refused = refusal(lambda: vial.draw(desk, "s1", VIAL, "ward", accepted=accepted))
    assert refused.code == "FIELD_INVALID"
    told = {"field": "--accept", "what": "the command", "why": "it isn't 'NAME: REASON'"}
    assert refused.fields == told


def test_what_was_accepted_without_need_isnt_kept(w: World) -> None:
    made = vial.draw(w.desk("nia", "noa"), "s1", VIAL, "ward", accepted="Dr Dia: in case")
    assert only(made, f.VialDrawn).accepted is None  # type: ignore[attr-defined]


def test_a_device_must_come_out_exactly(w: World) -> None:
    w.stock(of=DEVICE)
    draw = w.draw(of=DEVICE)
    assert code(lambda: w.give(draw, 28.001)) == "DRAW_EXCEEDED"
    assert code(lambda: vial.intend(w.desk("nia"), "s1", vial.Dosing(draw, 1, "iv"))) == (
        "ROUTE_MISMATCH"
    )
    w.give(draw, 28)
    assert state(w, draw) == (0, False)


def test_an_erasure_stops_new_doses_and_no_entry(w: World) -> None:
    draw = w.draw()
    intent = w.intend(draw)
    patient.erase(w.desk("max", "noa"), "p1", "asked", accepted="by law")
    assert code(w.draw) == "PATIENT_ERASED"
    vial.not_given(w.desk("nia"), "s1", intent, "erased")
    assert code(lambda: w.intend(draw)) == "PATIENT_ERASED"
    told = vial.waste(w.desk("nia", "noa"), draw, 500 * MG, "secret reason")
    sealed = only(told, f.DrugWasted).reason  # type: ignore[attr-defined]
    assert patient.shown(w.record.keyring, sealed) == patient.ERASED
    chair.end_session(w.desk("nia"), "s1")
    clean(w)


def test_a_product_list_that_changes_what_a_unit_holds_is_refused(w: World) -> None:
    draw = w.draw()
    other = Item(VIAL.id, VIAL.product, VIAL.name, VIAL.drug, 400_000, 50_000)
    assert code(lambda: vial.draw(w.desk("nia"), "s1", other, "ward")) == "ITEM_CHANGED"
    assert code(lambda: w.stock(of=other)) == "ITEM_CHANGED"
    assert code(lambda: checks.check(w.desk("nia", "noa"), other, "ward", 9)) == "ITEM_CHANGED"
    vial.put_back(w.desk("nia", "noa"), draw, "not needed")
    assert w.book().units(VIAL.id, "ward") == 10


def test_two_corrections_cant_swap_amounts_between_patients(w: World) -> None:
    w.patient("p2")
    w.session("s2", "p2")
    first, second = w.draw("s1"), w.draw("s2")
    mine, theirs = w.give(first, 300), w.give(second, 300, "s2")
    w.waste(first, 200)
    w.waste(second, 200)
    two = w.desk("nia", "noa")
    checks.correct(two, mine, "it was 250", 250 * MG)
    told = code(lambda: checks.correct(two, theirs, "it was 350", 350 * MG))
    assert told == "DRAW_EXCEEDED"
    assert w.book().frozen(VIAL.id, "ward"), "the first one alone is looked into at once"
    clean(w)


@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_a_reason_says_something(w: World, reason: str) -> None:
    draw = w.draw()
    intent = w.intend(draw)
    two = w.desk("nia", "noa")
    assert code(lambda: vial.waste(two, draw, 1, reason)) == "FIELD_INVALID"
    assert code(lambda: vial.not_given(two, "s1", intent, reason)) == "FIELD_INVALID"


def test_a_confirmation_counts_once_though_it_is_sent_twice(w: World) -> None:
    draw = w.draw()
    intent = w.intend(draw)
    desk = w.desk("nia", command="c1")
    first = vial.confirm(desk, "s1", intent, 100 * MG)
    assert vial.confirm(desk, "s1", intent, 100 * MG) == first
    assert code(lambda: vial.confirm(w.desk("nia"), "s1", intent, 1)) == "INTENT_RESOLVED"
    assert state(w, draw) == (400, True)
    clean(w)


# What a refusal of a dose or of a waste tells: a row is an act, and the fields that it names.
TOLD: dict[str, tuple[Callable[[World, str], object], dict[str, object]]] = {
    "too much": (
        lambda w, d: vial.waste(w.desk("nia", "noa"), d, 600_000, "r"),
        {"left_mg": 500, "given_mg": 600},
    ),
    "another route": (
        lambda w, d: vial.intend(w.desk("nia"), "s1", vial.Dosing(d, 1, "nasal")),
        {"wanted": "iv or im or sc", "given": "nasal"},
    ),
    "no dose open": (
        lambda w, _: vial.confirm(w.desk("nia"), "s1", "i" * 61, 1),
        {"intent": "i" * 60, "choices": "none is open"},
    ),
    "not given": (
        lambda w, _: vial.not_given(w.desk("nia"), "s1", "i-0", "r"),
        {"intent": "i-0", "choices": "none is open"},
    ),
    "a waste": (lambda w, d: vial.waste(w.desk("nia"), d, 1, "r"), {"act": "a waste"}),
    "a return": (lambda w, d: vial.put_back(w.desk("nia"), d, "r"), {"act": "a return"}),
    "a frozen page": (
        lambda w, _: vial.draw(w.desk("nia"), "s1", VIAL, "ward", accepted="x"),
        {"act": "a draw from a frozen page"},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_refusal_tells_what_it_is_about(w: World, name: str) -> None:
    act, told = TOLD[name]
    draw = w.draw()
    fields = refusal(lambda: act(w, draw)).fields
    assert {key: fields[key] for key in told} == told


def test_a_dose_that_isnt_there_is_answered_by_the_one_that_is(w: World) -> None:
    intent = w.intend(w.draw())
    refused = refusal(lambda: vial.confirm(w.desk("nia"), "s1", "i-0", 1))
    assert (refused.code, refused.fields["choices"]) == ("INTENT_UNKNOWN", intent)


def test_who_says_what_became_of_an_unknown_dose_is_asked_for_more(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = w.intend(w.draw())
    chair.enter(w.desk("nia"), "s1")
    refused = refusal(lambda: vial.confirm(w.desk("dia"), "s1", intent, 1))
    assert refused.code == "WITNESS_MISSING"
    assert refused.fields["act"] == "what became of an unknown dose or another person's"
    asked: list[str] = []
    monkeypatch.setattr(access.Desk, "allow", lambda _, act: asked.append(act))
    vial.confirm(w.desk("dia", "nia"), "s1", intent, 1)
    assert asked == ["administer", "resolve-unknown"]


def test_only_the_person_in_the_act_answers_alone(w: World) -> None:
    """Another person, or the same one once the dose is Unknown, answers before a witness."""
    intent = w.intend(w.draw(), by="nia")
    assert code(lambda: vial.confirm(w.desk("noa"), "s1", intent, MG)) == "WITNESS_MISSING"
    assert code(lambda: vial.confirm(w.desk("nia"), "s1", intent, MG)) == "ok"
    intent = w.intend(w.draw(), by="nia")
    chair.enter(w.desk("noa"), "s1")
    assert code(lambda: vial.confirm(w.desk("nia"), "s1", intent, MG)) == "WITNESS_MISSING"
    assert code(lambda: vial.confirm(w.desk("nia", "noa"), "s1", intent, MG)) == "ok"


def test_the_last_unit_can_be_drawn() -> None:
    w = in_memory()
    w.ready(units=1)
    draw = w.draw()
    assert (draw[:2], w.intend(draw)[:2]) == ("d-", "i-")
    assert code(w.draw) == "STOCK_SHORT"


def test_a_waste_put_right_doesnt_make_a_unit_whole(w: World) -> None:
    draw = w.draw()
    number = w.waste(draw, 520)
    vial.settle(w.desk("nia"), draw)
    checks.correct(w.desk("nia", "noa"), number, "it was 20", 20 * MG)
    assert state(w, draw) == (500, True)
    assert code(lambda: vial.put_back(w.desk("nia", "noa"), draw, "r")) == "DRAW_OPENED"


def test_a_gap_that_is_looked_into_opens_no_second_discrepancy(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 474)
    (opened,) = vial.settle(w.desk("nia"), draw)
    assert isinstance(opened.fact, f.DiscrepancyOpened)
    assert opened.fact.discrepancy[:2] == "x-"
    assert opened.fact.text == "Given, wasted and returned don't add up to what was drawn."
    w.waste(draw, 26)
    case = opened.fact.discrepancy
    checks.correct(w.desk("nia", "noa"), number, "it was 400", 400 * MG, case)
    assert state(w, draw) == (74, True)
    assert list(w.book().cases) == [case]


def test_no_dose_comes_out_of_a_unit_that_went_back(w: World) -> None:
    """The commands don't let it come to that; a record of another hand may."""
    draw = w.draw()
    fact = sessions.AdministrationIntended(intent="i-1", draw=draw, item=VIAL.id, ug=1, route="iv")
    vial.put_back(w.desk("nia", "noa"), draw, "not needed")
    desk = w.desk("nia")

    def decide() -> Decision:
        sessions.of(w.record, "s1")
        return Decision({sessions.stream("s1"): (fact,)})

    desk.commit(decide)
    refused = refusal(lambda: vial.confirm(w.desk("nia"), "s1", "i-1", 1))
    assert (refused.code, refused.fields["draw"]) == ("DRAW_CLOSED", draw)


def test_a_dosing_doesnt_change() -> None:
    with pytest.raises(FrozenInstanceError):
        vial.Dosing("d", 1, "iv").ug = 2  # type: ignore[misc]
