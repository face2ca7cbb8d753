"""Facts become the same bytes every time, and only bytes that are facts are read."""

from __future__ import annotations

import importlib
import json
import pkgutil
import typing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import assuage
from assuage.record import events
from assuage.record.chain import GENESIS, Row
from assuage.record.events import (
    KINDS,
    Count,
    Envelope,
    Fact,
    Positive,
    Recorded,
    Signature,
    Text,
    UnreadableEvent,
    Upcast,
    Whole,
    from_row,
    to_body,
)

AT = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))
BY = Signature(person="staff/ada", roles=("nurse",), method="passphrase", at=AT)
ENVELOPE = Envelope(at=AT, command="c1", by=BY)


class TestOnlyTrifle(Fact):
    """Every type that the store's own names offer."""

    __test__ = False

    name: Text
    left: Whole
    held: Count = 0
    used: Positive = 1
    at: datetime | None = None
    parts: tuple[Whole, ...] = ()
    sealed: bool = False


class TestOnlyThird(Fact):
    """A fact whose fields have changed twice."""

    __test__ = False

    kind_version: ClassVar[int] = 3
    older: ClassVar[dict[int, Upcast]] = {
        1: lambda told: {"text": told["words"]},
        2: lambda told: {**told, "length": len(told["text"])},
    }

    text: Text
    length: Count


def row(body: bytes | dict[str, Any]) -> Row:
    told = body if isinstance(body, bytes) else events.canonical.encode(body)
    return Row(7, "a/1", 3, told, GENESIS)


def stored(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(to_body(TestOnlyTrifle(name="x", left=5), ENVELOPE))
    return told | changes


def test_an_event_is_read_back_as_it_was_stored() -> None:
    fact = TestOnlyTrifle(name="zażółć", left=-5, held=3, at=AT, parts=(1, 2), sealed=True)
    witness = BY.model_copy(update={"person": "staff/bo"})
    body = to_body(fact, Envelope(at=AT, command="c1", by=BY, witness=witness))
    assert from_row(row(body)) == Recorded(7, "a/1", 3, GENESIS, AT, "c1", BY, witness, fact)
    assert from_row(row(body)).at.utcoffset() == timedelta(hours=1)
    assert from_row(row(body)).fact.kind == "TestOnlyTrifle"


def test_the_bytes_are_these() -> None:
    """The whole form, written out: what is stored today must be read for ever."""
    assert to_body(TestOnlyTrifle(name="x", left=5), ENVELOPE) == (
        b'{"at":"2026-03-01T09:30:15.123456+01:00","by":{"at":"2026-03-01T09:30:15.123456+01:00",'
        b'"method":"passphrase","person":"staff/ada","roles":["nurse"]},"command":"c1","data":'
        b'{"at":null,"held":0,"left":5,"name":"x","parts":[],"sealed":false,"used":1},'
        b'"kind":"TestOnlyTrifle","kind_version":1,"witness":null}'
    )


aware = st.datetimes(
    timezones=st.builds(timezone, st.builds(timedelta, minutes=st.integers(-840, 840)))
)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
signatures = st.builds(
    Signature, person=words, roles=st.lists(words, max_size=2).map(tuple), method=words, at=aware
)
trifles = st.builds(TestOnlyTrifle, name=words, left=st.integers(-(2**53) + 1, 2**53 - 1))
envelopes = st.builds(
    Envelope, at=aware, command=words, by=signatures, witness=st.none() | signatures
)


@given(trifles, envelopes)
def test_reading_and_storing_again_gives_the_same_bytes(fact: Fact, envelope: Envelope) -> None:
    body = to_body(fact, envelope)
    event = from_row(row(body))
    assert event.fact == fact
    again = Envelope(at=event.at, command=event.command, by=event.by, witness=event.witness)
    assert to_body(event.fact, again) == body


def facts_of_assuage() -> list[type[Fact]]:
    """Return every fact that any module of assuage defines."""
    for found in pkgutil.walk_packages(assuage.__path__, "assuage."):
        if found.name.startswith(("assuage.care", "assuage.record")):
            importlib.import_module(found.name)
    return [kind for kind in KINDS.values() if kind.__module__.startswith("assuage.")]


def parts_of(kind: object, seen: set[object]) -> set[object]:
    """Return every type that an annotation is made of, through models and generics."""
    if kind in seen:
        return seen
    seen.add(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            parts_of(field.annotation, seen)
    for inner in typing.get_args(kind):
        if inner in (Any, object) or isinstance(inner, type) or typing.get_origin(inner):
            parts_of(inner, seen)
    return seen


FRACTIONS = {float, Decimal, complex, Any, object}


def test_no_fact_has_room_for_a_fraction() -> None:
    guilty = {
        kind.__name__: found
        for kind in [*facts_of_assuage(), TestOnlyTrifle, TestOnlyThird]
        if (found := parts_of(kind, set()) & FRACTIONS)
    }
    assert guilty == {}


class Inner(BaseModel):
    dose: float | None


class Outer(BaseModel):
    doses: tuple[tuple[Inner, ...], str]


class Loose(BaseModel):
    told: dict[str, Any]


class Plain(BaseModel):
    name: str
    many: tuple[int, ...] | None


def test_a_fraction_is_seen_wherever_it_hides() -> None:
    """The canary: a fraction alone, optional, in a tuple and in a model inside."""

    assert parts_of(Outer, set()) & FRACTIONS == {float}
    assert parts_of(Loose, set()) & FRACTIONS == {Any}
    assert parts_of(Plain, set()) & FRACTIONS == set()


def test_every_field_of_a_fact_changes_its_bytes() -> None:
    """Each registered fact is built with model_construct, so that no rule stands in the way."""
    kinds = [*facts_of_assuage(), TestOnlyTrifle, TestOnlyThird]
    for kind in kinds:
        for name, field in kind.model_fields.items():
            assert not field.exclude, f"{kind.__name__}.{name} would not be stored"
            assert field.alias is field.serialization_alias is None, f"{kind.__name__}.{name}"
        plain = dict.fromkeys(kind.model_fields, "one")
        bodies = {
            body_of(kind, plain | changed)
            for changed in ({}, *({name: "two"} for name in kind.model_fields))
        }
        assert len(bodies) == len(kind.model_fields) + 1, kind


def body_of(kind: type[Fact], values: dict[str, str]) -> bytes:
    built = kind.model_construct(**values)
    return events.canonical.encode(built.model_dump(mode="json", warnings=False))


CHANGES = {
    "at": AT + timedelta(seconds=1),
    "command": "c2",
    "by": BY.model_copy(update={"roles": ()}),
    "witness": BY,
}


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_of_the_envelope_changes_the_bytes(field: str) -> None:
    fact, told = TestOnlyTrifle(name="x", left=5), {"at": AT, "command": "c1", "by": BY}
    changed = Envelope(**(told | {field: CHANGES[field]}))  # type: ignore[arg-type]
    assert to_body(fact, changed) != to_body(fact, ENVELOPE)


def test_a_kind_has_one_meaning() -> None:
    with pytest.raises(TypeError, match="two facts"):
        type("TestOnlyTrifle", (Fact,), {"__module__": __name__})
    assert KINDS["TestOnlyTrifle"] is TestOnlyTrifle


@pytest.mark.parametrize("older", [{}, {1: dict}, {1: dict, 2: dict, 3: dict}, {2: dict}])
def test_a_kind_reads_all_of_its_older_versions(older: dict[int, Upcast]) -> None:
    told = {"__module__": __name__, "kind_version": 3, "older": older}
    told["__annotations__"] = {"kind_version": ClassVar[int], "older": ClassVar[dict[int, Upcast]]}
    with pytest.raises(TypeError, match="older versions"):
        type("TestOnlyUnread", (Fact,), told)
    assert "TestOnlyUnread" not in KINDS


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, {"words": "abc"}), (2, {"text": "abc"}), (3, {"text": "abc", "length": 3})],
)
def test_an_older_version_is_read_as_the_present_one(version: int, data: dict[str, Any]) -> None:
    told = stored(kind="TestOnlyThird", kind_version=version, data=data)
    assert from_row(row(told)).fact == TestOnlyThird(text="abc", length=3)


UNREADABLE = {
    "not JSON": b"x",
    "not an object": b"[]",
    "text": b'"at"',
    "deeply nested": b"[" * 50_000,
    "another form": b'{"a": 1}',
    "an unknown kind": stored(kind="TestOnlyNobody"),
    "no kind": stored(kind=None),
    "a later version": stored(kind_version=2),
    "version 0": stored(kind_version=0),
    "version true": stored(kind_version=True),
    "version as text": stored(kind_version="1"),
    "no fields": stored(data=None),
    "a list of fields": stored(data=[]),
    "a missing field": stored(data={"name": "x"}),
    "a field too many": stored(data={"name": "x", "left": 5, "more": 1}),
    "a number as text": stored(data={"name": "x", "left": "5"}),
    "true as a number": stored(data={"name": "x", "left": True}),
    "an empty text": stored(data={"name": "", "left": 5}),
    "a count below nothing": stored(data={"name": "x", "left": 5, "held": -1}),
    "nothing where there is something": stored(data={"name": "x", "left": 5, "used": 0}),
    "no time": stored(at=None),
    "a time without a zone": stored(at="2026-03-01T09:30:15"),
    "a day": stored(at="2026-03-01"),
    "a time as a number": stored(at=1_700_000_000),
    "a time that isn't one": stored(at="2026-02-30T00:00:00+00:00"),
    "a command that isn't text": stored(command=5),
    "nobody": stored(by=None),
    "a person without a name": stored(by=stored()["by"] | {"person": ""}),
    "a signature without a zone": stored(by=stored()["by"] | {"at": "2026-03-01T09:30:15"}),
    "a witness who says more": stored(witness=stored()["by"] | {"more": 1}),
    "a witness that isn't one": stored(witness=False),
    "a field of the event too many": stored(more=1),
    "a field of the event too few": {
        name: value for name, value in stored().items() if name != "witness"
    },
    "old fields of another version": stored(kind="TestOnlyThird", kind_version=1, data={"a": 1}),
    "old fields of another type": stored(kind="TestOnlyThird", kind_version=2, data={"text": 5}),
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_is_no_event_is_unreadable(how: str) -> None:
    with pytest.raises(UnreadableEvent, match="event 7"):
        from_row(row(UNREADABLE[how]))


def test_the_event_that_these_differ_from_is_read() -> None:
    assert from_row(row(stored())).fact == TestOnlyTrifle(name="x", left=5)


@given(st.binary(max_size=60))
def test_any_other_bytes_are_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        from_row(row(body))


def test_a_fact_can_not_be_changed_or_hold_more() -> None:
    fact = TestOnlyTrifle(name="x", left=5)
    with pytest.raises(ValidationError):
        fact.left = 6  # type: ignore[misc]
    with pytest.raises(ValidationError):
        TestOnlyTrifle(name="x", left=5, more=1)  # type: ignore[call-arg]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Envelope(at=datetime(2026, 3, 1), command="c1", by=BY)  # noqa: DTZ001
    with pytest.raises(ValidationError):
        Signature(person="x", method="y", at=datetime(2026, 3, 1))  # noqa: DTZ001
    assert Envelope(at=AT.astimezone(UTC), command="c1", by=BY).at == AT


def test_a_fraction_never_becomes_bytes() -> None:
    fact = TestOnlyTrifle.model_construct(name="x", left=5)
    object.__setattr__(fact, "left", 2.5)
    with pytest.raises(ValueError, match="fraction"), pytest.warns(match="serialized"):
        to_body(fact, ENVELOPE)
