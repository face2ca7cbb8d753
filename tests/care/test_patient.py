"""A person can be erased; every entry, hash and milligram stays."""

from __future__ import annotations

from datetime import date

import pytest

from assuage.care import chair, patient
from assuage.care.register import vial
from assuage.record import chain
from assuage.record.keyring import PATIENT_KEY
from assuage.record.store import Secret

from .world import VIAL, World, code, in_memory

DAY = date(2026, 3, 4)  # the day of the world's clock


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def erase(w: World, accepted: str = "", witness: str = "noa") -> str:
    desk = w.desk("max", witness)
    return code(lambda: patient.erase(desk, "p1", "asked", accepted=accepted))


def test_an_erased_patient_is_gone_and_the_chain_whole(w: World) -> None:
    draw = w.draw()
    w.give(draw, 100)
    balances, name = dict(w.book().balance_ug), patient.of(w.record, "p1").registered
    assert name is not None
    assert patient.shown(w.record.keyring, name.name) == "Name of p1"
    assert erase(w, "by law") == "ok"
    assert w.record.store.secret(PATIENT_KEY, "p1") is None
    assert patient.shown(w.record.keyring, name.name) == patient.ERASED
    assert set(patient.told(w.desk("max"), "p1").values()) == {"p1", patient.ERASED}
    assert chain.verify(w.record.store.read_all()).fault is None
    assert dict(w.book().balance_ug) == balances
    assert code(lambda: w.record.keyring.seal("p1", "x")) == "PATIENT_ERASED"
    assert code(lambda: w.patient("p1")) == "PATIENT_EXISTS"
    assert code(lambda: patient.present(w.record, "p1")) == "PATIENT_ERASED"
    assert code(lambda: w.session("s2")) == "PATIENT_ERASED"
    assert erase(w, "again") == "PATIENT_ERASED"


def test_nothing_keeps_a_patient_whom_no_entry_names(w: World) -> None:
    assert erase(w) == "ok"


def test_entries_keep_a_patient_for_as_long_as_the_law_says(w: World) -> None:
    w.give(w.draw(), 100)
    until = patient.kept_until(w.record, "p1")
    assert until == date(2028, 3, 4)
    assert erase(w) == "ERASURE_TOO_EARLY"
    w.clock.go(days=(until - DAY).days)
    assert erase(w) == "ERASURE_TOO_EARLY"  # the last day counts
    w.clock.go(days=1)
    assert erase(w) == "ok"


def test_somebody_may_take_an_earlier_erasure_upon_themselves(w: World) -> None:
    w.give(w.draw(), 100)
    assert erase(w, "  ") == "FIELD_INVALID"
    assert erase(w, "Max: a court asks") == "ok"


def test_an_entry_at_any_site_keeps_a_patient(w: World) -> None:
    """One whose law isn't known keeps it without an end: unknown is no permission."""
    w.found(site="south", place="de", zone="Europe/Berlin")
    w.stock(site="south")
    desk = w.desk("nia", site="south")
    new = chair.NewSession("s9", "p1", "rx-9", "dia", "ward")
    chair.open_session(desk, new)
    vial.draw(desk, "s9", VIAL, "ward")
    assert patient.kept_until(w.record, "p1") is None
    w.clock.go(days=4000)
    assert erase(w) == "ERASURE_TOO_EARLY"


def test_a_key_put_back_by_hand_shows_nobody(w: World) -> None:
    key = w.record.store.secret(PATIENT_KEY, "p1")
    assert erase(w) == "ok"
    w.record.store.append((), (Secret(PATIENT_KEY, "p1", key),))
    assert set(patient.told(w.desk("max"), "p1").values()) == {"p1", patient.ERASED}


def test_who_isnt_there(w: World) -> None:
    assert code(lambda: patient.of(w.record, "p9")) == "PATIENT_UNKNOWN"
    desk = w.desk("max", "noa")
    assert code(lambda: patient.erase(desk, "p9", "r")) == "PATIENT_UNKNOWN"
    assert code(lambda: w.patient("Bad id")) == "ID_INVALID"
    assert code(lambda: patient.erase(desk, "p1", "", accepted="x")) == "FIELD_INVALID"
