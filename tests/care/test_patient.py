"""A person can be erased; every entry, hash and milligram stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assuage.care import patient
from assuage.care.register import duties
from assuage.record import chain
from assuage.record.keyring import PATIENT_KEY

from .world import World, code, in_memory

DAY = date(2026, 3, 4)  # the day of the world's clock


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def erase(w: World, until: date | None, accepted: str = "", witness: str = "noa") -> str:
    desk = w.desk("max", witness)
    return code(lambda: patient.erase(desk, "p1", "asked", keep_until=until, accepted=accepted))


def test_an_erased_patient_is_gone_and_the_chain_whole(w: World) -> None:
    draw = w.draw()
    w.give(draw, 100)
    balances, name = dict(w.book().balance_ug), patient.of(w.record, "p1").registered
    assert name is not None
    assert patient.shown(w.record.keyring, name.name) == "Name of p1"
    assert erase(w, DAY - timedelta(days=1)) == "ok"
    assert w.record.store.secret(PATIENT_KEY, "p1") is None
    assert patient.shown(w.record.keyring, name.name) == patient.ERASED
    assert set(patient.told(w.desk("max"), "p1").values()) == {"p1", patient.ERASED}
    assert chain.verify(w.record.store.read_all()).fault is None
    assert dict(w.book().balance_ug) == balances
    assert code(lambda: w.record.keyring.seal("p1", "x")) == "PATIENT_ERASED"
    assert code(lambda: w.patient("p1")) == "PATIENT_EXISTS"
    assert code(lambda: patient.present(w.record, "p1")) == "PATIENT_ERASED"
    assert code(lambda: w.session("s2")) == "PATIENT_ERASED"
    assert erase(w, None, "again") == "PATIENT_ERASED"


@pytest.mark.parametrize(
    ("until", "accepted", "told"),
    [
        (DAY - timedelta(days=1), "", "ok"),
        (DAY, "", "ERASURE_TOO_EARLY"),
        (DAY + timedelta(days=700), "", "ERASURE_TOO_EARLY"),
        (None, "", "ERASURE_TOO_EARLY"),  # unknown law is not permission
        (None, "Max: a court asks", "ok"),
        (DAY, "Max: a court asks", "ok"),
    ],
)
def test_an_erasure_waits_for_the_law(
    w: World, until: date | None, accepted: str, told: str
) -> None:
    assert erase(w, until, accepted) == told


def test_entries_keep_a_patient_for_as_long_as_the_law_says(w: World) -> None:
    w.give(w.draw(), 100)
    last = date.fromisoformat(w.book().last_of_patient["p1"])
    assert last == DAY
    until = duties.keep_until("gb-eng", last, DAY)
    assert until == date(2028, 3, 4)
    assert erase(w, until) == "ERASURE_TOO_EARLY"
    w.clock.go(days=(until - DAY).days)
    assert erase(w, until) == "ERASURE_TOO_EARLY"  # the last day counts
    w.clock.go(days=1)
    assert erase(w, until) == "ok"


def test_who_isnt_there(w: World) -> None:
    assert code(lambda: patient.of(w.record, "p9")) == "PATIENT_UNKNOWN"
    desk = w.desk("max", "noa")
    assert code(lambda: patient.erase(desk, "p9", "r", keep_until=None)) == "PATIENT_UNKNOWN"
    assert code(lambda: w.patient("Bad id")) == "ID_INVALID"
    assert code(lambda: patient.erase(desk, "p1", "", keep_until=None, accepted="x")) == (
        "FIELD_INVALID"
    )
