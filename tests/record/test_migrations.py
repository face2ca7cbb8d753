"""The layout of a record is moved forward, never back, and never half-way."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from assuage.record import chain, migrations
from assuage.record.store import Store
from assuage.refusals import Refusal, Refused
from record.helpers import Place, write

REAL = migrations.steps
NEXT = "CREATE TABLE note_of_a_later_layout (text TEXT); INSERT INTO note_of_a_later_layout {}"


def later(monkeypatch: pytest.MonkeyPatch, *steps: str) -> None:
    """Give assuage more steps than it has."""
    monkeypatch.setattr(migrations, "steps", lambda dialect: (*REAL(dialect), *steps))


def test_both_dialects_have_the_same_steps_without_gaps() -> None:
    names = sorted(
        file.name for file in resources.files(migrations).iterdir() if file.name.endswith(".sql")
    )
    numbers = {
        dialect: [name.split(".")[0] for name in names if name.split(".")[1] == dialect]
        for dialect in ("sqlite", "postgres")
    }
    assert numbers["sqlite"] == numbers["postgres"]
    assert numbers["sqlite"] == [f"{n:04}" for n in range(1, len(numbers["sqlite"]) + 1)]
    assert all(re.fullmatch(r"\d{4}\.(sqlite|postgres)\.sql", name) for name in names)
    assert [len(REAL(dialect)) for dialect in numbers] == [len(numbers["sqlite"])] * 2
    assert all("STRICT" in step for step in REAL("sqlite")[:1])
    assert REAL("mysql") == ()


def test_an_older_layout_is_moved_forward(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([write("a/1", 0, "one")])
    rows = list(store.read_all())
    later(monkeypatch, NEXT.format("VALUES ('second')"))
    moved = place.open()
    assert list(moved.read_all()) == rows
    assert place.raw("SELECT text FROM note_of_a_later_layout") == [("second",)]
    place.open()
    assert place.raw("SELECT count(*) FROM note_of_a_later_layout") == [(1,)]
    moved.append([write("a/1", 1, "two")])
    assert chain.verify(moved.read_all()).fault is None


def test_a_layout_from_the_future_is_refused(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        later(patch, NEXT.format("VALUES ('second')"))
        place.open().append([write("a/1", 0, "one")])
    with pytest.raises(Refused) as caught:
        place.open()
    assert caught.value.refusal is Refusal.RECORD_TOO_NEW
    known = len(REAL("sqlite"))
    assert f"has layout {known + 1}, and this assuage knows up to {known}" in str(caught.value)


def test_a_new_record_takes_every_step(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, NEXT.format("VALUES ('second')"))
    place.open(create=True)
    assert place.raw("SELECT text FROM note_of_a_later_layout") == [("second",)]


def test_steps_that_fail_leave_the_layout_as_it_was(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([write("a/1", 0, "one")])
    with monkeypatch.context() as patch:
        later(patch, NEXT.format("VALUES ('second')"), "CREATE NONSENSE")
        with pytest.raises(Refused) as caught:
            place.open()
        assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    assert place.open().head() == store.head()
    later(monkeypatch, NEXT.format("VALUES ('second')"))
    place.open()
    assert place.raw("SELECT text FROM note_of_a_later_layout") == [("second",)]
